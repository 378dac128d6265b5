// The real codex on providers of other dialects: its tools of every kind, its reasoning, its compaction.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CodexHome } from './codex.js';
import { kModels, openAiStage } from './openai_stage.js';
import { kBashSaid, kToken, noRefusals, resultText, thinkingOf, toolResults } from './stage.js';
import { undo } from './undo.js';

const limits = { timeout: 90_000 };
const shell = (command) => ({ name: 'exec_command', input: { cmd: command } });
const kSay = 'echo pen$((6*7))stock';

// codex knows some models by their names, and gives them other tools than the rest.
async function stageWithCodex(t, { model = kModels.anthropic, settings } = {}) {
  const known = { models: [{ match: 'gpt-*', to: kModels.anthropic }] };
  const stage = await openAiStage(t, { config: known });
  const home = new CodexHome({ baseUrl: stage.baseUrl, model, settings });
  undo(t, () => home.remove());
  const ask = async (prompt, more) => {
    const answer = await home.ask({ prompt, token: kToken, ...more });
    noRefusals({ anthropic: stage.anthropic });
    assert.deepEqual(stage.chat.refusals, []);
    return answer;
  };
  return { ...stage, home, ask };
}

for (const [name, model] of Object.entries(kModels)) {
  test(`codex: a shell loop on ${name}, with reasoning that goes round`, limits, async (t) => {
    const stage = await stageWithCodex(t, { model, settings: ['model_reasoning_effort = "high"'] });
    const provider = stage[name];
    provider.script({ thinking: 'I run it.', text: 'Running.', tools: [shell(kSay)] }, { thinking: 'Once more.', tools: [shell('echo again')] }, { text: 'all done' });
    const { code, stdout, stderr } = await stage.ask('run it');
    assert.deepEqual([code, stdout], [0, 'all done\n'], stderr);
    assert.equal(provider.requests.length, 3);
    const last = provider.requests[2];
    assert.match(JSON.stringify(last.json.messages), new RegExp(kBashSaid));
    if (name === 'anthropic') assert.deepEqual(thinkingOf(last).map(({ thinking }) => thinking), ['I run it.', 'Once more.']);
  });

  test(`codex: two commands in one answer of ${name}`, limits, async (t) => {
    const stage = await stageWithCodex(t, { model });
    const provider = stage[name];
    provider.script({ thinking: 'Both.', tools: [shell('echo one$((6*7))'), shell('echo two$((6*7))')] }, { text: 'both ran' });
    const { stdout, stderr } = await stage.ask('run both');
    assert.equal(stdout, 'both ran\n', stderr);
    const seen = JSON.stringify(provider.requests[1].json.messages);
    for (const word of ['one42', 'two42']) assert.match(seen, new RegExp(word));
    const asking = provider.requests[1].json.messages.findLast(({ role }) => role === 'assistant');
    assert.equal(name === 'chat' ? asking.tool_calls.length : asking.content.filter(({ type }) => type === 'tool_use').length, 2);
  });
}

test('codex: a session goes on', limits, async (t) => {
  const stage = await stageWithCodex(t);
  stage.anthropic.script({ thinking: 'Hm.', text: 'The mill turns.' }, { text: 'It still does.' });
  assert.equal((await stage.ask('does it turn?')).stdout, 'The mill turns.\n');
  const { stdout, stderr } = await stage.home.ask({ prompt: 'and now?', token: kToken, args: ['resume', '--last'] });
  assert.equal(stdout, 'It still does.\n', stderr);
  noRefusals({ anthropic: stage.anthropic });
  assert.match(JSON.stringify(stage.anthropic.requests[1].json.messages), /The mill turns\./);
});

