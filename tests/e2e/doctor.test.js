// `penstock doctor`: what it finds wrong with a set-up, and what it says of providers that it tries.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificates } from './certificates.js';
import { startProvider } from './provider.js';
import { undo } from './undo.js';
import { User } from './user.js';

const kToken = 'client-token-5f1c0e7b9d';

// { code, report, stderr } of `penstock doctor --json …`, which never shows a secret.
async function doctor(user, args, { env, secrets = [] } = {}) {
  const { code, stdout, stderr } = await user.penstock(['doctor', '--json', ...args], { env });
  for (const secret of [kToken, ...secrets]) assert.ok(!`${stdout}${stderr}`.includes(secret), 'a secret stands in the output');
  return { code, stderr, report: stdout === '' ? undefined : JSON.parse(stdout) };
}
const rows = (report, check, provider) => report.checks.filter((row) => row.check === check && (!provider || row.provider === provider));
const row = (report, check, provider) => {
  const found = rows(report, check, provider);
  assert.equal(found.length, 1, `${check} of ${provider}: ${JSON.stringify(found)}`);
  return found[0];
};
const verdicts = ({ results }) => Object.fromEntries(results.map(({ check, verdict }) => [check, verdict]));

async function provider(t, name, options) {
  const started = await startProvider(name, { everyRequestIsMain: true, ...options });
  undo(t, () => started.close());
  return started;
}

// What a capable model says to each of the questions.
const answers = ({ json }) => {
  if (json.tools) return { tools: [{ name: json.tools[0].name, input: { number: 4711 } }] };
  if (['enabled', 'adaptive'].includes(json.thinking?.type)) return { thinking: 'counting', text: 'there are eight' };
  return { text: 'red pong' };
};

