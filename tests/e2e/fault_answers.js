// Answers in the bytes of each dialect, in pieces: whatever comes after a piece can be left away. There is one more of them than stages
// (fault_words.js): the answer's end.
import { anthropic } from './fault_anthropic.js';
import { chat } from './fault_chat.js';
import { gemini } from './fault_gemini.js';
import { responses } from './fault_responses.js';
import { kCommitted, kFirstEvent, kStages, wordsOf } from './fault_words.js';

export const dialects = { anthropic, chat, responses, gemini };

// A whole body cut where a stream would have been at each stage.
function wholePieces(who, json) {
  const body = JSON.stringify(json);
  const { thinking, text } = wordsOf(who);
  const behind = (word) => body.indexOf(word) + word.length;
  const begun = body.search(/"(content|message|output|candidates)":[[{]/) + 12;
  const places = [0, begun, behind(thinking), behind(text) - 5, behind('lookup') + 20, body.length - 1, body.length];
  return places.slice(1).map((place, at) => body.slice(places[at], place));
}

export const head = (fields, status = '200 OK') => `HTTP/1.1 ${status}\r\n${Object.entries({ ...fields, connection: 'close', 'request-id': 'req_of_the_provider' })
  .map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
const eventHead = () => head({ 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' });
export const chunked = (bytes) => (bytes === '' ? '' : `${Buffer.byteLength(bytes).toString(16)}\r\n${bytes}\r\n`);
export const kLastChunk = '0\r\n\r\n';

// The answer of `who` to one request, as pieces; `short`: a whole answer that claims to end at that stage.
export function pieces(dialect, streamed, who, model, short = kStages.length) {
  const headPieces = (text) => ['', text.slice(0, 40), text.slice(40)];
  if (streamed) {
    const events = dialects[dialect].events(who, model).map(chunked);
    return [...headPieces(eventHead()), ...events.slice(0, -1), events.at(-1) + kLastChunk];
  }
  const body = wholePieces(who, dialects[dialect].whole(who, model));
  const length = Buffer.byteLength(body.slice(0, Math.max(0, short - kFirstEvent)).join(''));
  return [...headPieces(head({ 'content-type': 'application/json', 'content-length': length })), ...body];
}

export function answered(status, body, fields = {}) {
  return head({ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...fields }, `${status} Said`) + body;
}

// An answer given as both of its forms.
export const said = (streamed, { whole, events }) => (streamed ? eventHead() + chunked(events) + kLastChunk : answered(200, JSON.stringify(whole)));

// A short answer with nothing inside `stop`: refused, or empty.
export const emptyAnswer = (dialect, streamed, stop, model) => said(streamed, dialects[dialect].empty(stop, model));

export const errorBody = (dialect, error, streamed = false) => JSON.stringify(dialects[dialect].error(error, streamed));

// The last event of a stream.
export const lastEvent = (bytes) => chunked(bytes) + kLastChunk;

// What was said up to a stage, the client having seen it.
export function until(stage, { dialect, streamed, model, seen }, short) {
  const before = pieces(dialect, streamed, 'first', model, short).slice(0, stage + 1);
  return streamed && stage >= kCommitted ? [...before, () => seen(stage)] : before;
}
