// A scripted provider that speaks Chat Completions, as strict as the real ones: what OpenAI or DeepSeek refuses with a 400 is refused here.
import { EventEmitter, once } from 'node:events';
import http from 'node:http';

const kFields = new Set(['model', 'messages', 'tools', 'tool_choice', 'parallel_tool_calls', 'max_tokens', 'max_completion_tokens', 'temperature',
  'top_p', 'stop', 'stream', 'stream_options', 'response_format', 'reasoning_effort', 'user', 'safety_identifier', 'prompt_cache_key', 'service_tier', 'seed']);
const kRoles = ['system', 'developer', 'user', 'assistant', 'tool'];
let counter = 0;

export async function startChatProvider(options = {}) {
  const provider = new ChatProvider(options);
  provider.server.listen(0, '127.0.0.1');
  await once(provider.server, 'listening');
  provider.url = `http://127.0.0.1:${provider.server.address().port}`;
  return provider;
}

class ChatProvider extends EventEmitter {
  key = 'sk-chat-0123456789abcdef';
  requests = [];
  refusals = [];
  reasoningOf = new Map();  // call id -> the reasoning that must come back with it
  #script = [];

  // demandsReasoning: an assistant message with tool calls must carry the reasoning_content that came with them (DeepSeek, Kimi).
  // fields: request fields of this provider's own, beside OpenAI's.
  constructor({ demandsReasoning = false, field = 'reasoning_content', fields = [] } = {}) {
    super();
    this.fields = new Set([...kFields, ...fields]);
    this.demandsReasoning = demandsReasoning;
    this.field = field;
    this.server = http.createServer((req, res) => this.#serve(req, res).catch(() => res.destroy()));
  }

  script(...steps) { this.#script = steps; return this; }
  get mainRequests() { return this.requests.filter(({ json }) => (json?.tools ?? []).length > 0); }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async #serve(req, res) {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const request = { path: req.url, headers: req.headers, body: Buffer.concat(chunks).toString() };
    try { request.json = JSON.parse(request.body); } catch { /* refused below */ }
    this.requests.push(request);
    const complaint = this.#complaint(request);
    if (complaint) {
      this.refusals.push(complaint);
      return plain(res, complaint.startsWith('key') ? 401 : 400, { error: { message: complaint, type: 'invalid_request_error', param: null, code: null } });
    }
    const step = await this.#next(request);
    if (step.error) return plain(res, step.error.status, step.error.body);
    const answer = this.#answer(step, request.json);
    if (!request.json.stream) return plain(res, 200, whole(answer, this.field));
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunksOf(answer, this.field, request.json)) res.write(`data: ${JSON.stringify(chunk)}\n\n`);
    if (!step.staysOpen) res.end('data: [DONE]\n\n');
  }

