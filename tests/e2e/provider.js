// A scripted provider on a port of its own: it refuses what its personality refuses, says what its script says, and remembers
// every request, every refusal and when its client left.
import { createHmac, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { events, message, sse } from './answers.js';
import { errorShapes } from './errors.js';
import { historyRules } from './history_rules.js';
import { personalities } from './personalities.js';
import { rules } from './rules.js';

const allRules = { ...rules, ...historyRules };
const modelFields = (id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' });

export async function startProvider(name, options = {}) {
  const provider = new ScriptedProvider(personalities[name], { name, ...options });
  await provider.listen(options.tls);
  return provider;
}

// Handed to the system, so that a cut comes after it and not instead of it; a client that left ends the wait too.
const written = (res, text) => new Promise((resolve) => {
  if (res.destroyed) return resolve();
  const done = () => { res.off('close', done); resolve(); };
  res.once('close', done);
  res.write(text, done);
});

class ScriptedProvider extends EventEmitter {
  requests = [];              // { method, path, headers, body (bytes), json, main, answered, held, leftAt }, with an event `left`
  refusals = [];              // { request, status, message }
  reasonedCalls = new Set();  // ids of tool calls that came with thinking
  #script = [];
  #secret = randomBytes(32);

  constructor(personality, options) {
    super();
    Object.assign(this, { signature: 'own', countTokens: true, errorShape: 'anthropic', key: `key-of-${options.name}-0123456789` },
      personality, options);
    this.count = options.count ?? ((request) => Math.ceil(request.body.length / 4));
  }

  async listen(tls) {
    const answer = (req, res) => this.#serve(req, res).catch((error) => this.#broken(res, error));
    this.server = tls ? https.createServer(tls, answer) : http.createServer(answer);
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
    this.url = `${tls ? 'https' : 'http'}://127.0.0.1:${this.port}${this.prefix}`;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
    if (this.failure) throw this.failure;
  }

  // Steps (see answers.js), or functions from the request to a step, used up in order by main requests; the last function stays.
  script(...steps) {
    this.#script = steps;
    return this;
  }
  get mainRequests() { return this.requests.filter((request) => request.main); }

  issued(block) {
    if (this.signature === 'empty') return !block.signature;
    return block.signature === this.#sign(block.thinking);
  }
  #sign(thinking) {
    if (this.signature === 'empty') return '';
    return createHmac('sha256', this.#secret).update(thinking).digest('base64');
  }

  // The first request, past or to come, that satisfies `wanted`; rejects after `seconds`.
  async request(wanted, seconds = 20) {
    const deadline = AbortSignal.timeout(seconds * 1000);
    for (;;) {
      const found = this.requests.find(wanted);
      if (found) return found;
      await once(this, 'change', { signal: deadline });
    }
  }

  async #serve(req, res) {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const request = this.#record(req, res, Buffer.concat(chunks));
    const path = this.#pathOf(request);
    if (req.method === 'HEAD') return this.#plain(res, request, 200, {});
    if (req.method === 'GET' && path === '/v1/models') return this.#plain(res, request, 200, this.#modelList());
    if (req.method === 'POST' && path === '/v1/messages') return this.#messages(request, res);
    if (req.method === 'POST' && path === '/v1/messages/count_tokens' && this.countTokens) return this.#counted(request, res);
    res.writeHead(404, { 'content-type': 'text/html' }).end('<html><body>404 Not Found</body></html>');
  }

  #record(req, res, body) {
    const request = Object.assign(new EventEmitter(), { method: req.method, path: req.url, headers: req.headers, body });
    try { request.json = JSON.parse(body); } catch { /* a probe has no body */ }
    request.main = this.#isMain(request);
    this.requests.push(request);
    res.on('close', () => {
      if (!res.writableFinished) request.leftAt = performance.now();
      request.emit('left');
    });
    this.emit('change');
    return request;
  }

  #held(request) {
    request.held = true;
    this.emit('change');
  }

  #pathOf(request) {
    const { pathname } = new URL(request.path, 'http://provider');
    return pathname.startsWith(this.prefix) ? pathname.slice(this.prefix.length) : undefined;
  }

  // Claude Code's side requests (titles, summaries of topics) carry no tools; they never use up the script.
  #isMain({ json, path }) {
    if (!json || !path.includes('/v1/messages') || path.includes('count_tokens')) return false;
    return this.everyRequestIsMain || (json.tools ?? []).length > 0;
  }

  #refusal(request) {
    if (!request.json) return { status: 400, message: 'the body is not JSON' };
    const { pathname: path } = new URL(request.path, 'http://provider');
    const context = { body: request.json, headers: request.headers, path, provider: this };
    for (const rule of this.rules) {
      const complaint = allRules[rule](context);
      if (complaint) return typeof complaint === 'string' ? { status: 400, message: complaint, rule } : { rule, ...complaint };
    }
  }

  #refused(request, res) {
    const refusal = this.#refusal(request);
    if (!refusal) return false;
    this.refusals.push({ request, ...refusal });
    this.#plain(res, request, refusal.status, errorShapes[this.errorShape](refusal));
    return true;
  }

  #counted(request, res) {
    if (!this.#refused(request, res)) this.#plain(res, request, 200, { input_tokens: this.count(request) });
  }

  async #messages(request, res) {
    if (this.#refused(request, res)) return;
    const step = await this.#nextStep(request);
    if (step.drop) return res.destroy();
    if (step.error) return this.#scriptedError(request, res, step.error);
    const whole = message(step, { model: this.answersAs ?? request.json.model, sign: (thinking) => this.#sign(thinking) });
    if (step.usage === undefined) whole.usage.input_tokens = this.count(request);
    request.answer = whole;
    if (step.thinking !== undefined) whole.content.forEach((block) => block.id && this.reasonedCalls.add(block.id));
    if (request.json.stream !== true) return this.#plain(res, request, 200, whole);
    await this.#stream(request, res, events(whole, step), step);
  }

  async #nextStep(request) {
    if (!request.main) return { text: 'a side answer' };
    const step = this.#script.length > 1 || typeof this.#script[0] === 'object' ? this.#script.shift() : this.#script[0];
    if (step === undefined) return { text: 'the script is over' };
    return typeof step === 'function' ? step(request) : step;
  }

  #scriptedError(request, res, error) {
    const body = error.body ?? errorShapes[this.errorShape](error);
    this.#plain(res, request, error.status, body, error.headers);
  }

  async #stream(request, res, list, step) {
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_scripted' });
    if (this.comments) res.write(this.comments);
    for (const [i, event] of list.entries()) {
      if (i === step.cutAfter || res.destroyed) return res.destroy();
      if (i === step.holdAfter) return this.#held(request);
      if (i === step.failAfter) return res.end(sse(errorShapes.anthropic({ type: 'overloaded_error', message: 'Overloaded' })));
      await written(res, sse(event));
      if (step.pace) await pause(step.pace);
    }
    request.answered = true;
    res.end();
  }

  #plain(res, request, status, body, headers = {}) {
    request.answered = true;
    const text = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
    const own = { 'content-type': 'application/json', 'request-id': 'req_scripted', 'content-length': Buffer.byteLength(text) };
    res.writeHead(status, { ...own, ...headers });
    res.end(request.method === 'HEAD' ? undefined : text);
  }

  #modelList() {
    const models = (this.picker ?? this.models ?? ['lax-1']).map((model) => (typeof model === 'string' ? { id: model } : model));
    return { data: models.map((model) => ({ ...modelFields(model.id), ...model })), has_more: false };
  }

  #broken(res, error) {
    this.emit('change');
    this.failure = error;
    res.destroy();
  }
}
