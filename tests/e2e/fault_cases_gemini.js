// The fault matrix: what a provider of Gemini's API has of its own.
import { answered, errorBody, lastEvent, pieces, said, until } from './fault_answers.js';
import { blocked, finished } from './fault_gemini.js';
import { kComes, once, told, twice } from './fault_outcomes.js';
import { data, kCommitted, kFirstEvent, kInCall, kStages, seenAt } from './fault_words.js';
import { kCut } from './faulty_provider.js';
import { googleError } from './gemini_provider.js';

const kQuota = 'You exceeded your current quota, please check your plan and billing details.';
const retryInfo = (retryDelay) => ({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay });
const quota = (quotaId) => ({ '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaMetric: 'generate_content_requests', quotaId, quotaValue: '10' }] });
const kMinute = quota('GenerateRequestsPerMinutePerProjectPerModel-FreeTier'), kDay = quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier');
const kKeyDetails = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' }];
const page = { page: '<html><head><title>502. That’s an error.</title></head><body></body></html>' };

// [name, status, { message, details } or a page, comes, fields]
const statuses = [
  ['408', 408, { message: 'The request took too long.' }, kComes.timeout],
  ['409', 409, { message: 'The operation was aborted.' }, kComes.conflict],
  ['429', 429, { message: 'Resource has been exhausted (e.g. check quota).' }, kComes.limited],
  ['429, for 30 ms', 429, { message: kQuota, details: [kMinute, retryInfo('0.030s')] }, { ...kComes.limitedFor(1), alone: 2 }],
  ['429, for 30 ms in the head', 429, { message: kQuota, details: [kMinute] }, kComes.limitedBriefly, { 'retry-after-ms': 30 }],
  ['429, for 34 s in words', 429, { message: `${kQuota} Please retry in 34.074824224s.`, details: [kMinute, retryInfo('34.074824224s')] }, kComes.limitedFor(35)],
  ['429, for an hour', 429, { message: kQuota, details: [kMinute, retryInfo('3600s')] }, kComes.limitedFor(3600)],
  ['429, the day is used up', 429, { message: kQuota, details: [kDay, retryInfo('2s')] },
    once(told(429, 'rate_limit_error', { shouldRetry: 'false', retryAfter: 2 }))],
  ['500', 500, { message: 'An internal error has occurred. Please retry.' }, kComes.failed],
  ['502', 502, page, kComes.overloaded, { 'content-type': 'text/html; charset=UTF-8' }],
  ['503', 503, { message: 'The model is overloaded. Please try again later.' }, kComes.overloaded],
  ['504', 504, { message: 'Deadline expired before operation could complete.' }, kComes.timeout],
  ['529', 529, { message: 'Overloaded' }, kComes.overloaded],
  ['401', 401, { message: 'Request had invalid authentication credentials.' }, kComes.badKey],
  ['401 as a 400', 400, { message: 'API key not valid. Please pass a valid API key.', details: kKeyDetails }, kComes.badKey],
  ['401 as a 403', 403, { message: 'Your API key was reported as leaked. Please use another API key.' }, kComes.badKey],
  ['402', 402, { message: 'The account has no balance.' }, kComes.unpaid],
  ['403', 403, { message: 'Generative Language API has not been used in project 1 before or it is disabled.' }, kComes.forbidden],
  ['404', 404, { message: 'models/m is not found for API version v1beta, or is not supported for generateContent.' }, kComes.noModel],
  ['413', 413, { message: 'Request payload size exceeds the limit: 20971520 bytes.' }, kComes.tooLarge],
  ['400: a full context', 400, { message: 'The input token count (213462) exceeds the maximum number of tokens allowed (100000).' }, kComes.full],
  ['400: from this place', 400, { message: 'User location is not supported for the API use.' }, kComes.refused(/User location/)],
  ['400: anything else', 400, { message: '* GenerateContentRequest.contents: contents is not specified' }, kComes.refused(/contents is not specified/)],
].map(([name, status, error, comes, fields = {}]) => ({ name, comes,
  steps: ({ dialect, streamed }) => [answered(status, error.page ?? errorBody(dialect, { status, ...error }, streamed), fields)] }));

// A field of later versions: refused until it is gone.
const kNoField = `Invalid JSON payload received. Unknown name "parametersJsonSchema" at 'tools[0].function_declarations[0]': Cannot find field.`;
const schemas = [{ name: '400: a schema is refused', comes: twice(), mends: true, ways: ['fallback', 'alone'],
  steps: ({ dialect, streamed, model, request }) => (!request.body.includes('parametersJsonSchema') ? pieces(dialect, streamed, 'first', model)
    : [answered(400, errorBody(dialect, { status: 400, message: kNoField }, streamed))]) }];

const only = (json) => ({ streamed, model }) => [said(streamed, { whole: json(model), events: data(json(model)) })];
const kStumbles = ['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'OTHER'];
const ends = [
  { name: 'a refusal of the prompt', comes: once(), nothing: 'refusal', ways: ['fallback', 'alone'], steps: only((model) => blocked('PROHIBITED_CONTENT', model)) },
  { name: 'a refusal of the prompt, with a chain', comes: once(), ways: ['fallback'], onRefusal: true, steps: only((model) => blocked('SAFETY', model)) },
  ...kStumbles.map((reason) => ({ name: `ended with ${reason}`, comes: kComes.overloaded, steps: only((model) => finished(reason, model, 'It stumbled.')) })),
];

// [what, status, message, comes]: an error as a chunk.
const kErrors = [
  ['internal', 500, 'An internal error has occurred. Please retry.', kComes.failed],
  ['deadline', 504, 'Deadline expired before operation could complete.', kComes.timeout],
  ['a full context', 400, 'The input token count (213462) exceeds the maximum number of tokens allowed (100000).', kComes.full],
  ['a bad key', 400, 'API key not valid. Please pass a valid API key.', kComes.badKey],
];
const kBetweenEvents = kStages.map((stage, at) => ({ stage, at })).filter(({ at }) => at >= kFirstEvent && at !== kInCall);
const chunksInside = kErrors.flatMap(([what, status, message, comes]) => kBetweenEvents.map(({ stage, at }) => ({
  name: `an error chunk: ${what}`, stage, at, shapes: [true], comes,
  steps: (context) => [...until(at, context), lastEvent(data(googleError(status, message))), kCut] })));

// In the middle of an answer. A refusal there ends it.
const endsInside = kBetweenEvents.filter(({ at }) => at >= kCommitted).flatMap(({ stage, at }) => {
  const inside = (reason, more) => ({ name: `ended with ${reason}`, stage, shapes: [true], ...more,
    steps: (context) => [...until(at, context), lastEvent(data(finished(reason, context.model))), kCut] });
  return [inside('SAFETY', { at: kFirstEvent, comes: once(), ways: ['alone'], says: seenAt(at, 'first'), stop: 'refusal' }),
    inside('MALFORMED_FUNCTION_CALL', { at, comes: kComes.overloaded })];
});

export const answersOfGemini = [...statuses, ...schemas, ...ends, ...chunksInside, ...endsInside].map((fault) => ({ ...fault, speakers: ['gemini'] }));
