// penstock config: the JSON Schema, warnings beside faults, and what a misspelt command is told.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { User } from './user.js';

const kTypes = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

// As much of JSON Schema as ours uses; a word that it does not know throws.
const kChecks = {
  anyOf: (schemas, value, root) => schemas.some((schema) => fits(schema, value, root)),
  $ref: (ref, value, root) => fits(ref.split('/').slice(1).reduce((at, part) => at[part], root), value, root),
  type: (types, value) => [types].flat().some((type) => kTypes[type](value)),
  enum: (values, value) => values.includes(value),
  const: (wanted, value) => value === wanted,
  pattern: (pattern, value) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  minimum: (least, value) => typeof value !== 'number' || value >= least,
  maximum: (most, value) => typeof value !== 'number' || value <= most,
  items: (schema, value, root) => !Array.isArray(value) || value.every((item) => fits(schema, item, root)),
  properties: () => true,  // with the next
  additionalProperties: (others, value, root, { properties }) => !kTypes.object(value)
    || Object.entries(value).every(([key, inner]) => fits(Object.hasOwn(properties, key) ? properties[key] : others, inner, root)),
  $schema: () => true, title: () => true, description: () => true, default: () => true, $defs: () => true,
};

function fits(schema, value, root = schema) {
  if (typeof schema === 'boolean') return schema;
  return Object.entries(schema).every(([word, told]) => kChecks[word](told, value, root, schema));
}

async function schemaOf(user) {
  const { code, stdout, stderr } = await user.penstock(['config', 'schema']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const kSound = [
  {},
  { server: { listen: 4100, tls: { cert: null, key: null }, workers: 'auto', max_inflight: 1024, max_body: '64MiB', drain: '30s', hosts: [] } },
  { server: { listen: ['127.0.0.1:4100', '[::1]:4100'], workers: '${WORKERS:-4}', drain: 0 }, auth: { tokens: ['${TOKEN}'] } },
  { providers: { deepseek: { api_key: '${DEEPSEEK_API_KEY}' }, zai: null, local: {
    base_url: 'http://127.0.0.1:8000', dialect: 'openai-chat', auth: { header: 'x-key' }, headers: { 'x-team': 7 }, max_inflight: 4,
    models: ['small', { id: 'qwen3-coder', window: 131072, price: { input: 0.25, output: 0 }, quirks: { thinking: 'drop', no_images: true } }],
    quirks: { effort: ['low', 'high'], betas: 'keep', stop_sequences: 'max:4', max_tokens_limit: 8192, cached_in_prompt: false },
    timeouts: { connect: '10s', total: '3000 s' }, proxy: 'none' } } },
  { providers: { claude: { catalog: 'anthropic', credentials: { pool: ['${A}', { key: '${B}', weight: 0 }], rotation: 'weighted', cooldown: '60s' } } } },
  { models: [{ name: 'glm', to: 'zai/glm-5.3' }, { match: '*', balance: 'weighted', to: [{ target: 'a/x', weight: 3 }, 'b/x'] }] },
  { routes: { background: 'fast', thinking: ['a', 'b'], long_context: { over: 60000, to: 'big' }, images: { to: ['a'], models: 'claude-*' } } },
  { fallbacks: { on_error: { '*': 'a/x', glm: ['b/x', 'c/x'] } }, hedge: { background: 'off' }, retry: { attempts: 3, backoff: '500ms' } },
  { profiles: { p: { provider: 'zai', models: { main: 'glm' }, env: { A: 1, B: true }, args: ['--x'], status_line: 'on' } }, picker: '*' },
];

const kFaulty = [
  [], 'text',
  { sever: {} },
  { server: { workers: 0 } }, { server: { workers: 'many' } }, { server: { drain: 30 } }, { server: { max_body: '1PB' } }, { server: { lisen: 1 } },
  { providers: { a: { dialect: 'klingon' } } }, { providers: { a: { quirks: { thinkng: 'drop' } } } }, { providers: [] },
  { providers: { a: { models: [{ id: 'm', widow: 3 }] } } }, { providers: { a: { timeouts: { idle: '7 weeks' } } } },
  { models: { name: 'a' } }, { models: [{ name: 'a', to: [7] }] }, { models: [null] },
  { routes: { backgrund: 'a' } }, { routes: { images: { too: 'a' } } }, { log: { level: 'loud' } }, { share: { background: 'perhaps' } },
];

test('config schema takes what is sound and refuses what config check refuses', async (t) => {
  const user = new User(t, null, { answered: false });
  const schema = await schemaOf(user);
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  const check = async (config) => {
    user.write('.config/penstock/penstock.yaml', JSON.stringify(config));
    return user.penstock(['config', 'check'], { env: { TOKEN: 'token', A: 'a', B: 'b' } });
  };
  for (const config of kSound) assert.ok(fits(schema, config), JSON.stringify(config));
  for (const config of kFaulty) {
    assert.ok(!fits(schema, config), JSON.stringify(config));
    assert.equal((await check(config)).code, 78, JSON.stringify(config));
  }
});

test('a warning goes to standard error, and the configuration is sound', async (t) => {
  const user = new User(t, { providers: { zai: { api_key: '$ZK' } }, models: [{ match: '*', to: 'zai/glm-5.3' }, { name: 'fast', to: 'zai/glm-4.7' }] },
    { answered: false });
  const { code, stdout, stderr } = await user.penstock(['config', 'check']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /penstock\.yaml: no faults$/m);
  assert.match(stderr, /^warning: .*penstock\.yaml:\d+:\d+: "providers\.zai\.api_key" is taken as it stands; to read a variable, write \$\{NAME\}$/m);
  assert.match(stderr, /^warning: .*penstock\.yaml:\d+:\d+: "fast" is never come to: match "\*" in line \d+ takes it/m);
  assert.equal(stderr.split('\n').length, 3);
});

test('the gateway says a warning once, when it starts', async (t) => {
  const user = new User(t, { providers: { zai: { api_key: '$ZK' } } }, { answered: false });
  const started = await user.penstock(['start']);
  assert.equal(started.code, 0, started.stderr);
  const log = readFileSync(join(user.state, 'penstock.log'), 'utf8');
  assert.equal(log.match(/to read a variable, write \$\{NAME\}/g)?.length, 1, log);
});

test("Anthropic's own users need no key, and nothing says that one is missing", async (t) => {
  const user = new User(t, { providers: { claude: { catalog: 'anthropic' } } }, { answered: false });
  assert.equal((await user.penstock(['start'])).code, 0);
  const status = JSON.parse((await user.penstock(['status', '--json'])).stdout);
  assert.equal(status.health, 'ok', JSON.stringify(status));
  assert.match(readFileSync(join(user.state, 'penstock.log'), 'utf8'), /^  claude +\d+ models   the client's own credential$/m);
});

test('a misspelt command of a command is told the near one', async (t) => {
  const user = new User(t, null, { answered: false });
  const said = async (...args) => {
    const { code, stderr } = await user.penstock(args);
    assert.equal(code, 2);
    return stderr;
  };
  assert.match(await said('config', 'chek'), /^penstock config: there is no command "chek"; did you mean "check"\?\nCommands: check, /);
  assert.match(await said('statsu'), /^penstock: there is no command "statsu"; did you mean "status"\?/);
  assert.doesNotMatch(await said('keys', 'sk-hunter2'), /hunter2/);
});
