// One stage for every dialect that is translated: scenarios script a provider and ask what it saw, and never learn what it speaks.
//
// A row of the table:
//   start         starts its strict scripted provider
//   row           its row of the configuration, without the key
//   full          its own words for a full context, as a step of a script
//   usage         what a client of Anthropic's dialect must be told of the provider's standard usage
//   look          a request's body, and the provider -> what the scenarios ask for:
//                   calls, results   [{ id, name }], [{ id, text }], of the whole history
//                   images           [base64]
//                   thoughts         the reasoning that came back
//                   words            what user and model said
//                   tools, schema    [name], and the schema that the answer must fit
import assert from 'node:assert/strict';
import { Conversation } from './conversation.js';
import { startChatProvider } from './chat_provider.js';
import { googleError, startGeminiProvider } from './gemini_provider.js';
import { startPenstock } from './penstock.js';
import { startProvider } from './provider.js';
import { startResponsesProvider } from './responses_provider.js';
import { homeFor, kToken, noRefusals } from './stage.js';
import { undo } from './undo.js';

const kModels = [{ id: 'big-1', window: 400000, max_output: 65536 }, { id: 'small-1', window: 200000, max_output: 64000 }];
const asText = (content) => (typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join(''));
const dataOf = (url) => url.slice(url.indexOf(',') + 1);

export const dialects = {
  'openai-chat': {
    start: () => startChatProvider({ demandsReasoning: true }),
    row: ({ url }) => ({ dialect: 'openai-chat', base_url: `${url}/v1`, auth: 'bearer',
      quirks: { reasoning_back: 'when_present', json_schema: 'json_schema', strict_tools: 'keep' } }),
    full: { error: { status: 400, body: { error: { type: 'invalid_request_error', code: 'context_length_exceeded', param: 'messages',
      message: "This model's maximum context length is 400000 tokens. However, your messages resulted in 412345 tokens." } } } },
    usage: { input_tokens: 260, cache_read_input_tokens: 640, output_tokens: 40 },
    look: ({ messages, tools = [], response_format: format }) => ({
      calls: messages.flatMap(({ tool_calls: calls }) => calls ?? []).map(({ id, function: { name } }) => ({ id, name })),
      results: messages.filter(({ role }) => role === 'tool')
        .map((message) => ({ id: message.tool_call_id, text: asText(message.content) })),
      images: messages.flatMap(({ content }) => (Array.isArray(content) ? content : []))
        .filter(({ type }) => type === 'image_url').map((part) => dataOf(part.image_url.url)),
      thoughts: messages.flatMap((message) => message.reasoning_content ?? []),
      words: messages.filter(({ role }) => role !== 'system').map(({ content }) => asText(content)).join('\n'),
      tools: tools.map(({ function: { name } }) => name),
      schema: format?.json_schema?.schema,
    }),
  },

  'openai-responses': {
    start: () => startResponsesProvider({ demandsReasoning: true }),
    row: ({ url }) => ({ catalog: 'openai', base_url: url }),
    full: { error: { status: 400, body: { error: { type: 'invalid_request_error', code: 'context_length_exceeded', param: 'input',
      message: 'Your input exceeds the context window of this model. Please adjust your input and try again.' } } } },
    usage: { input_tokens: 260, cache_read_input_tokens: 640, output_tokens: 40 },
    look: ({ input, tools = [], text }) => {
      const of = (wanted) => input.filter(({ type }) => type === wanted);
      const parts = input.flatMap(({ content, output }) => [content, output].filter(Array.isArray).flat());
      return {
        calls: of('function_call').map(({ call_id: id, name }) => ({ id, name })),
        results: of('function_call_output').map(({ call_id: id, output }) => ({ id, text: asText(output) })),
        images: parts.filter(({ type }) => type === 'input_image').map(({ image_url: url }) => dataOf(url)),
        thoughts: of('reasoning').map(({ summary }) => asText(summary)),
        words: input.filter(({ role }) => role === 'user' || role === 'assistant').map(({ content }) => asText(content)).join('\n'),
        tools: tools.map(({ name }) => name),
        schema: text?.format?.schema,
      };
    },
  },

  gemini: {
    start: () => startGeminiProvider(),
    row: ({ url }) => ({ catalog: 'gemini', base_url: url }),
    full: { error: { status: 400,
      body: googleError(400, 'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).') } },
    usage: { input_tokens: 260, cache_read_input_tokens: 640, output_tokens: 40 },
    look: (json, provider) => {
      const parts = json.contents.flatMap((content) => content.parts);
      const calls = parts.flatMap(({ functionCall: call }) => call ?? []);
      const responses = parts.flatMap(({ functionResponse: response }) => response ?? []);
      return {
        calls: calls.map(({ id, name }) => ({ id, name })),
        results: responses.map(({ id, response: { output, error } }) => ({ id, text: output ?? error })),
        images: [...parts, ...responses.flatMap((response) => response.parts ?? [])].flatMap(({ inlineData }) => inlineData?.data ?? []),
        thoughts: provider?.thoughtsIn(json) ?? [],
        words: parts.map(({ text }) => text ?? '').join('\n'),
        tools: (json.tools ?? []).flatMap(({ functionDeclarations: list = [] }) => list.map(({ name }) => name)),
        schema: json.generationConfig?.responseJsonSchema ?? json.generationConfig?.responseSchema,
      };
    },
  },
};

