// Providers that speak Chat Completions behind Claude Code, and OpenAI's clients in front of Anthropic's dialect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAi6 from 'openai-6';
import OpenAi7 from 'openai-7';
import { ask, versions } from './claude.js';
import { startChatProvider } from './chat_provider.js';
import { bash, homeFor, kBashSaid, kToken, modelOf, noRefusals, setStage, targetOf } from './stage.js';
import { undo } from './undo.js';

// A stage with a provider `chat` beside those of the Anthropic dialect.
async function stageWithChat(t, names, { options = {}, quirks = {}, config = {} } = {}) {
  const chat = await startChatProvider(options);
  undo(t, () => chat.close());
  const row = { dialect: 'openai-chat', base_url: `${chat.url}/v1`, api_key: chat.key, auth: 'bearer', quirks,
    models: [{ id: 'gpt-x', window: 400000, max_output: 128000 }] };
  const stage = await setStage(t, names, { config: { ...config, providers: { ...config.providers } } });
  stage.penstock.configure({ server: { drain: '2s' }, answers: { model: 'asked' }, auth: { tokens: [kToken] }, ...config,
    providers: { ...providerRows(stage), chat: row } });
  await reloaded(stage.penstock);
  return { ...stage, chat };
}
const kRows = { anthropic: 'anthropic', zai: 'zai' };
const providerRows = ({ providers }) => Object.fromEntries(Object.entries(providers)
  .map(([name, provider]) => [name, { catalog: kRows[name], base_url: provider.url, api_key: provider.key }]));
async function reloaded(penstock) {
  penstock.child.kill('SIGHUP');
  const deadline = performance.now() + 10_000;
  while (!penstock.output.includes('configuration reloaded')) {
    assert.ok(performance.now() < deadline, penstock.output);
    await new Promise((resolve) => penstock.child.stderr.once('data', resolve));
  }
}

for (const version of versions) {
  test(`${version}: a tool loop on a Chat Completions provider, reasoning returned`, { timeout: 60_000 }, async (t) => {
    const { chat, connection } = await stageWithChat(t, ['zai'], { options: { demandsReasoning: true }, quirks: { reasoning_back: 'when_present' } });
    chat.script({ thinking: 'I run it.', text: 'Running.', tools: [bash] }, { thinking: 'It ran.', text: 'all done' });
    const { stdout, stderr } = await ask(homeFor(t, version), { prompt: 'run it', args: ['--allowedTools', 'Bash'], ...connection, model: 'chat/gpt-x' });
    assert.deepEqual(chat.refusals, []);
    assert.equal(stdout, 'all done\n', stderr);
    const result = chat.mainRequests[1].json.messages.find(({ role }) => role === 'tool');
    assert.match(JSON.stringify(result.content), new RegExp(kBashSaid));
  });

  test(`${version}: parallel calls that interleave all run`, { timeout: 60_000 }, async (t) => {
    const { chat, connection } = await stageWithChat(t, ['zai']);
    const say = (word) => ({ name: 'Bash', input: { command: `echo ${word}$((6*7))`, description: 'Says' } });
    chat.script({ tools: [say('one'), say('two'), say('three')] }, { text: 'three ran' });
    const { stdout, stderr } = await ask(homeFor(t, version), { prompt: 'run', args: ['--allowedTools', 'Bash'], ...connection, model: 'chat/gpt-x' });
    assert.deepEqual(chat.refusals, []);
    assert.equal(stdout, 'three ran\n', stderr);
    const results = chat.mainRequests[1].json.messages.filter(({ role }) => role === 'tool').map(({ content }) => JSON.stringify(content));
    assert.equal(results.length, 3);
    ['one42', 'two42', 'three42'].forEach((word, at) => assert.match(results[at], new RegExp(word)));
  });

  test(`${version}: the model changes between dialects in mid-session`, { timeout: 90_000 }, async (t) => {
    const { chat, providers, connection } = await stageWithChat(t, ['anthropic', 'zai'], { options: { demandsReasoning: true }, quirks: { reasoning_back: 'when_present' } });
    const home = homeFor(t, version);
    const journey = [['anthropic', targetOf('anthropic')], ['chat', 'chat/gpt-x'], ['zai', targetOf('zai')], ['chat', 'chat/gpt-x'], ['anthropic', targetOf('anthropic')]];
    for (const [turn, [name, model]] of journey.entries()) {
      const provider = name === 'chat' ? chat : providers[name];
      provider.script({ thinking: `${name} plans ${turn}`, text: 'First.', tools: [bash] }, { thinking: `${name} ends ${turn}`, text: `turn ${turn}` });
      const args = ['--allowedTools', 'Bash', ...(turn > 0 ? ['--continue'] : [])];
      const { stdout, stderr } = await ask(home, { prompt: `go on ${turn}`, args, ...connection, model });
      assert.deepEqual(chat.refusals, []);
      noRefusals(providers);
      assert.equal(stdout, `turn ${turn}\n`, stderr);
    }
    const last = JSON.stringify(chat.mainRequests.at(-1).json.messages);
    assert.ok(!last.includes('anthropic plans') && !last.includes('zai plans'), "nobody else's reasoning");
  });

  test(`${version}: a full context of a Chat Completions provider compacts`, { timeout: 60_000 }, async (t) => {
    const { chat, connection } = await stageWithChat(t, ['zai']);
    const full = { error: { status: 400, body: { error: { type: 'invalid_request_error', code: 'context_length_exceeded', param: 'messages',
      message: "This model's maximum context length is 400000 tokens. However, your messages resulted in 412345 tokens." } } } };
    chat.everyRequestIsMain = true;
    let refused = 0;
    chat.script((request) => {
      if (request.body.includes('detailed summary of the conversation')) return { text: '<summary>We spoke of mills.</summary>' };
      if (request.body.includes('tell me more') && !request.body.includes('We spoke of mills') && ++refused) return full;
      return { text: 'go on' };
    });
    const home = homeFor(t, version);
    for (const prompt of ['of mills', 'and of water']) await ask(home, { prompt, args: prompt === 'of mills' ? [] : ['--continue'], ...connection, model: 'chat/gpt-x' });
    const { stdout, stderr } = await ask(home, { prompt: 'tell me more', args: ['--continue'], ...connection, model: 'chat/gpt-x' });
    assert.ok(refused > 0, 'the context was full once');
    assert.equal(stdout, 'go on\n', stderr);
  });
}

