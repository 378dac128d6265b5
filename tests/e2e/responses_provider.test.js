// The strict Responses provider itself: OpenAI's own client gets on with it, what OpenAI refuses is refused, and what Penstock writes is not.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import OpenAi from 'openai-7';
import { startResponsesProvider } from './responses_provider.js';
import { faultOf } from './responses_rules.js';
import { undo } from './undo.js';

const limits = { timeout: 30_000 };
const kSealed = { store: false, include: ['reasoning.encrypted_content'] };
const kTool = { type: 'function', name: 'Read', parameters: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }, strict: true };
const user = (text) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
const call = { type: 'function_call', call_id: 'c1', name: 'Read', arguments: '{}' };
const output = { type: 'function_call_output', call_id: 'c1', output: 'x' };

async function started(t, options) {
  const provider = await startResponsesProvider(options);
  undo(t, () => provider.close());
  return { provider, client: new OpenAi({ apiKey: provider.key, baseURL: `${provider.url}/v1`, maxRetries: 0 }) };
}

for (const stream of [false, true])
  test(`OpenAI's client goes through a tool loop, ${stream ? 'streamed' : 'whole'}`, limits, async (t) => {
    const { provider, client } = await started(t, { demandsReasoning: true });
    provider.script({ thinking: ['One.', 'Two.'], text: 'Looking.', tools: [{ name: 'Read', input: { a: '1' } }, { name: 'Read', input: { a: '2' } }], interleaves: true },
      { thinking: '', text: 'done' });
    const ask = async (input) => {
      const asked = { model: 'gpt-x', tools: [kTool], input, ...kSealed };
      return stream ? client.responses.stream(asked).finalResponse() : client.responses.create(asked);
    };
    const first = await ask([user('go')]);
    assert.deepEqual(first.output.map(({ type }) => type), ['reasoning', 'message', 'function_call', 'function_call']);
    const results = first.output.filter(({ type }) => type === 'function_call').map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'ok' }));
    const bare = first.output.map(({ status, parsed_arguments, ...item }) => (item.type === 'message'
      ? { ...item, content: item.content.map(({ type, text }) => ({ type, text })) } : item));
    const second = await ask([user('go'), ...bare, ...results]);
    assert.equal(second.output_text, 'done');
    assert.deepEqual(provider.refusals, []);
    assert.deepEqual(second.usage.input_tokens_details, { cached_tokens: 640 });
    await assert.rejects(ask([user('go'), ...bare.slice(0, 1), user('and?')]), { status: 400, message: /without its required following item/ });
    await assert.rejects(ask([user('go'), { ...bare[0], summary: [] }, ...bare.slice(1), ...results]), { code: 'invalid_encrypted_content' });
  });

test('reasoning that led to a call is demanded back', limits, async (t) => {
  const { provider, client } = await started(t, { demandsReasoning: true });
  provider.script({ thinking: 'Hm.', tools: [{ name: 'Read', id: 'c1', input: { a: '1' } }] }, { text: 'x' });
  await client.responses.create({ model: 'gpt-x', tools: [kTool], input: 'go', ...kSealed });
  await assert.rejects(client.responses.create({ model: 'gpt-x', tools: [kTool], input: [user('go'), call, output], ...kSealed }), { message: /required 'reasoning' item/ });
});

