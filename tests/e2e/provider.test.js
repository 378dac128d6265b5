// The strict provider is strict: a plain request of 2023 passes, and each newer thing in it is refused by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personalities } from './personalities.js';
import { startProvider } from './provider.js';
import { historyRules } from './history_rules.js';
import { rules } from './rules.js';
import { undo } from './undo.js';

const tool = { name: 'look', description: 'Looks', input_schema: { type: 'object' } };
const plain = { model: 'strict-1', max_tokens: 4096, system: 'Be brief.', messages: [{ role: 'user', content: 'hello' }], tools: [tool] };
const say = (role, ...content) => ({ role, content });
const text = (words, more) => ({ type: 'text', text: words, ...more });
const use = (id) => ({ type: 'tool_use', id, name: 'look', input: {} });
const result = (id) => ({ type: 'tool_result', tool_use_id: id, content: 'seen' });
const mark = { cache_control: { type: 'ephemeral' } };
const turns = (...messages) => ({ messages });

// [what is wrong, what the complaint says, the change of the body, headers]
const wrongs = [
  ['context management', /context_management/, { context_management: { edits: [] } }],
  ['effort', /output_config/, { output_config: { effort: 'high' } }],
  ['an unknown field', /speed/, { speed: 'fast' }],
  ['adaptive thinking', /thinking\.type/, { thinking: { type: 'adaptive' } }],
  ['a small budget', /budget_tokens/, { thinking: { type: 'enabled', budget_tokens: 1023 } }],
  ['a budget over max_tokens', /budget_tokens/, { thinking: { type: 'enabled', budget_tokens: 4096 } }],
  ['a display of thinking', /thinking\.display/, { thinking: { type: 'enabled', budget_tokens: 2048, display: 'omitted' } }],
  ['thinking with a temperature', /temperature/, { thinking: { type: 'enabled', budget_tokens: 2048 }, temperature: 0.5 }],
  ['a temperature', /temperature/, { temperature: 1.5 }],
  ['no max_tokens', /max_tokens/, { max_tokens: undefined }],
  ['too many max_tokens', /max_tokens/, { max_tokens: 100_000 }],
  ['another model', /model: other/, { model: 'other' }],
  ['a decorated model', /model/, { model: 'strict-1[1m]' }],
  ['a system turn', /messages\.1\.role/, turns(say('user', text('a')), { role: 'system', content: 'b' })],
  ['an empty text', /non-empty/, turns(say('user', text('')))],
  ['an empty turn', /non-empty/, turns({ role: 'user', content: '' })],
  ['a cache mark in a message', /cache_control/, turns(say('user', text('a', mark)))],
  ['a cache mark in system', /cache_control/, { system: [text('a', mark)] }],
  ['a cache mark on a tool', /cache_control/, { tools: [{ ...tool, ...mark }] }],
  ['a deferred tool', /defer_loading/, { tools: [{ ...tool, defer_loading: true }] }],
  ['a typed tool', /tools\.0\.type/, { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
  ['a tool twice', /unique/, { tools: [tool, tool] }],
  ['the attribution block', /attribution/, { system: [text('x-anthropic-billing-header: cc_version=2;')] }],
  ['an unknown block', /Input tag 'compaction'/, turns(say('user', { type: 'compaction', content: 'x' }))],
  ['a call without result', /tool_use/, turns(say('user', text('a')), say('assistant', use('t1')), say('user', text('b')))],
  ['a result without call', /tool_result/, turns(say('user', result('t1')))],
  ['a result after text', /must come first/,
    turns(say('user', text('a')), say('assistant', use('t1')), say('user', text('b'), result('t1')))],
  ['thinking of another', /signature/, turns(say('user', text('a')),
    say('assistant', { type: 'thinking', thinking: 'x', signature: 'y' }, text('b')), say('user', text('c')))],
  ['a loop without its thinking', /Expected `thinking`/, { thinking: { type: 'enabled', budget_tokens: 2048 },
    ...turns(say('user', text('a')), say('assistant', use('t1')), say('user', result('t1'))) }],
  ['a beta', /anthropic-beta/, {}, { 'anthropic-beta': 'effort-2025-11-24' }],
  ['the newer version', /anthropic-version/, {}, { 'anthropic-version': '2026-10-21' }],
  ['a bearer', /x-api-key/, {}, { 'x-api-key': undefined, authorization: 'Bearer key' }],
  ['a wrong key', /invalid credential/, {}, { 'x-api-key': 'wrong' }],
  ['two credentials', /two credentials/, {}, { authorization: 'Bearer key' }],
];

const post = (provider, change = {}, headers = {}) => {
  const all = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': provider.key, ...headers };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return fetch(`${provider.url}/v1/messages?beta=true`, { method: 'POST', headers: given, body: JSON.stringify({ ...plain, ...change }) });
};

test('the strict provider refuses what came after 2023, and nothing else', async (t) => {
  const provider = await startProvider('strict', { key: 'key' });
  undo(t, () => provider.close());
  for (const [what, complaint, change, headers] of wrongs) {
    const response = await post(provider, change, headers);
    assert.ok(response.status >= 400, `${what} passed`);
    const { type, error } = await response.json();
    assert.equal(type, 'error', what);
    assert.match(error.message, complaint, what);
  }
  assert.equal((await post(provider)).status, 200);
  const history = turns(say('user', text('a')), say('assistant', text('b'), use('t1'), use('t2')),
    say('user', result('t1'), result('t2'), text('c')));
  assert.equal((await post(provider, { ...history, thinking: { type: 'disabled' } })).status, 200);
});

test('thinking is taken back by the provider that had it, unchanged', async (t) => {
  const [mine, other] = [await startProvider('strict'), await startProvider('strict')];
  for (const provider of [mine, other]) undo(t, () => provider.close());
  mine.script({ thinking: 'hm', text: 'b' });
  const { content } = await (await post(mine)).json();
  const history = (thinking) => turns(say('user', text('a')), say('assistant', thinking, content[1]), say('user', text('c')));
  assert.equal((await post(mine, history(content[0]))).status, 200);
  assert.equal((await post(other, history(content[0]))).status, 400);
  assert.equal((await post(mine, history({ ...content[0], thinking: 'hm!' }))).status, 400);
});

test('every rule that a personality names exists, and every rule is named', () => {
  const named = new Set(Object.values(personalities).flatMap((personality) => personality.rules));
  const known = Object.keys({ ...rules, ...historyRules });
  assert.deepEqual([...named].filter((rule) => !known.includes(rule)), []);
  assert.deepEqual(known.filter((rule) => !named.has(rule)), []);
});
