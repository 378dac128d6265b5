// Health checks: a provider that dies is left alone before a request meets it, and asked again when it is back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, errorBody, pieces } from './fault_answers.js';
import { request } from './fault_client.js';
import { kReset, startFaultyProvider } from './faulty_provider.js';
import { serveFor } from './foreground.js';
import { undo } from './undo.js';
import { User } from './user.js';

const kToken = 'client-token-5f1c0e7b9d';
const kKey = 'key-hunter2-0123456789';
const kDeadline = 20_000;
const kPause = 50;
const kPath = '/base/v1/models';

const message = (json) => {
  const [, , , ...body] = pieces('anthropic', false, 'first', json.model);
  return [answered(200, body.join(''), {})];
};
const list = [answered(200, '{"data":[]}', {})];
const refused = (status) => [answered(status, errorBody('anthropic', { status, type: 'api_error', message: 'it does not want to' }), {})];

// Two providers; of the first, `how` says what becomes of its checks and of everything else.
async function stage(t, how, more = {}) {
  const act = ({ json }) => (json ? message(json) : list);
  const first = await startFaultyProvider((asked) => how[asked.json ? 'messages' : 'checks'] ?? act(asked));
  const second = await startFaultyProvider(act);
  for (const provider of [first, second]) undo(t, () => provider.close());
  const row = (provider) => ({ base_url: `http://127.0.0.1:${provider.port}/base`, auth: 'bearer', api_key: kKey, models: [{ id: 'm', window: 200000, max_output: 32000 }] });
  const config = { auth: { tokens: [kToken] }, affinity: 'none', retry: { attempts: 1 }, models: [{ name: 'work', to: ['first/m', 'second/m'] }],
    providers: { first: { ...row(first), headers: { 'x-team': 'blue' }, health_check: { path: '/v1/models', every: '1s' } }, second: row(second) }, ...more };
  const user = new User(t, config, { answered: false });
  const configure = () => user.write('.config/penstock/penstock.yaml', JSON.stringify({ server: { listen: '127.0.0.1:0', drain: '1s' }, ...config }));
  const gateway = await serveFor(t, user);
  const ask = (model = 'work') => request(gateway.url, { dialect: 'anthropic', model, streamed: false, prompt: 'hello', token: kToken });
  const page = async (path) => (await (await fetch(`${gateway.url}${path}`, { headers: { 'x-api-key': kToken } })).json());
  return { first, user, gateway, ask, config, configure, state: async () => (await page('/health')).providers.first,
    target: async () => (await page('/admin/v1/targets')).targets.find(({ name }) => name === 'first/m'),
    checks: () => first.requests.filter(({ json }) => !json) };
}
async function until(holds, what) {
  for (const end = performance.now() + kDeadline; !(await holds());) {
    assert.ok(performance.now() < end, what);
    await new Promise((resolve) => { setTimeout(resolve, kPause); });
  }
}
const went = ({ status, headers }) => [status, headers['x-penstock-provider'], headers['x-penstock-attempts']];

test('a provider that dies is asked no more after two failed checks, until it is back', async (t) => {
  const how = {};
  const { ask, state, target, checks, first, gateway } = await stage(t, how);
  assert.deepEqual(went(await ask()), [200, 'first', '1']);
  await until(() => checks().length > 0, 'it is never checked');
  const [{ path, headers }] = checks();
  assert.deepEqual([path, headers.authorization, headers['x-team']], [kPath, `Bearer ${kKey}`, 'blue']);

  Object.assign(how, { checks: [kReset], messages: [kReset] });
  await until(async () => (await state()).state === 'cooling', 'nobody notices');
  assert.match((await state()).last_trouble, /^health check: /);
  assert.deepEqual([(await state()).rests_until, (await target()).state, (await target()).rests_until], [null, 'cooling', null]);
  assert.match((await target()).last_trouble, /^health check: /);
  const before = first.requests.filter(({ json }) => json).length;
  for (let i = 0; i < 3; ++i) assert.deepEqual(went(await ask()), [200, 'second', '1']);
  assert.equal(first.requests.filter(({ json }) => json).length, before, 'no request met it');
  assert.match(gateway.text, /first fails its health checks/);

  Object.assign(how, { checks: undefined, messages: undefined });
  await until(async () => (await state()).state === 'ready', 'it never comes back');
  assert.deepEqual(went(await ask()), [200, 'first', '1']);
  assert.equal((await target()).state, 'ready');
});

test('whose checks alone fail is asked all the same when there is no other', async (t) => {
  const { ask, state, user } = await stage(t, { checks: refused(529) });
  await until(async () => (await state()).state === 'cooling', 'nobody notices');
  assert.equal((await state()).last_trouble, 'health check: overloaded');
  assert.deepEqual(went(await ask()), [200, 'second', '1']);
  assert.deepEqual(went(await ask('first/m')), [200, 'first', '1']);
  const { stdout: text } = await user.penstock(['status']);
  assert.match(text, /^ {2}first .*\n +cooling; last trouble: health check: overloaded\n {2}second /m);
  const { providers } = JSON.parse((await user.penstock(['status', '--json'])).stdout);
  assert.deepEqual([providers.first.state, providers.first.rests_seconds, providers.first.last_trouble], ['cooling', null, 'health check: overloaded']);
  assert.equal(providers.second.state, 'ready');
});

test('a provider that checks find well again is tried at once', async (t) => {
  const how = { messages: refused(500) };
  const { ask, target, state, user } = await stage(t, how, { cooldown: { failures: 1, for: '10m' } });
  assert.deepEqual(went(await ask()), [200, 'second', '2']);
  const seen = await target();
  assert.deepEqual([seen.state, seen.last_trouble], ['cooling', 'server_error'], 'checks that succeed do not end it');
  how.checks = refused(503);
  await until(async () => (await state()).last_trouble?.startsWith('health check'), 'nobody notices');
  how.messages = how.checks = undefined;
  await until(async () => (await target()).state === 'ready', 'it rests for ten minutes');
  assert.deepEqual(went(await ask()), [200, 'first', '1']);
  assert.equal((await state()).state, 'ready');
  const { stdout } = await user.penstock(['status']);
  assert.ok(!stdout.includes('last trouble'), `that is over: ${stdout}`);
});

test('a credential that is refused says nothing, but once in the log', async (t) => {
  const { checks, state, gateway, ask } = await stage(t, { checks: refused(401) });
  await until(() => checks().length >= 3, 'it is not checked');
  assert.equal((await state()).state, 'ready');
  assert.equal(gateway.text.match(/gets status 401, which says nothing/g).length, 1);
  assert.deepEqual(went(await ask()), [200, 'first', '1']);
});

test('a reload ends a check, and what it has found with it', async (t) => {
  const { config, configure, state, checks, gateway, ask } = await stage(t, { checks: refused(503) });
  await until(async () => (await state()).state === 'cooling', 'nobody notices');
  delete config.providers.first.health_check;
  configure();
  await gateway.shows(/configuration reloaded/);
  assert.equal((await state()).state, 'ready');
  assert.deepEqual(went(await ask()), [200, 'first', '1']);
  const before = checks().length;
  config.providers.first.health_check = { path: '/v1/models', every: '1s' };
  configure();
  await until(() => checks().length > before, 'it is not checked again');
});
