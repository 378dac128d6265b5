// Answers that fit a schema, asked for in one dialect and given in another: Anthropic's and OpenAI's own clients parse what comes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAi6 from 'openai-6';
import { makeParseableResponseFormat as format6 } from 'openai-6/lib/parser';
import OpenAi7 from 'openai-7';
import { makeParseableResponseFormat as format7 } from 'openai-7/lib/parser';
import * as sdk0 from 'sdk-0';
import { betaJSONSchemaOutputFormat as betaFormat0 } from 'sdk-0/helpers/beta/json-schema';
import { jsonSchemaOutputFormat as format0 } from 'sdk-0/helpers/json-schema';
import * as sdk1 from 'sdk-1';
import { betaJSONSchemaOutputFormat as betaFormat1 } from 'sdk-1/helpers/beta/json-schema';
import { jsonSchemaOutputFormat as format1 } from 'sdk-1/helpers/json-schema';
import { ask as askClaude, versions } from './claude.js';
import { startChatProvider } from './chat_provider.js';
import { dialects, dialectStage, seenBy } from './dialect_stage.js';
import { startPenstock } from './penstock.js';
import { homeFor, kToken, noRefusals, setStage, targetOf } from './stage.js';
import { undo } from './undo.js';

// Bounds, a list of objects, a union with null, an optional member, and members whose names are words of the schema language.
const hour = { type: 'object', required: ['at', 'wind'],
  properties: { at: { type: 'integer' }, wind: { anyOf: [{ type: 'number' }, { type: 'null' }] } } };
const schema = {
  type: 'object', required: ['town', 'degrees', 'sky', 'hours', 'format'],
  properties: {
    town: { type: 'string', description: 'Its name', minLength: 1 }, degrees: { type: 'integer', minimum: -90, maximum: 60 },
    sky: { type: 'string', enum: ['clear', 'cloudy'] }, hours: { type: 'array', items: hour }, format: { type: 'string' },
    note: { type: 'string' },
  },
};
// The same without an optional member.
const wholeSchema = { ...schema, required: Object.keys(schema.properties) };
const report = { town: 'Åre \u2028 "north"', degrees: -7, sky: 'clear', hours: [{ at: 9, wind: 3.5 }, { at: 10, wind: null }],
  format: 'plain', note: 'dry' };
const answer = JSON.stringify(report);
const townSchema = { type: 'object', properties: { town: { type: 'string' } }, required: ['town'], additionalProperties: false };
// No word before the call: these clients take every text for the structured answer.
const askAndAnswer = [{ thinking: 'I ask.', tools: [{ name: 'weather', input: { town: 'Åre' } }] }, { text: answer }];
const question = [{ role: 'user', content: 'The weather of Åre?' }];

// Every schema inside a schema, itself first.
function* schemasIn(one) {
  yield one;
  const inner = [one.properties ?? {}, one.$defs ?? {}, one.anyOf ?? [], one.items ? [one.items] : []].flatMap(Object.values);
  for (const each of inner) yield* schemasIn(each);
}
const sorted = (list) => [...list].sort();
const kMembers = sorted(Object.keys(schema.properties));

// What OpenAI takes. Its `strict: true` demands more, and has no optional members: only such as may be null, which clients do not expect.
function fitsOpenAi(one, strict = false) {
  assert.equal(one.type, 'object');
  assert.deepEqual(sorted(Object.keys(one.properties)), kMembers);
  if (!strict) assert.deepEqual(one.required, schema.required);
  for (const each of schemasIn(one)) {
    for (const word of ['oneOf', 'allOf', 'not', '$schema', 'patternProperties']) assert.ok(!(word in each), word);
    if (!each.properties || !strict) continue;
    assert.equal(each.additionalProperties, false);
    assert.deepEqual(sorted(each.required), sorted(Object.keys(each.properties)));
  }
}

