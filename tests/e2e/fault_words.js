// What a faulty provider says, whatever it speaks, and the places where it can stop.
//
// Each dialect (fault_anthropic.js, fault_chat.js, fault_responses.js, fault_gemini.js) is an object of this form:
//   row            of the configuration
//   modelOf        a request -> the model that it asks for
//   heatOf         a request -> its temperature
//   events         (who, model) -> the stream of an answer, in a piece for each stage from 'after the opening event' on, and its end
//   whole          (who, model) -> the same answer as JSON
//   empty          (stop, model) -> { whole, events }: nothing is said, because of `stop`: refusal or end_turn
//   error          ({ status, type, message }) -> an error's body
//   errorEvent     the same as an event inside a stream
//   garbage        an event that is no JSON
//   wholeCalls     its calls come in one piece
export const kStages = ['before the head', 'inside the head', 'before the first event', 'after the opening event', 'after a thinking block',
  'inside text', 'inside a tool call', 'after the last block'];
// From here on the client has seen something of a stream.
export const kCommitted = kStages.indexOf('after a thinking block');
export const kFirstEvent = kStages.indexOf('before the first event');
export const kInText = kStages.indexOf('inside text');
export const kInCall = kStages.indexOf('inside a tool call');

// What a provider called `who` answers, as any client of any dialect should see it.
export const wordsOf = (who) => ({ thinking: `${who} thinks about it`, text: `${who} answers the question`, tool: { who, deep: { list: [1, 2] } } });

// What a client has seen of it at a stage behind kCommitted: [[type, text]].
export function seenAt(stage, who, wholeCalls = false) {
  const { thinking, text, tool } = wordsOf(who);
  const call = JSON.stringify(tool);
  const all = [['thinking', thinking], ['text', stage === kInText ? half(text)[0] : text], ['tool_use', stage === kInCall ? half(call)[0] : call]];
  return all.slice(0, stage - kCommitted + (stage === kInCall && wholeCalls ? 0 : 1));
}

export const half = (text) => [text.slice(0, text.length >> 1), text.slice(text.length >> 1)];
export const event = (json) => `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;
export const data = (json) => `data: ${JSON.stringify(json)}\n\n`;
