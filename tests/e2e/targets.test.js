// How everything stands, as /health and /admin/v1/targets tell it; and what was learned of a provider, which outlives a restart and can be
// forgotten.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { answered, errorBody, pieces } from './fault_answers.js';
import { request } from './fault_client.js';
import { startFaultyProvider } from './faulty_provider.js';
import { serveFor } from './foreground.js';
import { undo } from './undo.js';
import { User } from './user.js';

const kToken = 'client-token-5f1c0e7b9d';
const kKeys = ['key-hunter2-one', 'key-hunter2-two'];
const kDeadline = 10_000;
const kPause = 50;

const says = ({ json }) => {
  if (!json) return fails(404, 'not_found_error', 'there is no list of models');
  const [, , , ...body] = pieces('anthropic', false, 'first', json.model);
  return [answered(200, body.join(''), {})];
};
const fails = (status, type, message, fields = {}) => [answered(status, errorBody('anthropic', { status, type, message }), fields)];
const keyOf = ({ headers }) => headers['x-api-key'];
const thinking = { thinking: { type: 'enabled', budget_tokens: 1024 } };
const refusesThinking = (asked) => (asked.json?.thinking ? fails(400, 'invalid_request_error', 'thinking is not supported by this model') : says(asked));

// A person with one provider, whose answers are act(request)'s.
async function stage(t, act, row = {}, more = {}) {
  const provider = await startFaultyProvider(act);
  undo(t, () => provider.close());
  const config = { auth: { tokens: [kToken] }, affinity: 'none', retry: { attempts: 1 },
    providers: { one: { base_url: `http://127.0.0.1:${provider.port}`, auth: 'x-api-key', api_key: kKeys[0], models: [{ id: 'm', window: 200000, max_output: 32000 }], ...row } }, ...more };
  const user = new User(t, config, { answered: false });
  return { provider, user, learned: join(user.state, 'learned.json') };
}
async function serve(t, user) {
  const gateway = await serveFor(t, user);
  const ask = (options = {}) => request(gateway.url, { dialect: 'anthropic', model: 'one/m', streamed: false, prompt: 'hello', token: kToken, ...options });
  const page = async (path, headers = { 'x-api-key': kToken }) => {
    const response = await fetch(`${gateway.url}${path}`, { headers });
    const text = await response.text();
    assert.ok(!text.includes('hunter2'), `a key is shown: ${text}`);
    return { status: response.status, json: JSON.parse(text) };
  };
  return { gateway, ask, page, target: async (name) => (await page('/admin/v1/targets')).json.targets.find((one) => one.name === name) };
}
async function until(holds, what) {
  for (const end = performance.now() + kDeadline; !(await holds());) {
    assert.ok(performance.now() < end, what);
    await new Promise((resolve) => { setTimeout(resolve, kPause); });
  }
}
const isSoon = (date, seconds) => Math.abs(Date.parse(date) - Date.now() - seconds * 1000) < 5000;

test('a target that fails rests, and says until when and why', async (t) => {
  const { user } = await stage(t, () => fails(500, 'api_error', 'it broke'));
  const { ask, page, target } = await serve(t, user);
  assert.deepEqual((await page('/admin/v1/targets')).json.targets, []);
  assert.equal((await page('/health')).json.providers.one.state, 'ready');
  for (let i = 0; i < 3; ++i) assert.equal((await ask()).status, 500);
  const one = await target('one/m');
  assert.deepEqual([one.provider, one.state, one.failures, one.last_trouble, one.busy, one.used], ['one', 'cooling', 3, 'server_error', 0, 3]);
  assert.ok(one.rests_seconds > 15 && one.rests_seconds <= 38, `${one.rests_seconds} s`);
  assert.ok(isSoon(one.rests_until, one.rests_seconds), one.rests_until);
  assert.ok(isSoon(one.last_failed, 0), one.last_failed);
  const health = await page('/health');
  assert.equal(health.status, 200, 'every provider has its key');
  assert.deepEqual([health.json.providers.one.state, health.json.providers.one.last_trouble], ['cooling', 'server_error']);
  assert.ok(isSoon(health.json.providers.one.rests_until, one.rests_seconds));
});

