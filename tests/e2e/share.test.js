// `share: { background: on }`: equal background requests that are under way at the same time cost one, whichever worker has them; and
// nobody goes without an answer because of somebody else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { answered, chunked, head, kLastChunk, pieces } from './fault_answers.js';
import { anthropic } from './fault_anthropic.js';
import { request } from './fault_client.js';
import { readers } from './fault_readers.js';
import { kCut, kSilence, startFaultyProvider } from './faulty_provider.js';
import { startPenstock } from './penstock.js';
import { undo } from './undo.js';

const kTokens = ['client-token-5f1c0e7b9d', 'client-token-of-another'];
const kKey = 'key-one-0123456789';
const kClients = 5;
const kDeadline = 10_000;
const kHaiku = 'pool/claude-haiku-4-5', kSonnet = 'pool/claude-sonnet-5';
const isBackground = ({ json }) => json.model.includes('haiku');

const says = (json) => (json.stream ? pieces('anthropic', true, 'first', json.model)
  : [answered(200, JSON.stringify(anthropic.whole('first', json.model)))]);
const overloaded = { status: 529, type: 'overloaded_error', message: 'Overloaded' };

// A provider that keeps the background requests until go() is called; then act(request, the how manieth) gives the steps of an answer. As
// many requests as the gateway takes at once are under way when one more is told so: by that a test knows that all have come. Who finds that
// one in its place comes again.
async function setUp(t, act = ({ json }) => says(json), more = { share: { background: 'on' } }) {
  let go, count = 0;
  const gone = new Promise((resolve) => { go = resolve; });
  const provider = await startFaultyProvider((asked) => {
    if (!isBackground(asked)) return says(asked.json);
    return [() => gone, ...act(asked, ++count)];
  });
  undo(t, () => provider.close());
  undo(t, go);
  const config = { server: { drain: '2s', workers: 3, max_inflight: kClients }, auth: { tokens: kTokens }, retry: { attempts: 1 },
    providers: { pool: { dialect: 'anthropic', auth: 'x-api-key', api_key: kKey, base_url: `http://127.0.0.1:${provider.port}`,
      models: [kHaiku, kSonnet].map((name) => ({ id: name.slice(5), window: 200000, max_output: 32000 })) } }, ...more };
  const penstock = await startPenstock(config, { secrets: [...kTokens, kKey] });
  undo(t, () => penstock.stop());
  const askOnce = (options) => request(penstock.url, { dialect: 'anthropic', model: kHaiku, streamed: false, prompt: 'a title', token: kTokens[0], ...options });
  const ask = async (options) => {
    for (;;) {
      const outcome = await askOnce(options);
      if (!outcome.error?.message.includes('max_inflight')) return outcome;
    }
  };
  const isFull = async () => (await askOnce({ model: kSonnet })).status === 503;
  return { provider, penstock, ask, go, asked: () => provider.requests.filter(isBackground).length,
    full: () => until(isFull), notFull: () => until(async () => !(await isFull())) };
}

