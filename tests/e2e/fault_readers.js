// What each client dialect's answers look like: how to ask, and readers that believe nothing (fault_client.js).
//
//   path, body    of a request
//   whole         (json) -> { stop, blocks, counted }
//   Events        reads a stream into an outcome
//   isError       a body is an error of this dialect
const properties = { who: { type: 'string' } };
const kSchema = { type: 'object', properties };
const kDescription = 'Looks up';

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
  done() { this.fault('[DONE] is no event of this dialect'); }
  // What may stand behind an error.
  isEcho() { return false; }

  add(type, text) {
    const { blocks } = this.outcome;
    if (blocks.at(-1)?.type !== type) blocks.push({ type, text: '' });
    blocks.at(-1).text += text;
    this.onContent(blocks);
  }

  #frame(frame) {
    const lines = frame.split('\n').filter((line) => !line.startsWith(':'));
    if (lines.length === 0) return;
    const name = lines.find((line) => line.startsWith('event:'))?.slice(6).trim();
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim()).join('\n');
    if (this.outcome.error && !this.isEcho(name)) return this.fault(`something behind the error: ${data.slice(0, 100)}`);
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
    if (thinking) this.add('thinking', thinking);
    if (text) this.add('text', text);
    if (call) this.add('tool_use', call.function?.arguments ?? '');
    if (choice.finish_reason) this.outcome.stop = choice.finish_reason;
  }
}

const kDeltas = { 'response.reasoning_summary_text.delta': 'thinking', 'response.output_text.delta': 'text', 'response.refusal.delta': 'text',
  'response.function_call_arguments.delta': 'tool_use' };

class ResponsesEvents extends Events {
  #id;
  #item;       // id of the open item
  #items = 0;
  isEcho(name) { return name === 'response.failed'; }

  event(name, json) {
    if (name !== json.type) this.fault(`event ${name} with data of ${json.type}`);
    if (this.#id === undefined && !['response.created', 'response.failed', 'error'].includes(name)) this.fault(`${name} before response.created`);
    if (json.response) this.#response(name, json.response);
    else if (name === 'error') this.outcome.error = json.error ?? { ...json, type: json.code };
    else if (name === 'response.output_item.added') this.#open(json);
    else if (name === 'response.output_item.done') this.#close(json);
    else if (json.item_id !== this.#item) this.fault(`${name} of ${json.item_id}, while ${this.#item} is open`);
    else if (kDeltas[name]) this.add(kDeltas[name], json.delta);
  }

  #open({ item, output_index: index }) {
    if (this.#item !== undefined || index !== this.#items) this.fault(`item ${index} is added while ${this.#item} is open, of ${this.#items}`);
    this.#item = item.id;
  }

  #close({ item }) {
    if (item.id !== this.#item) this.fault(`item ${item.id} is done, while ${this.#item} is open`);
    this.#item = undefined;
    ++this.#items;
  }

  #response(name, answer) {
    const { outcome } = this;
    if (name === 'response.created' && this.#id !== undefined) this.fault('a second response.created');
    this.#id ??= answer.id;
    if (name === 'response.failed') return void (outcome.error ??= { ...answer.error, type: answer.error.code });
    if (answer.id !== this.#id) this.fault(`${name} of two answers: ${answer.id} after ${this.#id}`);
    if (name !== 'response.completed' && name !== 'response.incomplete') return;
    const { stop, blocks, counted } = readers.responses.whole(answer);
    if (!counted) this.fault('nothing was counted');
    if (this.#item !== undefined) this.fault('the answer ends with an open item');
    if (JSON.stringify(blocks) !== JSON.stringify(outcome.blocks)) this.fault('the answer in the end is not what was streamed');
    Object.assign(outcome, { stop, complete: true });
  }
}

// --- whole answers

const blockOf = (block) => ({ type: block.type, text: block.thinking ?? block.text ?? JSON.stringify(block.input) });
const chatBlocks = ({ reasoning_content: thinking, content: text, tool_calls: calls = [] }) => [
  ...(thinking ? [{ type: 'thinking', text: thinking }] : []), ...(text ? [{ type: 'text', text }] : []),
  ...calls.map((call) => ({ type: 'tool_use', text: call.function.arguments }))];
const textOf = (parts) => parts.map(({ text, refusal }) => text ?? refusal).join('');
const holdsRefusal = ({ output }) => output.some(({ content = [] }) => content.some(({ type }) => type === 'refusal'));
const itemOf = {
  reasoning: ({ summary }) => ({ type: 'thinking', text: textOf(summary) }),
  message: ({ content }) => ({ type: 'text', text: textOf(content) }),
  function_call: ({ arguments: text }) => ({ type: 'tool_use', text }),
};

const isOpenAiError = ({ type, error }) => type === undefined && ['param', 'code'].every((field) => error?.[field] !== undefined);

export const readers = {
  anthropic: {
    path: '/v1/messages',
    headers: { 'anthropic-version': '2023-06-01' },
    body: (prompt, schema = kSchema) => ({ max_tokens: 2048, messages: [{ role: 'user', content: prompt }],
      tools: [{ name: 'lookup', description: kDescription, input_schema: schema }] }),
    whole: (json) => ({ stop: json.stop_reason, blocks: json.content.map(blockOf), counted: json.usage?.input_tokens > 0 }),
    isError: (json) => json.type === 'error',
    Events: AnthropicEvents,
  },
  chat: {
    path: '/v1/chat/completions',
    body: (prompt, schema = kSchema) => ({ max_tokens: 2048, messages: [{ role: 'user', content: prompt }],
      tools: [{ type: 'function', function: { name: 'lookup', description: kDescription, parameters: schema } }] }),
    whole: (json) => ({ stop: json.choices?.[0].finish_reason, blocks: chatBlocks(json.choices[0].message),
      counted: json.usage?.prompt_tokens > 0 }),
    isError: isOpenAiError,
    Events: ChatEvents,
  },
  responses: {
    path: '/v1/responses',
    body: (prompt, schema = kSchema) => ({ max_output_tokens: 2048, input: prompt, store: false,
      tools: [{ type: 'function', name: 'lookup', description: kDescription, parameters: schema, strict: false }] }),
    whole: (json) => ({ stop: json.incomplete_details?.reason ?? (holdsRefusal(json) ? 'refusal' : json.status),
      blocks: json.output.map((item) => itemOf[item.type](item)), counted: json.usage?.input_tokens > 0 }),
    isError: isOpenAiError,
    Events: ResponsesEvents,
  },
};
