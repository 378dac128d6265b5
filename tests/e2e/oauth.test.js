// Logins: the device flow at the command line, and a gateway that keeps one fresh for days, alone and beside others.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startOAuth } from './oauth_server.js';
import { binary, startPenstock } from './penstock.js';
import { startProvider } from './provider.js';
import { kToken } from './stage.js';
import { Terminal } from './terminal.js';
import { undo } from './undo.js';

const kSeconds = 30;

// A home, an authorization server, and what a command or a gateway sees of both.
async function setUp(t, options) {
  const home = mkdtempSync(join(tmpdir(), 'penstock-e2e-oauth-'));
  undo(t, () => rmSync(home, { recursive: true, force: true }));
  const oauth = await startOAuth(options);
  undo(t, () => oauth.close());
  return {
    home, oauth, env: { HOME: home, KIMI_CODE_OAUTH_HOST: oauth.url, PENSTOCK_STATE_DIR: join(home, 'state') },
    shared: join(home, '.kimi/credentials/kimi-code.json'), own: join(home, '.config/penstock/keys/kimi.oauth.json'),
  };
}

function hold(path, login) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof login === 'string' ? login : JSON.stringify(login), { mode: 0o600 });
}
const held = (path) => JSON.parse(readFileSync(path));

async function penstock(args, env) {
  const child = spawn(binary, args, { env: { PATH: '/usr/bin:/bin', ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: kSeconds * 1000 });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (data) => { output[name] += data; });
  const [code, signal] = await once(child, 'close');
  return { code, signal, ...output };
}

// A provider that takes the token that was given last, and gateways before it that have nothing but the login.
async function serve(t, { oauth, env: { PENSTOCK_STATE_DIR: unused, ...env } }, count = 1) {
  const provider = await startProvider('kimi', { everyRequestIsMain: true, key: oauth.accessToken });
  undo(t, () => provider.close());
  provider.script(() => ({ text: 'an answer' }));
  oauth.on('granted', (token) => { provider.key = token; });
  const config = { server: { drain: '2s' }, auth: { tokens: [kToken] }, providers: { kimi: { base_url: provider.url } } };
  const secrets = [kToken, 'access-token-', 'refresh-token-'];
  const gateways = await Promise.all(Array.from({ length: count }, () => startPenstock(config, { env, secrets })));
  for (const gateway of gateways) undo(t, () => gateway.stop());
  return { provider, gateways };
}

const ask = (gateway) => fetch(`${gateway.url}/v1/messages`, {
  method: 'POST', headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': kToken },
  body: JSON.stringify({ model: 'kimi/kimi-for-coding', max_tokens: 4096, messages: [{ role: 'user', content: 'hello' }] }),
});

// Without `attempts` any number of them will do.
async function answered(gateway, attempts) {
  const response = await ask(gateway);
  const body = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  if (attempts !== undefined) assert.equal(response.headers.get('x-penstock-attempts'), attempts);
}

async function refusedForLogin(gateway) {
  const response = await ask(gateway);
  assert.equal(response.status, 502);
  assert.equal(response.headers.get('x-should-retry'), 'false');
  assert.match((await response.json()).error.message, /penstock login kimi/);
}

const health = async (gateway) => {
  const response = await fetch(`${gateway.url}/health`, { headers: { 'x-api-key': kToken } });
  return { status: response.status, kimi: (await response.json()).providers.kimi };
};

test('login: the whole device flow, into a file of our own, and out again', async (t) => {
  const stage = await setUp(t);
  stage.oauth.decide('authorization_pending', 'authorization_pending', 'yes');
  const { code, stdout, stderr } = await penstock(['login', 'kimi'], stage.env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /WDJB-MJHT/);
  assert.ok(stdout.includes(`${stage.oauth.url}/device?user_code=WDJB-MJHT`), stdout);
  assert.ok(!/[▀▄█\x1b]/.test(stdout), 'a QR code is for terminals');
  assert.equal(stage.oauth.polls.length, 3);
  assert.equal(held(stage.own).access_token, stage.oauth.accessToken);
  assert.equal(statSync(stage.own).mode & 0o777, 0o600);
  assert.ok(!existsSync(join(stage.home, '.kimi')));
  assert.ok(!`${stdout}${stderr}`.includes('access-token') && !stdout.includes('device+code'), 'a secret stands in the output');

  assert.deepEqual(await penstock(['token', 'kimi'], stage.env),
    { code: 0, signal: null, stdout: `${stage.oauth.accessToken}\n`, stderr: '' });
  assert.equal(stage.oauth.refreshes.length, 0);
  const out = await penstock(['logout', 'kimi'], stage.env);
  assert.equal(out.code, 0, out.stderr);
  assert.ok(out.stdout.includes(stage.own));
  assert.ok(!existsSync(stage.own));
  const token = await penstock(['token', 'kimi'], stage.env);
  assert.deepEqual([token.code, token.stdout], [1, '']);
  assert.match(token.stderr, /penstock login kimi/);
});