// A server of its own manners: `serve` answers every request, whose body it is given.
async function server(t, serve) {
  const listener = http.createServer(async (req, res) => {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    serve(req, res, Buffer.concat(chunks).toString());
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  undo(t, () => new Promise((resolve) => { listener.closeAllConnections(); listener.close(resolve); }));
  return `http://127.0.0.1:${listener.address().port}`;
}

test('a sound set-up has no fault, and exit code 0', async (t) => {
  const zai = await provider(t, 'zai');
  const config = { auth: { tokens: [kToken] }, providers: { zai: { base_url: zai.url, api_key: zai.key } } };
  const user = new User(t, config, { version: '2.1.328' });
  const { code, report } = await doctor(user, [], { secrets: [zai.key] });
  assert.deepEqual(report.checks.filter(({ verdict }) => verdict === 'fault'), []);
  assert.equal(code, 0);
  assert.equal(report.faults, 0);
  assert.deepEqual(report.live, []);
  assert.match(row(report, 'claude').seen, /2\.1\.328/);
  assert.match(row(report, 'configuration').seen, /penstock\.yaml/);
  assert.equal(row(report, 'credentials', 'zai').seen, 'from the configuration');
  assert.equal(row(report, 'clock').verdict, 'ok');
  assert.deepEqual(zai.requests.map(({ method, path }) => `${method} ${path}`), ['GET /api/anthropic/v1/models'], 'nothing that costs');
  assert.equal(zai.requests[0].headers['x-api-key'] ?? zai.requests[0].headers.authorization, undefined, 'and no key');
});

test('what a person reads: a line a check, the mend below a fault, no colour in a pipe', async (t) => {
  const user = new User(t, { providers: { zai: {} } });
  const { code, stdout } = await user.penstock(['doctor', 'zai']);
  assert.equal(code, 1);
  assert.match(stdout, /^fault +credentials +zai +no key was found\n +mend: penstock keys set zai, or set ZAI_API_KEY/m);
  assert.match(stdout, /\n\d+ faults?, \d+ warnings?\n$/);
  assert.doesNotMatch(stdout, /\x1b/);
});

test('a faulty configuration is told with file, line and column, and exit code 78', async (t) => {
  const user = new User(t, { servr: {} });
  const { code, report } = await doctor(user, []);
  assert.equal(code, 78);
  assert.match(row(report, 'configuration').seen, /penstock\.yaml:\d+:\d+: unknown key/);
  assert.ok(report.checks.length > 5, 'the rest is looked at all the same');
});

test('a provider that nobody knows is wrong usage', async (t) => {
  const { code, stderr } = await new User(t, {}).penstock(['doctor', 'depseek']);
  assert.equal(code, 2);
  assert.match(stderr, /deepseek/);
});

test('keys that others can read, a key in the clear, and a key at the wrong door', async (t) => {
  const user = new User(t, { providers: {
    open: { base_url: 'http://192.0.2.1', api_key: 'key-in-the-clear-0123456789' },
    wrong: { base_url: 'https://wrong.invalid/v1/v1', api_key: 'sk-ant-0123456789abcdef' },
  } });
  chmodSync(join(user.home, '.config/penstock/penstock.yaml'), 0o644);
  const { code, report } = await doctor(user, ['wrong'], { secrets: ['key-in-the-clear-0123456789', 'sk-ant-0123456789abcdef'] });
  assert.equal(code, 1);
  assert.match(row(report, 'permissions').mend, /^chmod 600 .*penstock\.yaml$/);
  const traps = rows(report, 'base URL', 'wrong').map(({ verdict, seen }) => `${verdict}: ${seen}`);
  assert.equal(traps.length, 2);
  assert.match(traps[0], /fault: .* ends in \/v1, which/);
  assert.match(traps[1], /fault: .*Anthropic's, and would go to wrong\.invalid/);
  assert.match(row(report, 'reachable', 'wrong').seen, /cannot resolve wrong\.invalid/);
  assert.deepEqual(rows(report, 'base URL', 'open'), [], 'only the one that was asked about');
});

test('a certificate that nobody vouches for is named, and accepted with its CA', async (t) => {
  const tls = makeCertificates(t);
  const strict = await provider(t, 'strict', { tls });
  const config = (more) => ({ providers: { own: { base_url: strict.url, api_key: strict.key, models: ['strict-1'], ...more } } });
  const refused = await doctor(new User(t, config({})), []);
  assert.equal(row(refused.report, 'reachable', 'own').verdict, 'fault');
  assert.match(row(refused.report, 'reachable', 'own').seen, /certificate/);
  assert.match(row(refused.report, 'reachable', 'own').mend, /providers\.own\.ca_file/);
  const trusted = await doctor(new User(t, config({ ca_file: tls.caFile })), []);
  assert.equal(row(trusted.report, 'reachable', 'own').verdict, 'ok');
});

test('a clock that is wrong', async (t) => {
  const url = await server(t, (req, res) => {
    res.sendDate = false;
    res.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString());
    res.end('{"data":[]}');
  });
  const { report } = await doctor(new User(t, { providers: { own: { base_url: url, auth: 'none' } } }), []);
  assert.equal(row(report, 'clock').verdict, 'fault');
  assert.match(row(report, 'clock').seen, /36\d\d s ahead/);
});

test('a port that is free, ours, or taken by another', async (t) => {
  const url = await server(t, (req, res) => res.end('hello'));
  const taken = new User(t, { server: { listen: new URL(url).host } });
  assert.match(row((await doctor(taken, [])).report, 'port').seen, /taken by another program/);

  const user = new User(t, { auth: { tokens: [kToken] } });
  const { process: child, done } = user.start(['serve', '--listen', '127.0.0.1:0']);
  undo(t, async () => { child.kill('SIGTERM'); await done; });
  let output = '';
  for await (const data of child.stdout) {
    output += data;
    if (/listening on \S+\n/.test(output)) break;
  }
  const listen = new URL(output.match(/listening on (\S+)/)[1]).host;
  const other = new User(t, { server: { listen }, auth: { tokens: [kToken] } });
  assert.match(row((await doctor(other, [])).report, 'port').seen, /a gateway of ours answers/);
});

test('variables and settings that lead Claude Code elsewhere', async (t) => {
  const user = new User(t, {});
  const settings = { env: { ANTHROPIC_BASE_URL: 'https://elsewhere.invalid/v1', ANTHROPIC_API_KEY: 'settings-key-0123456789' } };
  user.write('.claude/settings.json', JSON.stringify(settings));
  const env = { CLAUDE_CODE_USE_BEDROCK: '1', ANTHROPIC_BASE_URL: 'https://openrouter.ai/api/v1' };
  const { report } = await doctor(user, [], { env, secrets: ['settings-key-0123456789'] });
  const told = (check) => rows(report, check).map(({ seen }) => seen).join('\n');
  assert.match(told('shell'), /CLAUDE_CODE_USE_BEDROCK sends requests to Amazon Bedrock/);
  assert.match(told('shell'), /ANTHROPIC_BASE_URL ends in \/v1/);
  assert.match(told('settings'), /settings\.json: ANTHROPIC_BASE_URL ends in \/v1/);
  assert.match(told('settings'), /settings\.json sets ANTHROPIC_API_KEY/);
});

test('--live: the matrix of providers that can do everything they claim', async (t) => {
  const names = ['zai', 'deepseek', 'minimax'];
  const providers = {};
  for (const name of names) (providers[name] = await provider(t, name)).script(answers);
  const config = Object.fromEntries(names.map((name) => [name, { base_url: providers[name].url, api_key: providers[name].key }]));
  const user = new User(t, { auth: { tokens: [kToken] }, providers: config });
  const secrets = names.map((name) => providers[name].key);
  const { report, stderr } = await doctor(user, ['--live'], { secrets });
  assert.match(stderr, /3 providers .* costs a few tokens/);
  const all = { plain: 'ok', stream: 'ok', tools: 'ok', thinking: 'ok', image: 'ok', count: 'ok' };
  const live = Object.fromEntries(report.live.map((one) => [one.provider, one]));
  assert.deepEqual(verdicts(live.zai), { ...all, image: 'skipped' }, JSON.stringify(live.zai));
  assert.deepEqual(verdicts(live.deepseek), { ...all, image: 'skipped' }, JSON.stringify(live.deepseek));
  assert.deepEqual(verdicts(live.minimax), all, JSON.stringify(live.minimax));
  for (const one of report.live) assert.ok(one.first_byte_ms > 0, one.provider);
  for (const name of names) assert.deepEqual(providers[name].refusals, [], `${name}: the questions went through the quirks`);
});

test('--live: a llama-server without --jinja calls no tools, and the mend says so', async (t) => {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'own', content: [{ type: 'text', text: 'red' }],
    stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 5, output_tokens: 2 } };
  const llama = (refusal) => server(t, (req, res, body) => {
    res.setHeader('content-type', 'application/json');
    if (req.method === 'GET') return res.end(JSON.stringify({ data: [{ id: 'own' }] }));
    if (req.url.includes('count_tokens')) return res.end('{"input_tokens":5}');
    if (!body.includes('"tools"') || !refusal) return res.end(JSON.stringify(message));
    return res.writeHead(500).end(JSON.stringify({ error: { code: 500, message: refusal, type: 'server_error' } }));
  });
  for (const refusal of ['tools param requires --jinja flag', null]) {
    const user = new User(t, { providers: { llamacpp: { base_url: await llama(refusal) } } });
    const { code, report } = await doctor(user, ['llamacpp', '--live']);
    assert.equal(code, 1);
    const [live] = report.live;
    assert.equal(live.model, 'own', 'the model that the server has');
    const tools = live.results.find(({ check }) => check === 'tools');
    assert.equal(tools.verdict, 'fault');
    assert.match(tools.seen, refusal ? /--jinja flag/ : /plain text came back instead of a tool call/);
    assert.match(tools.mend, /start llama-server with --jinja/);
    assert.equal(verdicts(live).plain, 'ok');
  }
});

