// Anthropic's own SDKs, 0.x (API version 2023-06-01, x-api-key) and 1.x (2026-10-21, Bearer), through the gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sdk0 from 'sdk-0';
import * as sdk1 from 'sdk-1';
import { answerTooLong, overflowTexts } from './errors.js';
import { kToken, noRefusals, setStage, targetOf } from './stage.js';

const sdks = { '0.137.0': sdk0, '1.10.0': sdk1 };
const schema = { type: 'object', properties: { town: { type: 'string' } } };
const tools = [{ name: 'weather', description: 'The weather of a town', input_schema: schema }];
const messages = [{ role: 'user', content: 'Weather in Oslo?' }];
const ask = (name, more = {}) => ({ model: targetOf(name), max_tokens: 512, messages, ...more });
const everyRequestIsMain = true;

for (const [version, { default: Anthropic, ...sdk }] of Object.entries(sdks)) {
  const set = async (t, name, options) => {
    const stage = await setStage(t, [name], { config: { retry: { attempts: 1 } }, options: { [name]: { everyRequestIsMain, ...options } } });
    const shared = { baseURL: stage.penstock.url, maxRetries: 0, timeout: 20_000 };
    const client = (how = { apiKey: kToken, authToken: null }) => new Anthropic({ ...shared, ...how });
    return { ...stage, provider: stage.providers[name], client, anthropic: client() };
  };

  for (const name of ['strict', 'anthropic', 'kimi', 'zai']) {
    test(`sdk ${version}: whole and streamed tool calls on ${name}`, async (t) => {
      const { providers, provider, anthropic } = await set(t, name);
      const call = { thinking: 'I ask the tool.', text: 'Let me see.', tools: [{ name: 'weather', input: { town: 'Oslo' } }] };
      provider.script(call, { text: 'Sunny.' }, call, { text: 'Sunny.' });
      for (const run of [(body) => anthropic.messages.create(body), (body) => anthropic.messages.stream(body).finalMessage()]) {
        const first = await run(ask(name, { tools }));
        assert.equal(first.stop_reason, 'tool_use');
        assert.deepEqual(first.content.map(({ type }) => type), ['thinking', 'text', 'tool_use']);
        assert.deepEqual(first.content[2].input, { town: 'Oslo' });
        const result = { type: 'tool_result', tool_use_id: first.content[2].id, content: 'sun' };
        const history = [...messages, { role: 'assistant', content: first.content }, { role: 'user', content: [result] }];
        const second = await run(ask(name, { tools, messages: history }));
        assert.deepEqual([second.content[0].text, second.stop_reason], ['Sunny.', 'end_turn']);
        assert.ok(second.usage.input_tokens > 0 && second.usage.output_tokens > 0);
      }
      noRefusals(providers);
    });
  }

  test(`sdk ${version}: text arrives as it is said`, async (t) => {
    const { provider, anthropic } = await set(t, 'strict');
    provider.script({ text: ['a', 'b', 'c'], pace: 20 });
    const seen = [];
    for await (const event of await anthropic.messages.create(ask('strict', { stream: true }))) {
      if (event.type === 'content_block_delta') seen.push([event.delta.text, provider.requests[0].answered === true]);
    }
    assert.deepEqual(seen.map(([text]) => text), ['a', 'b', 'c']);
    assert.equal(seen[0][1], false, 'the first piece came while the provider was still speaking');
  });

  test(`sdk ${version}: both credential headers`, async (t) => {
    const { client, provider } = await set(t, 'strict');
    for (const how of [{ apiKey: kToken, authToken: null }, { apiKey: null, authToken: kToken }]) {
      assert.equal((await client(how).messages.create(ask('strict'))).role, 'assistant');
    }
    const wrong = client({ apiKey: 'not-the-token', authToken: null });
    await assert.rejects(wrong.messages.create(ask('strict')), sdk.AuthenticationError);
    assert.equal(provider.mainRequests.length, 2);
  });

  const errors = [[400, 'BadRequestError'], [403, 'PermissionDeniedError'], [404, 'NotFoundError'], [409, 'ConflictError'],
    [429, 'RateLimitError'], [500, 'InternalServerError'], [529, 'InternalServerError']];
  for (const name of ['strict', 'anthropic']) {
    test(`sdk ${version}: ${name}'s errors keep their types`, async (t) => {
      const { provider, anthropic } = await set(t, name);
      for (const [status, type] of errors) {
        provider.script({ error: { status, message: `reason ${status}`, headers: { 'retry-after': '7' } } });
        const error = await anthropic.messages.create(ask(name)).then(() => assert.fail('answered'), (reason) => reason);
        assert.ok(error instanceof sdk[type], `${status}: ${error.constructor.name}`);
        if (name === 'anthropic') assert.equal(error.status, status);
        assert.match(error.message, new RegExp(`reason ${status}`));
        assert.equal(error.error.type, 'error');
        if (status === 429) assert.equal(error.headers.get('retry-after'), '7');
      }
    });
  }

  test(`sdk ${version}: a stream that fails raises the error's type`, async (t) => {
    const { provider, anthropic } = await set(t, 'strict');
    provider.script({ text: ['a', 'b'], failAfter: 4 }, { text: ['a', 'b'], cutAfter: 4 });
    for (const type of ['overloaded_error', /^\w+_error$/]) {
      const error = await anthropic.messages.stream(ask('strict')).finalMessage().then(() => assert.fail('answered'), (reason) => reason);
      assert.ok(error instanceof sdk.APIError, error.constructor.name);
      assert.match(error.error?.error?.type ?? '', type instanceof RegExp ? type : new RegExp(type));
    }
  });

  test(`sdk ${version}: models can be listed and looked up`, async (t) => {
    const { anthropic } = await set(t, 'zai');
    const models = [];
    for await (const model of anthropic.models.list()) models.push(model);
    const glm = models.find(({ id }) => id.includes('glm-5.3'));
    assert.ok(glm, `no glm among ${models.map(({ id }) => id)}`);
    assert.equal(glm.type, 'model');
    assert.ok(glm.display_name);
    assert.ok(models.every(({ id }) => /claude|anthropic/.test(id)), 'each id is one that the picker keeps');
    assert.equal((await anthropic.models.retrieve(glm.id)).id, glm.id);
    await assert.rejects(anthropic.models.retrieve('nobody'), sdk.NotFoundError);
  });

  test(`sdk ${version}: tokens are counted, here or by the provider`, async (t) => {
    for (const [name, exact] of [['zai', true], ['strict', false]]) {
      const { provider, anthropic, providers } = await set(t, name, { count: () => 4711 });
      const { max_tokens: unused, ...body } = ask(name, { tools });
      const { input_tokens: tokens } = await anthropic.messages.countTokens(body);
      if (exact) assert.equal(tokens, 4711);
      else assert.ok(tokens > 10 && tokens < 200, `${tokens}`);
      assert.equal(provider.requests.length, exact ? 1 : 0);
      noRefusals(providers);
    }
  });
}

test('a full context is said in Anthropic\'s words, whoever said it', async (t) => {
  const { penstock, providers } = await setStage(t, ['vllm'], { options: { vllm: { everyRequestIsMain } } });
  const anthropic = new sdk1.default({ baseURL: penstock.url, apiKey: kToken, maxRetries: 0 });
  const words = Object.entries(overflowTexts).map(([name, message]) => [name, message, /^prompt is too long: \d+ tokens > \d+ maximum/]);
  words.push(['answer', answerTooLong, /^input length and `max_tokens` exceed context limit: 130000 \+ 10000 > 131072/]);
  for (const [name, message, wanted] of words) {
    providers.vllm.script({ error: { status: 400, message } });
    const error = await anthropic.messages.create(ask('vllm')).then(() => assert.fail('answered'), (reason) => reason);
    assert.ok(error instanceof sdk1.BadRequestError, name);
    assert.match(error.error.error.message, wanted, name);
  }
});
