// Claude Code, the gateway and one provider at a time: a whole tool loop that no provider finds fault with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, versions } from './claude.js';
import { bash, homeFor, kBashSaid, kToken, modelOf, noRefusals, resultText, setStage, targetOf, thinkingOf, toolResults } from './stage.js';

for (const version of versions) {
  for (const name of Object.keys(modelOf)) {
    test(`${version}: a tool loop on ${name}`, async (t) => {
      const { providers, connection } = await setStage(t, [name]);
      const provider = providers[name].script({ thinking: 'I run it.', tools: [bash] }, { text: `It said ${kBashSaid}.` });
      const { code, stdout, stderr } = await ask(homeFor(t, version),
        { prompt: 'run it', args: ['--allowedTools', 'Bash'], ...connection, model: targetOf(name) });
      noRefusals(providers);
      assert.equal(stdout, `It said ${kBashSaid}.\n`, stderr);
      assert.equal(code, 0);
      const [first, second] = provider.mainRequests;
      assert.equal(first.json.model, modelOf[name]);
      assert.deepEqual(toolResults(second).map(resultText), [kBashSaid]);
      assert.deepEqual(thinkingOf(second).map(({ thinking }) => thinking), ['I run it.'], 'its own reasoning comes back to the provider');
      for (const { headers } of provider.requests) assert.ok(!Object.values(headers).some((value) => value.includes(kToken)));
    });
  }

  test(`${version}: answers under the provider's own model name do no harm`, async (t) => {
    const { providers, connection } = await setStage(t, ['kimi', 'deepseek'], { config: { answers: { model: 'provider' } } });
    const home = homeFor(t, version);
    for (const name of Object.keys(providers)) {
      providers[name].script({ thinking: 'I run it.', tools: [bash] }, { text: 'done' });
      const { stdout } = await ask(home, { prompt: 'run it', args: ['--allowedTools', 'Bash'], ...connection, model: targetOf(name) });
      assert.equal(stdout, 'done\n');
    }
    noRefusals(providers);
  });

  test(`${version}: usage, model and session reach the client`, async (t) => {
    const { providers, connection } = await setStage(t, ['strict']);
    providers.strict.script({ text: 'hello', usage: { input_tokens: 4321, cache_read_input_tokens: 99, output_tokens: 7 } });
    const { stdout } = await ask(homeFor(t, version),
      { prompt: 'say hello', args: ['--output-format', 'json'], ...connection, model: targetOf('strict') });
    const { result, is_error: failed, usage } = JSON.parse(stdout);
    assert.deepEqual([result, failed], ['hello', false]);
    assert.deepEqual([usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens], [4321, 99, 7]);
  });

  test(`${version}: /context is counted`, async (t) => {
    const { providers, connection } = await setStage(t, ['strict', 'zai']);
    const home = homeFor(t, version);
    for (const name of Object.keys(providers)) {
      const { code, stdout } = await ask(home, { prompt: '/context', ...connection, model: targetOf(name) });
      assert.equal(code, 0);
      assert.match(stdout, /System tools\s*\|\s*\d/, 'tools were counted');
    }
    noRefusals(providers);
    assert.equal(providers.strict.requests.filter(({ method }) => method === 'POST').length, 0, 'counted here: no inference is spent');
    assert.ok(providers.zai.requests.some(({ path }) => path.includes('count_tokens')), 'counted by the provider which can');
  });
}
