// OpenAI's Chat Completions, as a faulty provider speaks it (fault_words.js).
import { data, half, wordsOf } from './fault_words.js';

const usage = (output) => ({ prompt_tokens: 700, completion_tokens: output, total_tokens: 700 + output });
const chunkOf = (who, model) => (delta, finish = null, more = {}) => data({ id: `chatcmpl-${who}`, object: 'chat.completion.chunk', created: 1, model,
  choices: [{ index: 0, delta, finish_reason: finish }], ...more });
const completion = (who, model, message, finish, output) => ({ id: `chatcmpl-${who}`, object: 'chat.completion', created: 1, model,
  choices: [{ index: 0, finish_reason: finish, message: { role: 'assistant', ...message } }], usage: usage(output) });

export const chat = {
  row: { dialect: 'openai-chat', auth: 'bearer' },
  modelOf: ({ json }) => json.model,
  heatOf: ({ json }) => json.temperature,

  events(who, model) {
    const { thinking, text, tool } = wordsOf(who);
    const chunk = chunkOf(who, model);
    const calls = half(JSON.stringify(tool));
    const call = (body) => chunk({ tool_calls: [{ index: 0, ...body }] });
    const [first, second] = half(text);
    return [chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning_content: thinking }),
      chunk({ content: first }),
      chunk({ content: second }) + call({ id: `call_${who}`, type: 'function', function: { name: 'lookup', arguments: '' } })
        + call({ function: { arguments: calls[0] } }),
      call({ function: { arguments: calls[1] } }),
      `${chunk({}, 'tool_calls')}${chunk({}, null, { choices: [], usage: usage(40) })}data: [DONE]\n\n`];
  },

  whole(who, model) {
    const { thinking, text, tool } = wordsOf(who);
    const calls = [{ id: `call_${who}`, type: 'function', function: { name: 'lookup', arguments: JSON.stringify(tool) } }];
    return completion(who, model, { reasoning_content: thinking, content: text, tool_calls: calls }, 'tool_calls', 40);
  },

  empty(stop, model) {
    const finish = { refusal: 'content_filter', end_turn: 'stop' }[stop];
    const chunk = chunkOf('nothing', model);
    return { whole: completion('nothing', model, { content: null }, finish, 1),
      events: `${chunk({ role: 'assistant', content: '' })}${chunk({}, finish)}data: [DONE]\n\n` };
  },

  error: ({ type, message }) => ({ error: { message, type, param: null, code: null } }),
  errorEvent: (error) => data(chat.error(error)),
  garbage: 'data: <html>502 Bad Gateway\n\n',
};