// Starts a provider for each dialect in `names`, another for each personality of Anthropic's dialect in `others`, and the gateway.
export async function dialectStage(t, names, { others = [] } = {}) {
  const stage = { dialects: {}, providers: {} };
  const rows = {};
  for (const name of names) {
    const provider = stage.dialects[name] = await started(t, dialects[name].start());
    rows[name] = { ...dialects[name].row(provider), api_key: provider.key, models: kModels };
  }
  for (const name of others) {
    const provider = stage.providers[name] = await started(t, startProvider(name));
    rows[name] = { catalog: name, base_url: provider.url, api_key: provider.key };
  }
  const secrets = [kToken, ...Object.values(rows).map(({ api_key: key }) => key)];
  const config = { server: { drain: '2s' }, answers: { model: 'asked' }, auth: { tokens: [kToken] }, providers: rows };
  stage.penstock = await startPenstock(config, { secrets });
  undo(t, () => stage.penstock.stop());
  stage.connection = { baseUrl: stage.penstock.url, token: kToken };
  stage.content = () => contentWith(stage);
  return stage;
}

async function started(t, starting) {
  const provider = await starting;
  undo(t, () => provider.close());
  return provider;
}

// No provider of the stage found fault with anything.
function contentWith(stage) {
  for (const [name, { refusals }] of Object.entries(stage.dialects)) assert.deepEqual(refusals, [], name);
  noRefusals(stage.providers);
}

// A provider with its dialect's eyes: what its main requests held, in the order in which they came.
export const seenBy = (stage, name, from = 0) => stage.dialects[name].mainRequests.slice(from)
  .map(({ json, path }) => ({ model: json.model ?? path, ...dialects[name].look(json, stage.dialects[name]) }));

// Claude Code in a home of its own, which may use every tool that a scenario calls.
export function converse(t, version, stage, { model, env }) {
  const home = homeFor(t, version);
  const conversation = new Conversation(home, { args: ['--allowedTools', 'Bash,Read,Task,Agent'], ...stage.connection, model, env });
  undo(t, () => conversation.leave());
  conversation.home = home;
  return conversation;
}

// The meter of the context stands on these numbers: none may be nothing.
export function metered(turn) {
  assert.ok(turn.answers.length > 0, 'nobody answered');
  for (const { usage } of turn.answers) assert.ok(usage.input_tokens > 0, JSON.stringify(usage));
}

// The turn's own count is the provider's, `times` over.
export function counted({ usage }, name, times) {
  for (const [field, tokens] of Object.entries(dialects[name].usage)) assert.equal(usage[field], tokens * times, field);
}
