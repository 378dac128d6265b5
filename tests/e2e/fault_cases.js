// The fault matrix: which failure, at which stage, of which provider, and what must come of it. Here are the failures that every provider
// has; what only one dialect knows stands in fault_cases_anthropic.js, fault_cases_responses.js and fault_cases_gemini.js.
//
// A failure is { name, stage, steps, comes, … }:
//   steps     (context) -> what the provider does with a request (faulty_provider.js); context: { dialect, streamed, model, seen, request }
//   comes     a row of kComes: how often the failing provider is asked, and what the client is told when nobody else answers
//   speakers  those that it is for; all when left out
//   ways      those of kWays; all when left out
//   shapes    [true], [false] or both: is the request for a stream
//   at        the stage's place in kStages
//   silent    the provider is given up after a short time
import { setTimeout as delay } from 'node:timers/promises';
import { answered, chunked, dialects, emptyAnswer, errorBody, head, kLastChunk, lastEvent, pieces, until } from './fault_answers.js';
import { answersOfAnthropic } from './fault_cases_anthropic.js';
import { answersOfGemini } from './fault_cases_gemini.js';
import { answersOfResponses } from './fault_cases_responses.js';
import { expect, kComes, kSpeakers, kWays, once, told, twice } from './fault_outcomes.js';
import { kFirstEvent, kInCall, kStages } from './fault_words.js';
import { kCut, kReset, kSilence } from './faulty_provider.js';

const both = [false, true];
const kStreams = [true];
const speakersThat = (fits) => Object.keys(kSpeakers).filter((name) => fits(kSpeakers[name]));
const kMessages = speakersThat(({ dialect }) => dialect === 'anthropic');
const kTranslated = speakersThat(({ dialect, passes }) => dialect !== 'anthropic' && !passes);
const kPassing = speakersThat(({ passes }) => passes);
const kThirdParty = speakersThat(({ transparent }) => !transparent);

function brokenOff() {
  const ways = [['the connection is closed', kCut, kComes.reset], ['the connection is reset', kReset, kComes.reset], ['silence', kSilence, kComes.timeout]];
  return kStages.flatMap((stage, at) => ways.map(([name, how, comes]) => (
    { name, stage, shapes: both, comes, steps: (context) => [...until(at, context), how], silent: how === kSilence, at })));
}

// The framing says that this was all. An answer that never said why it ends is none, even behind complete calls.
function endedEarly() {
  return kStages.slice(kFirstEvent).flatMap((stage, from) => {
    const at = from + kFirstEvent;
    const shared = { name: 'the answer ends', stage, at };
    const streamed = { ...shared, shapes: kStreams, steps: (context) => [...until(at, context), kLastChunk] };
    const comes = at === kFirstEvent ? kComes.malformed : kComes.reset;
    const translated = at === kFirstEvent ? kComes.malformed : kComes.unfinished;
    return [{ ...shared, shapes: [false], comes: kComes.malformed, steps: (context) => until(at, context, at) },
      { ...streamed, comes, speakers: kMessages },
      { ...streamed, comes: translated, speakers: [...kTranslated, ...kPassing] }];
  });
}

function eventsInside() {
  const overloaded = { type: 'overloaded_error', message: 'Overloaded' }, limited = { type: 'rate_limit_error', message: 'This is too often' };
  return kStages.slice(kFirstEvent).flatMap((stage, from) => {
    const at = from + kFirstEvent;
    const inside = (name, comes, bytes, speakers, more) => ({ name, stage, at, shapes: kStreams, comes, ...more, speakers,
      steps: (context) => [...until(at, context), lastEvent(bytes(dialects[context.dialect])), kCut] });
    const errors = speakersThat(({ dialect }) => at !== kInCall || !dialects[dialect].wholeCalls);  // nothing fits into half an event
    return [inside('an error event: overloaded', kComes.overloaded, (dialect) => dialect.errorEvent(overloaded), errors,
      { raw: { chat: overloaded.type, responses: 'server_is_overloaded' } }),
    inside('an error event: rate limit', kComes.limited, (dialect) => dialect.errorEvent(limited), errors,
      { untold: ['claude'], raw: { responses: 'rate_limit_exceeded' } }),
    inside('an event that is no JSON', kComes.reset, ({ garbage }) => garbage, [...kMessages, ...kPassing]),
    inside('an event that is no JSON', kComes.malformed, ({ garbage }) => garbage, kTranslated)];
  });
}

