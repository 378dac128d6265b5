// `penstock models --refresh`: what providers say of their models is kept, shown, and used by a gateway that runs.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveFor } from './foreground.js';
import { ListServer } from './list_server.js';
import { User } from './user.js';

const kKeys = {
  router: 'sk-router-hunter2-0123456789', groq: 'gsk-hunter2-0123456789', claude: 'sk-ant-hunter2-0123456789', gone: 'sk-gone-hunter2-0123456789',
};
const kMany = 120;
const kPicked = 60;

const routerRow = (id) => ({
  id, name: `The ${id}`, context_length: 50_000, architecture: { input_modalities: ['text'], output_modalities: ['text'] },
  pricing: { prompt: '0.000003', completion: '0.000015', input_cache_read: '0.0000003' }, top_provider: { max_completion_tokens: 9000 },
});
const claudeRow = (id, max_input_tokens) => ({ type: 'model', id, display_name: id, max_input_tokens, max_tokens: 64_000 });
const groqRow = (id, context_window, more) => ({ id, object: 'model', active: true, context_window, ...more });
const routerList = { data: [routerRow('vendor/new-1'), ...Array.from({ length: kMany - 1 }, (_, i) => routerRow(`vendor/m${i}`))] };

// One server for all: OpenRouter's rich rows, Groq's, Anthropic's pages, a vLLM, and one whose key is refused.
async function stage(t) {
  const server = await ListServer.start(t);
  server.get('/router/api/v1/models', routerList)
    .get('/groq/openai/v1/models', { object: 'list', data: [groqRow('openai/gpt-oss-120b', 131072, { max_completion_tokens: 65536 }),
      groqRow('fresh-on-groq', 8192), groqRow('whisper-large-v3', 448)] })
    .get('/claude/v1/models?limit=1000', { data: [claudeRow('claude-opus-5-5', 1)], has_more: true, last_id: 'claude-opus-5-5' })
    .get('/claude/v1/models?limit=1000&after_id=claude-opus-5-5', { data: [claudeRow('claude-next', 2_000_000)], has_more: false })
    .get('/mine/v1/models', { object: 'list', data: [{ id: 'qwen3', max_model_len: 32768 }] })
    .get('/gone/v1/models', { status: 401, body: { error: { message: `no account has the key ${kKeys.gone}` } } });
  const providers = {
    router: { catalog: 'openrouter', base_url: `${server.url}/router/api`, api_key: kKeys.router },
    groq: { base_url: `${server.url}/groq/openai`, api_key: kKeys.groq },
    claude: { catalog: 'anthropic', base_url: `${server.url}/claude`, api_key: kKeys.claude },
    mine: { base_url: `${server.url}/mine`, dialect: 'openai-chat' },
    gone: { base_url: `${server.url}/gone`, api_key: kKeys.gone },
  };
  const user = new User(t, { providers, models: [{ name: 'fast', to: 'groq/openai/gpt-oss-120b' }] }, { answered: false });
  const models = async (...args) => {
    const result = await user.penstock(['models', ...args]);
    assert.ok(!`${result.stdout}${result.stderr}`.includes('hunter2'), `a key is shown: ${result.stdout}${result.stderr}`);
    return result;
  };
  return { server, user, models, lists: join(user.state, 'models') };
}

const today = () => new Date().toISOString().slice(0, 10);
const mode = (path) => (statSync(path).mode & 0o7777).toString(8);

