// The harness without the gateway: Claude Code straight at scripted providers. What fails here is no fault of Penstock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, sit, versions } from './claude.js';
import { overflowTexts } from './errors.js';
import { pickModel, say } from './picker.js';
import { startProvider } from './provider.js';
import { asksForSummary, bash, homeFor, noRefusals, resultText, thinkingOf, toolResults } from './stage.js';
import { undo } from './undo.js';

for (const version of versions) {
  const scripted = async (t, name, options) => {
    const provider = await startProvider(name, options);
    undo(t, () => provider.close());
    return { provider, home: homeFor(t, version), connection: { baseUrl: provider.url, token: provider.key, model: 'some-model' } };
  };

  test(`${version}: a whole tool loop`, async (t) => {
    const { provider, home, connection } = await scripted(t, 'lax');
    provider.script({ thinking: 'I run it.', tools: [bash] }, { text: 'It said pen42stock.' });
    const { code, stdout } = await ask(home, { prompt: 'run it', args: ['--allowedTools', 'Bash'], ...connection });
    assert.equal(stdout, 'It said pen42stock.\n');
    assert.equal(code, 0);
    assert.deepEqual(toolResults(provider.mainRequests[1]).map(resultText), ['pen42stock']);
  });

  test(`${version}: a strict provider stops it`, async (t) => {
    const { provider, home, connection } = await scripted(t, 'strict', { rules: ['noOutputConfig'] });
    const { code } = await ask(home, { prompt: 'hello', ...connection });
    assert.equal(code, 1);
    assert.match(provider.refusals[0].message, /output_config/);
  });

  test(`${version}: the real Anthropic's checks let it pass`, async (t) => {
    const { provider, home, connection } = await scripted(t, 'anthropic');
    provider.script({ thinking: 'I run it.', tools: [bash] }, { text: 'done' });
    await ask(home, { prompt: 'run it', args: ['--allowedTools', 'Bash'], ...connection, model: 'claude-opus-5-5' });
    noRefusals({ provider });
    assert.equal(provider.mainRequests.length, 2);
  });

  // 2.1.328 knows nearly every provider's words, 2.1.197 only Anthropic's.
  for (const [words, compacts] of [['anthropic', true], ['ollama', false]]) {
    test(`${version}: ${compacts ? 'compacts' : 'does not compact'} at the words of ${words}`, async (t) => {
      const { provider, home, connection } = await scripted(t, 'lax');
      await ask(home, { prompt: 'one', ...connection });
      await ask(home, { prompt: 'two', args: ['-c'], ...connection });
      provider.script({ error: { status: 400, message: overflowTexts[words] } }, () => ({ text: 'after' }));
      await ask(home, { prompt: 'three', args: ['-c'], ...connection });
      assert.equal(provider.requests.some(asksForSummary), compacts);
    });
  }

  // Why answers should name the model that was asked for: reasoning under any other name is not sent back.
  test(`${version}: thinking comes back when the answer names the model asked for`, async (t) => {
    const { provider, home, connection } = await scripted(t, 'lax');
    provider.script({ thinking: 'I run it.', tools: [bash] }, { text: 'done' });
    await ask(home, { prompt: 'run it', args: ['--allowedTools', 'Bash'], ...connection });
    assert.deepEqual(thinkingOf(provider.mainRequests[1]).map(({ thinking }) => thinking), ['I run it.']);
  });

  test(`${version}: /model lists and picks what discovery finds`, async (t) => {
    const picker = ['anthropic/glm-5.3', { id: 'anthropic/kimi', display_name: 'Kimi K3' }];
    const { provider, home, connection } = await scripted(t, 'lax', { picker });
    provider.script(({ json }) => ({ text: `I am ${json.model}.` }));
    const terminal = sit(home, { ...connection, model: undefined, env: { CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1' } });
    undo(t, () => terminal.end());
    await pickModel(terminal, 'Kimi K3');
    await say(terminal, 'who are you?');
    await terminal.shows(/I am anthropic\/kimi\./);
  });
}
