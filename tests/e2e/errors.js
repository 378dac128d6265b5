// How each kind of provider words an error on its wire.

const typeOf = {
  400: 'invalid_request_error', 401: 'authentication_error', 402: 'billing_error', 403: 'permission_error', 404: 'not_found_error',
  409: 'conflict_error', 413: 'request_too_large', 429: 'rate_limit_error', 500: 'api_error', 503: 'api_error', 529: 'overloaded_error',
};

export const errorShapes = {
  anthropic: ({ status, type, message }) => ({
    type: 'error', error: { type: type ?? typeOf[status] ?? 'api_error', message }, request_id: 'req_scripted',
  }),
  openai: ({ status, type, message }) => ({ error: { message, type: type ?? typeOf[status], param: null, code: 'invalid_request_error' } }),
  zai: ({ message }) => ({ error: { code: '1213', message } }),
  openrouter: ({ status, message }) => ({ error: { code: status, message, metadata: { provider_name: 'scripted', raw: message } } }),
  vllm: ({ status, message }) => ({ error: { message, type: 'BadRequestError', param: null, code: status } }),
};

// The prompt fits, but not together with the answer that was asked for: another error, which Claude Code mends by asking for less.
export const answerTooLong = overflowOf(130_000, 10_000);

// Every provider's own words for a full context (wire-reference 3.10).
export const overflowTexts = {
  anthropic: 'prompt is too long: 213462 tokens > 200000 maximum',
  bedrock: 'input is too long for requested model',
  openai: 'Your input exceeds the context window of this model. Please adjust your input and try again.',
  vllm: overflowOf(150_000, 10_000),
  google: 'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).',
  xai: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
  groq: 'Please reduce the length of the messages or completion.',
  together: "The input (150000 tokens) is longer than the model's context length (131072 tokens).",
  llamacpp: 'request (66202 tokens) exceeds the available context size (65536 tokens), try increasing it',
  lmstudio: 'The number of tokens to keep from the initial prompt is greater than the context length',
  minimax: 'invalid params, context window exceeds limit (2013)',
  kimi: 'Invalid request: Your request exceeded model token limit: 262144 (requested: 300000)',
  mistral: 'Prompt contains 140000 tokens and 0 draft tokens, too large for model with 131072 maximum context length',
  zai: 'Prompt exceeds max length',
  ollama: 'prompt too long; exceeded max context length by 4321 tokens',
  dashscope: 'Range of input length should be [1, 131072]',
};

function overflowOf(prompt, completion) {
  return `This model's maximum context length is 131072 tokens. However, you requested ${prompt + completion} tokens (${prompt} in the `
    + `messages, ${completion} in the completion). Please reduce the length of the messages or completion.`;
}