test('every provider with a credential is asked with its own, and what it says is kept', async (t) => {
  const { server, models, lists } = await stage(t);
  const { code, stdout, stderr } = await models('--refresh');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `router: ${kMany} models, ${kMany} of them known from its list alone\n`
    + 'groq: 2 models, 1 of them known from its list alone\n'
    + 'claude: 2 models, 1 of them known from its list alone\n'
    + 'mine: 1 models, 1 of them known from its list alone\n');
  assert.match(stderr, /^gone: it refuses the credential \(401: no account has the key …\); mend: another key in the configuration, at providers\.gone\.api_key$/m);
  assert.equal(server.requestsTo('/router/api/v1/models')[0].headers.authorization, `Bearer ${kKeys.router}`);
  assert.equal(server.requestsTo('/groq/openai/v1/models')[0].headers.authorization, `Bearer ${kKeys.groq}`);
  for (const { headers } of server.asked.filter(({ path }) => path.startsWith('/claude/'))) {
    assert.equal(headers['x-api-key'], kKeys.claude);
    assert.equal(headers['anthropic-version'], '2023-06-01');
  }
  const [asked] = server.requestsTo('/mine/v1/models');
  assert.deepEqual([asked.headers.authorization, asked.headers['x-api-key']], [undefined, undefined]);
  assert.deepEqual(readdirSync(lists).sort(), ['claude.json', 'groq.json', 'mine.json', 'router.json']);
  assert.deepEqual([mode(lists), mode(join(lists, 'router.json'))], ['700', '600']);

  const rows = JSON.parse((await models('--json')).stdout);
  const row = (name) => rows.find((one) => one.name === name);
  assert.deepEqual(row('router/vendor/new-1'), {
    name: 'router/vendor/new-1', target: 'router/vendor/new-1', window: 50_000, max_output: 9000, vision: false,
    price: { input: 3, output: 15, cache_read: 0.3, cache_write: 3 }, listed: today(),
  });
  assert.equal(row('claude/claude-next').window, 2_000_000);
  assert.equal(row('claude/claude-opus-5-5').window, 1_000_000, 'the catalogue knows better');
  assert.equal(row('mine/qwen3').window, 32768);
  assert.equal(row('groq/whisper-large-v3'), undefined, 'nobody can chat with it');
  const table = await models('router');
  assert.match(table.stdout, new RegExp(`^router: its list of ${today()}, today, has ${kMany} models$`, 'm'));
  assert.doesNotMatch(table.stdout, /^claude\//m, 'one provider alone was asked for');
});

test('one provider by name, for a script; and what cannot be asked', async (t) => {
  const { server, user, models } = await stage(t);
  const one = await models('--refresh', 'groq', '--json');
  assert.equal(one.code, 0, one.stderr);
  assert.deepEqual(JSON.parse(one.stdout), [{ provider: 'groq', models: 2, new: 1, date: today() }]);
  assert.deepEqual(server.asked.map(({ path }) => path), ['/groq/openai/v1/models']);
  const gone = await models('gone', '--refresh', '--json');
  assert.equal(gone.code, 1, 'none has answered');
  assert.match(JSON.parse(gone.stdout)[0].error, /another key in the configuration, at providers\.gone\.api_key/);
  assert.equal((await models('--refresh', 'grok')).code, 2);
  assert.match((await models('--refresh', 'grok')).stderr, /groq/);
  for (const name of ['zai', 'ollama']) {
    const unused = await models('--refresh', name);
    assert.equal(unused.code, 1);
    assert.match(unused.stderr, new RegExp(`${name} is not in use`));
  }
  const keyless = await new User(t, null, { answered: false }).penstock(['models', '--refresh', 'zai']);
  assert.equal(keyless.code, 1);
  assert.match(keyless.stderr, /penstock keys set zai; or set ZAI_API_KEY/);
  const nobody = await new User(t, null, { answered: false }).penstock(['models', '--refresh']);
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /penstock keys set/);
  server.get('/mine/v1/models', { status: 301, headers: { location: `${server.url}/groq/openai/v1/models` }, body: '' });
  const moved = await user.penstock(['models', '--refresh', 'mine']);
  assert.match(moved.stderr, /redirect \(301\), which is not followed/);
});

test('a provider that is not there is told with its mend, and one without a list has a row', async (t) => {
  const { user, models } = await stage(t);
  assert.match((await models()).stdout, /^mine\/\* +mine\/\* +- +- +- +-$/m);
  const [fast] = JSON.parse((await models('--json')).stdout);
  assert.deepEqual([fast.name, typeof fast.window], ['fast', 'number']);
  assert.match((await models('zai')).stderr, /zai is not in use, because the configuration lists providers/);
  assert.equal((await models('grok')).code, 2);

  const other = user.write('other.yaml', JSON.stringify({ server: { listen: '127.0.0.1:0' },
    providers: { own: { base_url: 'http://127.0.0.1:9', models: ['bare'] }, off: { base_url: 'http://127.0.0.1:9', enabled: false } } }));
  const [bare] = JSON.parse((await models('own', '--json', '--config', other)).stdout);
  assert.deepEqual([bare.window, bare.max_output], [null, null]);
  assert.match((await models('off', '--config', other)).stderr, /off is switched off; remove enabled: false/);
  assert.equal((await user.penstock(['start', '--config', other])).code, 0);
  const unknown = await models('--refresh', 'own');
  assert.equal(unknown.code, 2);
  assert.ok(unknown.stderr.includes(`another configuration: --config ${other}`), unknown.stderr);

  const keyless = await new User(t, null, { answered: false }).penstock(['models', 'zai']);
  assert.equal(keyless.code, 1);
  assert.match(keyless.stderr, /penstock keys set zai; or set ZAI_API_KEY/);
});

