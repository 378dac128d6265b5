// WebSearch of Claude Code where the provider does not search as Anthropic does: by a search server, with none, and by the provider's own way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, versions } from './claude.js';
import { startChatProvider } from './chat_provider.js';
import { startPenstock } from './penstock.js';
import { pages, startSearchServer } from './search_server.js';
import { homeFor, kToken } from './stage.js';
import { undo } from './undo.js';

// One provider of Chat Completions, a search server, and the gateway; `search(server)` is the configuration's web_search.
async function setUp(t, { options = {}, quirks = {}, search } = {}) {
  const server = await startSearchServer();
  undo(t, () => server.close());
  const chat = await startChatProvider(options);
  undo(t, () => chat.close());
  const config = { server: { drain: '2s' }, answers: { model: 'asked' }, auth: { tokens: [kToken] },
    providers: { chat: { dialect: 'openai-chat', base_url: `${chat.url}/v1`, api_key: chat.key, auth: 'bearer', quirks,
      models: [{ id: 'gpt-x', window: 400000, max_output: 128000 }] } },
    ...(search && { web_search: search(server) }) };
  const penstock = await startPenstock(config, { secrets: [kToken, chat.key, server.key] });
  undo(t, () => penstock.stop());
  return { chat, server, penstock, connection: { baseUrl: penstock.url, token: kToken, model: 'chat/gpt-x' } };
}
const searxng = (server) => ({ url: server.url });
const brave = (server) => ({ url: server.url, kind: 'brave', api_key: server.key, max_results: 1 });

// Newer clients load the tool when it is looked for.
const loads = { '2.1.197': [], '2.1.328': [{ tools: [{ name: 'ToolSearch', input: { query: 'select:WebSearch' } }] }] };
const callWebSearch = { tools: [{ name: 'WebSearch', input: { query: 'how does the mill turn' } }] };
const callSearch = (query) => ({ text: 'I look.', tools: [{ name: 'web_search', input: { query } }] });
const args = ['--allowedTools', 'WebSearch'];
const namesOf = ({ json }) => (json.tools ?? []).map((tool) => tool.function?.name);
const resultsOf = ({ json }) => json.messages.filter(({ role }) => role === 'tool').map(({ content }) => JSON.stringify(content));
// The requests that WebSearch makes of its own, and what it comes to at the end.
const searchesOf = (chat) => chat.mainRequests.filter((request) => namesOf(request).join() === 'web_search');
const outcomeOf = (chat) => resultsOf(chat.mainRequests.at(-1)).at(-1);

for (const version of versions) {
  test(`${version}: WebSearch is carried out by the search server`, { timeout: 60_000 }, async (t) => {
    const { chat, server, connection } = await setUp(t, { search: searxng });
    chat.script(...loads[version], callWebSearch, callSearch('mill wheel'), { text: 'It has 42 spokes.' }, { text: 'done' });
    const { stdout, stderr } = await ask(homeFor(t, version), { prompt: 'look it up', args, ...connection });
    assert.deepEqual(chat.refusals, []);
    assert.equal(stdout, 'done\n', stderr);
    assert.deepEqual(server.queries, ['mill wheel']);
    const [asked, again] = searchesOf(chat);
    assert.match(JSON.stringify(asked.json.messages), /how does the mill turn/);
    assert.match(resultsOf(again)[0], /https:\/\/mill\.example\/wheel.*The wheel has 42 spokes/);
    // What Claude Code made of the blocks: the links, and what the model said of them.
    assert.match(outcomeOf(chat), /The \\+"mill\\+" & its wheel.*https:\/\/mill\.example\/wheel/);
    assert.match(outcomeOf(chat), /It has 42 spokes\./);
  });

  test(`${version}: WebSearch without a search server says what to set, and the turn goes on`, { timeout: 60_000 }, async (t) => {
    const { chat, server, connection } = await setUp(t);
    chat.script(...loads[version], callWebSearch, callSearch('mill'), { text: 'I cannot search.' }, { text: 'done' });
    const { stdout, stderr } = await ask(homeFor(t, version), { prompt: 'look it up', args, ...connection });
    assert.deepEqual(chat.refusals, []);
    assert.equal(stdout, 'done\n', stderr);
    assert.deepEqual(server.requests, []);
    const [, again] = searchesOf(chat);
    assert.match(resultsOf(again)[0], /web_search\.url/);
    assert.match(outcomeOf(chat), /Web search error: unavailable.*`web_search\.url` in penstock\.yaml/);
  });

  test(`${version}: WebSearch is OpenRouter's plugin where that is the provider's way`, { timeout: 60_000 }, async (t) => {
    const { chat, server, connection } = await setUp(t, { options: { fields: ['plugins'] }, quirks: { web_search: 'plugins' }, search: searxng });
    const annotations = pages.map(({ title, url, text }) => ({ type: 'url_citation', url_citation: { title, url, content: text, start_index: 0, end_index: 9 } }));
    const main = [...loads[version], callWebSearch, { text: 'done' }];
    chat.everyRequestIsMain = true;
    chat.script((request) => {
      if (request.json.plugins) return { text: 'It has 42 spokes.', annotations };
      return namesOf(request).length > 0 ? main.shift() : { text: 'a side answer' };
    });
    const { stdout, stderr } = await ask(homeFor(t, version), { prompt: 'look it up', args, ...connection });
    assert.deepEqual(chat.refusals, []);
    assert.equal(stdout, 'done\n', stderr);
    assert.deepEqual(server.requests, []);
    const searches = chat.requests.filter(({ json }) => json.plugins);
    assert.deepEqual(searches.map(({ json }) => json.plugins[0].id), ['web']);
    assert.match(outcomeOf(chat), /https:\/\/mill\.example\/wheel/);
    assert.match(outcomeOf(chat), /It has 42 spokes\./);
  });
}

