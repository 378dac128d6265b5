// A background request whose target is silent is sent to a second one as well: who answers first is heard, the other is left at once, and
// everything that tells who answered tells the right one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { answered, dialects, errorBody, pieces } from './fault_answers.js';
import { request } from './fault_client.js';
import { wordsOf } from './fault_words.js';
import { kReset, kSilence, startFaultyProvider } from './faulty_provider.js';
import { startPenstock } from './penstock.js';
import { undo } from './undo.js';

const kToken = 'client-token-5f1c0e7b9d';
const kHedge = { hedge: { background: '50ms' } };
const kSeconds = 10;

const answers = (who, dialect = 'anthropic') => ({ json }) => pieces(dialect, json.stream === true, who, json.model);
const fails = (status, type) => [answered(status, errorBody('anthropic', { status, type, message: 'it broke' }))];

// A promise that somebody else fulfils.
function signal() {
  let fulfil;
  const promise = new Promise((resolve) => { fulfil = resolve; });
  return Object.assign(promise, { give: fulfil });
}

// A provider with two promises: `asked`, when a request has come, and `left`, when the gateway has closed a connection.
async function startProvider(t, act) {
  const asked = signal(), left = signal();
  const provider = await startFaultyProvider((one, number) => {
    asked.give();
    return act(one, number);
  });
  provider.server.on('connection', (socket) => socket.once('close', () => left.give()));
  undo(t, () => provider.close());
  return Object.assign(provider, { asked: inTime(asked, 'the provider is not asked'), left: inTime(left, 'the connection stays open') });
}
const inTime = (promise, complaint) => () => Promise.race([promise,
  once(AbortSignal.timeout(kSeconds * 1000), 'abort').then(() => assert.fail(complaint))]);

// Targets one/m, two/m, …, one for each act, behind the name `a-haiku`, which is for background requests, and `a-sonnet`, which is not.
async function setUp(t, acts, { more = kHedge, spoken = [] } = {}) {
  const names = ['one', 'two', 'three'].slice(0, acts.length);
  const providers = [];
  for (const act of acts) providers.push(await startProvider(t, act));
  const row = (provider, dialect = 'anthropic') => ({ dialect: 'anthropic', auth: 'x-api-key', ...dialects[dialect].row, api_key: 'key-of-the-target',
    base_url: `http://127.0.0.1:${provider.port}`, models: [{ id: 'm', window: 200000, max_output: 32000 }] });
  const to = names.map((name) => `${name}/m`);
  const penstock = await startPenstock({ server: { drain: '2s', workers: 1 }, auth: { tokens: [kToken] }, affinity: 'none', retry: { attempts: 1 },
    models: [{ name: 'a-haiku', to }, { name: 'a-sonnet', to }],
    providers: Object.fromEntries(names.map((name, at) => [name, row(providers[at], spoken[at])])), ...more }, { secrets: [kToken, 'key-of-the-target'] });
  undo(t, () => penstock.stop());
  const ask = (options = {}) => request(penstock.url, { dialect: 'anthropic', model: 'a-haiku', streamed: false, prompt: 'a question', token: kToken, ...options });
  const targets = async () => {
    const { targets: list } = await (await fetch(`${penstock.url}/admin/v1/targets`, { headers: { 'x-api-key': kToken } })).json();
    return Object.fromEntries(list.map(({ name, failures, state, busy }) => [name, { failures, state, busy }]));
  };
  return { providers, penstock, ask, targets };
}

const kWell = { failures: 0, state: 'ready', busy: 0 };
function saidBy(outcome, who, provider, attempts) {
  assert.deepEqual([outcome.status, outcome.faults, outcome.complete], [200, [], true], outcome.body);
  assert.equal(outcome.blocks.find(({ type }) => type === 'text')?.text, wordsOf(who).text);
  assert.deepEqual([outcome.headers['x-penstock-provider'], outcome.headers['x-penstock-attempts']], [provider, `${attempts}`]);
}

// The line that the access log has of the only request that was made.
async function logged(penstock) {
  const deadline = AbortSignal.timeout(kSeconds * 1000);
  for (;;) {
    const line = penstock.output.split('\n').find((one) => one.includes('asked=a-haiku'));
    if (line) return line;
    await Promise.race([once(penstock.child.stdout, 'data', { signal: deadline }), once(penstock.child.stderr, 'data', { signal: deadline })]);
  }
}

for (const dialect of ['anthropic', 'chat', 'responses', 'gemini']) {
  for (const streamed of [false, true]) {
    test(`a silent target is left for one that answers; ${dialect}, ${streamed ? 'streamed' : 'whole'}`, async (t) => {
      const answer = ({ json, path }) => pieces(dialect, dialect === 'gemini' ? path.includes('stream') : json.stream === true, 'second', 'm');
      const { providers: [first, second], penstock, ask, targets } = await setUp(t, [() => [kSilence], answer], { spoken: ['anthropic', dialect] });
      const outcome = await ask({ streamed });
      saidBy(outcome, 'second', 'two', 2);
      assert.equal(outcome.headers['x-penstock-route'], 'name a-haiku (hedged)');
      await first.left();
      assert.deepEqual([first.requests.length, second.requests.length], [1, 1]);
      const line = await logged(penstock);
      for (const part of ['provider=two', 'attempts=2', 'outcome=done']) assert.ok(line.includes(part), line);
      assert.deepEqual(await targets(), { 'one/m': kWell, 'two/m': kWell });
    });
  }
}

