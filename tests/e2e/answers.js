// What a scripted provider says: a step of a script becomes a whole message, and a message becomes its event stream
// (the order of wire-reference 1.9).
//
// A step is a plain object; every field may be left out:
//   thinking, signature   a thinking block first; the signature is the provider's own unless given
//   text                  a string, or a list of strings that arrive as one delta each
//   tools                 [{ name, input, id? }]
//   stop, usage           what the message ends with
//   model                 the name the answer carries, when it is not the one asked for
//   error                 { status, type, message } or { status, body, headers }: refused instead of answered
//   cutAfter              the connection is destroyed after so many events
//   failAfter             an in-stream `error` event takes the place of the rest
//   holdAfter             after so many events nothing more is sent until the client leaves
//   drop                  the connection is destroyed before any head
//   pace                  milliseconds between events

let counter = 0;
const next = (prefix) => `${prefix}_${String(++counter).padStart(6, '0')}`;

export const kUsage = { input_tokens: 1200, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 20 };

export function message(step, { model, sign }) {
  const content = [];
  if (step.thinking !== undefined) {
    content.push({ type: 'thinking', thinking: step.thinking, signature: step.signature ?? sign(step.thinking) });
  }
  if (step.text !== undefined) content.push({ type: 'text', text: [step.text].flat().join('') });
  for (const tool of step.tools ?? []) {
    content.push({ type: 'tool_use', id: tool.id ?? next('toolu'), name: tool.name, input: tool.input });
  }
  return {
    id: next('msg'), type: 'message', role: 'assistant', model: step.model ?? model, content,
    stop_reason: step.stop ?? (step.tools ? 'tool_use' : 'end_turn'), stop_sequence: null, usage: { ...kUsage, ...step.usage },
  };
}

export function events(whole, step = {}) {
  const list = [startOf(whole), { type: 'ping' }];
  whole.content.forEach((block, index) => list.push(...blockEvents(block, index, step)));
  list.push({
    type: 'message_delta', delta: { stop_reason: whole.stop_reason, stop_sequence: null }, usage: whole.usage,
  });
  list.push({ type: 'message_stop' });
  return list;
}

function startOf(whole) {
  const usage = { ...whole.usage, output_tokens: 1 };
  return { type: 'message_start', message: { ...whole, content: [], stop_reason: null, usage } };
}

function blockEvents(block, index, step) {
  const delta = (body) => ({ type: 'content_block_delta', index, delta: body });
  return [
    { type: 'content_block_start', index, content_block: skeleton(block) },
    ...deltas(block, step).map(delta),
    { type: 'content_block_stop', index },
  ];
}

function skeleton(block) {
  switch (block.type) {
    case 'thinking': return { type: 'thinking', thinking: '', signature: '' };
    case 'tool_use': return { type: 'tool_use', id: block.id, name: block.name, input: {} };
    default: return { type: 'text', text: '' };
  }
}

function deltas(block, step) {
  switch (block.type) {
    case 'thinking':
      return [...halves(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: block.signature }];
    case 'tool_use':
      return ['', ...halves(JSON.stringify(block.input))].map((partial_json) => ({ type: 'input_json_delta', partial_json }));
    default:
      return (Array.isArray(step.text) ? step.text : halves(block.text)).map((text) => ({ type: 'text_delta', text }));
  }
}

// Two deltas rather than one, so that a reader which keeps only the last shows itself.
function halves(text) {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)].filter((part) => part !== '');
}

export const sse = (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

export function parseSse(text) {
  return text.split('\n\n').filter((frame) => /^data:/m.test(frame))
    .map((frame) => JSON.parse(frame.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5)).join('\n')));
}
