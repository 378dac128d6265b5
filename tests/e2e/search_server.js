// A scripted search server with the APIs of SearXNG and of Brave: it finds the same pages for every query, and remembers who asked how.
import { once } from 'node:events';
import http from 'node:http';

export const pages = [
  { title: 'The "mill" & its wheel', url: 'https://mill.example/wheel', text: 'The wheel has 42 spokes.' },
  { title: 'Water', url: 'https://water.example/', text: 'It flows.' },
];

export async function startSearchServer() {
  const server = new SearchServer();
  server.http.listen(0, '127.0.0.1');
  await once(server.http, 'listening');
  server.url = `http://127.0.0.1:${server.http.address().port}`;
  return server;
}

class SearchServer {
  key = 'BSA-0123456789abcdef';
  requests = [];  // { path, query, headers }
  status = 200;   // of every answer

  constructor() {
    this.http = http.createServer((req, res) => {
      const { pathname, searchParams } = new URL(req.url, 'http://search');
      this.requests.push({ path: pathname, query: searchParams.get('q'), headers: req.headers });
      const [status, body] = this.#answer(pathname, searchParams, req.headers);
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }

  get queries() { return this.requests.map(({ query }) => query); }

  async close() {
    if (!this.http.listening) return;
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }

  #answer(path, parameters, headers) {
    if (this.status !== 200) return [this.status, { error: 'as the script says' }];
    if (path === '/search') {
      if (parameters.get('format') !== 'json') return [403, {}];
      return [200, { query: parameters.get('q'), number_of_results: 0, answers: [], infoboxes: [], suggestions: [], unresponsive_engines: [],
        results: pages.map(({ title, url, text }) => ({ title, url, content: text, engine: 'scripted', publishedDate: null })) }];
    }
    if (path !== '/res/v1/web/search') return [404, { error: 'no such path' }];
    if (headers['x-subscription-token'] !== this.key)
      return [422, { type: 'ErrorResponse', error: { status: 422, code: 'SUBSCRIPTION_TOKEN_INVALID', detail: 'The provided subscription token is invalid.' } }];
    return [200, { type: 'search', query: { original: parameters.get('q') },
      web: { type: 'search', results: pages.map(({ title, url, text }) => ({ title, url, description: `<strong>${text}</strong>`, age: '2 days ago' })) } }];
  }
}
