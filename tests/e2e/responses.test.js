// The Responses API through OpenAI's own SDKs, on providers of other dialects.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAi6 from 'openai-6';
import OpenAi7 from 'openai-7';
import { kModels, openAiStage } from './openai_stage.js';
import { kToken, noRefusals, thinkingOf } from './stage.js';

const kPixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const weather = { type: 'function', name: 'weather', description: 'Tells it', strict: false,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } };
const limits = { timeout: 60_000 };

// The older SDK adds no output_text to what it streamed.
const textOf = ({ output }) => output.flatMap(({ type, content: parts }) => (type === 'message' ? parts : [])).map(({ text }) => text).join('');

function content({ anthropic, chat }) {
  noRefusals({ anthropic });
  assert.deepEqual(chat.refusals, []);
}

for (const [version, OpenAI] of [['6', OpenAi6], ['7', OpenAi7]]) {
  const clientOf = ({ baseUrl }, more = {}) => new OpenAI({ baseURL: baseUrl, apiKey: kToken, maxRetries: 0, ...more });
  const title = (what) => `openai ${version}, responses: ${what}`;
  const ways = {
    whole: (client, body) => client.responses.create(body),
    streamed: (client, body) => client.responses.stream(body).finalResponse(),
  };

  for (const [name, model] of Object.entries(kModels)) {
    for (const [way, run] of Object.entries(ways)) {
      test(title(`a tool loop on ${name}, ${way}, with nothing stored`), limits, async (t) => {
        const stage = await openAiStage(t);
        const client = clientOf(stage);
        const provider = stage[name];
        provider.script({ thinking: 'Two cities.', text: 'I look.', tools: [{ name: 'weather', input: { city: 'Ulm' } }, { name: 'weather', input: { city: 'Bonn' } }] },
          { thinking: 'Now I know.', text: 'Fine in both.' }, { text: 'As I said.' });
        const input = [{ role: 'user', content: 'How is it in Ulm and Bonn?' }];
        const ask = async () => {
          const response = await run(client, { model, instructions: 'Be brief.', input, tools: [weather], reasoning: { effort: 'high' }, store: false,
            include: ['reasoning.encrypted_content'], metadata: { run: '7' } });
          input.push(...response.output);
          return response;
        };
        const first = await ask();
        assert.deepEqual(first.output.map(({ type }) => type), ['reasoning', 'message', 'function_call', 'function_call']);
        assert.equal(first.output[0].summary[0].text, 'Two cities.');
        assert.equal(textOf(first), 'I look.');
        assert.equal(first.status, 'completed');
        assert.equal(first.model, model);
        assert.deepEqual(first.metadata, { run: '7' });
        assert.ok(first.usage.input_tokens > 0 && first.usage.output_tokens > 0);
        assert.equal(first.usage.total_tokens, first.usage.input_tokens + first.usage.output_tokens);
        const calls = first.output.slice(2);
        assert.deepEqual(calls.map((call) => JSON.parse(call.arguments)), [{ city: 'Ulm' }, { city: 'Bonn' }]);
        input.push({ type: 'function_call_output', call_id: calls[0].call_id, output: 'sunny' },
          { type: 'function_call_output', call_id: calls[1].call_id, output: [{ type: 'input_text', text: 'warm' }] });
        const second = await ask();
        assert.equal(textOf(second), 'Fine in both.');
        input.push({ role: 'user', content: 'Sure?' });
        assert.equal(textOf(await ask()), 'As I said.');
        content(stage);
        if (name === 'anthropic') assert.deepEqual(thinkingOf(provider.requests.at(-1)).map(({ thinking }) => thinking), ['Two cities.', 'Now I know.']);
        const seen = JSON.stringify(provider.requests[1].json.messages);
        for (const word of ['sunny', 'warm']) assert.match(seen, new RegExp(word));
      });
    }

    test(title(`the answer's shape on ${name}`), limits, async (t) => {
      const stage = await openAiStage(t);
      const schema = { type: 'object', properties: { sum: { type: 'integer' } }, required: ['sum'], additionalProperties: false };
      stage[name].script({ text: ['{"sum"', ':42}'] });
      if (name === 'chat') stage.chat.script({ text: '{"sum":42}' });
      const response = await clientOf(stage).responses.parse({ model, input: '40 + 2?', text: { format: { type: 'json_schema', name: 'sum', strict: true, schema } } });
      assert.deepEqual(JSON.parse(response.output_text), { sum: 42 });
      content(stage);
      const { json } = stage[name].requests[0];
      const asked = name === 'chat' ? json.response_format.json_schema.schema : json.output_config.format.schema;
      assert.deepEqual(asked.properties, schema.properties);
    });

    test(title(`an image to ${name}`), limits, async (t) => {
      const stage = await openAiStage(t);
      stage[name].script({ text: 'A pixel.' });
      const input = [{ role: 'user', content: [{ type: 'input_text', text: 'What is it?' }, { type: 'input_image', image_url: `data:image/png;base64,${kPixel}`, detail: 'auto' }] }];
      assert.equal((await clientOf(stage).responses.create({ model, input })).output_text, 'A pixel.');
      content(stage);
      assert.ok(stage[name].requests[0].body.includes(kPixel));
    });
  }

  test(title('every event of a stream, in order'), limits, async (t) => {
    const stage = await openAiStage(t);
    stage.anthropic.script({ thinking: 'Hm.', text: ['Go', 'od.'], tools: [{ name: 'weather', input: { city: 'Ulm' } }] });
    const events = [];
    const stream = await clientOf(stage).responses.create({ model: kModels.anthropic, input: 'a', tools: [weather], reasoning: { effort: 'low' }, stream: true });
    for await (const event of stream) events.push(event);
    const part = (name, more = []) => [`response.${name}.added`, ...more, `response.${name}.done`];
    const deltas = (name) => [`response.${name}.delta`, `response.${name}.delta`, `response.${name}.done`];
    assert.deepEqual(events.map(({ type }) => type), ['response.created', 'response.in_progress',
      ...part('output_item', part('reasoning_summary_part', deltas('reasoning_summary_text'))),
      ...part('output_item', part('content_part', deltas('output_text'))),
      ...part('output_item', deltas('function_call_arguments')), 'response.completed']);
    assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, at) => at));
    assert.deepEqual(events.filter(({ item }) => item).map((event) => event.output_index), [0, 0, 1, 1, 2, 2]);
    content(stage);
  });

  test(title('a custom tool comes back as one'), limits, async (t) => {
    const stage = await openAiStage(t);
    const client = clientOf(stage);
    const patch = '*** Begin Patch\n+"hi"\n';
    const tools = [{ type: 'custom', name: 'apply_patch', description: 'Edits files.', format: { type: 'grammar', syntax: 'lark', definition: 'start: x' } }];
    stage.anthropic.script({ tools: [{ name: 'apply_patch', input: { input: patch } }] }, { text: 'Patched.' });
    const input = [{ role: 'user', content: 'Patch it.' }];
    const first = await client.responses.stream({ model: kModels.anthropic, input, tools }).finalResponse();
    const [call] = first.output;
    assert.deepEqual([call.type, call.name, call.input], ['custom_tool_call', 'apply_patch', patch]);
    input.push(call, { type: 'custom_tool_call_output', call_id: call.call_id, output: 'done' });
    assert.equal((await client.responses.create({ model: kModels.anthropic, input, tools })).output_text, 'Patched.');
    content(stage);
    const [, { content: [use] }] = stage.anthropic.requests[1].json.messages;
    assert.deepEqual(use.input, { input: patch });
  });

  test(title('the end of the tokens'), limits, async (t) => {
    const stage = await openAiStage(t);
    const body = { model: kModels.anthropic, input: 'a', max_output_tokens: 16 };
    const last = async () => {  // the older SDK's stream() passes over response.incomplete
      let event;
      for await (event of await clientOf(stage).responses.create({ ...body, stream: true }));
      return event.response;
    };
    for (const run of [() => clientOf(stage).responses.create(body), last]) {
      stage.anthropic.script({ text: 'Half a sen', stop: 'max_tokens' });
      const response = await run();
      assert.equal(response.status, 'incomplete');
      assert.deepEqual(response.incomplete_details, { reason: 'max_output_tokens' });
      assert.equal(textOf(response), 'Half a sen');
    }
  });

  test(title('errors are its own'), limits, async (t) => {
    const stage = await openAiStage(t);
    const client = clientOf(stage);
    const fails = (wanted) => (error) => { for (const [key, value] of Object.entries(wanted)) assert.equal(error[key], value, `${key} of ${error}`); return true; };
    const ask = (more) => client.responses.create({ model: kModels.anthropic, input: 'a', ...more });
    await assert.rejects(ask({ model: 'nobody/nothing' }), fails({ status: 404, code: 'model_not_found' }));
    await assert.rejects(ask({ previous_response_id: 'resp_1' }), fails({ status: 400, code: 'previous_response_not_found', param: 'previous_response_id' }));
    await assert.rejects(ask({ input: [{ type: 'item_reference', id: 'msg_1' }] }), fails({ status: 400, type: 'invalid_request_error' }));
    await assert.rejects(ask({ input: [{ type: 'function_call_output', output: 'x' }] }), fails({ status: 400, param: 'input.0.call_id' }));
    stage.anthropic.script({ error: { status: 400, type: 'invalid_request_error', message: 'prompt is too long: 213462 tokens > 200000 maximum' } });
    await assert.rejects(ask(), fails({ status: 400, code: 'context_length_exceeded' }));
    stage.anthropic.script({ error: { status: 529, type: 'overloaded_error', message: 'Overloaded' } });
    await assert.rejects(ask(), fails({ status: 503 }));
    noRefusals({ anthropic: stage.anthropic });
  });

  test(title('a stream that fails raises'), limits, async (t) => {
    const stage = await openAiStage(t);
    const run = async (read) => {
      stage.anthropic.script({ text: 'one two', failAfter: 4 });
      await assert.rejects(read(), (error) => error instanceof OpenAI.APIError && /Overloaded/.test(error.message) && error.code === 'server_overloaded');
    };
    const body = { model: kModels.anthropic, input: 'a', stream: true };
    await run(async () => { for await (const event of await clientOf(stage).responses.create(body)) assert.notEqual(event.type, 'response.completed'); });
    await run(() => clientOf(stage).responses.stream(body).finalResponse());
  });

  test(title('the provider in the path'), limits, async (t) => {
    const stage = await openAiStage(t);
    stage.chat.script({ text: 'here' });
    const client = clientOf({ baseUrl: `${stage.penstock.url}/to/chat/v1` });
    assert.equal((await client.responses.create({ model: 'gpt-x', input: 'a' })).output_text, 'here');
    content(stage);
  });
}
