// Gemini's generateContent, as a faulty provider speaks it (fault_words.js).
import { googleError } from './gemini_provider.js';
import { data, half, wordsOf } from './fault_words.js';

const usage = (output) => ({ promptTokenCount: 700, candidatesTokenCount: output, thoughtsTokenCount: 4, totalTokenCount: 704 + output });
export const chunkOf = (who, model) => (parts, more = {}, output = 1) => ({ candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
  usageMetadata: usage(output), modelVersion: model, responseId: `r-${who}` });

const partsOf = (who) => {
  const { thinking, text, tool } = wordsOf(who);
  return { thought: { text: thinking, thought: true }, text, call: { functionCall: { name: 'lookup', args: tool, id: `fc-${who}` }, thoughtSignature: 'c2lnbmVk' } };
};

// Nothing but a reason, which may have words behind it.
export const finished = (reason, model, finishMessage) => {
  const { content, ...candidate } = chunkOf('nothing', model)([]).candidates[0];
  return { ...chunkOf('nothing', model)([]), candidates: [{ ...candidate, finishReason: reason, ...(finishMessage && { finishMessage }) }] };
};

// The prompt was refused: there is no candidate.
export const blocked = (reason, model) => ({ promptFeedback: { blockReason: reason }, usageMetadata: { promptTokenCount: 700, totalTokenCount: 700 },
  modelVersion: model, responseId: 'r-nothing' });

export const gemini = {
  row: { dialect: 'gemini', auth: { header: 'x-goog-api-key' } },
  modelOf: ({ path }) => decodeURIComponent(/models\/([^:]+):/.exec(path)[1]),
  heatOf: ({ json }) => json.generationConfig?.temperature,
  wholeCalls: true,

  events(who, model) {
    const { thought, text, call } = partsOf(who);
    const chunk = chunkOf(who, model);
    const [first, second] = half(text);
    const [begun, rest] = half(data(chunk([call])));
    return [data(chunk([{ text: '' }])), data(chunk([thought])), data(chunk([{ text: first }])), data(chunk([{ text: second }])) + begun, rest,
      data(chunk([{ text: '' }], { finishReason: 'STOP' }, 40))];
  },

  whole(who, model) {
    const { thought, text, call } = partsOf(who);
    return chunkOf(who, model)([thought, { text }, call], { finishReason: 'STOP' }, 40);
  },

  empty(stop, model) {
    const whole = finished({ refusal: 'SAFETY', end_turn: 'STOP' }[stop], model);
    return { whole, events: data(whole) };
  },

  // The stream's errors stand in an array.
  error: ({ status, message, details }, streamed) => {
    const body = googleError(status, message, details);
    return streamed ? [body] : body;
  },
  errorEvent: ({ type, message }) => data(googleError({ overloaded_error: 503, rate_limit_error: 429 }[type], message)),
  garbage: 'data: <html>502 Bad Gateway\n\n',
};
