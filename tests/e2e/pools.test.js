// Several keys of one provider: who is used when, who rests and for how long, whose limits are shown to whom; and what a provider refuses
// is not sent to it twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, errorBody, pieces } from './fault_answers.js';
import { request } from './fault_client.js';
import { startFaultyProvider } from './faulty_provider.js';
import { startPenstock } from './penstock.js';
import { undo } from './undo.js';

const kToken = 'client-token-5f1c0e7b9d';
const kOwnKey = 'sk-ant-of-the-client-0123456789';
const kKeys = ['key-one-0123456789', 'key-two-0123456789', 'key-three-0123456789'];
const kDeadline = 10_000;
const anHourOn = () => String(Math.floor(Date.now() / 1000) + 3600);
const plan = (status) => ({ 'anthropic-ratelimit-unified-status': status, 'anthropic-ratelimit-unified-reset': anHourOn(),
  'anthropic-ratelimit-unified-5h-utilization': '0.25', 'anthropic-ratelimit-requests-remaining': '50' });

const keyOf = ({ headers }) => headers['x-api-key'] ?? headers.authorization?.replace('Bearer ', '');
const says = (json, fields = {}) => {
  if (json.stream) return pieces('anthropic', true, 'first', json.model);
  const [, , , ...body] = pieces('anthropic', false, 'first', json.model);
  return [answered(200, body.join(''), fields)];
};
const fails = (status, type, message, fields) => [answered(status, errorBody('anthropic', { status, type, message }), fields)];

// One provider in front of which the gateway stands; act(request, its key) gives the steps of an answer. One worker, so that turns are
// taken in one place; no affinity, so that every request may take any key.
async function setUp(t, act, row, more = {}) {
  const provider = await startFaultyProvider((asked) => act(asked, keyOf(asked)));
  undo(t, () => provider.close());
  const config = { server: { drain: '2s', workers: 1 }, auth: { tokens: [kToken] }, affinity: 'none', retry: { attempts: 2, backoff: '5ms', max_backoff: '20ms' },
    providers: { pool: { base_url: `http://127.0.0.1:${provider.port}`, models: ['m', 'other'].map((id) => ({ id, window: 200000, max_output: 32000 })), ...row } }, ...more };
  const penstock = await startPenstock(config, { secrets: [kToken, ...kKeys, kOwnKey] });
  undo(t, () => penstock.stop());
  let number = 0;
  const ask = (options = {}) => request(penstock.url, { dialect: 'anthropic', model: 'pool/m', streamed: false, prompt: `question ${++number}`, token: kToken, ...options });
  return { provider, penstock, config, ask, used: (from = 0) => provider.requests.slice(from).map(keyOf) };
}
const third = { dialect: 'anthropic', auth: 'x-api-key' };
const claude = { catalog: 'anthropic' };
const pool = (keys = kKeys, more = {}) => ({ credentials: { pool: keys, ...more } });
const fine = (outcome) => assert.deepEqual([outcome.status, outcome.faults, outcome.complete], [200, [], true], outcome.body);

test('three keys take turns', async (t) => {
  const { ask, used } = await setUp(t, ({ json }) => says(json), { ...third, ...pool() });
  for (let i = 0; i < 9; ++i) fine(await ask());
  const order = used();
  assert.deepEqual([...order.slice(0, 3)].sort(), [...kKeys].sort());
  assert.deepEqual(order, [...order.slice(0, 3), ...order.slice(0, 3), ...order.slice(0, 3)]);
});

for (const [name, row] of [['a third party', third], ['Anthropic', claude]]) {
  test(`${name}: a key that is limited rests as long as it was told, and the request goes on with another`, async (t) => {
    const rest = 400;
    let limitedAt;
    const [first] = kKeys;
    const { ask, used } = await setUp(t, ({ json }, key) => {
      if (key !== first || limitedAt) return says(json);
      limitedAt = performance.now();
      return fails(429, 'rate_limit_error', 'This is too often', { 'retry-after-ms': rest });
    }, { ...row, ...pool() });
    while (!limitedAt) {
      const outcome = await ask();
      fine(outcome);
      if (limitedAt) assert.equal(outcome.headers['x-penstock-attempts'], '2');
    }
    assert.notEqual(used().at(-1), first);
    const before = used().length;
    while (!used(before).includes(first)) {
      assert.ok(performance.now() < limitedAt + kDeadline, 'the key never comes back');
      fine(await ask());
    }
    assert.ok(performance.now() - limitedAt >= rest, `used again after ${performance.now() - limitedAt} ms`);
    assert.deepEqual([...new Set(used(before))].sort(), [...kKeys].sort(), 'the others were used meanwhile');
  });
}

