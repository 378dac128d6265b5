// Configurations of other tools, imported and then served.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChatProvider } from './chat_provider.js';
import { startProvider } from './provider.js';
import { undo } from './undo.js';
import { User } from './user.js';

async function providers(t) {
  const claude = await startProvider('strict');
  undo(t, () => claude.close());
  const chat = await startChatProvider();
  undo(t, () => chat.close());
  claude.everyRequestIsMain = chat.everyRequestIsMain = true;
  claude.script(() => ({ text: 'anthropic side' }));
  chat.script(() => ({ text: 'openai side' }));
  return { claude, chat };
}

// Imports `text`, checks the result and serves it; asks for each of `models`.
async function serve(t, tool, text, env, models) {
  const user = new User(t, null);
  const source = user.write(`source-${tool}`, text);
  const target = join(user.home, '.config/penstock/penstock.yaml');
  user.write('.config/penstock/keep', '');
  const made = await user.penstock(['import', tool, source, '--output', target]);
  assert.equal(made.code, 0, made.stderr);
  const check = await user.penstock(['config', 'check'], { env });
  assert.equal(check.code, 0, check.stderr + check.stdout);
  const started = await user.penstock(['start', '--listen', '127.0.0.1:0'], { env });
  assert.equal(started.code, 0, started.stderr);
  const { url } = JSON.parse((await user.penstock(['status', '--json'])).stdout);
  const answers = {};
  for (const model of models) {
    const answer = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': 'sk-team-token-0123456789' },
      body: JSON.stringify({ model, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }) });
    const body = await answer.json();
    answers[model] = body.content?.[0]?.text ?? JSON.stringify(body);
  }
  return { answers, notes: made.stderr };
}

test("LiteLLM's config.yaml", { timeout: 60_000 }, async (t) => {
  const { claude, chat } = await providers(t);
  const text = `
model_list:
  - model_name: sonnet
    litellm_params: { model: anthropic/strict-1, api_base: "${claude.url}", api_key: os.environ/STRICT_KEY }
  - model_name: gpt
    litellm_params: { model: openai/gpt-x, api_base: "${chat.url}/v1", api_key: os.environ/CHAT_KEY, rpm: 60 }
router_settings:
  model_group_alias: { fast: gpt }
  num_retries: 2
general_settings: { master_key: os.environ/TEAM_TOKEN }
`;
  const env = { STRICT_KEY: claude.key, CHAT_KEY: chat.key, TEAM_TOKEN: 'sk-team-token-0123456789' };
  const { answers, notes } = await serve(t, 'litellm', text, env, ['sonnet', 'gpt', 'fast']);
  assert.deepEqual(answers, { sonnet: 'anthropic side', gpt: 'openai side', fast: 'openai side' });
  assert.match(notes, /rpm/);
  assert.deepEqual(chat.refusals, []);
});

test("CCR's config.json", { timeout: 60_000 }, async (t) => {
  const { claude, chat } = await providers(t);
  const text = `{
  // JSON5, as users write it
  LOG: true, APIKEY: "$TEAM_TOKEN",
  Providers: [
    { name: "strict", api_base_url: "${claude.url}/v1/messages", api_key: "$STRICT_KEY", models: ["strict-1"], transformer: { use: ["Anthropic"] } },
    { name: "chat", api_base_url: "${chat.url}/v1/chat/completions", api_key: "\${CHAT_KEY}", models: ["gpt-x"], },
  ],
  Router: { default: "chat,gpt-x", background: "strict,strict-1" },
}`;
  const env = { STRICT_KEY: claude.key, CHAT_KEY: chat.key, TEAM_TOKEN: 'sk-team-token-0123456789' };
  const { answers } = await serve(t, 'ccr', text, env, ['strict,strict-1', 'chat,gpt-x', 'whatever']);
  assert.deepEqual(answers, { 'strict,strict-1': 'anthropic side', 'chat,gpt-x': 'openai side', whatever: 'openai side' });
  assert.deepEqual(chat.refusals, []);
});
