// `penstock statusline`, alone and below the prompt of the real Claude Code.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sit, versions } from './claude.js';
import { say } from './picker.js';
import { binary } from './penstock.js';
import { homeFor, setStage } from './stage.js';
import { undo } from './undo.js';
import { User } from './user.js';

// A line of a transcript, and what Claude Code writes to a status line.
const answer = (id, usage, { model = 'glm-5.3', ...more } = {}) => JSON.stringify({ type: 'assistant', requestId: `req_${id}`, ...more,
  message: { id: `msg_${id}`, type: 'message', role: 'assistant', model, content: [{ type: 'text', text: 'words' }], usage } });
const session = (more) => JSON.stringify({ session_id: 's', cwd: '/w', version: '2.1.328', cost: { total_cost_usd: 99 },
  model: { id: 'glm-5.3', display_name: 'glm-5.3' },
  context_window: { context_window_size: 1_000_000, used_percentage: 12, current_usage: null }, ...more });
const atZai = { ANTHROPIC_BASE_URL: 'http://127.0.0.1:4100/to/zai', NO_COLOR: '1' };

async function lineOf(user, input, env = atZai) {
  const { code, stdout, stderr } = await user.penstock(['statusline'], { input, env });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.match(stdout, /^[^\n]*\n$/, 'one line');
  return stdout.slice(0, -1);
}

test('model, provider, the cost by the catalogue, cache hits, context', async (t) => {
  const user = new User(t, {});
  const usage = { input_tokens: 100_000, cache_read_input_tokens: 300_000, cache_creation_input_tokens: 0, output_tokens: 10_000 };
  const half = { ...usage, output_tokens: 5_000 };
  const transcript = user.write('s.jsonl', `${answer('a', half)}\n${answer('a', usage)}\n{"type":"user"}\n`);
  // 1.4, 0.26 and 4.4 dollars a million.
  assert.equal(await lineOf(user, session({ transcript_path: transcript })), 'GLM 5.3 · zai · $0.262 · cache 75% · context 12%');
  user.write('s/subagents/agent-1.jsonl', `${answer('b', usage)}\n`);
  assert.match(await lineOf(user, session({ transcript_path: transcript })), / \$0\.524 /);
  const coloured = await lineOf(user, session({}), { ANTHROPIC_BASE_URL: atZai.ANTHROPIC_BASE_URL });
  assert.equal(coloured, '\x1b[1mGLM 5.3\x1b[0m · \x1b[36mzai\x1b[0m · \x1b[32mcontext 12%\x1b[0m');
});

test('a subscription has no price, and so no cost', async (t) => {
  const user = new User(t, {});
  const transcript = user.write('s.jsonl', `${answer('a', { input_tokens: 5, output_tokens: 5 }, { model: 'kimi-for-coding' })}\n`);
  const env = { NO_COLOR: '1', PENSTOCK_PROVIDER: 'kimi', ANTHROPIC_BASE_URL: 'http://127.0.0.1:4100' };
  const line = await lineOf(user, session({ model: { id: 'kimi-for-coding' }, transcript_path: transcript }), env);
  assert.equal(line, 'Kimi for Coding · kimi · cache 0% · context 12%');
});

test('whatever comes in, it ends well', async (t) => {
  const user = new User(t, {});
  for (const input of ['', 'nonsense', '[]', '{', Buffer.from([0xff, 0xfe]), 'null', '{"model":']) {
    assert.equal(await lineOf(user, input), '', JSON.stringify(input));
  }
  for (const input of ['{}', '{"model":null,"context_window":null}', '{"transcript_path":"/none"}']) {
    assert.equal(await lineOf(user, input), 'zai', input);
  }
  user.write('.config/penstock/penstock.yaml', 'nonsense: [');
  assert.equal(await lineOf(user, session({})), 'GLM 5.3 · zai · context 12%', 'with a faulty configuration too');
});

test('a transcript of 10 MB takes no more than a moment', (t) => {
  const user = new User(t, {});
  const talk = JSON.stringify({ type: 'user', message: { role: 'user', content: `${'a "word" and\n'.repeat(400)}` } });
  const lines = [];
  for (let size = 0, i = 0; size < 10_000_000; size += lines.at(-1).length) {
    lines.push(i++ % 2 ? talk : answer(i, { input_tokens: 10, output_tokens: 10 }, { pad: 'x'.repeat(2000) }));
  }
  const transcript = user.write('s.jsonl', `${lines.join('\n')}\n`);
  const time = (args, input) => {
    const began = performance.now();
    const { status } = spawnSync(binary, args, { input, cwd: user.work, env: user.environment(atZai) });
    assert.equal(status, 0);
    return performance.now() - began;
  };
  const best = (args, input) => Math.min(...Array.from({ length: 10 }, () => time(args, input)));
  const bare = best(['--version'], ''), took = best(['statusline'], session({ transcript_path: transcript }));
  t.diagnostic(`best of 10: ${took.toFixed(1)} ms, of which starting any program from here: ${bare.toFixed(1)} ms`);
  assert.ok(took < 100, `${took} ms`);
});

for (const version of versions) {
  test(`${version}: below the prompt of Claude Code`, async (t) => {
    const { providers, connection } = await setStage(t, ['zai']);
    providers.zai.script(() => ({ text: 'an answer', usage: { input_tokens: 300_000, cache_read_input_tokens: 100_000 } }));
    const home = homeFor(t, version);
    writeFileSync(join(home.path, '.claude', 'settings.json'),
      JSON.stringify({ theme: 'dark', statusLine: { type: 'command', command: `${binary} statusline` } }));
    const terminal = sit(home, { ...connection, baseUrl: `${connection.baseUrl}/to/zai`, model: 'glm-5.3' });
    undo(t, () => terminal.end());
    await terminal.shows(/GLM 5\.3 · zai/);
    await say(terminal, 'hello');
    const screen = await terminal.shows(/GLM 5\.3 · zai · \$0\.4\d+ · cache 25%/);
    assert.doesNotMatch(screen, /\$[1-9]/, 'not at the price of a model of Claude');
  });
}