test('a key without a time to wait rests for as long as the pool says', async (t) => {
  const [first, ...others] = kKeys;
  const { ask, used } = await setUp(t, ({ json }, key) => (key === first ? fails(429, 'rate_limit_error', 'This is too often') : says(json)),
    { ...third, ...pool(kKeys, { cooldown: '1h' }) });
  for (let i = 0; i < 12; ++i) fine(await ask());
  assert.equal(used().filter((key) => key === first).length, 1);
  // The one behind it in the turn may take its share too.
  for (const key of others) assert.ok(used().filter((one) => one === key).length >= 3);
});

for (const workers of [1, 2]) {
  test(`a session that was moved stays where it went, whichever connection it comes over; workers: ${workers}`, async (t) => {
    let troubled = true;
    const { ask, provider } = await setUp(t, ({ json }) => (troubled && json.model === 'm' ? fails(529, 'overloaded_error', 'Overloaded') : says(json)),
      { ...third, api_key: kKeys[0] }, { affinity: 'session', server: { drain: '2s', workers }, models: [{ name: 'work', to: ['pool/m', 'pool/other'] }] });
    const inSession = () => ask({ model: 'work', headers: { 'x-claude-code-session-id': 'one-session' } });
    fine(await inSession());
    troubled = false;
    // At once, so that they come over several connections.
    for (let i = 0; i < 3; ++i) (await Promise.all(Array.from({ length: 6 }, inSession))).forEach(fine);
    const models = provider.requests.map(({ json }) => json.model);
    assert.deepEqual(models.slice(0, 3), ['m', 'm', 'other']);
    assert.deepEqual([...new Set(models.slice(3))], ['other'], `its cache is there: ${models}`);
  });
}

test('a key that is not known rests until it changes', async (t) => {
  const [first, second, last] = kKeys;
  const { ask, used, penstock, config } = await setUp(t, ({ json }, key) => (key === second ? fails(401, 'authentication_error', 'invalid x-api-key') : says(json)),
    { ...third, ...pool() });
  for (let i = 0; i < 9; ++i) fine(await ask());
  assert.equal(used().filter((key) => key === second).length, 1, 'it is asked once');
  const before = used().length;
  const fresh = 'key-four-0123456789';
  config.providers.pool.credentials.pool = [first, fresh, last];
  penstock.configure(config);
  await reloaded(penstock);
  for (let i = 0; i < 9; ++i) fine(await ask());
  assert.deepEqual([...new Set(used(before))].sort(), [first, fresh, last].sort());
});

async function reloaded(penstock) {
  penstock.child.kill('SIGHUP');
  const deadline = AbortSignal.timeout(kDeadline);
  while (!penstock.output.includes('configuration reloaded')) {
    deadline.throwIfAborted();
    await new Promise((resolve) => { penstock.child.stderr.once('data', resolve); });
  }
}

test('when every key is refused, the client hears of it, but never a 401', async (t) => {
  const { ask, used } = await setUp(t, () => fails(401, 'authentication_error', 'invalid x-api-key'), { ...third, ...pool() });
  const { status, error, headers } = await ask();
  assert.deepEqual([status, error.type, headers['x-should-retry']], [502, 'api_error', 'false']);
  assert.deepEqual(used().sort(), [...kKeys].sort(), 'each was tried once');
});

test('limits are read ahead of the refusal, and never shown to the users of a pool', async (t) => {
  const [first, second] = kKeys;
  const spent = { 'anthropic-ratelimit-requests-limit': '50', 'anthropic-ratelimit-requests-remaining': '0',
    'anthropic-ratelimit-requests-reset': new Date(Date.now() + 3_600_000).toISOString() };
  const { ask, used } = await setUp(t, ({ json }, key) => says(json, key === first ? spent : plan('allowed')), { ...claude, ...pool([first, second]) });
  for (let i = 0; i < 8; ++i) {
    const outcome = await ask();
    fine(outcome);
    assert.deepEqual(Object.keys(outcome.headers).filter((name) => name.includes('ratelimit')), []);
  }
  assert.equal(used().filter((key) => key === first).length, 1, 'the key with nothing left is left alone');
});

test('a plan that is used up moves the request to another key; its headers stay here, with the last error too', async (t) => {
  const [first, second] = kKeys;
  let all = false;
  const { ask, used } = await setUp(t, ({ json }, key) => (key === first || all ? fails(429, 'rate_limit_error', 'Your plan is used up', plan('rejected')) : says(json)),
    { ...claude, ...pool([first, second]) });
  for (let i = 0; i < 4; ++i) fine(await ask());
  assert.equal(used().filter((key) => key === first).length, 1);
  all = true;
  const outcome = await ask();
  assert.equal(outcome.status, 429);
  assert.deepEqual(Object.keys(outcome.headers).filter((name) => name.includes('ratelimit')), []);
});

