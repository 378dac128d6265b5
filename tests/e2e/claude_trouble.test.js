// Claude Code when something goes wrong: cut streams, full contexts, bad keys, unknown models, a client that leaves.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { ask, start, versions } from './claude.js';
import { overflowTexts } from './errors.js';
import { asksForSummary, homeFor, kToken, modelOf, noRefusals, setStage, targetOf } from './stage.js';

const kLeaveMs = 100;

for (const version of versions) {
  const askShortly = (home, connection, more) => ask(home, { prompt: 'hello', ...connection, seconds: 30, ...more });

  for (const [what, step] of [['a stream cut by the provider', { text: ['one ', 'two '], cutAfter: 4 }],
    ['a stream that ends in an error', { text: ['one ', 'two '], failAfter: 4 }], ['a provider that hangs up', { drop: true }]]) {
    test(`${version}: ${what} does not hang the client, which gets its answer at the next try`, async (t) => {
      const { providers, connection } = await setStage(t, ['strict']);
      providers.strict.script(step, () => ({ text: 'here it is' }));
      const { code, stdout, signal } = await askShortly(homeFor(t, version), connection, { model: targetOf('strict') });
      assert.deepEqual([code, signal, stdout], [0, null, 'here it is\n']);
      noRefusals(providers);
    });
  }

  for (const name of ['vllm', 'kimi', 'minimax']) {
    test(`${version}: a full context in the words of ${name} makes it compact`, async (t) => {
      const { providers, connection } = await setStage(t, [name]);
      const home = homeFor(t, version);
      const model = targetOf(name);
      await askShortly(home, connection, { prompt: 'one', model });
      await askShortly(home, connection, { prompt: 'two', model, args: ['-c'] });
      providers[name].script({ error: { status: 400, message: overflowTexts[name] } }, () => ({ text: 'after' }));
      const { stdout } = await askShortly(home, connection, { prompt: 'three', model, args: ['-c'] });
      assert.ok(providers[name].requests.some(asksForSummary), `no summary was asked for; it said ${stdout}`);
      assert.equal(stdout, 'after\n');
      noRefusals(providers);
    });
  }

  test(`${version}: a provider's 401 does not ask the user to log in`, async (t) => {
    const { providers, connection } = await setStage(t, ['strict']);
    providers.strict.key = 'another-key-than-the-gateway-has';
    const { code, stdout } = await askShortly(homeFor(t, version), connection, { model: targetOf('strict') });
    assert.equal(code, 1);
    assert.doesNotMatch(stdout, /API Error: 401|\/login|Failed to authenticate/);
    assert.match(stdout, /strict/, 'the provider is named');
  });

  test(`${version}: an unknown model is said to be one`, async (t) => {
    const { connection } = await setStage(t, ['strict']);
    const { code, stdout } = await askShortly(homeFor(t, version), connection, { model: 'nobody-serves-this' });
    assert.equal(code, 1);
    assert.match(stdout, /issue with the selected model/);
  });

  test(`${version}: a client killed in the middle of a stream ends the provider's request within ${kLeaveMs} ms`, async (t) => {
    const { providers, connection } = await setStage(t, ['strict']);
    providers.strict.script(() => ({ text: ['one ', 'two '], holdAfter: 5 }));
    const { process: client, done } = start(homeFor(t, version), { prompt: 'hello', ...connection, model: targetOf('strict') });
    const request = await providers.strict.request(({ held }) => held);
    const killedAt = performance.now();
    client.kill('SIGKILL');
    await Promise.all([done, request.leftAt ?? once(request, 'left')]);
    const delay = request.leftAt - killedAt;
    t.diagnostic(`the provider saw it after ${delay.toFixed(1)} ms`);
    assert.ok(delay < kLeaveMs, `${delay} ms`);
  });
}

// What the client sees, byte for byte, without a client in between.
const post = ({ baseUrl }, body, path = '/v1/messages') => fetch(baseUrl + path, {
  method: 'POST', body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': kToken },
});
const kHello = { max_tokens: 64, messages: [{ role: 'user', content: 'hello' }] };

test('a cut stream ends in an error event', async (t) => {
  const { providers, connection } = await setStage(t, ['strict'], { options: { strict: { everyRequestIsMain: true } } });
  providers.strict.script({ text: ['one ', 'two '], cutAfter: 4 });
  const response = await post(connection, { ...kHello, model: targetOf('strict'), stream: true });
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.match(text, /"text":"one "/, 'what came before the cut is there');
  const last = text.trimEnd().split('\n\n').at(-1);
  assert.match(last, /^event: error\ndata: \{"type":"error","error":\{"type":"\w+","message":".+"\}/);
});

test('a bad key of ours is never the client\'s 401', async (t) => {
  const { providers, connection } = await setStage(t, ['strict', 'zai', 'openrouter']);
  for (const [name, provider] of Object.entries(providers)) {
    provider.key = 'another-key-than-the-gateway-has';
    const response = await post(connection, { ...kHello, model: targetOf(name) });
    const { error } = await response.json();
    assert.ok(response.status >= 500 && response.status < 600, `${name}: ${response.status}`);
    assert.notEqual(error.type, 'authentication_error');
    assert.ok(!error.message.includes(provider.key));
  }
});

test('an unknown model is a 404 that names near ones', async (t) => {
  const { connection } = await setStage(t, ['zai']);
  const unknown = await post(connection, { ...kHello, model: 'glm-5.4' });
  const { type, error } = await unknown.json();
  assert.deepEqual([unknown.status, type, error.type], [404, 'error', 'not_found_error']);
  assert.match(error.message, new RegExp(modelOf.zai.replace('.', '\\.')));
});
