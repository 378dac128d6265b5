// A scripted provider that speaks Gemini's generateContent and streamGenerateContent, as strict as the real one (gemini_rules.js). A step of
// the script: { thinking, text, tools: [{ name, input, id }], finish, usage, search, error: { status, body }, staysOpen }.
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import { geminiFault } from './gemini_rules.js';

const kPath = /^\/v1beta\/models\/([^/:?]+):(generateContent|streamGenerateContent)(\?alt=sse)?$/;
const kStatus = { 400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL', 503: 'UNAVAILABLE' };
let counter = 0;

// An error as Google writes it; `details` as of google.rpc.
export const googleError = (status, message, details = []) => ({ error: { code: status, message, status: kStatus[status], ...(details.length > 0 && { details }) } });

export async function startGeminiProvider(options = {}) {
  const provider = new GeminiProvider(options);
  provider.server.listen(0, '127.0.0.1');
  await once(provider.server, 'listening');
  provider.url = `http://127.0.0.1:${provider.server.address().port}`;
  return provider;
}

class GeminiProvider extends EventEmitter {
  key = 'AIza-gemini-0123456789abcdef';
  requests = [];           // { path, model, stream, headers, body, json }
  refusals = [];
  signatures = new Map();  // signature -> { model, name of the call, thinking } of the part that it came on
  #script = [];

  // callIds: calls carry ids, as those of Gemini 3 do. sse: alt=sse is heeded.
  constructor({ callIds = true, sse = true } = {}) {
    super();
    Object.assign(this, { callIds, sse });
    this.server = http.createServer((req, res) => this.#serve(req, res).catch(() => res.destroy()));
  }

  script(...steps) { this.#script = steps; return this; }
  get mainRequests() { return this.requests.filter(({ json }) => functionsOf(json).length > 0); }
  // What was thought for the signatures that came back with a request.
  thoughtsIn({ contents }) {
    return contents.flatMap(({ parts }) => parts).flatMap((part) => this.signatures.get(part.thoughtSignature)?.thinking ?? []);
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async #serve(req, res) {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const [, model, method, alt] = kPath.exec(req.url) ?? [];
    const request = { path: req.url, model: decodeURIComponent(model ?? ''), stream: method === 'streamGenerateContent', headers: req.headers,
      body: Buffer.concat(chunks).toString() };
    try { request.json = JSON.parse(request.body); } catch { /* refused below */ }
    this.requests.push(request);
    const [status, complaint] = this.#complaint(request);
    if (complaint) {
      this.refusals.push(complaint);
      return plain(res, status, googleError(status, complaint), request.stream);
    }
    const step = await this.#next(request);
    if (step.error) return plain(res, step.error.status, step.error.body, request.stream);
    const answer = this.#answer(step, request.model);
    if (!request.stream) return plain(res, 200, whole(answer));
    if (!this.sse || !alt) return plain(res, 200, chunksOf(answer));
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunksOf(answer)) res.write(`data: ${escaped(JSON.stringify(chunk))}\r\n\r\n`);
    if (!step.staysOpen) res.end();
  }

  async #next(request) {
    if (functionsOf(request.json).length === 0 && !this.everyRequestIsMain) return { text: 'a side answer' };
    const step = this.#script.length > 1 || typeof this.#script[0] === 'object' ? this.#script.shift() : this.#script[0];
    if (step === undefined) return { text: 'the script is over' };
    return typeof step === 'function' ? step(request) : step;
  }

  // The first call of an answer is signed; without one, its last part.
  #answer(step, model) {
    const sign = (name) => {
      const signature = Buffer.from(`signature ${++counter} of ${model}`).toString('base64');
      this.signatures.set(signature, { model, name, thinking: step.thinking });
      return signature;
    };
    const calls = (step.tools ?? []).map(({ id, name, input }, at) => ({
      functionCall: { ...((this.callIds || id) && { id: id ?? `fc-${++counter}` }), name, args: input },
      ...(at === 0 && { thoughtSignature: sign(name) }) }));
    const seal = calls.length === 0 && step.text !== undefined ? sign(undefined) : undefined;
    const usage = { promptTokenCount: 900, cachedContentTokenCount: 640, candidatesTokenCount: 28, thoughtsTokenCount: 12, totalTokenCount: 940, ...step.usage };
    return { responseId: `r-${++counter}`, model, ...step, calls, seal, usage };
  }

  // [status, words]
  #complaint({ headers, path, model, json }) {
    if (!kPath.test(path)) return [404, `The requested URL ${path} was not found on this server.`];
    if (!headers['x-goog-api-key']) return [403, "Method doesn't allow unregistered callers."];
    if (headers['x-goog-api-key'] !== this.key) return [400, 'API key not valid. Please pass a valid API key.'];
    const foreign = ['authorization', 'x-api-key', 'anthropic-version', 'anthropic-beta'].find((name) => headers[name]);
    if (foreign) return [400, `a header of another API: ${foreign}`];
    if (!json) return [400, 'Invalid JSON payload received.'];
    return [400, geminiFault(json, model, this.signatures)];
  }
}

const functionsOf = (json) => (json?.tools ?? []).flatMap(({ functionDeclarations }) => functionDeclarations ?? []);
// As Google prints its JSON.
const escaped = (text) => text.replace(/[<>&=']/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);

// Errors of the streaming method stand in an array.
function plain(res, status, body, inArray = false) {
  const text = typeof body === 'string' ? body : escaped(JSON.stringify(status >= 400 && inArray ? [body] : body, null, 2));
  res.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', 'content-length': Buffer.byteLength(text) }).end(text);
}

const chunkWith = (answer, parts, more = {}) => ({ candidates: [{ content: { parts, role: 'model' }, ...more, index: 0 }],
  usageMetadata: answer.usage, modelVersion: answer.model, responseId: answer.responseId });
const lastOf = (answer) => ({ finishReason: answer.finish ?? 'STOP', ...(answer.search && { groundingMetadata: answer.search }) });
const thoughtOf = (answer) => (answer.thinking ? [{ text: answer.thinking, thought: true }] : []);

function whole(answer) {
  const text = answer.text === undefined ? [] : [{ text: answer.text, ...(answer.seal && { thoughtSignature: answer.seal }) }];
  return chunkWith(answer, [...thoughtOf(answer), ...text, ...answer.calls], lastOf(answer));
}

// Calls come whole and together; the signature of a text comes behind it, on an empty part, with the finish.
function chunksOf(answer) {
  const halves = (text = '') => [text.slice(0, text.length >> 1), text.slice(text.length >> 1)].filter((half) => half !== '');
  const list = halves(answer.thinking).map((text) => chunkWith(answer, [{ text, thought: true }]));
  list.push(...halves(answer.text).map((text) => chunkWith(answer, [{ text }])));
  if (answer.calls.length > 0) list.push(chunkWith(answer, answer.calls));
  list.push(chunkWith(answer, [{ text: '', ...(answer.seal && { thoughtSignature: answer.seal }) }], lastOf(answer)));
  return list;
}
