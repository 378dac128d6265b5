// OpenAI's Responses, as a faulty provider speaks it (fault_words.js).
import { half, event, wordsOf } from './fault_words.js';

const usage = (output) => ({ input_tokens: 700, input_tokens_details: { cached_tokens: 0 }, output_tokens: output,
  output_tokens_details: { reasoning_tokens: 1 }, total_tokens: 700 + output });

export const response = (who, model, more = {}) => ({ id: `resp_${who}`, object: 'response', created_at: 1, status: 'in_progress', background: false, error: null,
  incomplete_details: null, model, output: [], usage: null, ...more });

// Events with their numbers: a stream is made of one `numbered()`.
const numbered = () => {
  let number = 0;
  return (type, more) => event({ type, sequence_number: number++, ...more });
};

const itemsOf = (who) => {
  const { thinking, text, tool } = wordsOf(who);
  return [{ id: `rs_${who}`, type: 'reasoning', summary: [{ type: 'summary_text', text: thinking }], encrypted_content: 'gAAAAc2VhbGVk' },
    { id: `msg_${who}`, type: 'message', status: 'completed', role: 'assistant', content: [{ type: 'output_text', annotations: [], logprobs: [], text }] },
    { id: `fc_${who}`, type: 'function_call', status: 'completed', call_id: `call_${who}`, name: 'lookup', arguments: JSON.stringify(tool) }];
};

// The pieces of one answer, between its opening and its end.
function pieceEvents(say, who) {
  const [thought, message, call] = itemsOf(who);
  const [part] = message.content;
  const at = (output_index, more) => ({ item_id: [thought, message, call][output_index].id, output_index, ...more });
  const added = (output_index, item) => say('response.output_item.added', { output_index, item });
  const done = (output_index, item) => say('response.output_item.done', { output_index, item });
  const text = at(1, { content_index: 0 }), summary = at(0, { summary_index: 0 });
  const texts = half(part.text), calls = half(call.arguments);
  return [added(0, { ...thought, summary: [] }) + say('response.reasoning_summary_part.added', { ...summary, part: { type: 'summary_text', text: '' } })
      + say('response.reasoning_summary_text.delta', { ...summary, delta: thought.summary[0].text })
      + say('response.reasoning_summary_text.done', { ...summary, text: thought.summary[0].text })
      + say('response.reasoning_summary_part.done', { ...summary, part: thought.summary[0] }) + done(0, thought),
    added(1, { ...message, status: 'in_progress', content: [] }) + say('response.content_part.added', { ...text, part: { ...part, text: '' } })
      + say('response.output_text.delta', { ...text, delta: texts[0] }),
    say('response.output_text.delta', { ...text, delta: texts[1] }) + say('response.output_text.done', { ...text, text: part.text })
      + say('response.content_part.done', { ...text, part }) + done(1, message) + added(2, { ...call, status: 'in_progress', arguments: '' })
      + say('response.function_call_arguments.delta', at(2, { delta: calls[0] })),
    say('response.function_call_arguments.delta', at(2, { delta: calls[1] })) + say('response.function_call_arguments.done', at(2, { arguments: call.arguments }))
      + done(2, call)];
}

const opening = (say, begun) => say('response.created', { response: begun }) + say('response.in_progress', { response: begun });

// A model that says why it does not answer.
export const kRefusal = 'I cannot help with that.';
export function refusalPart(model) {
  const part = { type: 'refusal', refusal: kRefusal };
  const message = { id: 'msg_no', type: 'message', status: 'completed', role: 'assistant', content: [part] };
  const whole = response('no', model, { status: 'completed', output: [message], usage: usage(8) });
  const say = numbered();
  const at = { item_id: 'msg_no', output_index: 0, content_index: 0 };
  const events = opening(say, response('no', model))
    + say('response.output_item.added', { output_index: 0, item: { ...message, status: 'in_progress', content: [] } })
    + say('response.content_part.added', { ...at, part: { ...part, refusal: '' } }) + say('response.refusal.delta', { ...at, delta: kRefusal })
    + say('response.refusal.done', { ...at, refusal: kRefusal }) + say('response.content_part.done', { ...at, part })
    + say('response.output_item.done', { output_index: 0, item: message }) + say('response.completed', { response: whole });
  return { whole, events };
}

// The end of an answer that failed, as an event.
export const failedEvent = (error, model) => event({ type: 'response.failed', sequence_number: 90,
  response: response('first', model, { status: 'failed', error }) });

export const responses = {
  row: { dialect: 'openai-responses', auth: 'bearer' },
  modelOf: ({ json }) => json.model,
  heatOf: ({ json }) => json.temperature,

  events(who, model) {
    const say = numbered();
    return [opening(say, response(who, model)), ...pieceEvents(say, who),
      say('response.completed', { response: responses.whole(who, model) })];
  },

  whole: (who, model) => response(who, model, { status: 'completed', output: itemsOf(who), usage: usage(40) }),

  empty(stop, model) {
    const refused = stop === 'refusal';
    const end = refused ? { status: 'incomplete', incomplete_details: { reason: 'content_filter' } } : { status: 'completed' };
    const whole = response('nothing', model, { usage: usage(1), ...end });
    const say = numbered();
    return { whole, events: opening(say, response('nothing', model)) + say(`response.${whole.status}`, { response: whole }) };
  },

  error: ({ type, code = null, message }) => ({ error: { message, type, param: null, code } }),
  errorEvent: ({ type, message }) => event({ type: 'error', sequence_number: 90, code: { overloaded_error: 'server_is_overloaded',
    rate_limit_error: 'rate_limit_exceeded' }[type], message, param: null }),
  garbage: 'event: response.output_text.delta\ndata: <html>502 Bad Gateway\n\n',
};
