// The fault matrix: what a provider of OpenAI's Responses has of its own.
import { answered, errorBody, lastEvent, pieces, said, until } from './fault_answers.js';
import { kComes, once, told, twice } from './fault_outcomes.js';
import { failedEvent, kRefusal, refusalPart, response } from './fault_responses.js';
import { kFirstEvent, kStages } from './fault_words.js';
import { kCut } from './faulty_provider.js';

const kSpeakers = ['responses', 'responses-to-responses'];
const kInvalid = 'invalid_request_error';
const kQuota = 'You exceeded your current quota, please check your plan and billing details.';
const kBusy = 'Rate limit reached for gpt-x in organization org-1 on requests per min (RPM): Limit 3, Used 3, Requested 1.';
const kFull = 'Your input exceeds the context window of this model. Please adjust your input and try again.';
const page = { page: '<html><head><title>502 Bad Gateway</title></head><body><center>cloudflare</center></body></html>' };

// [name, status, { type, code, message } or a page, comes, fields]
const statuses = [
  ['408', 408, { type: kInvalid, message: 'Request timed out.' }, kComes.timeout],
  ['409', 409, { type: kInvalid, code: 'conflict', message: 'The resource was changed at the same time.' }, kComes.conflict],
  ['429', 429, { type: 'requests', code: 'rate_limit_exceeded', message: kBusy }, kComes.limited],
  ['429, for 30 ms', 429, { type: 'tokens', code: 'rate_limit_exceeded', message: kBusy }, kComes.limitedBriefly, { 'retry-after-ms': 30 }],
  ['429, for 30 ms in words', 429, { type: 'tokens', code: 'rate_limit_exceeded', message: `${kBusy} Please try again in 30ms.` }, kComes.limitedBriefly],
  ['429, for 20 s in words', 429, { type: 'requests', code: 'rate_limit_exceeded', message: `${kBusy} Please try again in 20s.` }, kComes.limitedFor(/^2[01]$/)],
  ['429, for an hour', 429, { type: 'requests', code: 'rate_limit_exceeded', message: kBusy }, kComes.limitedFor(3600), { 'retry-after': 3600 }],
  ['429, the money is used up', 429, { type: 'insufficient_quota', code: 'insufficient_quota', message: kQuota },
    once(told(429, 'rate_limit_error', { shouldRetry: 'false' }))],
  ['500', 500, { type: 'server_error', message: 'The server had an error while processing your request.' }, kComes.failed],
  ['502', 502, page, kComes.overloaded, { 'content-type': 'text/html' }],
  ['503', 503, { type: 'service_unavailable_error', code: 'slow_down', message: 'Slow down' }, kComes.overloaded],
  ['504', 504, { type: 'server_error', message: 'The upstream timed out.' }, kComes.timeout],
  ['520', 520, page, kComes.overloaded, { 'content-type': 'text/html' }],
  ['529', 529, { type: 'server_error', code: 'server_is_overloaded', message: 'Our servers are currently overloaded.' }, kComes.overloaded],
  ['401', 401, { type: kInvalid, code: 'invalid_api_key', message: 'Incorrect API key provided. You can find yours in your account.' }, kComes.badKey],
  ['402', 402, { type: 'billing_error', message: 'Your account has no balance.' }, kComes.unpaid],
  ['403', 403, { type: 'request_forbidden', code: 'unsupported_country_region_territory', message: 'Country, region, or territory not supported' },
    kComes.forbidden],
  ['404', 404, { type: kInvalid, code: 'model_not_found', message: 'The model `m` does not exist or you do not have access to it.' }, kComes.noModel],
  ['413', 413, { type: kInvalid, message: 'The request body is too large.' }, kComes.tooLarge],
  ['400: a full context', 400, { type: kInvalid, code: 'context_length_exceeded', message: kFull }, kComes.full],
  ['400: the prompt was flagged', 400, { type: kInvalid, code: 'invalid_prompt', message: 'Invalid prompt: it was flagged as violating our usage policy.' },
    kComes.refused(/usage policy/)],
  ['400: anything else', 400, { type: kInvalid, message: "Invalid type for 'input[0].content': at least one part is needed." }, kComes.refused(/at least one part/)],
].map(([name, status, error, comes, fields = {}]) => ({ name, comes,
  steps: ({ dialect }) => [answered(status, error.page ?? errorBody(dialect, error), fields)] }));

// Refused until it is gone.
const kPicky = { type: 'object', properties: { who: { type: 'string', pattern: '^[a-z]+$' } } };
const kSchema = "Invalid schema for function 'lookup': In context=('properties', 'who'), 'pattern' is not permitted.";
const holdsPattern = ({ json }) => JSON.stringify(json.tools).includes('pattern');
const schemas = [{ name: '400: a schema is refused', comes: twice(), mends: true, ways: ['fallback', 'alone'], schema: kPicky,
  steps: ({ dialect, streamed, model, request }) => (!holdsPattern(request) ? pieces(dialect, streamed, 'first', model)
    : [answered(400, errorBody(dialect, { type: kInvalid, code: 'invalid_function_parameters', message: kSchema }))]) }];

// [what, code, message, comes, what a client of the same API sees]; a full context and an empty purse are told before anything is said.
const kFailures = [
  ['server error', 'server_error', 'The model failed to generate a response.', kComes.failed],
  ['rate limit', 'rate_limit_exceeded', kBusy, kComes.limited],
  ['overloaded', 'server_is_overloaded', 'Our servers are currently overloaded. Please try again later.', kComes.overloaded],
  ['a full context', 'context_length_exceeded', kFull, kComes.full],
  ['no money', 'insufficient_quota', kQuota, kComes.unpaid],
  ['the prompt was flagged', 'invalid_prompt', 'Invalid prompt: it was flagged as violating our usage policy.', kComes.refused(/usage policy/)],
];
const failedInside = kFailures.flatMap(([what, code, message, comes]) => kStages.slice(kFirstEvent).map((stage, from) => ({
  name: `response.failed: ${what}`, stage, at: from + kFirstEvent, shapes: [true], comes, raw: { responses: code },
  steps: (context) => [...until(from + kFirstEvent, context), lastEvent(failedEvent({ code, message }, context.model)), kCut] })));
const failedWhole = kFailures.map(([what, code, message, comes]) => ({ name: `status failed: ${what}`, shapes: [false], comes,
  steps: ({ model }) => [answered(200, JSON.stringify(response('first', model, { status: 'failed', error: { code, message } })))] }));

const refuses = { name: 'a refusal with words', comes: once(), says: [['text', kRefusal]], stop: 'refused',
  steps: ({ streamed, model }) => [said(streamed, refusalPart(model))] };
const refusals = [{ ...refuses, ways: ['fallback', 'alone'] },
  // In a stream they are content, and nobody is asked behind that.
  { ...refuses, name: 'a refusal with words, with a chain for it', ways: ['fallback'], onRefusal: true }];

export const answersOfResponses = [...statuses, ...schemas, ...failedWhole, ...failedInside, ...refusals].map((fault) => ({ ...fault, speakers: kSpeakers }));
