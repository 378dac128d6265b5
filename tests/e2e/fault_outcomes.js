// The fault matrix: who fails before whom, and what must come of a failure.
import { kCommitted } from './fault_words.js';

// Who fails: what it speaks, what its client speaks, and who comes behind it. `passes`: client and provider speak the same.
export const kSpeakers = {
  claude: { dialect: 'anthropic', client: 'anthropic', behind: 'chat', transparent: true },
  messages: { dialect: 'anthropic', client: 'anthropic', behind: 'chat' },
  chat: { dialect: 'chat', client: 'anthropic', behind: 'anthropic' },
  'chat-to-chat': { dialect: 'chat', client: 'chat', behind: 'anthropic', passes: true },
  responses: { dialect: 'responses', client: 'anthropic', behind: 'gemini' },
  'responses-to-responses': { dialect: 'responses', client: 'responses', behind: 'anthropic', passes: true },
  gemini: { dialect: 'gemini', client: 'anthropic', behind: 'responses' },
};
export const kWays = ['fallback', 'alone', 'passing'];  // with a second target, without one, and failing only the first time

export const told = (status, type, more = {}) => ({ status, type, ...more });
// tries: requests to the failing provider while there is another; alone: while there is none.
export const once = (error) => ({ tries: 1, alone: 1, error });
export const twice = (error) => ({ tries: 2, alone: 2, error });

export const kComes = {
  unreachable: twice(told(529, 'overloaded_error')),
  untrusted: { tries: 1, alone: 2, error: told(502, 'api_error') },
  slow: twice(told(504, 'timeout_error')),
  timeout: { tries: 1, alone: 2, error: told(504, 'timeout_error') },
  reset: twice(told(529, 'overloaded_error')),
  malformed: twice(told(502, 'api_error')),
  unfinished: twice(told(500, 'api_error')),  // a translated stream that ends too early
  failed: twice(told(500, 'api_error')),
  overloaded: twice(told(529, 'overloaded_error')),
  conflict: twice(told(409, 'conflict_error')),
  limited: once(told(429, 'rate_limit_error', { retryAfter: 60 })),
  limitedFor: (seconds) => once(told(429, 'rate_limit_error', { retryAfter: seconds })),  // or a pattern, where the wait is stretched by chance
  limitedBriefly: { tries: 1, alone: 2, error: told(429, 'rate_limit_error') },
  badKey: once(told(502, 'api_error', { shouldRetry: 'false' })),
  unpaid: once(told(402, 'billing_error', { shouldRetry: 'false' })),
  forbidden: once(told(403, 'permission_error')),
  noModel: once(told(404, 'not_found_error')),
  tooLarge: once(told(413, 'request_too_large')),
  full: once(told(400, 'invalid_request_error', { message: /^(prompt is too long: \d+ tokens > \d+ maximum|This model's maximum context length is \d+ tokens)/ })),
  refused: (message) => once(told(400, 'invalid_request_error', { message })),
  redirect: once(told(502, 'api_error', { shouldRetry: 'false' })),
};

// What OpenAI's clients are told for the statuses of Anthropic's.
const kOpenAi = { 400: [400, 'invalid_request_error'], 402: [429, 'insufficient_quota'], 404: [404, 'invalid_request_error'], 409: [409, 'invalid_request_error'],
  413: [413, 'invalid_request_error'], 500: [500, 'server_error'], 502: [502, 'server_error'], 529: [503, 'server_error'] };
function inDialect(error, client) {
  if (client === 'anthropic' || !error) return error;
  const [status, type] = kOpenAi[error.status] ?? [error.status, error.type];
  return { ...error, status, type };
}

// { bad, good: requests that each saw; attempts; by: first, second, nothing (an answer that says nothing) or nobody; error; broken; blocks }
export function expect(failure, speaker, streamed, way) {
  const { comes } = failure;
  const broken = streamed && failure.at >= kCommitted;
  const requests = failure.bodiless ? 0 : undefined;
  const asked = { bad: 1, good: 0, attempts: 1 };
  if (broken) {
    // Where client and provider speak the same, the provider's own words pass.
    const type = (speaker.passes && failure.raw?.[speaker.client]) || inDialect(comes.error, speaker.client).type;
    return way === 'passing' ? undefined : { ...asked, by: 'first', broken: true, error: { type } };
  }
  if (failure.survives) return { ...asked, by: 'first' };
  if (failure.mends) return { bad: 2, good: 0, attempts: 2, by: 'first' };
  if (failure.says && !(failure.onRefusal && !streamed)) return { ...asked, by: 'words', blocks: failure.says, stop: failure.stop };
  if (failure.nothing) return { ...asked, by: 'nothing', stop: failure.nothing };
  if (way === 'passing') return comes.alone > 1 && !failure.bodiless ? { bad: comes.alone, good: 0, attempts: comes.alone, by: 'first' } : undefined;
  if (way === 'fallback') return { bad: requests ?? comes.tries, good: 1, attempts: comes.tries + 1, by: 'second' };
  const shared = { bad: requests ?? comes.alone, good: 0, attempts: comes.alone };
  if (failure.empty) return { ...shared, by: 'nothing', stop: 'end_turn' };
  const own = speaker.transparent ? comes.verbatim ?? comes.error : comes.error;
  const error = failure.untold?.includes(speaker.name) ? { ...own, retryAfter: undefined } : own;
  return { ...shared, by: 'nobody', error: inDialect(error, speaker.client) };
}
