// The real Claude Code on a strict provider of each translated dialect: everything that a session is made of.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { versions } from './claude.js';
import { converse, counted, dialectStage, dialects, metered, seenBy } from './dialect_stage.js';
import { asksForSummary, bash, kBashSaid, targetOf, thinkingOf } from './stage.js';

const kPixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const kDot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==';
const limits = { timeout: 60_000 };

for (const version of versions) {
  for (const [name, dialect] of Object.entries(dialects)) {
    const big = `${name}/big-1`;
    const title = (what) => `${version}, ${name}: ${what}`;

    test(title('a tool loop, with reasoning in each answer'), limits, async (t) => {
      const stage = await dialectStage(t, [name]);
      const claude = converse(t, version, stage, { model: big });
      stage.dialects[name].script({ thinking: 'I run it.', text: 'Running.', tools: [bash] }, { thinking: 'Once more.', tools: [bash] },
        { thinking: 'It ran twice.', text: 'all done' }, { thinking: 'Asked again.', tools: [bash] }, { text: 'still done' });
      const turn = await claude.say('run it');
      stage.content();
      assert.deepEqual([turn.text, turn.failed], ['all done', false]);
      metered(turn);
      counted(turn, name, 3);
      const [, second, third] = seenBy(stage, name);
      assert.deepEqual(second.thoughts, ['I run it.']);
      assert.deepEqual(third.thoughts, ['I run it.', 'Once more.']);
      assert.deepEqual(third.results.map(({ text }) => text), [kBashSaid, kBashSaid]);
      assert.equal((await claude.say('again')).text, 'still done');
      stage.content();
      assert.ok(seenBy(stage, name).at(-1).thoughts.includes('Asked again.'));
      assert.match((await claude.say('/context')).text, /\*\*Tokens:\*\* [1-9]/);
      assert.equal(await claude.end(), 0);
    });

    test(title('two reads in one answer'), limits, async (t) => {
      const stage = await dialectStage(t, [name]);
      const claude = converse(t, version, stage, { model: big });
      const read = (word) => {
        const path = join(claude.home.cwd, `${word}.txt`);
        writeFileSync(path, `the ${word} turns\n`);
        return { name: 'Read', input: { file_path: path } };
      };
      stage.dialects[name].script({ thinking: 'Both.', text: 'I read both.', tools: [read('mill'), read('wheel')] }, { text: 'both read' });
      const turn = await claude.say('read them');
      stage.content();
      assert.equal(turn.text, 'both read');
      metered(turn);
      const [, { calls, results, thoughts }] = seenBy(stage, name);
      assert.deepEqual(calls.map((call) => call.name), ['Read', 'Read']);
      assert.deepEqual(results.map(({ id }) => id), calls.map(({ id }) => id));
      ['mill', 'wheel'].forEach((word, at) => assert.match(results[at].text, new RegExp(`the ${word} turns`)));
      assert.deepEqual(thoughts, ['Both.']);
    });

    // Only the newer one holds tools back until they are searched for.
    if (version === '2.1.328') {
      test(title('a tool that comes when it is searched for'), limits, async (t) => {
        const stage = await dialectStage(t, [name]);
        const claude = converse(t, version, stage, { model: big });
        const search = { name: 'ToolSearch', input: { query: 'select:NotebookEdit', max_results: 1 } };
        stage.dialects[name].script({ thinking: 'I search.', tools: [search] }, { text: 'found' });
        const turn = await claude.say('find it');
        stage.content();
        assert.equal(turn.text, 'found');
        const [first, second] = seenBy(stage, name);
        assert.ok(!first.tools.includes('NotebookEdit') && second.tools.includes('NotebookEdit'));
        assert.match(second.results[0].text, /NotebookEdit/);
        assert.deepEqual(second.thoughts, ['I search.']);
      });
    }

    test(title('an image in the prompt, and one that a tool reads'), limits, async (t) => {
      const stage = await dialectStage(t, [name]);
      const claude = converse(t, version, stage, { model: big });
      const path = join(claude.home.cwd, 'dot.png');
      writeFileSync(path, Buffer.from(kDot, 'base64'));
      const read = { name: 'Read', input: { file_path: path } };
      stage.dialects[name].script({ thinking: 'I compare.', tools: [read, bash] }, { text: 'two dots' });
      const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: kPixel } };
      const turn = await claude.say([{ type: 'text', text: 'is it this one?' }, image]);
      stage.content();
      assert.equal(turn.text, 'two dots');
      metered(turn);
      const [first, second] = seenBy(stage, name);
      assert.deepEqual(first.images, [kPixel]);
      assert.deepEqual(second.images, [kPixel, kDot]);
      assert.equal(second.results.length, 2);
      assert.equal(second.results[1].text, kBashSaid);
    });

    test(title('two subagents at once, of the same and of the small model'), limits, async (t) => {
      const stage = await dialectStage(t, [name]);
      const claude = converse(t, version, stage, { model: big, env: { ANTHROPIC_DEFAULT_HAIKU_MODEL: `${name}/small-1` } });
      stage.dialects[name].script(errands(dialect));
      const turn = await claude.say('send them');
      stage.content();
      assert.equal(turn.text, 'all errands done');
      metered(turn);
      const requests = seenBy(stage, name);
      for (const [word, model] of [['one', 'big-1'], ['two', 'small-1']]) {
        const [, ended] = requests.filter(({ words }) => words.includes(`errand ${word}`));
        assert.match(ended.model, new RegExp(model));
        assert.deepEqual(ended.results.map(({ text }) => text), [`${word}42`]);
        assert.deepEqual(ended.thoughts, [`plan ${word}`]);
      }
      const last = requests.at(-1);
      assert.deepEqual(last.thoughts, ['I send them.']);
      ['one', 'two'].forEach((word, at) => assert.match(last.results[at].text, new RegExp(`result ${word}`)));
    });

    test(title('the model changes to it and back in mid-session'), limits, async (t) => {
      const stage = await dialectStage(t, [name], { others: ['anthropic'] });
      await journey(t, version, stage, ['anthropic', name, 'anthropic', name, 'anthropic']);
    });

    test(title('/compact, and a full context in its own words'), limits, async (t) => {
      const stage = await dialectStage(t, [name]);
      const claude = converse(t, version, stage, { model: big });
      const provider = stage.dialects[name];
      const summaries = [];
      let refused = 0;
      provider.everyRequestIsMain = true;
      provider.script(({ body, json }) => {
        const { words } = dialect.look(json);
        if (asksForSummary({ body })) return { text: `<summary>Part ${summaries.push(words)} was of mills.</summary>` };
        if (words.includes('tell me more') && !words.includes('Part 2 was of mills') && ++refused) return dialect.full;
        return { thinking: 'I go on.', text: 'go on' };
      });
      for (const prompt of ['of mills', 'and of water']) assert.equal((await claude.say(prompt)).text, 'go on');
      await claude.say('/compact');
      assert.equal(summaries.length, 1);
      for (const word of ['of mills', 'and of water']) assert.ok(summaries[0].includes(word));
      const next = await claude.say('and of wheels');
      assert.equal(next.text, 'go on');
      metered(next);
      assert.ok(seenBy(stage, name).at(-1).words.includes('Part 1 was of mills.'), 'the summary stands for what was before');
      const after = await claude.say('tell me more');
      assert.ok(refused > 0, 'the context was full once');
      assert.deepEqual([after.text, after.failed, summaries.length], ['go on', false, 2]);
      metered(after);
      stage.content();
    });
  }

  const names = Object.keys(dialects);
  if (names.length > 1) {
    test(`${version}: one session across ${names.length + 1} dialects, twice around`, limits, async (t) => {
      const stage = await dialectStage(t, names, { others: ['anthropic'] });
      await journey(t, version, stage, [...names, 'anthropic', ...names.toReversed(), 'anthropic', names[0]]);
    });
  }
}