const refused = [
  [{ stop: ['a'] }, /Unknown parameter: 'stop'/],
  [{ messages: [] }, /Unknown parameter: 'messages'/],
  [{ include: ['reasoning.encrypted_content'] }, /set store to false/],
  [{ include: ['everything'] }, /Invalid value: 'everything'/],
  [{ max_output_tokens: 1 }, />= 16/],
  [{ temperature: 1 }, /'temperature' is not supported/],
  [{ reasoning: { effort: 'enormous' } }, /Invalid value: 'enormous'/],
  [{ reasoning: { enabled: true } }, /'reasoning.enabled'/],
  [{ service_tier: 'standard_only' }, /standard_only/],
  [{ tool_choice: 'required' }, /must be specified with 'tools'/],
  [{ tools: [{ type: 'function', function: { name: 'a' } }] }, /'tools\[0\].function'/],
  [{ tools: [{ ...kTool, name: 'a.b' }] }, /does not match pattern/],
  [{ tools: [{ ...kTool, name: 'a'.repeat(65) }] }, /maximum length 64/],
  [{ tools: [{ ...kTool, cache_control: {} }] }, /cache_control/],
  [{ tools: [{ ...kTool, strict: undefined, parameters: { type: 'object', properties: { a: {} } } }] }, /additionalProperties/],
  [{ tools: [{ ...kTool, parameters: { ...kTool.parameters, required: [] } }] }, /Missing 'a'/],
  [{ tools: [{ ...kTool, strict: false, parameters: { type: 'object' } }] }, /missing properties/],
  [{ tools: [{ ...kTool, strict: false, parameters: { ...kTool.parameters, $schema: 'x' } }] }, /\$schema/],
  [{ tools: [kTool], tool_choice: { type: 'function', function: { name: 'Read' } } }, /'tool_choice.function'/],
  [{ tools: [kTool], tool_choice: { type: 'function', name: 'Write' } }, /not found in 'tools'/],
  [{ text: { format: { type: 'json_object' } } }, /the word 'json'/],
  [{ text: { format: { type: 'json_schema', schema: { type: 'object', properties: {} } } } }, /'text.format.name'/],
  [{ input: [] }, /'input'/],
  [{ input: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }] }, /Invalid value: 'text'/],
  [{ input: [{ role: 'user', content: [{ type: 'output_text', text: 'a' }] }] }, /Invalid value: 'output_text'/],
  [{ input: [{ role: 'assistant', content: [{ type: 'input_text', text: 'a' }] }] }, /Invalid value: 'input_text'/],
  [{ input: [{ role: 'tool', content: 'a' }] }, /Invalid value: 'tool'/],
  [{ input: [user('a'), call] }, /No tool output found for function call c1/],
  [{ input: [user('a'), call, user('b'), output] }, /No tool output found/],
  [{ input: [user('a'), output] }, /No tool call found/],
  [{ input: [user('a'), output, call] }, /No tool call found/],
  [{ input: [user('a'), call, output, output] }, /Duplicate output/],
  [{ input: [user('a'), { ...call, arguments: '{' }, output] }, /not JSON/],
  [{ input: [user('a'), call, { ...output, output: [{ type: 'text', text: 'a' }] }] }, /Invalid value: 'text'/],
  [{ input: [{ type: 'reasoning', id: 'rs_1', encrypted_content: 'g' }, call, output] }, /summary/],
  [{ input: [{ type: 'reasoning', id: 'rs_1', summary: [] }, call, output] }, /not persisted/],
  [{ input: [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'g' }, user('a')] }, /required following item/],
  [{ input: [{ role: 'user', content: [{ type: 'input_image', image_url: { url: 'x' } }] }] }, /image_url/],
  [{ input: [{ role: 'user', content: [{ type: 'input_file', file_data: 'data:application/pdf;base64,AA' }] }] }, /filename/],
];
for (const [fields, words] of refused)
  test(`refused: ${JSON.stringify(fields).slice(0, 100)}`, () => {
    const { status, body } = faultOf({ model: 'gpt-x', input: 'hi', ...fields }) ?? {};
    assert.match(body?.error.message ?? 'answered', words);
    assert.ok(status >= 400 && body.error.type === 'invalid_request_error');
  });

test('a model without reasoning refuses what belongs to it', () => {
  assert.match(faultOf({ model: 'gpt-4.1', input: 'hi', ...kSealed }, { reasons: false }).body.error.message, /not supported with this model/);
  assert.match(faultOf({ model: 'gpt-4.1', input: 'hi', reasoning: {} }, { reasons: false }).body.error.message, /'reasoning'/);
  assert.equal(faultOf({ model: 'gpt-4.1', input: 'hi', temperature: 0 }, { reasons: false }), undefined);
});

// Every request that Penstock is known to write (tests/golden/openai_responses), but for fields that a quirk adds on purpose and reasoning
// that an open model shows.
const kGolden = new URL('../golden/openai_responses/requests/', import.meta.url);
for (const name of readdirSync(kGolden))
  test(`taken: ${name}`, () => {
    const { output: written, quirks } = JSON.parse(readFileSync(new URL(name, kGolden), 'utf8'));
    const fault = faultOf(written, { reasons: (quirks.reasoning ?? 'none') !== 'none' });
    if (name === 'open_reasoning_back.json') return assert.match(fault.body.error.message, /maximum length 0/);
    assert.equal(fault?.body.error.message, undefined);
  });
