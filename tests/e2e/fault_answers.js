// One answer (a thought, a text, a tool call) in the bytes of each dialect, in pieces: whatever comes after a piece can be left away.
//
// kStages are the places between the pieces, in order. `pieces` has one more than there are stages: the answer's end.
import { errorShapes } from './errors.js';

export const kStages = ['before the head', 'inside the head', 'before the first event', 'after message_start', 'after a thinking block',
  'inside text', 'inside a tool call', 'after the last block'];
// From here on the client has seen something of a stream.
export const kCommitted = kStages.indexOf('after a thinking block');
export const kFirstEvent = kStages.indexOf('before the first event');

// What a provider called `who` answers, as any client of any dialect should see it.
export const wordsOf = (who) => ({ thinking: `${who} thinks about it`, text: `${who} answers the question`, tool: { who, deep: { list: [1, 2] } } });

// What a client has seen of it at a stage behind kCommitted: [[type, text]].
export function seenAt(stage, who) {
  const { thinking, text, tool } = wordsOf(who);
  const call = JSON.stringify(tool);
  const all = [['thinking', thinking], ['text', stage === kCommitted + 1 ? half(text)[0] : text], ['tool_use', stage === kCommitted + 2 ? half(call)[0] : call]];
  return all.slice(0, stage - kCommitted + 1);
}