for (const header of ['x-penstock-credential-mode', 'x-claude-token-mode']) {
  test(`${header}: passthrough shows the client's own credential, for that request only`, async (t) => {
    const { ask, used } = await setUp(t, ({ json }, key) => (key === kOwnKey && json.messages[0].content === 'refuse me'
      ? fails(401, 'authentication_error', 'invalid x-api-key') : says(json, plan('allowed'))), { ...claude, ...pool() });
    const own = { headers: { 'x-penstock-key': kToken, [header]: 'passthrough' }, token: kOwnKey };
    const outcome = await ask(own);
    fine(outcome);
    assert.deepEqual(used(), [kOwnKey]);
    assert.equal(outcome.headers['anthropic-ratelimit-unified-status'], 'allowed', 'its own limits are its own business');
    // What is wrong with it is told as it is, and no key of the pool takes its place.
    const refused = await ask({ ...own, prompt: 'refuse me' });
    assert.deepEqual([refused.status, refused.error.type], [401, 'authentication_error']);
    assert.deepEqual(used(1), [kOwnKey]);
    fine(await ask(own));
    fine(await ask());
    assert.ok(kKeys.includes(used().at(-1)));
    fine(await ask({ ...own, headers: { 'x-penstock-key': kToken } }));
    assert.ok(kKeys.includes(used().at(-1)), 'without the word the pool is used');
  });
}

test('passthrough is for Anthropic alone: no third party gets to see a client\'s credential', async (t) => {
  const { ask, used } = await setUp(t, ({ json }) => says(json), { ...third, ...pool() });
  fine(await ask({ headers: { 'x-penstock-key': kToken, 'x-penstock-credential-mode': 'passthrough' }, token: kOwnKey }));
  assert.ok(kKeys.includes(used()[0]));
});

test('without a pool the client\'s own credential passes; without either it is told what is missing', async (t) => {
  const { ask, used } = await setUp(t, ({ json }) => says(json), claude);
  fine(await ask({ headers: { 'x-penstock-key': kToken }, token: kOwnKey }));
  assert.deepEqual(used(), [kOwnKey]);
  const { status, error } = await ask();
  assert.equal(status, 502);
  assert.match(error.message, /there is no key for the provider pool/);
  assert.equal(used().length, 1, 'and nobody was asked');
});

// --- what a provider refused is learned ------------------------------------------------------------------------------------------------

const refuses = (message) => fails(400, 'invalid_request_error', message);
const kLearned = [
  ['thinking', { thinking: { type: 'enabled', budget_tokens: 1024 } }, 'thinking is not supported by this model', third],
  ['temperature', { temperature: 0.5 }, 'temperature: Extra inputs are not permitted', third],
  ['top_k', { top_k: 5 }, '`top_k` is not supported by this model', claude],
  ['stop_sequences', { stop_sequences: ['halt'] }, 'stop_sequences: Extra inputs are not permitted', claude],
];
for (const [field, more, message, row] of kLearned) {
  test(`${row === claude ? 'Anthropic' : 'a third party'} refuses ${field}: the request is repaired once, and the next is right at once`, async (t) => {
    const { ask, provider } = await setUp(t, ({ json }) => (json[field] === undefined || json.model === 'other' ? says(json) : refuses(message)), { ...row, api_key: kKeys[0] });
    const has = (from = 0) => provider.requests.slice(from).map(({ json }) => json[field] !== undefined);
    const outcome = await ask({ more });
    fine(outcome);
    assert.equal(outcome.headers['x-penstock-attempts'], '2');
    assert.deepEqual(has(), [true, false]);
    for (let i = 0; i < 3; ++i) fine(await ask({ more }));
    fine(await ask({ more, streamed: true }));
    assert.deepEqual(has(2), [false, false, false, false], 'learned');
    fine(await ask({ more, model: 'pool/other' }));
    assert.deepEqual(has(6), [true], 'another model of the provider is another matter');
  });
}

test('what is refused after every repair is told, and not tried for ever', async (t) => {
  const { ask, used } = await setUp(t, () => refuses('thinking is not supported by this model'), { ...third, api_key: kKeys[0] });
  const { status, error } = await ask({ more: { thinking: { type: 'enabled', budget_tokens: 1024 } } });
  assert.equal(status, 400);
  assert.match(error.message, /thinking is not supported/);
  assert.ok(used().length <= 3, `${used().length} requests`);
});
