// Anthropic's Messages, as a faulty provider speaks it (fault_words.js).
import { errorShapes } from './errors.js';
import { event, half, wordsOf } from './fault_words.js';

const usage = { input_tokens: 700, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
const message = (who, model, more) => ({ id: `msg_${who}`, type: 'message', role: 'assistant', model, content: [],
  stop_reason: null, stop_sequence: null, ...more });

export const anthropic = {
  row: { dialect: 'anthropic', auth: 'x-api-key' },
  modelOf: ({ json }) => json.model,
  heatOf: ({ json }) => json.temperature,

  events(who, model) {
    const { thinking, text, tool } = wordsOf(who);
    const delta = (index, body) => event({ type: 'content_block_delta', index, delta: body });
    const open = (index, block) => event({ type: 'content_block_start', index, content_block: block });
    const close = (index) => event({ type: 'content_block_stop', index });
    const texts = half(text).map((piece) => delta(1, { type: 'text_delta', text: piece }));
    const calls = half(JSON.stringify(tool)).map((piece) => delta(2, { type: 'input_json_delta', partial_json: piece }));
    return [event({ type: 'message_start', message: message(who, model, { usage: { ...usage, output_tokens: 1 } }) }) + event({ type: 'ping' }),
      open(0, { type: 'thinking', thinking: '', signature: '' }) + delta(0, { type: 'thinking_delta', thinking })
        + delta(0, { type: 'signature_delta', signature: 'c2lnbmVk' }) + close(0),
      open(1, { type: 'text', text: '' }) + texts[0],
      texts[1] + close(1) + open(2, { type: 'tool_use', id: `toolu_${who}`, name: 'lookup', input: {} }) + calls[0],
      calls[1] + close(2),
      event({ type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 40 } }) + event({ type: 'message_stop' })];
  },

  whole(who, model) {
    const { thinking, text, tool } = wordsOf(who);
    return message(who, model, { stop_reason: 'tool_use', usage: { ...usage, output_tokens: 40 },
      content: [{ type: 'thinking', thinking, signature: 'c2lnbmVk' }, { type: 'text', text },
        { type: 'tool_use', id: `toolu_${who}`, name: 'lookup', input: tool }] });
  },

  empty(stop, model) {
    const counted = { ...usage, output_tokens: 1 };
    return { whole: message('nothing', model, { stop_reason: stop, usage: counted }),
      events: event({ type: 'message_start', message: message('nothing', model, { usage: counted }) })
        + event({ type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage: counted }) + event({ type: 'message_stop' }) };
  },

  error: (error) => errorShapes.anthropic(error),
  errorEvent: (error) => event(anthropic.error(error)),
  garbage: 'event: content_block_delta\ndata: <html>502 Bad Gateway\n\n',
};