test('keys are told by where they were found, with what is left of their limits', async (t) => {
  const limits = { 'anthropic-ratelimit-requests-limit': '50', 'anthropic-ratelimit-requests-remaining': '20',
    'anthropic-ratelimit-requests-reset': new Date(Date.now() + 60_000).toISOString() };
  const { user } = await stage(t, (asked) => {
    if (keyOf(asked) === kKeys[0]) return fails(402, 'billing_error', 'Insufficient Balance');
    const [, , , ...body] = pieces('anthropic', false, 'first', asked.json.model);
    return [answered(200, body.join(''), limits)];
  }, { api_key: undefined, credentials: { pool: kKeys } });
  const { ask, page } = await serve(t, user);
  for (let i = 0; i < 4; ++i) assert.equal((await ask()).status, 200);
  const { credentials } = (await page('/admin/v1/targets')).json;
  const [poor, rich] = ['credentials.pool[0]', 'credentials.pool[1]'].map((source) => credentials.find((one) => one.source === source));
  assert.deepEqual([poor.provider, poor.state, poor.last_trouble], ['one', 'no_balance', 'no_balance']);
  assert.ok(poor.rests_seconds > 3500 && poor.rests_seconds <= 3600);
  assert.deepEqual([rich.state, rich.remaining, rich.last_trouble], ['ready', 0.4, null]);
  const { one } = (await page('/health')).json.providers;
  assert.deepEqual([one.state, one.credentials.map(({ state }) => state)], ['ready', ['no_balance', 'ready']]);
});

test('the list is for who shows a token, and for no web page', async (t) => {
  const { user } = await stage(t, says);
  const { gateway, page } = await serve(t, user);
  assert.equal((await page('/admin/v1/targets', {})).status, 401);
  assert.equal((await page('/admin/v1/targets', { 'x-api-key': kToken, origin: gateway.url })).status, 200);
  for (const origin of ['http://evil.example', 'http://localhost:3000', 'null'])
    assert.equal((await page('/admin/v1/targets', { 'x-api-key': kToken, origin })).status, 403, origin);
  assert.deepEqual((await page('/health', {})).json, { status: 'ok', providers: {} });
});

test('what was learned outlives a restart, is shown, and can be forgotten while the gateway runs', async (t) => {
  const { provider, user, learned } = await stage(t, refusesThinking);
  const thought = (from) => provider.requests.slice(from).filter(({ json }) => json).map(({ json }) => json.thinking !== undefined);
  const first = await serve(t, user);
  assert.equal((await first.ask({ more: thinking })).status, 200);
  assert.deepEqual(thought(0), [true, false]);
  await until(() => existsSync(learned), 'it is not written');
  assert.equal((statSync(learned).mode & 0o7777).toString(8), '600');
  assert.equal((await first.gateway.stop()).code, 0);

  const second = await serve(t, user);
  const { quirk, value } = (await second.target('one/m')).learned[0];
  assert.equal((await second.ask({ more: thinking })).headers['x-penstock-attempts'], '1');
  assert.deepEqual(thought(2), [false]);
  const { stdout: list } = await user.penstock(['models', '--json']);
  assert.deepEqual(JSON.parse(list).find(({ target }) => target === 'one/m').learned, { [quirk]: value });
  const { stdout: table } = await user.penstock(['models']);
  assert.ok(table.includes(`one/m: learned ${quirk}: ${value} (`), table);
  const { stdout: report } = await user.penstock(['doctor', '--json']); // which asks the provider for its models
  const [row] = JSON.parse(report).checks.filter(({ check }) => check === 'learned');
  assert.ok(row.mend.includes(`providers.one.quirks: { ${quirk}: ${value} }`), row.mend);

  const { code, stdout } = await user.penstock(['models', '--forget', 'one']);
  assert.deepEqual([code, stdout], [0, 'one/m: forgotten\n']);
  await until(async () => (await second.target('one/m')).learned.length === 0, 'the gateway does not follow');
  const before = provider.requests.length;
  assert.equal((await second.ask({ more: thinking })).headers['x-penstock-attempts'], '2');
  assert.deepEqual(thought(before), [true, false], 'it is found out again');
  const again = await user.penstock(['models', '--forget', 'two']);
  assert.deepEqual([again.code, again.stdout], [1, '']);
  assert.match(again.stderr, /nothing was learned of "two"/);
});

test('a damaged file is a warning, and the next finding makes it whole', async (t) => {
  const { provider, user, learned } = await stage(t, refusesThinking);
  const first = await serve(t, user);
  assert.equal((await first.gateway.stop()).code, 0);
  writeFileSync(learned, '{"penstock_learned":1,"less', { mode: 0o600 });
  const { gateway, ask } = await serve(t, user);
  await until(() => gateway.text.includes('learned.json is not read'), 'nothing is said of it');
  assert.equal((await ask({ more: thinking })).status, 200);
  assert.equal(provider.requests.length, 2);
  await until(() => { try { return JSON.parse(readFileSync(learned, 'utf8')).lessons.length === 1; } catch { return false; } }, 'it is not mended');
});