test('--live: a key that is refused stops the questions and is not repeated', async (t) => {
  const zai = await provider(t, 'zai');
  const user = new User(t, { providers: { zai: { base_url: zai.url, api_key: 'no-such-key-0123456789' } } });
  const { code, report } = await doctor(user, ['--live'], { secrets: ['no-such-key-0123456789'] });
  assert.equal(code, 1);
  assert.deepEqual(verdicts(report.live[0]),
    { plain: 'fault', stream: 'skipped', tools: 'skipped', thinking: 'skipped', image: 'skipped', count: 'skipped' });
  assert.equal(zai.requests.filter(({ method }) => method === 'POST').length, 1);
});

test('--live leaves nothing behind', async (t) => {
  const zai = await provider(t, 'zai');
  zai.script(answers);
  const user = new User(t, { providers: { zai: { base_url: zai.url, api_key: zai.key } } });
  const temporary = join(user.folder, 'tmp');
  mkdirSync(temporary);
  const before = user.snapshot();
  const { report } = await doctor(user, ['--live'], { env: { TMPDIR: temporary } });
  assert.equal(report.live[0].results[0].verdict, 'ok');
  assert.deepEqual(user.snapshot(), before, 'in the home');
  assert.deepEqual(readdirSync(temporary), [], 'in the folder for temporary files');
  assert.ok(!existsSync(user.state), 'in the state folder');
});
