// The fault matrix: which failure, at which stage, of which provider, and what must come of it.
//
// A failure is { name, stage, steps, comes, … }:
//   steps     (context) -> what the provider does with a request (faulty_provider.js); context: { dialect, streamed, model, seen, json }
//   comes     a row of kComes: how often the failing provider is asked, and what the client is told when nobody else answers
//   speakers  those that it is for; all when left out
//   shapes    [true], [false] or both: is the request for a stream
//   at        the stage's place in kStages
import { answered, emptyAnswer, errorBody, errorEvent, garbageEvent, head, kCommitted, kFirstEvent, kStages, pieces } from './fault_answers.js';
import { kCut, kReset, kSilence } from './faulty_provider.js';

// Who fails, what it speaks, what its client speaks, and who comes behind it.
export const kSpeakers = {
  claude: { dialect: 'anthropic', client: 'anthropic', behind: 'chat', transparent: true },
  messages: { dialect: 'anthropic', client: 'anthropic', behind: 'chat' },
  chat: { dialect: 'chat', client: 'anthropic', behind: 'messages' },
  'chat-to-chat': { dialect: 'chat', client: 'chat', behind: 'messages' },
};
export const kWays = ['fallback', 'alone', 'passing'];  // with a second target, without one, and failing only the first time

// tries: requests to the failing provider while there is another; alone: while there is none.
const told = (status, type, more = {}) => ({ status, type, ...more });
const kComes = {
  unreachable: { tries: 2, alone: 2, error: told(529, 'overloaded_error') },
  untrusted: { tries: 1, alone: 2, error: told(502, 'api_error') },
  slow: { tries: 2, alone: 2, error: told(504, 'timeout_error') },
  timeout: { tries: 1, alone: 2, error: told(504, 'timeout_error') },
  reset: { tries: 2, alone: 2, error: told(529, 'overloaded_error') },
  malformed: { tries: 2, alone: 2, error: told(502, 'api_error') },
  unfinished: { tries: 2, alone: 2, error: told(500, 'api_error') },  // a translated stream that ends too early
  overloaded: { tries: 2, alone: 2, error: told(529, 'overloaded_error') },
  conflict: { tries: 2, alone: 2, error: told(409, 'conflict_error') },
  limited: { tries: 1, alone: 1, error: told(429, 'rate_limit_error', { retryAfter: '60' }) },
  redirect: { tries: 1, alone: 1, error: told(502, 'api_error', { shouldRetry: 'false' }) },
};
const once = (error) => ({ tries: 1, alone: 1, error });
const twice = (error) => ({ tries: 2, alone: 2, error });

const both = [false, true];
const kStreams = [true];

// What was said up to a stage, the client having seen it.
function until(stage, { dialect, streamed, model, seen }, short) {
  const said = pieces(dialect, streamed, 'first', model, short).slice(0, stage + 1);
  return streamed && stage >= kCommitted ? [...said, () => seen(stage)] : said;
}

function brokenOff() {
  const ways = [['the connection is closed', kCut, kComes.reset], ['the connection is reset', kReset, kComes.reset], ['silence', kSilence, kComes.timeout]];
  return kStages.flatMap((stage, at) => ways.map(([name, how, comes]) => (
    { name, stage, shapes: both, comes, steps: (context) => [...until(at, context), how], silent: how === kSilence, at })));
}

// The framing says that this was all. An answer that never said why it ends is none, even behind complete calls.
function endedEarly() {
  return kStages.slice(kFirstEvent).flatMap((stage, from) => {
    const at = from + kFirstEvent;
    const name = 'the answer ends';
    const shared = { name, stage, at };
    const streamed = { ...shared, shapes: kStreams, steps: (context) => [...until(at, context), '0\r\n\r\n'] };
    const comes = at === kFirstEvent ? kComes.malformed : kComes.reset;
    const translated = at === kFirstEvent ? kComes.malformed : kComes.unfinished;
    return [{ ...shared, shapes: [false], comes: kComes.malformed, steps: (context) => until(at, context, at) },
      { ...streamed, comes, speakers: ['claude', 'messages'] },
      { ...streamed, comes: translated, speakers: ['chat', 'chat-to-chat'] }];
  });
}

function eventsInside() {
  const overloaded = { type: 'overloaded_error', message: 'Overloaded' }, limited = { type: 'rate_limit_error', message: 'This is too often' };
  return kStages.slice(kFirstEvent).flatMap((stage, from) => {
    const at = from + kFirstEvent;
    const inside = (name, comes, bytes, more) => ({ name, stage, at, shapes: kStreams, comes, ...more,
      steps: (context) => [...until(at, context), bytes(context.dialect), kCut] });
    return [inside('an error event: overloaded', kComes.overloaded, (dialect) => errorEvent(dialect, overloaded), { raw: overloaded.type }),
      inside('an error event: rate limit', kComes.limited, (dialect) => errorEvent(dialect, limited), { untold: ['claude'] }),
      inside('an event that is no JSON', kComes.reset, garbageEvent, { speakers: ['claude', 'messages', 'chat-to-chat'] }),
      inside('an event that is no JSON', kComes.malformed, garbageEvent, { speakers: ['chat'] })];
  });
}

