// The fault matrix, as part of the suite; and what it leaves out: a kept connection that dies under the next request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pieces } from './fault_answers.js';
import { request } from './fault_client.js';
import { describe, runFaults, table } from './faults.js';
import { kReset, startFaultyProvider } from './faulty_provider.js';
import { startPenstock } from './penstock.js';
import { undo } from './undo.js';

const kToken = 'client-token-5f1c0e7b9d';

test('no failure of a provider loses a turn', { timeout: 120_000 }, async (t) => {
  const result = await runFaults(t);
  t.diagnostic(`\n${table(result)}`);
  assert.ok(result.cases.length > 2500, `${result.cases.length} cases`);
  const lost = result.cases.filter((each) => each.lost.length > 0);
  assert.equal(lost.length, 0, lost.map(describe).join('\n'));
});

for (const streamed of [false, true]) {
  test(`a kept connection that dies is replaced, and the request sent once more, ${streamed ? 'streamed' : 'whole'}`, async (t) => {
    const answer = (json) => pieces('anthropic', streamed, 'first', json.model).map((piece) => piece.replace('connection: close', 'connection: keep-alive'));
    // A second request on the first connection is never answered; retries are off, so that nothing else can mend it.
    const provider = await startFaultyProvider(({ json }, number) => (number === 2 ? [kReset] : answer(json)));
    undo(t, () => provider.close());
    const penstock = await startPenstock({ server: { drain: '2s', workers: 1 }, auth: { tokens: [kToken] }, retry: { attempts: 1 },
      providers: { kept: { dialect: 'anthropic', base_url: `http://127.0.0.1:${provider.port}`, api_key: 'key-of-kept', auth: 'x-api-key', models: ['m'] } } });
    undo(t, () => penstock.stop());
    for (const prompt of ['one', 'two']) {
      const outcome = await request(penstock.url, { dialect: 'anthropic', model: 'kept/m', streamed, prompt, token: kToken });
      assert.deepEqual([outcome.status, outcome.faults, outcome.complete], [200, [], true], outcome.body);
    }
    assert.equal(provider.requests.length, 3);
    assert.equal(provider.connections, 2);
  });
}
