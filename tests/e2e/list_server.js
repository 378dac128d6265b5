// Several providers on one loopback port, each below a folder of its own: what they answer is scripted, what they were asked is kept.
import { once } from 'node:events';
import http from 'node:http';
import { undo } from './undo.js';

export class ListServer {
  asked = [];  // { method, path (query included), headers, body }
  #routes = new Map();

  static async start(t) {
    const made = new ListServer();
    made.server = http.createServer((request, response) => made.#serve(request, response));
    made.server.listen(0, '127.0.0.1');
    await once(made.server, 'listening');
    made.url = `http://127.0.0.1:${made.server.address().port}`;
    undo(t, () => { made.server.closeAllConnections(); made.server.close(); });
    return made;
  }

  // `answer`: a body, or { status, body, headers }, or a function of the request that returns one of these.
  on(method, path, answer) { this.#routes.set(`${method} ${path}`, answer); return this; }
  get(path, answer) { return this.on('GET', path, answer); }

  requestsTo(path) { return this.asked.filter((request) => request.path === path); }

  async #serve(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const seen = { method: request.method, path: request.url, headers: request.headers, body: Buffer.concat(pieces).toString() };
    this.asked.push(seen);
    let answer = this.#routes.get(`${request.method} ${request.url}`) ?? { status: 404, body: { error: { message: 'no such page' } } };
    if (typeof answer === 'function') answer = answer(seen);
    const { status = 200, headers = {}, body } = answer.body === undefined ? { body: answer } : answer;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}