// A script of a main agent that sends two subagents, which run a command each.
function errands({ look }) {
  const agent = (word, more) => ({ name: 'Agent',
    input: { description: 'An errand', prompt: `errand ${word}`, subagent_type: 'general-purpose', run_in_background: false, ...more } });
  const say = (word) => ({ name: 'Bash', input: { command: `echo ${word}$((6*7))`, description: 'Says a word' } });
  return ({ json }) => {
    const { words, results } = look(json);
    for (const word of ['one', 'two']) {
      if (!words.includes(`errand ${word}`)) continue;
      return results.length > 0 ? { thinking: `end ${word}`, text: `result ${word}` } : { thinking: `plan ${word}`, tools: [say(word)] };
    }
    const both = [agent('one'), agent('two', { model: 'haiku' })];
    return results.length > 0 ? { text: 'all errands done' } : { thinking: 'I send them.', tools: both };
  };
}

// One session over these providers in turn; in each turn a tool runs between two pieces of reasoning.
async function journey(t, version, stage, names) {
  const modelOf = (name) => (name in stage.dialects ? `${name}/big-1` : targetOf(name));
  const claude = converse(t, version, stage, { model: modelOf(names[0]) });
  for (const [turn, name] of names.entries()) {
    const provider = stage.dialects[name] ?? stage.providers[name];
    if (turn > 0) await claude.useModel(modelOf(name));
    provider.script({ thinking: `${name} plans ${turn}`, text: 'First.', tools: [bash] },
      { thinking: `${name} ends ${turn}`, text: `turn ${turn}` });
    const before = provider.mainRequests.length;
    const said = await claude.say(`go on ${turn}`);
    stage.content();
    assert.equal(said.text, `turn ${turn}`);
    metered(said);
    const thoughts = name in stage.dialects ? seenBy(stage, name, before)[1].thoughts
      : thinkingOf(provider.mainRequests[before + 1]).map(({ thinking }) => thinking);
    assert.ok(thoughts.includes(`${name} plans ${turn}`), `its reasoning came back: ${thoughts}`);
    assert.ok(thoughts.filter(Boolean).every((thought) => thought.startsWith(`${name} `)), `nobody else's reasoning: ${thoughts}`);
  }
}
