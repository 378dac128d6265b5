// A client that believes nothing: it reads an answer to its last byte, whole or streamed, in any client's dialect, and says what is wrong with
// it (fault_readers.js).
//
// What came of a request: { status, headers, blocks, error, complete, stop, faults, body }
//   blocks     [{ type, text }] in order; a tool call's text is its arguments
//   error      { type, message }: of an error's body, or of the event that ended the stream
//   complete   the answer has its end
//   faults     what no client should have to see
import { readers } from './fault_readers.js';

const kSeconds = 20;

// `prompt` tells one request from the other; `more` are further fields; `schema` is that of the tool. onContent gets a stream's blocks
// whenever there is more of them.
export async function request(baseUrl, { dialect, model, streamed, prompt, token, schema, headers = {}, more = {} }, onContent = () => {}) {
  const reader = readers[dialect];
  const body = { model, stream: streamed, ...reader.body(prompt, schema), ...more };
  const response = await fetch(`${baseUrl}${reader.path}`, { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(kSeconds * 1000),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...reader.headers, ...headers } });
  const outcome = { status: response.status, headers: Object.fromEntries(response.headers), blocks: [], complete: false, faults: [], body: '' };
  const isStream = (outcome.headers['content-type'] ?? '').startsWith('text/event-stream');
  if (isStream && !streamed) outcome.faults.push('events that nobody asked for');
  const events = isStream ? new reader.Events(outcome, onContent) : undefined;
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body) {
      outcome.body += decoder.decode(bytes, { stream: true });
      events?.feed(outcome.body);
    }
  } catch (error) {
    outcome.faults.push(`the answer broke off: ${error.cause?.message ?? error.message}`);
  }
  if (events) events.end(outcome.body);
  else readWhole(outcome, reader);
  return outcome;
}

function readWhole(outcome, reader) {
  let json;
  try { json = JSON.parse(outcome.body); } catch { return void outcome.faults.push(`no JSON: ${outcome.body.slice(0, 200)}`); }
  if (outcome.status !== 200) {
    outcome.error = json.error;
    if (!reader.isError(json)) outcome.faults.push('the error is no error of this dialect');
    if (typeof json.error?.type !== 'string' || !json.error.message) outcome.faults.push(`an error without words: ${outcome.body.slice(0, 200)}`);
    return;
  }
  const { stop, blocks, counted } = reader.whole(json);
  Object.assign(outcome, { stop, blocks, complete: typeof stop === 'string' });
  if (!counted) outcome.faults.push('nothing was counted');
}
