// The fault matrix: errors as Anthropic words them, which many servers of Chat Completions copy.
import { answered, errorBody } from './fault_answers.js';
import { kComes, once, told, twice } from './fault_outcomes.js';

const kMessages = ['claude', 'messages'], kChats = ['chat', 'chat-to-chat'];
const unifiedHeaders = () => ({ 'anthropic-ratelimit-unified-status': 'rejected', 'anthropic-ratelimit-unified-5h-utilization': '1.0',
  'anthropic-ratelimit-unified-reset': String(Math.floor(Date.now() / 1000) + 3600), 'anthropic-ratelimit-unified-representative-claim': 'five_hour' });

// [name, status, type, message, comes, fields, speakers]; `verbatim` in comes: what Claude's own users are told.
export const answersOfAnthropic = [
  ['408', 408, 'timeout_error', 'the request took too long', { ...kComes.timeout, verbatim: told(408, 'timeout_error') }],
  ['409', 409, 'conflict_error', 'a conflict', kComes.conflict],
  ['429', 429, 'rate_limit_error', 'This is too often', { ...kComes.limited, verbatim: told(429, 'rate_limit_error') }],
  ['429, for 30 ms', 429, 'rate_limit_error', 'This is too often', kComes.limitedBriefly, { 'retry-after-ms': 30 }],
  ['429, for an hour', 429, 'rate_limit_error', 'This is too often', kComes.limitedFor(3600), { 'retry-after': 3600 }],
  ['429, the plan is used up', 429, 'rate_limit_error', 'Your plan is used up', once(told(429, 'rate_limit_error')), unifiedHeaders, kMessages],
  ['500', 500, 'api_error', 'Internal server error', kComes.failed],
  ['502', 502, 'api_error', 'Bad gateway', twice(told(502, 'api_error')), {}, kMessages],
  ['502', 502, 'server_error', 'Bad gateway', kComes.overloaded, {}, kChats],
  ['503', 503, 'api_error', 'Service unavailable', { ...kComes.overloaded, verbatim: told(503, 'api_error') }],
  ['504', 504, 'timeout_error', 'Gateway timeout', kComes.timeout],
  ['529', 529, 'overloaded_error', 'Overloaded', kComes.overloaded],
  ['401', 401, 'authentication_error', 'invalid x-api-key', kComes.badKey],
  ['402', 402, 'billing_error', 'Insufficient balance', { ...kComes.unpaid, verbatim: told(402, 'billing_error') }],
  ['403', 403, 'permission_error', 'Your account may not do this', kComes.forbidden],
  ['404', 404, 'not_found_error', 'there is no such model', kComes.noModel],
  ['413', 413, 'request_too_large', 'the body is too large', kComes.tooLarge],
  ['400: a full context', 400, 'invalid_request_error', 'prompt is too long: 213462 tokens > 100000 maximum', kComes.full],
  ['400: anything else', 400, 'invalid_request_error', 'messages: at least one is needed', kComes.refused(/at least one is needed/)],
].map(([name, status, type, message, comes, fields = {}, speakers = [...kMessages, ...kChats]]) => ({ name, comes, speakers,
  steps: ({ dialect }) => [answered(status, errorBody(dialect, { status, type, message }), typeof fields === 'function' ? fields() : fields)] }));