const tool = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 };
async function message({ baseUrl, model }, more) {
  const response = await fetch(`${baseUrl}/v1/messages`, { method: 'POST', headers: { 'x-api-key': kToken, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 100, messages: [{ role: 'user', content: 'How does the mill turn?' }], tools: [tool], ...more }) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return more?.stream ? text.split('\n\n').filter((event) => event.includes('data: ')).map((event) => JSON.parse(event.split('data: ')[1])) : JSON.parse(text);
}

test('the blocks of a search, streamed and whole', { timeout: 30_000 }, async (t) => {
  const { chat, server, connection } = await setUp(t, { search: brave });
  for (const stream of [true, false]) {
    chat.script(callSearch('mill'), { text: 'So it does.' });
    const answer = await message(connection, { stream });
    const blocks = stream ? answer.filter(({ type }) => type === 'content_block_start').map(({ content_block: block }) => block) : answer.content;
    assert.deepEqual(blocks.map(({ type }) => type), ['text', 'server_tool_use', 'web_search_tool_result', 'text']);
    assert.deepEqual(blocks[2].content.map(({ url, page_age: age }) => [url, age]), [['https://mill.example/wheel', '2 days ago']]);
    assert.equal(blocks[2].tool_use_id, blocks[1].id);
    const end = stream ? answer.find(({ type }) => type === 'message_delta') : { delta: answer, usage: answer.usage };
    assert.equal(end.delta.stop_reason, 'end_turn');
    assert.equal(end.usage.output_tokens, 80, 'both answers of the provider count');
    if (stream) assert.equal(answer.filter(({ type }) => type === 'message_start').length, 1);
    else assert.deepEqual(blocks[1].input, { query: 'mill' });
  }
  assert.deepEqual(chat.refusals, []);
  assert.deepEqual(server.requests.map(({ path }) => path), ['/res/v1/web/search', '/res/v1/web/search']);
});

test('searches of the history go to the provider as calls and their results', { timeout: 30_000 }, async (t) => {
  const { chat, connection } = await setUp(t, { search: searxng });
  chat.script(callSearch('mill'), { text: 'So it does.' }, { text: 'Yes.' });
  const { content } = await message(connection);
  await message(connection, { messages: [{ role: 'user', content: 'How?' }, { role: 'assistant', content }, { role: 'user', content: 'Sure?' }] });
  assert.deepEqual(chat.refusals, []);
  const last = chat.mainRequests.at(-1);
  assert.deepEqual(last.json.messages.map(({ role }) => role), ['user', 'assistant', 'tool', 'assistant', 'user']);
  assert.match(resultsOf(last)[0], /The wheel has 42 spokes/);
});

test("the client's own tools end an answer that searches too", { timeout: 30_000 }, async (t) => {
  const { chat, connection } = await setUp(t, { search: searxng });
  chat.script({ tools: [{ name: 'web_search', input: { query: 'mill' } }, { name: 'Read', input: { path: '/a' } }] }, { text: 'Both.' });
  const tools = [tool, { name: 'Read', input_schema: { type: 'object', properties: { path: { type: 'string' } } } }];
  const { content, stop_reason: reason } = await message(connection, { tools });
  assert.equal(reason, 'tool_use');
  assert.deepEqual(content.map(({ type }) => type).sort(), ['server_tool_use', 'tool_use', 'web_search_tool_result']);
  const call = content.find(({ type }) => type === 'tool_use');
  const messages = [{ role: 'user', content: 'How?' }, { role: 'assistant', content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'a file' }] }];
  const second = await message(connection, { tools, messages });
  assert.deepEqual(chat.refusals, []);
  assert.equal(second.content[0].text, 'Both.');
  assert.equal(resultsOf(chat.mainRequests.at(-1)).length, 2);
});

test('more searches than the client wants are refused, and a broken search server is told', { timeout: 30_000 }, async (t) => {
  const { chat, server, penstock, connection } = await setUp(t, { search: searxng });
  chat.script(callSearch('one'), callSearch('two'), callSearch('three'), { text: 'Enough.' });
  const { content } = await message(connection);
  assert.deepEqual(server.queries, ['one', 'two']);
  assert.deepEqual(content.filter(({ type }) => type === 'web_search_tool_result').map(({ content: { error_code: code } }) => code),
    [undefined, undefined, 'max_uses_exceeded']);
  assert.equal(content.at(-1).text, 'Enough.');
  server.status = 429;
  chat.script(callSearch('one'), { text: 'Later.' });
  const busy = await message(connection);
  assert.equal(busy.content.find(({ type }) => type === 'web_search_tool_result').content.error_code, 'too_many_requests');
  server.status = 403;
  chat.script(callSearch('one'), { text: 'Later.' });
  const refused = await message(connection);
  assert.match(JSON.stringify(refused.content), /search\.formats/);
  await server.close();
  chat.script(callSearch('one'), { text: 'Later.' });
  assert.match(JSON.stringify((await message(connection)).content), /Web search failed: the search server .*web_search\.url.*Connection refused/);
  assert.match(penstock.output, /a web search failed: the search server .*Connection refused/);
  assert.deepEqual(chat.refusals, []);
});