const connections = [
  { name: 'connection refused', stage: 'before the connection', comes: kComes.unreachable, refuses: true },
  { name: 'hangs up at once', stage: 'before the connection', comes: kComes.reset, atAccept: kCut },
  { name: 'resets at once', stage: 'before the connection', comes: kComes.reset, atAccept: kReset },
  { name: 'a certificate nobody vouches for', stage: 'before the connection', comes: kComes.untrusted, untrusted: true },
  { name: 'silence in the TLS handshake', stage: 'before the connection', comes: kComes.slow, atAccept: kSilence, tls: true, silent: true },
].map((fault) => ({ ...fault, shapes: both, at: -1, bodiless: true, steps: () => [] }));

// A field that the provider does not know: refused until it is gone, or for ever.
const kWarm = { temperature: 0.5 };
const kUnsupported = "Unsupported parameter: 'temperature' is not supported with this model.";
const refusal = ({ dialect, streamed }) => answered(400, errorBody(dialect, { status: 400, type: 'invalid_request_error', message: kUnsupported }, streamed));
const isWarm = ({ dialect, request }) => dialects[dialect].heatOf(request) !== undefined;
const features = [
  { name: '400: a field is refused', comes: twice(), mends: true,
    steps: (context) => (isWarm(context) ? [refusal(context)] : pieces(context.dialect, context.streamed, 'first', context.model)) },
  { name: '400: a field is refused, and without it too', comes: twice(told(400, 'invalid_request_error', { message: /temperature/ })),
    steps: (context) => [refusal(context)] },
].map((fault) => ({ ...fault, more: kWarm, ways: ['fallback', 'alone'] }));

const nothing = (stop) => ({ dialect, streamed, model }) => [emptyAnswer(dialect, streamed, stop, model)];
const lies = [
  { name: 'a refusal', comes: once(), nothing: 'refusal', steps: nothing('refusal'), ways: ['fallback', 'alone'] },
  { name: 'a refusal, with a chain for it', comes: once(), steps: nothing('refusal'), ways: ['fallback'], onRefusal: true },
  { name: 'an empty answer', comes: once(), nothing: 'end_turn', speakers: ['claude'], ways: ['fallback', 'alone'], steps: nothing('end_turn') },
  { name: 'an empty answer', comes: twice(), empty: true, speakers: kThirdParty, steps: nothing('end_turn') },
  { name: 'a page', comes: kComes.malformed, steps: () => [answered(200, '<!doctype html><title>Welcome</title>', { 'content-type': 'text/html' })] },
  { name: 'an error as the answer', comes: kComes.overloaded,
    steps: ({ dialect }) => [answered(200, errorBody(dialect, { status: 503, type: 'overloaded_error', message: 'Overloaded' }))] },
  { name: 'JSON of another kind', comes: kComes.malformed, speakers: kThirdParty, steps: () => [answered(200, '{"hello":"world"}')] },
  { name: 'compressed, though nobody asked', comes: kComes.malformed, steps: () => [answered(200, '{"content":[]}', { 'content-encoding': 'gzip' })] },
  { name: 'a redirect', comes: kComes.redirect, steps: () => [`${head({ location: 'http://127.0.0.1:1/', 'content-length': 0 }, '302 Found')}`] },
];

// A provider that takes longer than its idle time, and says meanwhile that it lives.
const kPing = chunked(': still here\n\n'), kPings = 4;
const slow = { name: 'slow, with pings of its own', stage: 'before the first event', shapes: kStreams, at: kFirstEvent, comes: once(), survives: true, silent: true,
  ways: ['alone'], steps: (context) => {
    const answer = pieces(context.dialect, true, 'first', context.model);
    return [...answer.slice(0, kFirstEvent + 1), ...Array(kPings).fill([kPing, () => delay(150)]).flat(), ...answer.slice(kFirstEvent + 1)];
  } };

const noHttp = { name: 'a head that is no HTTP', stage: 'inside the head', comes: kComes.malformed, shapes: both, at: 1,
  steps: () => ['HTTP/1.1 banana\r\n\r\n', kCut] };

const answers = [...answersOfAnthropic, ...answersOfResponses, ...answersOfGemini, ...features, ...lies]
  .map((fault) => ({ stage: 'as the answer', shapes: both, at: kFirstEvent, ...fault }));
const failures = [...connections, ...brokenOff(), noHttp, slow, ...endedEarly(), ...eventsInside(), ...answers];

// Every failure in every shape, for every speaker, in every way: { failure, speaker, streamed, way, expected }.
export function allCases() {
  const cases = [];
  for (const failure of failures)
    for (const [name, row] of Object.entries(kSpeakers)) {
      if (failure.speakers && !failure.speakers.includes(name)) continue;
      const speaker = { ...row, name };
      for (const streamed of failure.shapes)
        for (const way of failure.ways ?? kWays) {
          const expected = expect(failure, speaker, streamed, way);
          if (expected) cases.push({ failure, speaker, streamed, way, expected });
        }
    }
  return cases;
}
