// A client that believes nothing: it reads an answer to its last byte, whole or streamed, in either dialect, and says what is wrong with it.
//
// What came of a request: { status, headers, blocks, error, complete, faults, body }
//   blocks     [{ type, text }] in order; a tool call's text is its arguments
//   error      { type, message }: of an error's body, or of the event that ended the stream
//   complete   the answer has its end
//   faults     what no client should have to see
const kSeconds = 20;
const tool = { description: 'Looks up', properties: { who: { type: 'string' } } };
const schema = { type: 'object', properties: tool.properties };

// `prompt` tells one request from the other. onContent gets a stream's blocks whenever there is more of them.
export async function request(baseUrl, { dialect, model, streamed, prompt, token, headers = {}, more = {} }, onContent = () => {}) {
  const chat = dialect === 'chat';
  const body = { model, max_tokens: 2048, stream: streamed, messages: [{ role: 'user', content: prompt }], ...more,
    tools: [chat ? { type: 'function', function: { name: 'lookup', description: tool.description, parameters: schema } }
      : { name: 'lookup', description: tool.description, input_schema: schema }] };
  const response = await fetch(`${baseUrl}${chat ? '/v1/chat/completions' : '/v1/messages'}`, { method: 'POST', body: JSON.stringify(body),
    signal: AbortSignal.timeout(kSeconds * 1000),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...(!chat && { 'anthropic-version': '2023-06-01' }), ...headers } });
  const outcome = { status: response.status, headers: Object.fromEntries(response.headers), blocks: [], complete: false, faults: [], body: '' };
  const events = (outcome.headers['content-type'] ?? '').startsWith('text/event-stream');
  if (events && !streamed) outcome.faults.push('events that nobody asked for');
  const reader = events ? new (chat ? ChatEvents : AnthropicEvents)(outcome, onContent) : undefined;
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body) {
      outcome.body += decoder.decode(bytes, { stream: true });
      reader?.feed(outcome.body);
    }
  } catch (error) {
    outcome.faults.push(`the answer broke off: ${error.cause?.message ?? error.message}`);
  }
  if (reader) reader.end(outcome.body);
  else readWhole(outcome, chat);
  return outcome;
}

function readWhole(outcome, chat) {
  let json;
  try { json = JSON.parse(outcome.body); } catch { return void outcome.faults.push(`no JSON: ${outcome.body.slice(0, 200)}`); }
  if (outcome.status !== 200) {
    outcome.error = json.error;
    if (!chat && json.type !== 'error') outcome.faults.push('the error is no error of this dialect');
    if (typeof json.error?.type !== 'string' || !json.error.message) outcome.faults.push(`an error without words: ${outcome.body.slice(0, 200)}`);
    return;
  }
  outcome.stop = chat ? json.choices?.[0].finish_reason : json.stop_reason;
  outcome.complete = typeof outcome.stop === 'string';
  outcome.blocks = chat ? chatBlocks(json.choices[0].message) : json.content.map(blockOf);
  if (!(chat ? json.usage?.prompt_tokens : json.usage?.input_tokens) > 0) outcome.faults.push('nothing was counted');
}

const blockOf = (block) => ({ type: block.type, text: block.thinking ?? block.text ?? JSON.stringify(block.input) });
const chatBlocks = ({ reasoning_content: thinking, content: text, tool_calls: calls = [] }) => [
  ...(thinking ? [{ type: 'thinking', text: thinking }] : []), ...(text ? [{ type: 'text', text }] : []),
  ...calls.map((call) => ({ type: 'tool_use', text: call.function.arguments }))];

// Frames are read as they come; each has one line of data.
class Events {
  #read = 0;
  constructor(outcome, onContent) {
    Object.assign(this, { outcome, onContent });
  }
  feed(text) {
    for (let at = text.indexOf('\n\n', this.#read); at >= 0; at = text.indexOf('\n\n', this.#read)) {
      this.#frame(text.slice(this.#read, at));
      this.#read = at + 2;
    }
  }
  end(text) {
    if (text.slice(this.#read).trim() !== '') this.fault(`half an event: ${text.slice(this.#read, this.#read + 100)}`);
    if (!this.outcome.complete && !this.outcome.error) this.fault('the stream has no end');
  }
  fault(what) { this.outcome.faults.push(what); }

  #frame(frame) {
    const lines = frame.split('\n').filter((line) => !line.startsWith(':'));
    if (lines.length === 0) return;
    const name = lines.find((line) => line.startsWith('event:'))?.slice(6).trim();
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim()).join('\n');
    if (this.outcome.error) return this.fault(`something behind the error: ${data.slice(0, 100)}`);
    if (this.outcome.complete && data !== '[DONE]') return this.fault(`something behind the end: ${data.slice(0, 100)}`);
    if (data === '[DONE]') return this.done();
    let json;
    try { json = JSON.parse(data); } catch { return this.fault(`an event that is no JSON: ${data.slice(0, 100)}`); }
    this.event(name, json);
  }
}

class AnthropicEvents extends Events {
  #open;       // index of the open block
  #started = false;

  done() { this.fault('[DONE] is no event of this dialect'); }

  event(name, json) {
    if (name !== json.type) this.fault(`event ${name} with data of ${json.type}`);
    const { blocks } = this.outcome;
    if (!this.#started && !['message_start', 'ping', 'error'].includes(name)) this.fault(`${name} before message_start`);
    switch (name) {
      case 'ping': return;
      case 'message_start':
        if (this.#started) this.fault('a second message_start');
        if (!(json.message.usage.input_tokens > 0)) this.fault('the context would show as empty');
        this.#started = true;
        return;
      case 'content_block_start':
        if (this.#open !== undefined || json.index !== blocks.length) this.fault(`block ${json.index} starts while ${this.#open} is open, of ${blocks.length}`);
        this.#open = json.index;
        blocks.push({ type: json.content_block.type, text: '' });
        return;
      case 'content_block_delta':
        if (json.index !== this.#open) return this.fault(`a delta for block ${json.index}, while ${this.#open} is open`);
        blocks.at(-1).text += json.delta.thinking ?? json.delta.text ?? json.delta.partial_json ?? '';
        return this.onContent(blocks);
      case 'content_block_stop':
        if (json.index !== this.#open) this.fault(`block ${json.index} stops, while ${this.#open} is open`);
        this.#open = undefined;
        return;
      case 'message_delta':
        if (this.#open !== undefined) this.fault('the message ends with an open block');
        this.outcome.stop = json.delta.stop_reason;
        return;
      case 'message_stop': this.outcome.complete = true; return;
      case 'error': this.outcome.error = json.error; return;
      default: this.fault(`an unknown event ${name}`);
    }
  }
}

class ChatEvents extends Events {
  #id;
  done() { this.outcome.complete = this.outcome.stop !== undefined; }

  event(name, json) {
    if (json.error) return void (this.outcome.error = json.error);
    this.#id ??= json.id;
    if (json.id !== this.#id) this.fault(`chunks of two answers: ${json.id} after ${this.#id}`);
    const [choice] = json.choices;
    if (!choice) return;
    const { reasoning_content: thinking, content: text, tool_calls: [call] = [] } = choice.delta;
    if (thinking) this.#add('thinking', thinking);
    if (text) this.#add('text', text);
    if (call) this.#add('tool_use', call.function?.arguments ?? '');
    if (choice.finish_reason) this.outcome.stop = choice.finish_reason;
  }

  #add(type, text) {
    const { blocks } = this.outcome;
    if (blocks.at(-1)?.type !== type) blocks.push({ type, text: '' });
    blocks.at(-1).text += text;
    this.onContent(blocks);
  }
}
