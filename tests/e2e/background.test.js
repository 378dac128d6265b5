// The gateway in the background: started, found, stopped, restarted; in a home of its own whose path has blanks.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary, startPenstock } from './penstock.js';
import { undo } from './undo.js';

const kCallSeconds = 30;

class Place {
  constructor(t) {
    this.folder = mkdtempSync(join(tmpdir(), 'penstock e2e background-'));
    this.home = join(this.folder, 'the home');
    this.state = join(this.home, '.local/state/penstock');
    this.log = join(this.state, 'penstock.log');
    this.record = join(this.state, 'gateway.json');
    mkdirSync(this.home);
    undo(t, () => rmSync(this.folder, { recursive: true, force: true }));
    undo(t, () => this.call(['stop', '--force']));
  }

  // { code, out, err } of `penstock args`.
  async call(args, { env = {}, cwd = this.folder } = {}) {
    const child = spawn(binary, args, { cwd, timeout: kCallSeconds * 1000, killSignal: 'SIGKILL',
      env: { PATH: '/usr/bin:/bin', HOME: this.home, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.on('data', (data) => { said.out += data; });
    child.stderr.on('data', (data) => { said.err += data; });
    const [code] = await once(child, 'close');
    return { code, ...said };
  }

  async start(args = ['--listen', '127.0.0.1:0'], options = {}) {
    const { code, out, err } = await this.call(['start', ...args], options);
    assert.equal(code, 0, err);
    return seen(out);
  }

  async status() {
    const { code, out } = await this.call(['status', '--json']);
    return { code, ...JSON.parse(out) };
  }

  configure(config) {
    const path = join(this.folder, 'own penstock.yaml');
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  }
}

const seen = (out) => {
  const [, url, pid] = out.match(/ at (http:\S+) \(process (\d+)\)/);
  return { url, pid: Number(pid), out };
};
// One that ended counts as gone before somebody has asked for its exit code.
const lives = (pid) => { try { return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')); } catch { return false; } };
const answers = (url) => fetch(`${url}/livez`, { headers: { connection: 'close' } }).then(({ status }) => status === 200, () => false);
const environmentOf = (pid) => readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');

async function eventually(holds, what) {
  for (const end = Date.now() + 10_000; !(await holds());) {
    assert.ok(Date.now() < end, what);
    await new Promise(setImmediate);
  }
}

test('start and stop, twice each', async (t) => {
  const place = new Place(t);
  assert.deepEqual(await place.status(), { code: 1, up: false, state: 'stopped', providers: {} });
  const first = await place.start();
  assert.match(first.out, /stop it with: penstock stop/);
  assert.ok(await answers(first.url));
  const second = await place.start();
  assert.match(second.out, /running already/);
  assert.deepEqual([second.url, second.pid], [first.url, first.pid]);
  const status = await place.status();
  assert.deepEqual([status.code, status.state, status.pid, status.url, status.log], [0, 'running', first.pid, first.url, place.log]);
  assert.equal(status.providers.mock.key_present, true);
  assert.equal(statSync(place.log).mode & 0o777, 0o600);
  assert.equal((await place.call(['stop'])).out, `penstock has stopped (process ${first.pid})\n`);
  assert.ok(!lives(first.pid));
  const again = await place.call(['stop']);
  assert.deepEqual([again.code, again.out], [0, 'penstock was not running\n']);
  assert.equal((await place.status()).state, 'stopped');
});

test('eight starts at once make one gateway', async (t) => {
  const place = new Place(t);
  const all = await Promise.all(Array.from({ length: 8 }, () => place.start()));
  assert.equal(new Set(all.map(({ pid }) => pid)).size, 1);
  assert.equal(new Set(all.map(({ url }) => url)).size, 1);
  assert.equal(all.filter(({ out }) => !/already/.test(out)).length, 1);
  assert.equal(readFileSync(place.log, 'utf8').match(/^listening on /gm).length, 1);
});

test('it stands alone, and without the marks of the session it came from', async (t) => {
  const place = new Place(t);
  const { pid } = await place.start(undefined, { env: { CLAUDECODE: '1', CLAUDE_CODE_SESSION_ID: 's', CLAUDE_CODE_OAUTH_TOKEN: 'o', X: '1' } });
  const names = environmentOf(pid).map((one) => one.split('=')[0]);
  assert.ok(names.includes('X') && names.includes('CLAUDE_CODE_OAUTH_TOKEN'));
  assert.ok(!names.includes('CLAUDECODE') && !names.includes('CLAUDE_CODE_SESSION_ID'), names.join());
  assert.equal(readlinkSync(`/proc/${pid}/cwd`), '/');
  assert.equal(readlinkSync(`/proc/${pid}/fd/0`), '/dev/null');
  assert.equal(readlinkSync(`/proc/${pid}/fd/2`), place.log);
  const [, parent, , session] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  assert.notEqual(Number(parent), process.pid);
  assert.notEqual(session, readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')[3]);
});

test('a configuration in the folder it was started from is used, and named', async (t) => {
  const place = new Place(t);
  const work = join(place.folder, 'work');
  mkdirSync(work);
  writeFileSync(join(work, 'penstock.yaml'), 'server: { listen: "127.0.0.1:0", drain: 1s }\n');
  await place.start([], { cwd: work });
  assert.equal((await place.status()).config, join(work, 'penstock.yaml'));
});

test('a fault of the configuration is told, and nothing runs', async (t) => {
  const place = new Place(t);
  const path = place.configure({ server: { listen: '127.0.0.1:0' }, provders: {} });
  const { code, err } = await place.call(['start', '--config', path]);
  assert.equal(code, 78);
  assert.match(err, /own penstock\.yaml:1:\d+: .*did you mean "providers"/);
  assert.equal((await place.status()).state, 'stopped');
});

test('a port that is taken: by whom', async (t) => {
  const place = new Place(t);
  const other = createServer().listen(0, '127.0.0.1');
  undo(t, () => other.close());
  await once(other, 'listening');
  const address = `127.0.0.1:${other.address().port}`;
  const path = place.configure({ server: { listen: address } });
  const { code, err } = await place.call(['start', '--config', path]);
  assert.equal(code, 78);
  assert.ok(err.includes(`${address} is taken by `) && err.includes(`(process ${process.pid})`), err);
  const status = JSON.parse((await place.call(['status', '--json', '--config', path])).out);
  assert.equal(status.state, 'port taken');
  assert.deepEqual([status.port.address, status.port.pid], [address, process.pid]);
});

test('a file left behind that names a living process', async (t) => {
  const place = new Place(t);
  const stranger = spawn('sleep', ['1000']);
  undo(t, () => stranger.kill('SIGKILL'));
  mkdirSync(place.state, { recursive: true });
  writeFileSync(place.record, JSON.stringify({ pid: stranger.pid, urls: ['http://127.0.0.1:9'] }));
  assert.equal((await place.status()).state, 'died');
  assert.equal((await place.call(['stop'])).out, 'penstock was not running\n');
  assert.ok(lives(stranger.pid) && stranger.exitCode === null && stranger.signalCode === null);
  writeFileSync(place.record, JSON.stringify({ pid: stranger.pid, urls: ['http://127.0.0.1:9'] }));
  const { url, pid } = await place.start();
  assert.notEqual(pid, stranger.pid);
  assert.ok(await answers(url));
});

test('after kill -9: told by status, mended by start', async (t) => {
  const place = new Place(t);
  const first = await place.start();
  process.kill(first.pid, 'SIGKILL');
  await eventually(async () => (await place.status()).state === 'died', 'its end is noticed');
  const { code, out } = await place.call(['status']);
  assert.equal(code, 1);
  assert.match(out, /ended without a word/);
  const second = await place.start();
  assert.notEqual(second.pid, first.pid);
  assert.equal((await place.status()).code, 0);
});

test('status tells which provider rests, until when and why', async (t) => {
  const place = new Place(t);
  const server = createServer((req, res) => {
    req.resume();
    res.writeHead(429, { 'content-type': 'application/json', 'retry-after': '600' });
    res.end(JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message: 'This is too often' } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo(t, () => { server.closeAllConnections(); server.close(); });
  const token = 'client-token-5f1c0e7b9d';
  const row = { base_url: `http://127.0.0.1:${server.address().port}`, api_key: 'k', models: [{ id: 'm' }] };
  const path = place.configure({ auth: { tokens: [token] }, retry: { attempts: 1 }, providers: { often: row, other: row } });
  const { url } = await place.start(['--config', path, '--listen', '127.0.0.1:0']);
  assert.equal((await place.status()).providers.often.state, 'ready');
  const { status: code } = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': token },
    body: JSON.stringify({ model: 'often/m', max_tokens: 9, messages: [{ role: 'user', content: 'hello' }] }) });
  assert.equal(code, 429);
  const { often, other } = (await place.status()).providers;
  assert.deepEqual([often.state, often.last_trouble], ['limited', 'rate_limited']);
  assert.ok(often.rests_seconds > 500 && often.rests_seconds <= 600, `${often.rests_seconds} s`);
  assert.ok(Math.abs(Date.parse(often.rests_until) - Date.now() - often.rests_seconds * 1000) < 5000, often.rests_until);
  assert.deepEqual([other.state, other.rests_until, other.rests_seconds, other.last_trouble], ['ready', null, null, null]);
  const { out } = await place.call(['status']);
  assert.match(out, /^ {2}often .*\n +limited, back in \d+ min; last trouble: rate_limited\n {2}other .*\n$/m);
});

test('restart keeps the options it has, takes new ones, and refuses a faulty file', async (t) => {
  const place = new Place(t);
  const path = place.configure({ server: { drain: '2s' } });
  const { url } = await place.start(['--config', path, '--listen', '127.0.0.1:0']);
  const listen = new URL(url).host;
  const second = seen((await place.call(['restart', '--listen', listen])).out);
  assert.equal(second.url, url, 'the port was free again at once');
  const third = seen((await place.call(['restart'])).out);
  assert.equal(third.url, url);
  assert.notEqual(third.pid, second.pid);
  assert.equal((await place.status()).config, path);
  place.configure({ nonsense: 1 });
  const refused = await place.call(['restart']);
  assert.equal(refused.code, 78);
  assert.match(refused.err, /own penstock\.yaml:1:\d+: /);
  assert.ok(lives(third.pid) && await answers(url), 'the old one goes on');
});

test('restart: when the new address cannot be had, the gateway runs as before', async (t) => {
  const place = new Place(t);
  const { url } = await place.start(['--listen', '127.0.0.1:0']);
  await place.call(['restart', '--listen', new URL(url).host]);  // so that it has the same port again
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  undo(t, () => other.close());
  for (const listen of [`127.0.0.1:${other.address().port}`, '0.0.0.0:0']) {
    const refused = await place.call(['restart', '--listen', listen]);
    assert.notEqual(refused.code, 0, refused.out);
    assert.match(refused.err, /the gateway runs as before/);
    assert.ok(await answers(url), listen);
  }
});

// A provider whose stream goes on when the test says so.
async function slowProvider(t) {
  const provider = { finish: null };
  const server = createServer((req, res) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const event = (type, rest) => res.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`);
    event('message_start', { message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [],
      stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } } });
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });  // from here on it is an answer
    provider.finish = () => {
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'done' } });
      event('content_block_stop', { index: 0 });
      event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } });
      event('message_stop', {});
      res.end();
    };
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo(t, () => { server.closeAllConnections(); server.close(); });
  provider.config = { providers: { slow: { base_url: `http://127.0.0.1:${server.address().port}`, auth: 'none', models: [{ id: 'm' }] } } };
  return provider;
}

async function beginStream(url) {
  const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'slow/m', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'hello' }] }) });
  assert.equal(response.status, 200);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value;
  const rest = async () => {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
    return text;
  };
  return { rest };
}

test('a stream outlives a restart, and a stop waits for it', async (t) => {
  const place = new Place(t);
  const provider = await slowProvider(t);
  const path = place.configure({ server: { drain: '20s' }, ...provider.config });
  const first = await place.start(['--config', path, '--listen', '127.0.0.1:0']);
  const stream = await beginStream(first.url);
  const second = seen((await place.call(['restart', '--listen', new URL(first.url).host])).out);
  assert.equal(second.url, first.url);
  const status = await place.status();
  assert.deepEqual([status.pid, status.draining_pid], [second.pid, first.pid]);
  provider.finish();
  assert.match(await stream.rest(), /event: message_stop/);
  await eventually(() => !lives(first.pid), 'the first one ends');

  const last = await beginStream(second.url);
  const stopping = place.call(['stop']);
  await eventually(async () => !(await answers(second.url)), 'it drains');
  assert.ok(lives(second.pid));
  provider.finish();
  assert.match(await last.rest(), /event: message_stop/);
  assert.equal((await stopping).out, `penstock has stopped (process ${second.pid})\n`);
});

test('stop --force does not wait', async (t) => {
  const place = new Place(t);
  const provider = await slowProvider(t);
  const path = place.configure({ server: { drain: '1h' }, ...provider.config });
  const { url, pid } = await place.start(['--config', path, '--listen', '127.0.0.1:0']);
  const stream = await beginStream(url);
  assert.equal((await place.call(['stop', '--force'])).code, 0);
  assert.ok(!lives(pid));
  await stream.rest().catch(() => {});
});

test('a gateway in the foreground is found too, and a second one runs beside it', async (t) => {
  const place = new Place(t);
  const { url, pid } = await place.start();
  const beside = await startPenstock({}, { env: { HOME: place.home, PENSTOCK_STATE_DIR: place.state } });
  undo(t, () => beside.stop());
  assert.ok(await answers(beside.url));
  assert.match(beside.output, /another gateway has .* already/);
  assert.deepEqual([(await place.status()).url, (await place.status()).pid], [url, pid]);
});

test('the log is exchanged when it is too large, and followed when it is moved', async (t) => {
  const place = new Place(t);
  mkdirSync(place.state, { recursive: true });
  const path = place.configure({ server: { listen: '127.0.0.1:0' } });
  const child = spawn(binary, ['serve', '--config', path, '--log-file', place.log, '--log-size', '20KB'],
    { env: { PATH: '/usr/bin:/bin', HOME: place.home }, stdio: 'ignore' });
  const exited = once(child, 'exit');
  undo(t, async () => { child.kill(); await exited; });
  await eventually(async () => (await place.status()).state === 'running', 'it starts');
  const { url } = await place.status();
  await eventually(async () => {
    await Promise.all(Array.from({ length: 50 }, () => answers(url)));
    return existsSync(`${place.log}.2`);
  }, 'two older logs');
  assert.ok(statSync(`${place.log}.1`).size >= 20_000);
  assert.equal(statSync(place.log).mode & 0o777, 0o600);
  assert.ok(readdirSync(place.state).filter((name) => name.startsWith('penstock.log')).length <= 4);
  renameSync(place.log, `${place.log}.moved`);
  child.kill('SIGHUP');
  await eventually(() => existsSync(place.log) && readFileSync(place.log, 'utf8').includes('configuration reloaded (SIGHUP)'), 'opened anew');
});

test('a full disk stops no request', async (t) => {
  const place = new Place(t);
  const path = place.configure({ server: { listen: '127.0.0.1:0' } });
  const child = spawn(binary, ['serve', '--config', path, '--log-file', '/dev/full'], { env: { HOME: place.home }, stdio: 'ignore' });
  const exited = once(child, 'exit');
  undo(t, async () => { child.kill(); await exited; });
  await eventually(async () => (await place.status()).state === 'running', 'it starts');
  const { url } = await place.status();
  for (let i = 0; i < 2000; i += 100) {
    assert.ok((await Promise.all(Array.from({ length: 100 }, () => answers(url)))).every(Boolean));
  }
});

test('a service: its file, without a service manager, and not a trace after it', async (t) => {
  const place = new Place(t);
  const shown = await place.call(['service', 'install', '--print']);
  assert.match(shown.out, /^ExecStart="\/.*penstock" "serve"$/m);
  assert.deepEqual(readdirSync(place.home), []);
  const env = { PATH: join(place.folder, 'nothing') };
  const installed = await place.call(['service', 'install'], { env });
  assert.equal(installed.code, 0, installed.err);
  const unit = join(place.home, '.config/systemd/user/penstock.service');
  assert.ok(installed.out.includes(`wrote ${unit}\n`) && installed.out.includes('systemctl --user daemon-reload'), installed.out);
  assert.match(readFileSync(unit, 'utf8'), /^ExecStart="\/.*penstock" "serve"$/m);
  const removed = await place.call(['service', 'remove'], { env });
  assert.equal(removed.out, `removed ${unit}\n`);
  assert.deepEqual(readdirSync(place.home), []);
  assert.equal((await place.call(['service', 'remove'], { env })).out, 'no service is installed\n');
});