async function until(holds) {
  const deadline = AbortSignal.timeout(kDeadline);
  while (!(await holds())) {
    deadline.throwIfAborted();
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

const times = (count, action) => Array.from({ length: count }, (_, at) => action(at));
const fine = (outcome) => assert.deepEqual([outcome.status, outcome.faults, outcome.complete], [200, [], true], outcome.body);
const isShared = ({ headers }) => headers['x-penstock-route']?.includes('(shared)');

// A client that leaves without its answer; the same request as ask() makes.
function leaver(penstock) {
  const { path, headers, body } = readers.anthropic;
  const leaving = new AbortController();
  const ask = () => fetch(`${penstock.url}${path}`, { method: 'POST', signal: leaving.signal, body: JSON.stringify({ model: kHaiku, stream: false, ...body('a title') }),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${kTokens[0]}`, ...headers } })
    .then((response) => (response.status === 503 ? ask() : response), () => {});
  ask();
  return () => leaving.abort();
}

for (const streamed of [false, true]) {
  test(`five equal requests at once reach the provider once; streamed: ${streamed}`, async (t) => {
    const { penstock, ask, go, asked, full } = await setUp(t);
    const all = times(kClients, (at) => ask({ streamed, headers: { 'x-claude-code-session-id': `session-${at}` } }));
    await full();
    go();
    const outcomes = await Promise.all(all);
    outcomes.forEach(fine);
    assert.equal(asked(), 1);
    assert.equal(new Set(outcomes.map(({ body }) => body)).size, 1, 'the same bytes');
    assert.equal(outcomes[0].blocks.length, 3);
    assert.equal(outcomes.filter(isShared).length, kClients - 1);
    assert.equal(new Set(outcomes.map(({ headers }) => headers['request-id'])).size, kClients);
    // Each has its line; the tokens stand in one of them.
    const lines = () => penstock.output.split('\n').filter((line) => line.includes('claude-haiku') && line.includes('outcome=done'));
    while (lines().length < kClients) await once(penstock.child.stderr, 'data', { signal: AbortSignal.timeout(kDeadline) });
    assert.equal(lines().filter((line) => line.includes('why=shared')).length, kClients - 1, lines().join('\n'));
    assert.equal(lines().filter((line) => line.includes(' in=700 ')).length, 1, lines().join('\n'));
    fine(await ask({ streamed }));
    assert.equal(asked(), 2, 'nothing is kept');
  });
}

const kOthers = {
  'another token': () => ({ token: kTokens[1] }),
  'another body': () => ({ prompt: 'another title' }),
  'another beta': () => ({ headers: { 'anthropic-beta': 'one-2026-01-01' } }),
  'another way to pay': () => ({ headers: { 'x-penstock-credential-mode': 'rotate' } }),
};
for (const [name, other] of Object.entries(kOthers)) {
  test(`${name}: each is asked`, async (t) => {
    const { ask, go, asked } = await setUp(t);
    const all = [ask(), ask(other())];
    await until(() => asked() === 2);
    go();
    (await Promise.all(all)).forEach(fine);
  });
}

test('a turn of the session is no background request', async (t) => {
  const { provider, ask } = await setUp(t);
  (await Promise.all(times(kClients, () => ask({ model: kSonnet })))).forEach(fine);
  assert.equal(provider.requests.length, kClients);
});

test('by default everybody asks', async (t) => {
  const { ask, go, asked } = await setUp(t, undefined, {});
  const all = times(kClients, () => ask());
  await until(() => asked() === kClients);
  go();
  (await Promise.all(all)).forEach(fine);
});

// The first one's misfortune, and what its own client sees.
const begun = (json) => [head({ 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }),
  ...anthropic.events('first', json.model).slice(0, 3).map(chunked)];
const kFailures = {
  'is refused': { streamed: false, act: () => [answered(529, JSON.stringify(anthropic.error(overloaded)))] },
  'is refused as a stream': { streamed: true, act: () => [answered(529, JSON.stringify(anthropic.error(overloaded)))] },
  'gets no answer': { streamed: false, act: () => [kCut] },
  'is cut off inside text': { streamed: true, act: ({ json }) => [...begun(json), kCut] },
  'ends with an error': { streamed: true, act: ({ json }) => [...begun(json), chunked(anthropic.errorEvent(overloaded)) + kLastChunk] },
};
for (const [name, { streamed, act }] of Object.entries(kFailures)) {
  test(`the one that asks ${name}: the others ask for themselves`, async (t) => {
    const { ask, go, asked, full } = await setUp(t, (asking, number) => (number === 1 ? act(asking) : says(asking.json)));
    const all = times(kClients, () => ask({ streamed }));
    await full();
    go();
    const outcomes = await Promise.all(all);
    const failed = outcomes.filter(({ error }) => error);
    assert.equal(failed.length, 1, 'one has the failure');
    outcomes.filter((outcome) => outcome !== failed[0]).forEach(fine);
    assert.ok(!outcomes.some(isShared));
    assert.equal(asked(), kClients);
  });
}

test('the client of the one that asks leaves: the others ask for themselves', async (t) => {
  const { penstock, ask, go, asked, full } = await setUp(t, ({ json }, number) => (number === 1 ? [kSilence] : says(json)));
  const leave = leaver(penstock);
  await until(() => asked() === 1);
  const all = times(kClients - 1, () => ask());
  await full();
  leave();
  go();
  (await Promise.all(all)).forEach(fine);
  assert.equal(asked(), kClients);
});

test('a client that waits leaves: the others get their answer', async (t) => {
  const { penstock, ask, go, asked, full, notFull } = await setUp(t);
  const first = ask();
  await until(() => asked() === 1);
  const leave = leaver(penstock);
  const others = times(kClients - 2, () => ask());
  await full();
  leave();
  await notFull();
  go();
  (await Promise.all([first, ...others])).forEach(fine);
  assert.equal(asked(), 1);
});

test('an end of the gateway while several wait for one answer', async (t) => {
  const { penstock, ask, full } = await setUp(t, undefined, { share: { background: 'on' }, server: { drain: '200ms', workers: 3, max_inflight: kClients } });
  const all = times(kClients, () => ask());
  await full();
  penstock.child.kill('SIGTERM');
  for (const { status, error } of await Promise.all(all)) assert.ok(status >= 500 && error, `${status}`);
  assert.deepEqual(await penstock.exited, { code: 0, signal: null });
});