test('a list that is torn or foreign is left out with a word, and another refresh mends it', async (t) => {
  const { user, models, lists } = await stage(t);
  assert.equal((await models('--refresh', 'router')).code, 0);
  const path = join(lists, 'router.json');
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, 300));
  writeFileSync(join(lists, 'groq.json'), '{"data":[]}');
  const torn = await models();
  assert.equal(torn.code, 0);
  assert.match(torn.stderr, /router\.json is not read: it is torn, or no JSON; mend: penstock models --refresh router/);
  assert.match(torn.stderr, /groq\.json is not read/);
  assert.doesNotMatch(torn.stdout, /vendor\/new-1/);
  assert.equal((await user.penstock(['models', '--refresh'])).code, 0);
  const mended = await models();
  assert.equal(mended.stderr, '');
  assert.match(mended.stdout, /vendor\/new-1/);
});

test('a gateway that runs takes the lists up: windows in its words, sixty names in the picker', async (t) => {
  const { server, user, models } = await stage(t);
  const error = { type: 'invalid_request_error', message: 'input is too long for requested model' };
  server.on('POST', '/router/api/v1/messages', { status: 400, body: { type: 'error', error } });
  const gateway = await serveFor(t, user);
  const names = async (agent) => {
    const response = await fetch(`${gateway.url}/v1/models?limit=1000`, { headers: { 'user-agent': agent } });
    return (await response.json()).data;
  };
  const before = await names('a program');
  assert.ok(!before.some(({ id }) => id.includes('vendor/new-1')));
  assert.equal((await models('--refresh')).code, 0);
  await gateway.shows(/configuration reloaded \(a file changed\)/);

  const all = await names('a program');
  const fresh = all.find(({ id }) => id === 'anthropic/router/vendor/new-1');
  assert.deepEqual([fresh.max_input_tokens, fresh.max_tokens], [50_000, 9000]);
  assert.ok(all.length > kMany, `${all.length}`);
  const picked = (await names('claude-code/2.1.328')).map(({ id }) => id);
  assert.equal(picked.length, kPicked);
  assert.equal(picked[0], 'anthropic/fast');
  const at = (id) => picked.indexOf(id);
  assert.ok(at('anthropic/groq/openai/gpt-oss-120b') > 0, 'a tier');
  assert.ok(at('claude/claude-opus-5-5') > 0 || at('anthropic/claude/claude-opus-5-5') > 0, 'a default');
  assert.ok(picked.every((id) => /^(anthropic|claude)/.test(id)));

  const full = await gateway.ask('router/vendor/new-1');
  assert.equal(full.status, 400);
  assert.match((await full.json()).error.message, /^prompt is too long: \d+ tokens > 50000 maximum/);
});

test('a pool is asked with its next key when one is refused', async (t) => {
  const server = await ListServer.start(t);
  server.get('/v1/models', ({ headers }) => (headers.authorization === 'Bearer good' ? { data: [{ id: 'm' }] } : { status: 401, body: {} }));
  const provider = (pool) => ({ base_url: server.url, dialect: 'openai-chat', credentials: { pool } });
  const user = new User(t, { providers: { mixed: provider(['bad', 'good']), lost: provider(['bad', 'worse']) } }, { answered: false });
  const { code, stdout, stderr } = await user.penstock(['models', '--refresh']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^mixed: 1 models/m);
  assert.match(stderr, /^lost: it refuses the credential \(401\); mend: another key in the configuration, at providers\.lost\.credentials\.pool\[1\]$/m);
});