// What Claude's structured output demands.
function fitsClaude(one) {
  assert.deepEqual(sorted(Object.keys(one.properties)), kMembers);
  assert.deepEqual(one.required, schema.required);
  for (const each of schemasIn(one)) {
    for (const word of ['minimum', 'maximum', 'minLength', 'maxLength', 'multipleOf', '$schema']) assert.ok(!(word in each), word);
    if (each.properties) assert.equal(each.additionalProperties, false);
  }
}

// What Gemini's subset of OpenAPI has.
function fitsGemini(one) {
  assert.deepEqual(sorted(Object.keys(one.properties)), kMembers);
  assert.deepEqual(one.required, schema.required);
  for (const each of schemasIn(one)) {
    for (const word of ['oneOf', 'allOf', 'not', '$schema', '$ref', 'const', 'patternProperties']) assert.ok(!(word in each), word);
    assert.ok(!Array.isArray(each.type), 'one type');
  }
}
const fits = { 'openai-chat': fitsOpenAi, 'openai-responses': fitsOpenAi, gemini: fitsGemini };

// The strict provider of a dialect, every request of which is of the script.
async function onDialect(t, name) {
  const { dialects: { [name]: provider }, penstock, content } = await dialectStage(t, [name]);
  provider.everyRequestIsMain = true;
  return { provider, penstock, content, model: `${name}/big-1` };
}

// One strict Chat Completions provider under three names, which differ in how they take a schema.
const kWays = ['json_schema', 'json_object', 'none'];
async function chatStage(t) {
  const chat = await startChatProvider();
  undo(t, () => chat.close());
  chat.everyRequestIsMain = true;
  const rows = kWays.map((way) => [way, { dialect: 'openai-chat', base_url: `${chat.url}/v1`, api_key: chat.key, auth: 'bearer',
    quirks: { json_schema: way, strict_tools: 'keep' }, models: [{ id: 'm-1', window: 200000, max_output: 32000 }] }]);
  const penstock = await startPenstock({ server: { drain: '2s' }, auth: { tokens: [kToken] }, providers: Object.fromEntries(rows) },
    { secrets: [kToken, chat.key] });
  undo(t, () => penstock.stop());
  return { chat, penstock };
}

// The provider saw the schema in the manner that it knows.
function asksInItsWay(way, { response_format: format, messages }, strict) {
  const words = JSON.stringify(messages);
  if (way === 'json_schema') {
    assert.equal(format.type, 'json_schema');
    assert.match(format.json_schema.name, /^[a-zA-Z0-9_-]{1,64}$/);
    assert.equal(format.json_schema.strict, strict);
    assert.doesNotMatch(words, /JSON/);
    return fitsOpenAi(format.json_schema.schema, strict);
  }
  assert.deepEqual(format, way === 'json_object' ? { type: 'json_object' } : undefined);
  assert.match(words, /JSON/);
  for (const member of kMembers) assert.ok(words.includes(`\\"${member}\\"`), `the words name ${member}`);
}