const half = (text) => [text.slice(0, text.length >> 1), text.slice(text.length >> 1)];
const event = (json) => `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;
const data = (json) => `data: ${JSON.stringify(json)}\n\n`;

function anthropicEvents(who, model) {
  const { thinking, text, tool } = wordsOf(who);
  const delta = (index, body) => event({ type: 'content_block_delta', index, delta: body });
  const open = (index, block) => event({ type: 'content_block_start', index, content_block: block });
  const close = (index) => event({ type: 'content_block_stop', index });
  const texts = half(text).map((piece) => delta(1, { type: 'text_delta', text: piece }));
  const calls = half(JSON.stringify(tool)).map((piece) => delta(2, { type: 'input_json_delta', partial_json: piece }));
  const usage = { input_tokens: 700, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 };
  return ['',
    event({ type: 'message_start', message: { id: `msg_${who}`, type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null, usage } })
      + event({ type: 'ping' }),
    open(0, { type: 'thinking', thinking: '', signature: '' }) + delta(0, { type: 'thinking_delta', thinking })
      + delta(0, { type: 'signature_delta', signature: 'c2lnbmVk' }) + close(0),
    open(1, { type: 'text', text: '' }) + texts[0],
    texts[1] + close(1) + open(2, { type: 'tool_use', id: `toolu_${who}`, name: 'lookup', input: {} }) + calls[0],
    calls[1] + close(2),
    event({ type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 40 } }) + event({ type: 'message_stop' })];
}

function chatEvents(who, model) {
  const { thinking, text, tool } = wordsOf(who);
  const chunk = (delta, finish = null) => data({ id: `chatcmpl-${who}`, object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason: finish }] });
  const calls = half(JSON.stringify(tool));
  const call = (body) => chunk({ tool_calls: [{ index: 0, ...body }] });
  const [first, second] = half(text);
  const usage = { prompt_tokens: 700, completion_tokens: 40, total_tokens: 740 };
  return ['',
    chunk({ role: 'assistant', content: '' }),
    chunk({ reasoning_content: thinking }),
    chunk({ content: first }),
    chunk({ content: second }) + call({ id: `call_${who}`, type: 'function', function: { name: 'lookup', arguments: '' } }) + call({ function: { arguments: calls[0] } }),
    call({ function: { arguments: calls[1] } }),
    chunk({}, 'tool_calls') + data({ id: `chatcmpl-${who}`, object: 'chat.completion.chunk', created: 1, model, choices: [], usage }) + 'data: [DONE]\n\n'];
}

function anthropicWhole(who, model) {
  const { thinking, text, tool } = wordsOf(who);
  return { id: `msg_${who}`, type: 'message', role: 'assistant', model, stop_reason: 'tool_use', stop_sequence: null,
    content: [{ type: 'thinking', thinking, signature: 'c2lnbmVk' }, { type: 'text', text }, { type: 'tool_use', id: `toolu_${who}`, name: 'lookup', input: tool }],
    usage: { input_tokens: 700, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 40 } };
}

function chatWhole(who, model) {
  const { thinking, text, tool } = wordsOf(who);
  const calls = [{ id: `call_${who}`, type: 'function', function: { name: 'lookup', arguments: JSON.stringify(tool) } }];
  return { id: `chatcmpl-${who}`, object: 'chat.completion', created: 1, model,
    choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', reasoning_content: thinking, content: text, tool_calls: calls } }],
    usage: { prompt_tokens: 700, completion_tokens: 40, total_tokens: 740 } };
}

// A whole body cut where a stream would have been at each stage.
function wholePieces(who, json) {
  const body = JSON.stringify(json);
  const { thinking, text } = wordsOf(who);
  const behind = (word) => body.indexOf(word) + word.length;
  const places = [0, body.search(/"(content|message)":[[{]/) + 12, behind(thinking), behind(text) - 5, behind('lookup') + 20, body.length - 1, body.length];
  return ['', ...places.slice(1).map((place, at) => body.slice(places[at], place))];
}

export const head = (fields, status = '200 OK') => `HTTP/1.1 ${status}\r\n${Object.entries({ ...fields, connection: 'close', 'request-id': 'req_of_the_provider' })
  .map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
const chunked = (bytes) => (bytes === '' ? '' : `${Buffer.byteLength(bytes).toString(16)}\r\n${bytes}\r\n`);
export const kLastChunk = '0\r\n\r\n';

// The answer of `who` to one request, as pieces; `short`: a whole answer that claims to end at that stage.
export function pieces(dialect, streamed, who, model, short = kStages.length) {
  const headPieces = (text) => ['', text.slice(0, 40), text.slice(40)];
  if (streamed) {
    const [, ...events] = dialect === 'chat' ? chatEvents(who, model) : anthropicEvents(who, model);
    const list = [...headPieces(head({ 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' })), ...events.map(chunked)];
    return [...list.slice(0, -1), list.at(-1) + kLastChunk];
  }
  const [, ...body] = wholePieces(who, dialect === 'chat' ? chatWhole(who, model) : anthropicWhole(who, model));
  const length = Buffer.byteLength(body.slice(0, Math.max(0, short - kFirstEvent)).join(''));
  return [...headPieces(head({ 'content-type': 'application/json', 'content-length': length })), ...body];
}

// A short answer with nothing inside `stop`: refused, or empty.
export function emptyAnswer(dialect, streamed, stop, model) {
  const finish = { refusal: 'content_filter', end_turn: 'stop' }[stop];
  const usage = { input_tokens: 700, output_tokens: 1 };
  const message = { id: 'msg_nothing', type: 'message', role: 'assistant', model, content: [], stop_reason: stop, stop_sequence: null, usage };
  const chunk = (delta, reason) => ({ id: 'chatcmpl-nothing', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason: reason }] });
  const chatUsage = { prompt_tokens: 700, completion_tokens: 1, total_tokens: 701 };
  if (!streamed) {
    return answered(200, JSON.stringify(dialect !== 'chat' ? message : { id: 'chatcmpl-nothing', object: 'chat.completion', created: 1, model, usage: chatUsage,
      choices: [{ index: 0, finish_reason: finish, message: { role: 'assistant', content: null } }] }));
  }
  const events = dialect === 'chat' ? data(chunk({ role: 'assistant', content: '' }, null)) + data(chunk({}, finish)) + 'data: [DONE]\n\n'
    : event({ type: 'message_start', message: { ...message, stop_reason: null } })
      + event({ type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage }) + event({ type: 'message_stop' });
  return head({ 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }) + chunked(events) + kLastChunk;
}

export function answered(status, body, fields = {}) {
  return head({ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...fields }, `${status} Said`) + body;
}

export function errorBody(dialect, { status, type, message }) {
  if (dialect !== 'chat') return JSON.stringify(errorShapes.anthropic({ status, type, message }));
  return JSON.stringify({ error: { message, type, param: null, code: null } });
}

// An error in the middle of a stream, and one event that is no JSON.
export const errorEvent = (dialect, error) => chunked(dialect === 'chat' ? data(JSON.parse(errorBody(dialect, error)))
  : `event: error\ndata: ${errorBody(dialect, error)}\n\n`) + kLastChunk;
export const garbageEvent = (dialect) => chunked(`${dialect === 'chat' ? '' : 'event: content_block_delta\n'}data: <html>502 Bad Gateway\n\n`) + kLastChunk;
