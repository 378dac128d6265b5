// A provider that fails as it is told: raw bytes on a socket, so that it can stop anywhere. It remembers every request.
//
// `act(request, number)` gives the steps of one answer, where `number` counts the requests from 1. A step is
//   a string     bytes that are sent
//   a function   waited for before the next step
//   kCut         the sending side is closed, whatever the framing promised
//   kReset       the connection is reset
//   kSilence     nothing more comes until the other side closes
// After the last step the connection serves again.
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

export const kCut = Symbol('cut'), kReset = Symbol('reset'), kSilence = Symbol('silence');

// atAccept: what becomes of a connection before anything is read from it; one of the three. tls: { key, cert }.
export async function startFaultyProvider(act, { atAccept, tls: certificate } = {}) {
  const provider = new FaultyProvider(act, atAccept);
  const take = (socket) => provider.take(socket);
  provider.server = certificate ? tls.createServer(certificate, take) : net.createServer(take);
  if (certificate) {
    provider.server.on('connection', () => { ++provider.connections; });
    provider.server.on('tlsClientError', () => {});
  }
  provider.server.listen(0, '127.0.0.1');
  await once(provider.server, 'listening');
  provider.port = provider.server.address().port;
  return provider;
}

class FaultyProvider {
  requests = [];     // { path, headers, body, json }
  connections = 0;
  #sockets = new Set();

  constructor(act, atAccept) {
    this.act = act;
    this.atAccept = atAccept;
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  take(socket) {
    if (!socket.encrypted) ++this.connections;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    if (this.atAccept) return void end(socket, this.atAccept);
    let pending = Buffer.alloc(0);
    socket.on('data', (data) => {
      pending = Buffer.concat([pending, data]);
      const request = read(pending);
      if (!request) return;
      pending = Buffer.alloc(0);
      this.requests.push(request);
      carryOut(socket, this.act(request, this.requests.length)).catch(() => socket.destroy());
    });
  }
}

async function carryOut(socket, steps) {
  for (const step of steps) {
    if (typeof step === 'symbol') return end(socket, step);
    if (typeof step === 'function') await step();
    else if (step !== '') await new Promise((resolve) => { socket.write(step, resolve); });
  }
}

function end(socket, how) {
  if (how === kCut) socket.end();
  if (how === kReset) socket.resetAndDestroy();
}

// One whole request, or nothing yet. The gateway always tells a body's length.
function read(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line, ...fields] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(fields.map((field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()]));
  const body = bytes.subarray(end + 4);
  if (body.length < Number(headers['content-length'] ?? 0)) return undefined;
  return { path: line.split(' ')[1], headers, body: body.toString(), json: body.length === 0 ? undefined : JSON.parse(body) };
}