const sdks = { '0.137.0': [sdk0.default, format0, betaFormat0], '1.10.0': [sdk1.default, format1, betaFormat1] };
for (const [version, [Anthropic, jsonFormat, betaFormat]] of Object.entries(sdks)) {
  const clientOf = (penstock) => new Anthropic({ baseURL: penstock.url, apiKey: kToken, authToken: null, maxRetries: 0, timeout: 20_000 });
  const ask = (way, format, more) => ({ model: `${way}/m-1`, max_tokens: 512, messages: question, output_config: { format }, ...more });

  for (const way of kWays) {
    test(`sdk ${version}: structured output on Chat Completions (${way}), whole and streamed`, { timeout: 30_000 }, async (t) => {
      const { chat, penstock } = await chatStage(t);
      const { messages, beta } = clientOf(penstock);
      chat.script(() => ({ text: answer }));
      const said = [
        await messages.parse(ask(way, jsonFormat(schema))),
        await messages.stream(ask(way, jsonFormat(schema))).finalMessage(),
        await beta.messages.parse(ask(way, betaFormat(schema))),
        await beta.messages.stream(ask(way, betaFormat(schema))).finalMessage(),
        await messages.parse(ask(way, jsonFormat(schema, { transform: false }))),
        await messages.parse(ask(way, jsonFormat(wholeSchema))),
      ];
      assert.deepEqual(chat.refusals, []);
      for (const message of said) {
        assert.deepEqual(message.parsed_output, report);
        assert.equal(message.stop_reason, 'end_turn');
        assert.ok(message.usage.input_tokens > 0);
      }
      assert.equal(chat.requests.length, said.length);
      chat.requests.forEach(({ json }, at) => asksInItsWay(way, json, at === said.length - 1));
    });
  }

  for (const name of Object.keys(dialects)) {
    test(`sdk ${version}: a tool call on ${name}, then the structured answer`, { timeout: 30_000 }, async (t) => {
      const { provider, penstock, model, content } = await onDialect(t, name);
      const { messages } = clientOf(penstock);
      const tools = [{ name: 'weather', description: 'Tells it', input_schema: townSchema }];
      const body = { model, max_tokens: 4096, output_config: { format: jsonFormat(schema) }, tools, thinking: { type: 'adaptive' } };
      for (const run of [(more) => messages.parse({ ...body, ...more }), (more) => messages.stream({ ...body, ...more }).finalMessage()]) {
        provider.script(...askAndAnswer);
        const first = await run({ messages: question });
        const call = first.content.at(-1);
        assert.deepEqual([first.stop_reason, first.content[0].type, call.type], ['tool_use', 'thinking', 'tool_use']);
        assert.deepEqual(call.input, { town: 'Åre' });
        const result = { type: 'tool_result', tool_use_id: call.id, content: '-7' };
        const history = [...question, { role: 'assistant', content: first.content }, { role: 'user', content: [result] }];
        const second = await run({ messages: history });
        content();
        assert.deepEqual(second.parsed_output, report);
        const seen = seenBy({ dialects: { [name]: provider } }, name).at(-1);
        assert.deepEqual([seen.thoughts, seen.results.map(({ text }) => text)], [['I ask.'], ['-7']]);
        fits[name](seen.schema);
      }
    });
  }
}