test('codex: a patch, which is a tool without a schema', limits, async (t) => {
  const stage = await stageWithCodex(t, { model: 'gpt-5.5' });
  const input = '*** Begin Patch\n*** Add File: mill.txt\n+It "turns".\n*** End Patch\n';
  stage.anthropic.script({ thinking: 'I write.', tools: [{ name: 'apply_patch', input: { input } }] }, { text: 'written' });
  const { stdout, stderr } = await stage.ask('write it');
  assert.equal(stdout, 'written\n', stderr);
  assert.equal(readFileSync(join(stage.home.cwd, 'mill.txt'), 'utf8'), 'It "turns".\n');
  const [result] = toolResults(stage.anthropic.requests[1]);
  assert.match(resultText(result), /Success/);
});

test('codex: tools in namespaces, and tools that it finds on demand', limits, async (t) => {
  const stage = await stageWithCodex(t, { model: 'gpt-5.5' });
  stage.anthropic.script({ tools: [{ name: 'tool_search', input: { query: 'close agent' } }] },
    { tools: [{ name: 'multi_agent_v1__close_agent', input: { target: 'nobody' } }] }, { text: 'closed' });
  const { stdout, stderr } = await stage.ask('close it');
  assert.equal(stdout, 'closed\n', stderr);
  const last = stage.anthropic.requests.at(-1);
  const [search, close] = toolResults(last).map(resultText);
  assert.match(search, /multi_agent_v1__close_agent/);
  assert.match(close, /invalid agent id/);
  assert.ok(last.json.tools.some((tool) => tool.name === 'multi_agent_v1__close_agent'));
});

test('codex: its program of tools, for the models that it knows to write one', limits, async (t) => {
  const stage = await stageWithCodex(t, { model: 'gpt-6-sol' });
  const source = `const { output } = await tools.exec_command({ cmd: '${kSay}' });\ntext(output);`;
  stage.anthropic.script({ thinking: 'I write.', tools: [{ name: 'exec', input: { input: source } }] }, { tools: [{ name: 'clock__sleep', input: { duration_ms: 1 } }] }, { text: 'slept' });
  const { stdout, stderr } = await stage.ask('run it');
  assert.equal(stdout, 'slept\n', stderr);
  const [ran, slept] = toolResults(stage.anthropic.requests.at(-1)).map(resultText);
  assert.match(ran, new RegExp(kBashSaid));
  assert.doesNotMatch(slept, /unsupported/);
});

test('codex: an image that it looks at', limits, async (t) => {
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const stage = await stageWithCodex(t);
  stage.anthropic.script({ tools: [shell(`printf ${pixel} | base64 -d > a.png`)] }, { tools: [{ name: 'view_image', input: { path: 'a.png' } }] }, { text: 'a pixel' });
  const { stdout, stderr } = await stage.ask('what is it?');
  assert.equal(stdout, 'a pixel\n', stderr);
  const [, seen] = toolResults(stage.anthropic.requests[2]);
  assert.equal(seen.content.find(({ type }) => type === 'image').source.media_type, 'image/png');
});

test('codex: a compaction, by itself', limits, async (t) => {
  const stage = await stageWithCodex(t, { settings: ['model_auto_compact_token_limit = 30000'] });
  let summaries = 0;
  stage.anthropic.script((request) => {
    if (request.body.includes('CONTEXT CHECKPOINT COMPACTION') && ++summaries) return { text: 'We spoke of mills.' };
    if (request.body.includes('We spoke of mills.')) return { text: 'it goes on' };
    return { text: 'Running.', tools: [shell(kSay)], usage: { input_tokens: 40000 } };
  });
  const { stdout, stderr } = await stage.ask('run it');
  assert.equal(stdout, 'it goes on\n', stderr);
  assert.equal(summaries, 1);
});

test('codex: errors in words that it knows', limits, async (t) => {
  const stage = await stageWithCodex(t);
  stage.anthropic.script({ error: { status: 400, type: 'invalid_request_error', message: 'prompt is too long: 213462 tokens > 200000 maximum' } });
  const full = await stage.ask('a');
  assert.equal(full.code, 1);
  assert.match(full.stderr, /ran out of room in the model's context window/);
  stage.anthropic.script({ text: 'one two', failAfter: 4 });
  const cut = await stage.ask('b');
  assert.equal(cut.code, 1);
  assert.match(cut.stderr, /Overloaded/);
});
