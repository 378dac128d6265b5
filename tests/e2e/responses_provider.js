// A scripted provider that speaks OpenAI's Responses API, as strict as OpenAI itself (responses_rules.js).
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import { faultOf } from './responses_rules.js';

let counter = 0;

export async function startResponsesProvider(options = {}) {
  const provider = new ResponsesProvider(options);
  provider.server.listen(0, '127.0.0.1');
  await once(provider.server, 'listening');
  provider.url = `http://127.0.0.1:${provider.server.address().port}`;
  return provider;
}

// A step of a script:
//   thinking   a summary of the reasoning, or a list of its parts; '' gives sealed reasoning without one
//   search     { query, sources: [url] }: it searches the web first, and cites
//   text, refusal, tools: [{ name, input | arguments, id }]
//   finish     max_output_tokens | content_filter: the answer is incomplete
//   failed     { code, message }: it fails behind all that
//   error      { status, body }, before any of it
//   usage, model, staysOpen, interleaves: parallel calls come a piece at a time
class ResponsesProvider extends EventEmitter {
  key = 'sk-resp-0123456789abcdef';
  requests = [];
  refusals = [];
  issued = new Map();  // encrypted_content -> the reasoning item, its model, and what came behind it
  #script = [];

  // demandsReasoning: reasoning that led to a call has to come back with it. reasons: false is a model like gpt-4.1.
  constructor({ demandsReasoning = false, reasons = true } = {}) {
    super();
    this.rules = { issued: this.issued, demands: demandsReasoning, reasons };
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
    const fault = this.#fault(request);
    if (fault) {
      this.refusals.push(fault.body.error.message);
      return plain(res, fault.status, fault.body);
    }
    const step = await this.#next(request);
    if (step.error) return plain(res, step.error.status, step.error.body);
    const answer = this.#answer(step, request.json);
    if (!request.json.stream) return plain(res, 200, answer.response);
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    eventsOf(answer).forEach((event, at) => res.write(`event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: at })}\n\n`));
    if (!step.staysOpen) res.end();
  }

  #fault({ headers, path, json }) {
    const wrong = (status, message) => ({ status, body: { error: { message, type: 'invalid_request_error', param: null, code: null } } });
    if (path !== '/v1/responses') return wrong(404, `Invalid URL (POST ${path})`);
    if (headers.authorization !== `Bearer ${this.key}`) return wrong(401, 'Incorrect API key provided.');
    if (headers['x-api-key'] || headers['anthropic-version'] || headers['anthropic-beta']) return wrong(400, 'a header of another API');
    if (!json) return wrong(400, 'We could not parse the JSON body of your request.');
    return faultOf(json, this.rules);
  }

  async #next(request) {
    if ((request.json.tools ?? []).length === 0 && !this.everyRequestIsMain) return { text: 'a side answer' };
    const step = this.#script.length > 1 || typeof this.#script[0] === 'object' ? this.#script.shift() : this.#script[0];
    if (step === undefined) return { text: 'the script is over' };
    return typeof step === 'function' ? step(request) : step;
  }

  #answer(step, json) {
    const output = [...searchOf(step, json), ...thoughtsOf(step, json), ...messageOf(step), ...callsOf(step)];
    output.forEach((item, at) => {
      const next = output[at + 1];
      if (item.encrypted_content) this.issued.set(item.encrypted_content, { model: json.model, item, next: next?.call_id ?? next?.content?.[0].text });
    });
    const status = step.failed ? 'failed' : step.finish ? 'incomplete' : 'completed';
    return { step, response: { id: `resp_${++counter}`, object: 'response', created_at: 1793000000, status, background: false, error: step.failed ?? null,
      incomplete_details: step.finish ? { reason: step.finish } : null, instructions: json.instructions ?? null, max_output_tokens: json.max_output_tokens ?? null,
      model: step.model ?? json.model, output, parallel_tool_calls: json.parallel_tool_calls ?? true, reasoning: json.reasoning ?? null, service_tier: 'default',
      store: false, text: json.text ?? { format: { type: 'text' } }, tool_choice: json.tool_choice ?? 'auto', tools: json.tools ?? [], truncation: 'disabled',
      usage: step.failed ? null : { input_tokens: 900, input_tokens_details: { cached_tokens: 640 }, output_tokens: 40,
        output_tokens_details: { reasoning_tokens: 12 }, total_tokens: 940, ...step.usage } } };
  }
}

// --- items

function searchOf({ search }, { include = [] }) {
  if (!search) return [];
  const sources = include.includes('web_search_call.action.sources') && { sources: (search.sources ?? []).map((url) => ({ type: 'url', url })) };
  return [{ id: `ws_${++counter}`, type: 'web_search_call', status: 'completed', action: { type: 'search', query: search.query, ...sources } }];
}