test('an OpenAI client on a Chat Completions provider: every byte passes', { timeout: 30_000 }, async (t) => {
  const { chat, connection } = await stageWithChat(t, ['zai']);
  chat.everyRequestIsMain = true;
  chat.script(() => ({ id: 'chatcmpl-same', thinking: 'Hm.', text: 'Grüße \u2028', tools: [{ id: 'call_same', name: 'f', input: { a: 1 } }] }));
  const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }];
  const ask = async (url, key, model, more) => {
    const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, seed: 7, tools, messages: [{ role: 'user', content: 'hi' }], ...more }) });
    return answer.text();
  };
  for (const more of [{}, { stream: true }, { stream: true, stream_options: { include_usage: true } }]) {
    const straight = await ask(chat.url, chat.key, 'gpt-x', more);
    const through = await ask(connection.baseUrl, kToken, 'chat/gpt-x', more);
    const plain = (text) => text.replaceAll(/chatcmpl-[a-z0-9]+/g, 'ID');
    assert.equal(plain(through), plain(straight));
    const [first, second] = chat.requests.slice(-2);
    assert.equal(second.body, first.body);
  }
  assert.deepEqual(chat.refusals, []);
});

test('count_tokens of a Chat Completions provider is estimated, whatever its row says', { timeout: 30_000 }, async (t) => {
  const { connection, penstock, chat, providers } = await stageWithChat(t, ['zai']);
  penstock.configure({ auth: { tokens: [kToken] }, providers: { ...providerRows({ providers }),
    chat: { dialect: 'openai-chat', base_url: chat.url, api_key: chat.key, auth: 'bearer', count_tokens: true, models: [{ id: 'gpt-x' }] } } });
  penstock.output = penstock.output.replaceAll('configuration reloaded', '');
  await reloaded(penstock);
  const before = chat.requests.length;
  const answer = await fetch(`${connection.baseUrl}/v1/messages/count_tokens`, { method: 'POST', headers: { 'x-api-key': kToken, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'chat/gpt-x', messages: [{ role: 'user', content: 'How many are these?' }] }) });
  assert.ok((await answer.json()).input_tokens > 2);
  assert.equal(chat.requests.length, before);
});

test('a provider that keeps its stream open behind the finish is not waited for', { timeout: 20_000 }, async (t) => {
  const { chat, connection } = await stageWithChat(t, ['zai']);
  chat.everyRequestIsMain = true;
  chat.script({ text: 'that is all', staysOpen: true });
  const response = await fetch(`${connection.baseUrl}/v1/messages`, { method: 'POST', headers: { 'x-api-key': kToken, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'chat/gpt-x', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'hi' }] }) });
  const text = await response.text();
  assert.match(text, /"stop_reason":"end_turn"/);
  assert.match(text, /event: message_stop/);
});