  async #next(request) {
    if ((request.json.tools ?? []).length === 0 && !this.everyRequestIsMain) return { text: 'a side answer' };
    const step = this.#script.length > 1 || typeof this.#script[0] === 'object' ? this.#script.shift() : this.#script[0];
    if (step === undefined) return { text: 'the script is over' };
    return typeof step === 'function' ? step(request) : step;
  }

  #answer(step, { model }) {
    const calls = (step.tools ?? []).map((tool) => ({ id: tool.id ?? `call_${++counter}`, type: 'function',
      function: { name: tool.name, arguments: tool.arguments ?? JSON.stringify(tool.input) } }));
    for (const { id } of calls) if (step.thinking) this.reasoningOf.set(id, step.thinking);
    return { id: `chatcmpl-${++counter}`, model, ...step, calls,
      usage: { prompt_tokens: 900, completion_tokens: 40, total_tokens: 940, prompt_tokens_details: { cached_tokens: 640 }, ...step.usage } };
  }

  #complaint({ headers, path, json }) {
    if (path !== '/v1/chat/completions') return `no such path ${path}`;
    if (headers.authorization !== `Bearer ${this.key}`) return 'key: incorrect API key provided';
    if (headers['x-api-key'] || headers['anthropic-version'] || headers['anthropic-beta']) return 'a header of another API';
    if (!json) return 'the body is not JSON';
    const unknown = Object.keys(json).find((name) => !this.fields.has(name));
    if (unknown) return `unrecognized request argument supplied: ${unknown}`;
    if (json.stream_options && !json.stream) return 'stream_options is only allowed with stream';
    return this.#tools(json) ?? this.#messages(json.messages);
  }

  #tools({ tools = [], tool_choice: choice }) {
    if (choice !== undefined && tools.length === 0) return 'tool_choice is only allowed with tools';
    for (const { type, function: fn, ...more } of tools) {
      if (type !== 'function' || Object.keys(more).length > 0) return `a tool that is no function: ${type} ${Object.keys(more)}`;
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(fn.name)) return `invalid tool name ${fn.name}`;
      if (fn.parameters?.type !== 'object' || !fn.parameters.properties) return `${fn.name}: object schema missing properties`;
      if (JSON.stringify(fn).includes('"$schema"')) return `${fn.name}: $schema is not permitted`;
    }
  }

  #messages(messages) {
    if (!Array.isArray(messages) || messages.length === 0) return 'messages is empty';
    let waiting = [];  // ids of calls whose results must come now
    for (const [at, message] of messages.entries()) {
      const where = `messages[${at}]`;
      if (!kRoles.includes(message.role)) return `${where}: unknown role ${message.role}`;
      if (message.role === 'tool') {
        if (!waiting.includes(message.tool_call_id)) return `${where}: a tool message must answer a preceding tool call`;
        if (typeof message.content !== 'string' && !message.content?.every?.(({ type }) => type === 'text')) return `${where}: a tool message holds text only`;
        waiting = waiting.filter((id) => id !== message.tool_call_id);
        continue;
      }
      if (waiting.length > 0) return `${where}: tool calls without results: ${waiting}`;
      const complaint = this.#content(message, where);
      if (complaint) return complaint;
      waiting = (message.tool_calls ?? []).map(({ id }) => id);
    }
    if (waiting.length > 0) return `tool calls without results: ${waiting}`;
  }

  #content({ role, content, tool_calls: calls, ...more }, where) {
    const empty = content === undefined || content === null || content.length === 0;
    if (empty && !(role === 'assistant' && calls?.length > 0)) return `${where}: content is empty`;
    if (Array.isArray(content) && content.some(({ type }) => !['text', 'image_url', 'file'].includes(type))) return `${where}: a part of an unknown type`;
    if (JSON.stringify(content ?? '').includes('cache_control')) return `${where}: cache_control is not known`;
    for (const call of calls ?? []) {
      try { JSON.parse(call.function.arguments); } catch { return `${where}: arguments are not JSON`; }
      const wanted = this.reasoningOf.get(call.id);
      if (this.demandsReasoning && wanted !== undefined && more[this.field] !== wanted)
        return `The reasoning_content in the thinking mode must be passed back to the API. (${where})`;
    }
  }
}

function plain(res, status, body) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}

const finishOf = (answer) => answer.finish ?? (answer.calls.length > 0 ? 'tool_calls' : 'stop');

function whole(answer, field) {
  const message = { role: 'assistant', content: answer.text ?? null, ...(answer.thinking && { [field]: answer.thinking }),
    ...(answer.annotations && { annotations: answer.annotations }), ...(answer.calls.length > 0 && { tool_calls: answer.calls }) };
  return { id: answer.id, object: 'chat.completion', created: 1, model: answer.model, usage: answer.usage,
    choices: [{ index: 0, finish_reason: finishOf(answer), message }] };
}

// Parallel calls interleave, their arguments come in pieces, and the usage comes behind the finish.
function chunksOf(answer, field, { stream_options: options }) {
  const chunk = (delta, finish = null) => ({ id: answer.id, object: 'chat.completion.chunk', created: 1, model: answer.model,
    choices: [{ index: 0, delta, finish_reason: finish }] });
  const halves = (text) => [text.slice(0, text.length >> 1), text.slice(text.length >> 1)];
  const list = [chunk({ role: 'assistant', content: '' })];
  if (answer.thinking) list.push(...halves(answer.thinking).map((text) => chunk({ [field]: text })));
  if (answer.text) list.push(...halves(answer.text).map((text) => chunk({ content: text })));
  answer.calls.forEach((call, index) => list.push(chunk({ tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.function.name, arguments: '' } }] })));
  for (const half of [0, 1])
    answer.calls.forEach((call, index) => list.push(chunk({ tool_calls: [{ index, function: { arguments: halves(call.function.arguments)[half] } }] })));
  if (answer.annotations) list.push(chunk({ annotations: answer.annotations }));
  list.push(chunk({}, finishOf(answer)));
  if (options?.include_usage) list.push({ ...chunk({}), choices: [], usage: answer.usage });
  return list;
}