function thoughtsOf({ thinking }, { include = [] }) {
  if (thinking === undefined) return [];
  const id = `rs_${++counter}`;
  const sealed = include.includes('reasoning.encrypted_content') && { encrypted_content: `gAAAA${Buffer.from(`${id} sealed`).toString('base64')}` };
  return [{ id, type: 'reasoning', summary: [thinking].flat().filter(Boolean).map((text) => ({ type: 'summary_text', text })), ...sealed }];
}

function messageOf({ text, refusal, search, finish }) {
  if (text === undefined && refusal === undefined) return [];
  const annotations = text === undefined ? [] : (search?.sources ?? []).map((url) => ({ type: 'url_citation', start_index: 0, end_index: text.length, url, title: `Of ${url}` }));
  const part = refusal === undefined ? { type: 'output_text', annotations, logprobs: [], text } : { type: 'refusal', refusal };
  return [{ id: `msg_${++counter}`, type: 'message', status: finish ? 'incomplete' : 'completed', role: 'assistant', content: [part] }];
}

const callsOf = ({ tools = [], finish }) => tools.map((tool) => ({ id: `fc_${++counter}`, type: 'function_call', status: finish ? 'incomplete' : 'completed',
  arguments: tool.arguments ?? JSON.stringify(tool.input), call_id: tool.id ?? `call_${++counter}`, name: tool.name }));

function plain(res, status, body) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}

// --- events

const halves = (text) => [text.slice(0, text.length >> 1), text.slice(text.length >> 1)].filter(Boolean);

function eventsOf({ step, response }) {
  const begun = { ...response, status: 'in_progress', error: null, incomplete_details: null, output: [], usage: null };
  const lists = response.output.map((item, output_index) => itemEvents(item, output_index));
  const calls = step.interleaves ? woven(lists.filter((_, at) => response.output[at].type === 'function_call')) : [];
  const others = step.interleaves ? lists.filter((_, at) => response.output[at].type !== 'function_call') : lists;
  return [{ type: 'response.created', response: begun }, { type: 'response.in_progress', response: begun }, ...others.flat(), ...calls,
    { type: `response.${response.status}`, response }];
}

function woven(lists) {
  const out = [];
  for (let at = 0; lists.some((list) => at < list.length); ++at) lists.forEach((list) => { if (at < list.length) out.push(list[at]); });
  return out;
}

function itemEvents(item, output_index) {
  const at = { item_id: item.id, output_index };
  const around = (begun, inner) => [{ type: 'response.output_item.added', output_index, item: { ...item, ...begun } }, ...inner,
    { type: 'response.output_item.done', output_index, item }];
  const begun = { status: 'in_progress' };
  if (item.type === 'message') return around({ ...begun, content: [] }, partEvents(item.content[0], { ...at, content_index: 0 }));
  if (item.type === 'function_call') return around({ ...begun, arguments: '' }, [
    ...halves(item.arguments).map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta, obfuscation: 'x7' })),
    { type: 'response.function_call_arguments.done', ...at, arguments: item.arguments }]);
  if (item.type === 'reasoning') return around({ summary: [] }, item.summary.flatMap((part, summary_index) => summaryEvents(part, { ...at, summary_index })));
  const { action, ...search } = item;
  return around({ ...search, ...begun, action: undefined }, ['in_progress', 'searching', 'completed'].map((word) => ({ type: `response.web_search_call.${word}`, ...at })));
}

function partEvents(part, at) {
  const refused = part.type === 'refusal';
  const name = refused ? 'response.refusal' : 'response.output_text';
  const words = refused ? part.refusal : part.text;
  const empty = refused ? { ...part, refusal: '' } : { ...part, text: '', annotations: [] };
  return [{ type: 'response.content_part.added', ...at, part: empty },
    ...halves(words).map((delta) => ({ type: `${name}.delta`, ...at, delta, obfuscation: 'qP' })),
    ...(part.annotations ?? []).map((annotation, annotation_index) => ({ type: 'response.output_text.annotation.added', ...at, annotation_index, annotation })),
    { type: `${name}.done`, ...at, ...(refused ? { refusal: words } : { text: words, logprobs: [] }) },
    { type: 'response.content_part.done', ...at, part }];
}

function summaryEvents(part, at) {
  return [{ type: 'response.reasoning_summary_part.added', ...at, part: { type: 'summary_text', text: '' } },
    ...halves(part.text).map((delta) => ({ type: 'response.reasoning_summary_text.delta', ...at, delta, obfuscation: 'Zz1' })),
    { type: 'response.reasoning_summary_text.done', ...at, text: part.text },
    { type: 'response.reasoning_summary_part.done', ...at, part }];
}
