// One session, several providers in turn: each keeps its own reasoning and refuses that of the others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, sit, versions } from './claude.js';
import { pickModel, say } from './picker.js';
import { bash, homeFor, noRefusals, setStage, targetOf, thinkingOf } from './stage.js';
import { undo } from './undo.js';

const kJourney = ['anthropic', 'zai', 'kimi', 'anthropic', 'deepseek', 'minimax', 'zai', 'strict', 'anthropic'];

for (const version of versions) {
  test(`${version}: a session across ${new Set(kJourney).size} providers`, { timeout: 120_000 }, async (t) => {
    const { providers, connection } = await setStage(t, [...new Set(kJourney)]);
    const home = homeFor(t, version);
    for (const [turn, name] of kJourney.entries()) {
      const provider = providers[name];
      const before = provider.mainRequests.length;
      provider.script({ thinking: `${name} plans ${turn}`, text: 'First this.', tools: [bash] },
        { thinking: `${name} concludes ${turn}`, text: `turn ${turn}` });
      const args = ['--allowedTools', 'Bash', ...(turn > 0 ? ['--continue'] : [])];
      const { stdout, stderr } = await ask(home, { prompt: `go on ${turn}`, args, ...connection, model: targetOf(name) });
      noRefusals(providers);
      assert.equal(stdout, `turn ${turn}\n`, stderr);
      const [, second] = provider.mainRequests.slice(before);
      const thoughts = thinkingOf(second).map(({ thinking }) => thinking).filter(Boolean);
      const own = kJourney.flatMap((other, at) => (other === name && at <= turn ? [`${name} plans ${at}`] : []));
      for (const thought of own) assert.ok(thoughts.includes(thought), `"${thought}" did not come back at turn ${turn}`);
      assert.ok(thoughts.every((thought) => thought.startsWith(name)), `nobody else's reasoning: ${thoughts}`);
    }
  });

  test(`${version}: /model opens the picker, and what it picks is used`, async (t) => {
    const models = [{ name: 'glm', to: targetOf('zai'), display_name: 'GLM for the test' }, { name: 'moon', to: targetOf('kimi') }];
    const { providers, connection } = await setStage(t, ['zai', 'kimi'], { config: { models } });
    providers.zai.script({ thinking: 'I run it.', tools: [bash] }, { thinking: 'It ran.', text: 'zai is here' },
      () => ({ text: 'zai again' }));
    providers.kimi.script(() => ({ thinking: 'Who am I?', text: 'kimi is here' }));
    const terminal = sit(homeFor(t, version), { args: ['--allowedTools', 'Bash'], ...connection,
      env: { CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1' } });
    undo(t, () => terminal.end());
    const screen = await pickModel(terminal, 'GLM for the test');
    assert.match(screen, /From gateway/);
    await say(terminal, 'run it');
    await terminal.shows(/zai is here/);
    await pickModel(terminal, 'moon');
    await say(terminal, 'who are you now?');
    await terminal.shows(/kimi is here/);
    await pickModel(terminal, 'GLM for the test');
    await say(terminal, 'and you?');
    await terminal.shows(/zai again/);
    noRefusals(providers);
    assert.ok(providers.zai.mainRequests.every(({ json }) => json.model === 'glm-5.3'));
  });
}