test('login: slow_down adds 5 s for good', async (t) => {
  const stage = await setUp(t);
  stage.oauth.decide('slow_down', 'yes');
  assert.equal((await penstock(['login', 'kimi'], stage.env)).code, 0);
  const [first, second] = stage.oauth.polls;
  assert.ok(second.at - first.at >= 5000, `${second.at - first.at} ms`);
});

for (const [decision, words] of Object.entries({ access_denied: /denied/, expired_token: /expired/, invalid_client: /scripted invalid_client/ })) {
  test(`login: ${decision}`, async (t) => {
    const stage = await setUp(t);
    stage.oauth.decide('authorization_pending', decision);
    const { code, stderr } = await penstock(['login', 'kimi'], stage.env);
    assert.equal(code, 1);
    assert.match(stderr, words);
    assert.ok(!existsSync(stage.own));
    assert.equal(stage.oauth.polls.length, 2);
  });
}

test('login: a code whose time is over is not asked for again', async (t) => {
  const stage = await setUp(t, { life: 1 });
  stage.oauth.decide('authorization_pending');
  const { code, stderr } = await penstock(['login', 'kimi'], stage.env);
  assert.equal(code, 1);
  assert.match(stderr, /expired; run the command again/);
});

test('login: with Kimi\'s own client there is one login for both', async (t) => {
  const stage = await setUp(t);
  mkdirSync(join(stage.home, '.kimi'));
  stage.oauth.decide('yes');
  assert.equal((await penstock(['login', 'kimi'], stage.env)).code, 0);
  assert.equal(held(stage.shared).access_token, stage.oauth.accessToken);
  assert.ok(!existsSync(stage.own));
});

test('login: in a terminal there is a QR code, and Ctrl-C leaves nothing behind', async (t) => {
  const stage = await setUp(t, { interval: 1 });
  stage.oauth.decide('authorization_pending');
  const env = { ...stage.env, PATH: '/usr/bin:/bin', TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  const terminal = new Terminal(['/bin/sh', '-c', `trap : INT; ${binary} login kimi; echo "over: $?"; read end`], { cwd: stage.home, env, height: 60 });
  undo(t, () => terminal.end());
  assert.match(await terminal.shows(/Waiting/), /[▀▄█]{2}/);
  terminal.press('C-c');
  await terminal.shows(/nothing was changed/);
  assert.ok(!existsSync(stage.own));
});

test('login: what cannot log in says what to do instead', async (t) => {
  const { env } = await setUp(t);
  const claude = await penstock(['login', 'claude'], env);
  assert.match(claude.stdout, /mode: passthrough/);
  assert.match(claude.stdout, /CLAUDE_CODE_OAUTH_TOKEN/);
  const zai = await penstock(['login', 'zai'], env);
  assert.equal(zai.code, 1);
  assert.match(zai.stderr, /penstock keys set zai/);
  assert.equal((await penstock(['login', 'kimmi'], env)).code, 1);
  assert.equal((await penstock(['token', 'zai'], { ...env, ZAI_API_KEY: 'key-of-zai' })).stdout, 'key-of-zai\n');
});

test('token: one that is over is refreshed, through trouble that passes', async (t) => {
  const stage = await setUp(t);
  hold(stage.shared, stage.oauth.issue({ expires_at: 1 }));
  stage.oauth.trouble(503);
  const { code, stdout, stderr } = await penstock(['token', 'kimi'], stage.env);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `${stage.oauth.accessToken}\n`);
  assert.equal(stage.oauth.refreshes.length, 2);
  assert.equal(held(stage.shared).access_token, stage.oauth.accessToken);
});

test('a session outlives its token: over, refused, and due', async (t) => {
  const stage = await setUp(t);
  hold(stage.shared, stage.oauth.issue({ expires_at: 1 }));
  const { provider, gateways: [gateway] } = await serve(t, stage);
  await answered(gateway, '1');
  assert.equal(stage.oauth.refreshes.length, 1);
  // In the middle of the session the provider takes the token no longer.
  for (const turn of [2, 3]) {
    provider.key = 'another-token-0123456789';
    await answered(gateway, '2');
    assert.equal(stage.oauth.refreshes.length, turn);
  }
  await answered(gateway, '1');
  assert.equal(stage.oauth.refreshes.length, 3);
});