for (const [version, OpenAI, parseable] of [['6', OpenAi6, format6], ['7', OpenAi7, format7]]) {
  const clientOf = (penstock) => new OpenAI({ baseURL: `${penstock.url}/v1`, apiKey: kToken, maxRetries: 0, timeout: 20_000 });
  // As the client's helpers for schema libraries make it: 6 parses a streamed answer only then.
  const format = parseable({ type: 'json_schema', json_schema: { name: 'weather', strict: true, schema } }, JSON.parse);
  const tools = [{ type: 'function', function: { name: 'weather', strict: true, parameters: townSchema } }];
  const runs = ({ chat }) => [(body) => chat.completions.parse(body), (body) => chat.completions.stream(body).finalChatCompletion()];

  for (const [name, native] of [['anthropic', true], ['strict', false]]) {
    test(`openai ${version}: structured output on ${name}, whole and streamed`, { timeout: 30_000 }, async (t) => {
      const { penstock, providers } = await setStage(t, [name], { options: { [name]: { everyRequestIsMain: true } } });
      providers[name].script(() => ({ text: answer }));
      for (const run of runs(clientOf(penstock))) {
        const { choices: [{ message, finish_reason: finish }] } =
          await run({ model: targetOf(name), messages: question, response_format: format });
        assert.deepEqual([message.parsed, finish], [report, 'stop']);
        const { output_config: config, system } = providers[name].mainRequests.at(-1).json;
        if (native) fitsClaude(config.format.schema);
        else for (const member of kMembers) assert.ok(JSON.stringify(system).includes(`\\"${member}\\"`), `the words name ${member}`);
      }
      noRefusals(providers);
    });
  }

  test(`openai ${version}: strict tools and any JSON with Claude, whole and streamed`, { timeout: 30_000 }, async (t) => {
    const { penstock, providers } = await setStage(t, ['anthropic'], { options: { anthropic: { everyRequestIsMain: true } } });
    const model = targetOf('anthropic');
    for (const run of runs(clientOf(penstock))) {
      providers.anthropic.script({ tools: [{ name: 'weather', input: { town: 'Åre' } }] }, { text: answer });
      const called = await run({ model, messages: question, tools, response_format: format });
      const [call] = called.choices[0].message.tool_calls;
      assert.deepEqual([call.function.parsed_arguments, called.choices[0].message.parsed], [{ town: 'Åre' }, null]);
      const plain = await run({ model, messages: question, response_format: { type: 'json_object' } });
      assert.deepEqual(JSON.parse(plain.choices[0].message.content), report);
      assert.match(JSON.stringify(providers.anthropic.mainRequests.at(-1).json.system), /JSON/);
    }
    noRefusals(providers);
  });

  test(`openai ${version}: an answer that was cut short, and one that was refused, are told`, { timeout: 30_000 }, async (t) => {
    const { penstock, providers } = await setStage(t, ['anthropic'], { options: { anthropic: { everyRequestIsMain: true } } });
    for (const run of runs(clientOf(penstock))) {
      providers.anthropic.script({ text: answer.slice(0, 20), stop: 'max_tokens' }, { text: 'I will not.', stop: 'refusal' });
      const body = { model: targetOf('anthropic'), messages: question, response_format: format };
      await assert.rejects(run(body), OpenAI.LengthFinishReasonError);
      await assert.rejects(run(body), OpenAI.ContentFilterFinishReasonError);
    }
    noRefusals(providers);
  });

  for (const name of Object.keys(dialects)) {
    test(`openai ${version}: a tool call on ${name}, then the structured answer`, { timeout: 30_000 }, async (t) => {
      const { provider, penstock, model, content } = await onDialect(t, name);
      const passes = name === 'openai-chat';
      // This client gives no reasoning back: of what Chat Completions streams it gathers the last piece only. Providers that demand it
      // (those of the stage do, but for Gemini, which takes a placeholder) think nothing here.
      const script = name !== 'gemini' ? askAndAnswer.map(({ thinking, ...step }) => step) : askAndAnswer;
      for (const run of runs(clientOf(penstock))) {
        provider.script(...script);
        const body = { model, tools, response_format: format };
        const { choices: [{ message: first }] } = await run({ ...body, messages: question });
        assert.deepEqual(first.tool_calls[0].function.parsed_arguments, { town: 'Åre' });
        const { id, type, function: { name: called, arguments: json } } = first.tool_calls[0];
        const said = { role: 'assistant', content: first.content, tool_calls: [{ id, type, function: { name: called, arguments: json } }] };
        const messages = [...question, said, { role: 'tool', tool_call_id: id, content: '-7' }];
        const { choices: [{ message, finish_reason: finish }] } = await run({ ...body, messages });
        content();
        assert.deepEqual([message.parsed, finish], [report, 'stop']);
        const seen = seenBy({ dialects: { [name]: provider } }, name).at(-1);
        assert.deepEqual(seen.results.map(({ text }) => text), ['-7']);
        if (passes) assert.deepEqual(seen.schema, schema, 'as it was asked for');
        else fits[name](seen.schema);
      }
    });
  }
}

for (const version of versions) {
  for (const name of Object.keys(dialects)) {
    test(`${version}: --json-schema on ${name}`, { timeout: 30_000 }, async (t) => {
      const { provider, penstock, model, content } = await onDialect(t, name);
      const fills = { thinking: 'I fill it in.', tools: [{ name: 'StructuredOutput', input: report }] };
      provider.script(({ json }) => {
        const { tools, results } = dialects[name].look(json);
        return tools.includes('StructuredOutput') && results.length === 0 ? fills : { text: 'done' };
      });
      const { stdout, stderr } = await askClaude(homeFor(t, version), { prompt: 'the weather of Åre', model,
        baseUrl: penstock.url, token: kToken, args: ['--output-format', 'json', '--json-schema', JSON.stringify(schema)] });
      content();
      assert.deepEqual(JSON.parse(stdout).structured_output, report, stderr);
    });
  }
}