for (const streamed of [false, true]) {
  test(`the first is heard when it answers before the second, ${streamed ? 'streamed' : 'whole'}`, async (t) => {
    const secondAsked = signal();
    const { providers: [, second], ask, targets } = await setUp(t, [
      (asked) => [() => secondAsked, ...answers('first')(asked)],
      () => { secondAsked.give(); return [kSilence]; }]);
    saidBy(await ask({ streamed }), 'first', 'one', 2);
    await second.left();
    assert.deepEqual(await targets(), { 'one/m': kWell, 'two/m': kWell });
  });

  test(`the first fails late, and the second goes on alone, ${streamed ? 'streamed' : 'whole'}`, async (t) => {
    const secondAsked = signal(), firstFailed = signal();
    const { ask, targets, providers } = await setUp(t, [
      () => [() => secondAsked, ...fails(500, 'api_error'), () => firstFailed.give()],
      (asked) => { secondAsked.give(); return [() => firstFailed, ...answers('second')(asked)]; }]);
    saidBy(await ask({ streamed }), 'second', 'two', 2);
    assert.deepEqual(providers.map(({ requests }) => requests.length), [1, 1]);
    assert.deepEqual((await targets())['two/m'], kWell);
  });

  test(`the second fails, and the first goes on alone, ${streamed ? 'streamed' : 'whole'}`, async (t) => {
    const secondGone = signal();
    const { ask, targets } = await setUp(t, [
      (asked) => [() => secondGone, ...answers('first')(asked)],
      () => [() => secondGone.give(), kReset]]);
    saidBy(await ask({ streamed }), 'first', 'one', 2);
    assert.deepEqual((await targets())['one/m'], kWell);
  });
}

test('both fail, and the next target answers', async (t) => {
  const secondAsked = signal();
  const { ask, targets } = await setUp(t, [
    () => [() => secondAsked, ...fails(500, 'api_error')],
    () => { secondAsked.give(); return fails(529, 'overloaded_error'); },
    answers('third')]);
  const outcome = await ask();
  assert.deepEqual([outcome.status, outcome.headers['x-penstock-provider']], [200, 'three'], outcome.body);
  const seen = await targets();
  assert.ok(seen['one/m'].failures >= 1 && seen['two/m'].failures >= 1, JSON.stringify(seen));
});

test('both are slow: the one that answers first is heard, and the other left', async (t) => {
  const both = signal();
  const { providers: [first], ask } = await setUp(t, [
    () => [kSilence],
    (asked) => [() => both, ...answers('second')(asked)]]);
  const outcome = ask();
  await first.asked();
  both.give();
  saidBy(await outcome, 'second', 'two', 2);
  await first.left();
});

test('both stay silent: a client that goes away takes both with it', async (t) => {
  const { providers: [first, second], penstock, targets } = await setUp(t, [() => [kSilence], () => [kSilence]]);
  const leaving = new AbortController();
  const body = JSON.stringify({ model: 'a-haiku', max_tokens: 10, messages: [{ role: 'user', content: 'a question' }] });
  const outcome = fetch(`${penstock.url}/v1/messages`, { method: 'POST', body, signal: leaving.signal, headers: { 'x-api-key': kToken } });
  await second.asked();
  leaving.abort();
  await assert.rejects(outcome);
  await Promise.all([first.left(), second.left()]);
  assert.ok((await logged(penstock)).includes('client left'));
  assert.deepEqual(await targets(), { 'one/m': kWell, 'two/m': kWell });
});

// The first one answers long after a second one would have been asked.
const kNotHedged = [
  ['without the key', {}, {}],
  ['a request that is no background request', kHedge, { model: 'a-sonnet' }],
  ['an answer in time', { hedge: { background: '1h' } }, {}],
];
for (const [name, more, options] of kNotHedged) {
  test(`${name}: nobody else is asked`, async (t) => {
    const slow = new Promise((resolve) => { setTimeout(resolve, 300); });
    const { providers: [first, second], ask } = await setUp(t, [(asked) => [() => slow, ...answers('first')(asked)], answers('second')], { more });
    saidBy(await ask(options), 'first', 'one', 1);
    assert.deepEqual([first.requests.length, second.connections], [1, 0]);
  });
}

test('a hedge that answers keeps the session', async (t) => {
  const { ask, providers } = await setUp(t, [() => [kSilence], answers('second')], { more: { ...kHedge, affinity: 'session' } });
  const headers = { 'x-claude-code-session-id': 'one-session' };
  saidBy(await ask({ headers }), 'second', 'two', 2);
  saidBy(await ask({ headers }), 'second', 'two', 1);
  assert.equal(providers[0].requests.length, 1);
});