test('a token is replaced before it is over', async (t) => {
  const stage = await setUp(t);
  hold(stage.shared, stage.oauth.issue({ expires_at: Date.now() / 1000 + 1000 }));
  const refreshed = once(stage.oauth, 'call', { signal: AbortSignal.timeout(kSeconds * 1000) });
  const { gateways: [gateway] } = await serve(t, stage);
  await refreshed;
  await answered(gateway);
  assert.equal(stage.oauth.refreshes.length, 1);
});

test('50 requests and 3 gateways share one refresh', async (t) => {
  const stage = await setUp(t);
  hold(stage.shared, stage.oauth.issue({ expires_at: 1 }));
  const { gateways } = await serve(t, stage, 3);
  await Promise.all(Array.from({ length: 50 }, (_, i) => answered(gateways[i % 3], '1')));
  assert.equal(stage.oauth.refreshes.length, 1);
});

test('50 requests whose token is refused share one refresh', async (t) => {
  const stage = await setUp(t);
  hold(stage.shared, stage.oauth.issue());
  const { provider, gateways } = await serve(t, stage, 3);
  await Promise.all(gateways.map((gateway) => answered(gateway)));
  provider.key = 'another-token-0123456789';
  await Promise.all(Array.from({ length: 50 }, (_, i) => answered(gateways[i % 3])));
  assert.equal(stage.oauth.refreshes.length, 1);
});

test('a login that was revoked is said clearly, until there is a new one', async (t) => {
  const stage = await setUp(t);
  hold(stage.shared, stage.oauth.issue());
  const { provider, gateways: [gateway] } = await serve(t, stage);
  await answered(gateway);
  stage.oauth.revoke();
  provider.key = 'another-token-0123456789';
  for (let i = 0; i < 3; ++i) await refusedForLogin(gateway);
  assert.equal(stage.oauth.refreshes.length, 1, 'a dead refresh token is shown once');
  const sick = await health(gateway);
  assert.deepEqual([sick.status, sick.kimi.state], [503, 'login_needed']);
  const token = await penstock(['token', 'kimi'], { ...stage.env, KIMI_CODE_OAUTH_HOST: stage.oauth.url });
  assert.equal(token.code, 0, 'its access token is not over yet');

  stage.oauth.decide('yes');
  assert.equal((await penstock(['login', 'kimi'], stage.env)).code, 0);
  await answered(gateway);
  assert.deepEqual(await health(gateway).then(({ status, kimi }) => [status, kimi.state]), [200, 'ready']);
});

test('a first login is taken up by a gateway that runs already', async (t) => {
  const stage = await setUp(t);
  const { gateways: [gateway] } = await serve(t, stage);
  await refusedForLogin(gateway);
  assert.equal((await health(gateway)).kimi.state, 'no_key');
  stage.oauth.decide('yes');
  assert.equal((await penstock(['login', 'kimi'], stage.env)).code, 0);
  const deadline = performance.now() + kSeconds * 1000;
  while ((await health(gateway)).kimi.state !== 'ready') {
    assert.ok(performance.now() < deadline, 'the login is not taken up');
    await pause(50);
  }
  await answered(gateway, '1');
});

test('kimi-code.json is kept in step, and what is not ours in it stays', async (t) => {
  const stage = await setUp(t);
  const text = JSON.stringify(stage.oauth.issue({ expires_at: 1.5, device: { name: 'é', list: [1, 2] } }), null, 2);
  hold(stage.shared, text);
  const { gateways: [gateway] } = await serve(t, stage);
  await answered(gateway);
  const login = held(stage.shared);
  assert.equal(login.access_token, stage.oauth.accessToken);
  assert.ok(login.expires_at > Date.now() / 1000 + 3000);
  assert.deepEqual(login.device, { name: 'é', list: [1, 2] });
  assert.equal(statSync(stage.shared).mode & 0o777, 0o600);
  assert.ok(existsSync(join(dirname(stage.shared), 'kimi-code.lock')), 'the lock of Kimi\'s own client');

  // Kimi's own client refreshes, too: what it writes is taken up without another refresh.
  hold(stage.shared, stage.oauth.issue());
  const refreshes = stage.oauth.refreshes.length;
  await answered(gateway);
  assert.equal(stage.oauth.refreshes.length, refreshes);
});

test('a key wins over a login', async (t) => {
  const stage = await setUp(t);
  hold(stage.shared, stage.oauth.issue({ expires_at: 1 }));
  const token = await penstock(['token', 'kimi'], { ...stage.env, KIMI_API_KEY: 'sk-kimi-0123456789' });
  assert.equal(token.stdout, 'sk-kimi-0123456789\n');
  stage.oauth.decide('yes');
  const login = await penstock(['login', 'kimi'], { ...stage.env, KIMI_API_KEY: 'sk-kimi-0123456789' });
  assert.match(login.stderr, /\$KIMI_API_KEY comes before this login/);
  assert.equal(stage.oauth.refreshes.length, 0);
});