test('what has no counterpart is named in the log', { timeout: 30_000 }, async (t) => {
  const { chat, connection } = await stageWithChat(t, ['zai'], { config: { log: { level: 'debug' } } });
  chat.everyRequestIsMain = true;
  chat.script(() => ({ text: 'hello' }));
  const response = await fetch(`${connection.baseUrl}/v1/messages`, { method: 'POST', headers: { 'x-api-key': kToken, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'chat/gpt-x', max_tokens: 9, container: 'c', 'odd\nname': 1, messages: [{ role: 'user', content: 'hi' }] }) });
  assert.equal(response.status, 200, await response.text());
  assert.equal(response.headers.get('x-penstock-dropped'), 'container');
});

test('the context meter has something to show, and the true counts follow', { timeout: 30_000 }, async (t) => {
  const { chat, connection } = await stageWithChat(t, ['zai']);
  chat.everyRequestIsMain = true;
  chat.script({ text: 'hello' });
  const response = await fetch(`${connection.baseUrl}/v1/messages`, { method: 'POST', headers: { 'x-api-key': kToken, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'chat/gpt-x', max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'hello there, how is the mill today?' }] }) });
  const events = (await response.text()).split('\n\n').filter(Boolean).map((event) => JSON.parse(event.split('data: ')[1]));
  assert.equal(response.status, 200);
  const start = events.find(({ type }) => type === 'message_start');
  assert.ok(start.message.usage.input_tokens > 3, JSON.stringify(start));
  const end = events.find(({ type }) => type === 'message_delta');
  assert.deepEqual({ ...end.usage }, { input_tokens: 260, cache_creation_input_tokens: 0, cache_read_input_tokens: 640, output_tokens: 40 });
});

for (const [name, OpenAI] of [['6', OpenAi6], ['7', OpenAi7]]) {
  const clientOf = ({ connection }) => new OpenAI({ baseURL: `${connection.baseUrl}/v1`, apiKey: kToken, maxRetries: 0 });
  const tools = [{ type: 'function', function: { name: 'weather', description: 'Tells it', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } }];

  test(`openai ${name}: a tool loop with Claude, whole and streamed`, { timeout: 60_000 }, async (t) => {
    const stage = await setStage(t, ['anthropic']);
    const { anthropic } = stage.providers;
    const client = clientOf(stage);
    const model = targetOf('anthropic');
    for (const stream of [false, true]) {
      anthropic.script({ thinking: 'Hm.', text: 'I look.', tools: [{ name: 'weather', input: { city: 'Ulm' } }] }, { text: 'Fine.' });
      const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'How is it in Ulm?' }];
      const say = async () => {
        if (!stream) return (await client.chat.completions.create({ model, messages, tools, reasoning_effort: 'high' }));
        return client.chat.completions.stream({ model, messages, tools, reasoning_effort: 'high', stream_options: { include_usage: true } }).finalChatCompletion();
      };
      const first = await say();
      const [choice] = first.choices;
      assert.equal(choice.finish_reason, 'tool_calls');
      assert.equal(choice.message.content, 'I look.');
      assert.deepEqual(JSON.parse(choice.message.tool_calls[0].function.arguments), { city: 'Ulm' });
      assert.ok(first.usage.prompt_tokens > 0);
      messages.push(choice.message, { role: 'tool', tool_call_id: choice.message.tool_calls[0].id, content: 'sunny' });
      const second = await say();
      assert.equal(second.choices[0].message.content, 'Fine.');
      assert.equal(second.choices[0].finish_reason, 'stop');
      noRefusals(stage.providers);
    }
    assert.equal(anthropic.mainRequests[0].json.model, modelOf.anthropic);
  });

  test(`openai ${name}: errors are its own`, { timeout: 30_000 }, async (t) => {
    const stage = await setStage(t, ['anthropic'], { config: { retry: { attempts: 1 } } });
    const client = clientOf(stage);
    const fails = (error) => (thrown) => Object.entries(error).every(([key, value]) => thrown[key] === value) || assert.fail(`${JSON.stringify(error)} is not ${thrown} ${thrown.code}`);
    await assert.rejects(client.chat.completions.create({ model: 'nobody/nothing', messages: [{ role: 'user', content: 'x' }] }), fails({ status: 404, code: 'model_not_found' }));
    stage.providers.anthropic.everyRequestIsMain = true;
    stage.providers.anthropic.script({ error: { status: 400, type: 'invalid_request_error', message: 'prompt is too long: 213462 tokens > 200000 maximum' } });
    await assert.rejects(client.chat.completions.create({ model: targetOf('anthropic'), messages: [{ role: 'user', content: 'x' }] }), fails({ status: 400, code: 'context_length_exceeded' }));
    stage.providers.anthropic.script({ error: { status: 529, type: 'overloaded_error', message: 'Overloaded' } });
    await assert.rejects(client.chat.completions.create({ model: targetOf('anthropic'), messages: [{ role: 'user', content: 'x' }] }), fails({ status: 503 }));
  });
}