const connections = [
  { name: 'connection refused', stage: 'before the connection', comes: kComes.unreachable, refuses: true },
  { name: 'hangs up at once', stage: 'before the connection', comes: kComes.reset, atAccept: kCut },
  { name: 'resets at once', stage: 'before the connection', comes: kComes.reset, atAccept: kReset },
  { name: 'a certificate nobody vouches for', stage: 'before the connection', comes: kComes.untrusted, untrusted: true },
  { name: 'silence in the TLS handshake', stage: 'before the connection', comes: kComes.slow, atAccept: kSilence, tls: true, silent: true },
].map((fault) => ({ ...fault, shapes: both, at: -1, bodiless: true, steps: () => [] }));

const unifiedHeaders = () => ({ 'anthropic-ratelimit-unified-status': 'rejected', 'anthropic-ratelimit-unified-5h-utilization': '1.0',
  'anthropic-ratelimit-unified-reset': String(Math.floor(Date.now() / 1000) + 3600), 'anthropic-ratelimit-unified-representative-claim': 'five_hour' });

// [name, status, type, message, comes, { fields, verbatim: what Claude's own users are told }]
const statuses = [
  ['408', 408, 'timeout_error', 'the request took too long', { ...kComes.timeout, verbatim: told(408, 'timeout_error') }],
  ['409', 409, 'conflict_error', 'a conflict', kComes.conflict],
  ['429', 429, 'rate_limit_error', 'This is too often', { ...kComes.limited, verbatim: told(429, 'rate_limit_error') }],
  ['429, for 30 ms', 429, 'rate_limit_error', 'This is too often', { tries: 1, alone: 2, error: told(429, 'rate_limit_error') }, { 'retry-after-ms': 30 }],
  ['429, for an hour', 429, 'rate_limit_error', 'This is too often', once(told(429, 'rate_limit_error', { retryAfter: '3600' })), { 'retry-after': 3600 }],
  ['429, the plan is used up', 429, 'rate_limit_error', 'Your plan is used up', once(told(429, 'rate_limit_error')), unifiedHeaders, ['claude', 'messages']],
  ['500', 500, 'api_error', 'Internal server error', twice(told(500, 'api_error'))],
  ['502', 502, 'api_error', 'Bad gateway', twice(told(502, 'api_error')), {}, ['claude', 'messages']],
  ['502', 502, 'server_error', 'Bad gateway', kComes.overloaded, {}, ['chat', 'chat-to-chat']],
  ['503', 503, 'api_error', 'Service unavailable', { ...kComes.overloaded, verbatim: told(503, 'api_error') }],
  ['504', 504, 'timeout_error', 'Gateway timeout', kComes.timeout],
  ['529', 529, 'overloaded_error', 'Overloaded', kComes.overloaded],
  ['401', 401, 'authentication_error', 'invalid x-api-key', once(told(502, 'api_error', { shouldRetry: 'false' }))],
  ['402', 402, 'billing_error', 'Insufficient balance', { ...once(told(402, 'billing_error', { shouldRetry: 'false' })), verbatim: told(402, 'billing_error') }],
  ['403', 403, 'permission_error', 'Your account may not do this', once(told(403, 'permission_error'))],
  ['404', 404, 'not_found_error', 'there is no such model', once(told(404, 'not_found_error'))],
  ['413', 413, 'request_too_large', 'the body is too large', once(told(413, 'request_too_large'))],
  ['400: a full context', 400, 'invalid_request_error', 'prompt is too long: 213462 tokens > 100000 maximum',
    once(told(400, 'invalid_request_error', { message: /^(prompt is too long: 213462 tokens > 100000 maximum|This model's maximum context length is 100000 tokens)/ }))],
  ['400: anything else', 400, 'invalid_request_error', 'messages: at least one is needed', once(told(400, 'invalid_request_error', { message: /at least one is needed/ }))],
].map(([name, status, type, message, comes, fields = {}, speakers]) => ({ name, stage: 'as the answer', comes, speakers, shapes: both, at: kFirstEvent,
  steps: ({ dialect }) => [answered(status, errorBody(dialect, { status, type, message }), typeof fields === 'function' ? fields() : fields)] }));

// A field that the provider does not know: refused until it is gone, or for ever.
const kWarm = { temperature: 0.5 };
const refusal = ({ dialect }) => answered(400, errorBody(dialect, { status: 400, type: 'invalid_request_error', message: 'temperature is not supported by this model' }));
const features = [
  { name: '400: a field is refused', comes: twice(), mends: true, ways: ['fallback', 'alone'],
    steps: (context) => (context.json.temperature === undefined ? pieces(context.dialect, context.streamed, 'first', context.model) : [refusal(context)]) },
  { name: '400: a field is refused, and without it too', comes: twice(told(400, 'invalid_request_error', { message: /temperature/ })), steps: (context) => [refusal(context)],
    ways: ['fallback', 'alone'] },
].map((fault) => ({ ...fault, stage: 'as the answer', shapes: both, at: kFirstEvent, more: kWarm }));

const lies = [
  { name: 'a refusal', comes: once(), nothing: 'refusal', steps: ({ dialect, streamed, model }) => [emptyAnswer(dialect, streamed, 'refusal', model)], ways: ['fallback', 'alone'] },
  { name: 'a refusal, with a chain for it', comes: once(), steps: ({ dialect, streamed, model }) => [emptyAnswer(dialect, streamed, 'refusal', model)], ways: ['fallback'], onRefusal: true },
  { name: 'an empty answer', comes: once(), nothing: 'end_turn', speakers: ['claude'], ways: ['fallback', 'alone'],
    steps: ({ dialect, streamed, model }) => [emptyAnswer(dialect, streamed, 'end_turn', model)] },
  { name: 'an empty answer', comes: twice(), empty: true, speakers: ['messages', 'chat', 'chat-to-chat'],
    steps: ({ dialect, streamed, model }) => [emptyAnswer(dialect, streamed, 'end_turn', model)] },
  { name: 'a page', comes: kComes.malformed, steps: () => [answered(200, '<!doctype html><title>Welcome</title>', { 'content-type': 'text/html' })] },
  { name: 'an error as the answer', comes: kComes.overloaded, steps: ({ dialect }) => [answered(200, errorBody(dialect, { type: 'overloaded_error', message: 'Overloaded' }))] },
  { name: 'JSON of another kind', comes: kComes.malformed, speakers: ['messages', 'chat', 'chat-to-chat'], steps: () => [answered(200, '{"hello":"world"}')] },
  { name: 'compressed, though nobody asked', comes: kComes.malformed, steps: () => [answered(200, '{"content":[]}', { 'content-encoding': 'gzip' })] },
  { name: 'a redirect', comes: kComes.redirect, steps: () => [`${head({ location: 'http://127.0.0.1:1/', 'content-length': 0 }, '302 Found')}`] },
].map((fault) => ({ stage: 'as the answer', shapes: both, at: kFirstEvent, ...fault }));

const heads = [{ name: 'a head that is no HTTP', stage: 'inside the head', comes: kComes.malformed, shapes: both, at: 1, steps: () => ['HTTP/1.1 banana\r\n\r\n', kCut] }];

const failures = [...connections, ...brokenOff(), ...heads, ...endedEarly(), ...eventsInside(), ...statuses, ...features, ...lies];

// Every failure in every shape, for every speaker, in every way: { failure, speaker, streamed, way, expected }.
export function allCases() {
  const cases = [];
  for (const failure of failures)
    for (const [name, speaker] of Object.entries(kSpeakers)) {
      if (failure.speakers && !failure.speakers.includes(name)) continue;
      for (const streamed of failure.shapes)
        for (const way of failure.ways ?? kWays) {
          const expected = expect(failure, { ...speaker, name }, streamed, way);
          if (expected) cases.push({ failure, speaker: { ...speaker, name }, streamed, way, expected });
        }
    }
  return cases;
}

// What OpenAI's clients are told for the statuses of Anthropic's.
const kOpenAi = { 400: [400, 'invalid_request_error'], 402: [429, 'insufficient_quota'], 404: [404, 'invalid_request_error'], 409: [409, 'invalid_request_error'],
  413: [413, 'invalid_request_error'], 500: [500, 'server_error'], 502: [502, 'server_error'], 529: [503, 'server_error'] };
function inDialect(error, client) {
  if (client !== 'chat' || !error) return error;
  const [status, type] = kOpenAi[error.status] ?? [error.status, error.type];
  return { ...error, status, type };
}

// { bad, good: requests that each saw; attempts; by: first, second, nothing (an answer that says nothing) or nobody; error; broken }
function expect(failure, speaker, streamed, way) {
  const { comes } = failure;
  const broken = streamed && failure.at >= kCommitted;
  const requests = failure.bodiless ? 0 : undefined;
  if (broken) {
    // Where client and provider speak the same, the provider's own words pass.
    const type = (speaker.client === 'chat' && failure.raw) || inDialect(comes.error, speaker.client).type;
    return way === 'passing' ? undefined : { bad: 1, good: 0, attempts: 1, by: 'first', broken: true, error: { type } };
  }
  if (failure.mends) return { bad: 2, good: 0, attempts: 2, by: 'first' };
  if (failure.nothing) return { bad: 1, good: 0, attempts: 1, by: 'nothing', stop: failure.nothing };
  if (way === 'passing') return comes.alone > 1 && !failure.bodiless ? { bad: comes.alone, good: 0, attempts: comes.alone, by: 'first' } : undefined;
  if (way === 'fallback') return { bad: requests ?? comes.tries, good: 1, attempts: comes.tries + 1, by: 'second' };
  const shared = { bad: requests ?? comes.alone, good: 0, attempts: comes.alone };
  if (failure.empty) return { ...shared, by: 'nothing', stop: 'end_turn' };
  const own = speaker.transparent ? comes.verbatim ?? comes.error : comes.error;
  const error = failure.untold?.includes(speaker.name) ? { ...own, retryAfter: undefined } : own;
  return { ...shared, by: 'nobody', error: inDialect(error, speaker.client) };
}
