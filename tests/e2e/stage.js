// A stage for one test: scripted providers, the gateway before them, and the clients' homes; all of it ends with the test.
import assert from 'node:assert/strict';
import { Home } from './claude.js';
import { startPenstock } from './penstock.js';
import { startProvider } from './provider.js';
import { undo } from './undo.js';

export const kToken = 'client-token-5f1c0e7b9d';

// How each personality is named in a configuration: the row of the catalogue it stands on, or the whole of it.
const kConfigured = {
  anthropic: { catalog: 'anthropic' },
  deepseek: { catalog: 'deepseek' },
  kimi: { catalog: 'kimi' },
  zai: { catalog: 'zai' },
  minimax: { catalog: 'minimax' },
  openrouter: { catalog: 'openrouter' },
  strict: { dialect: 'anthropic', auth: 'x-api-key', models: [{ id: 'strict-1', window: 200000, max_output: 65536 }] },
  vllm: { catalog: 'vllm', models: [{ id: 'qwen3-coder', window: 131072, max_output: 32768 }] },
  ollama: { catalog: 'ollama', models: [{ id: 'qwen3-coder', window: 131072, max_output: 32768 }] },
};

// The model that a scenario asks each provider for.
export const modelOf = {
  anthropic: 'claude-opus-5-5', deepseek: 'deepseek-v4-pro', kimi: 'kimi-for-coding', zai: 'glm-5.3', minimax: 'MiniMax-M3',
  openrouter: 'qwen/qwen3-coder', strict: 'strict-1', vllm: 'qwen3-coder', ollama: 'qwen3-coder',
};
export const targetOf = (name) => `${name}/${modelOf[name]}`;

// setStage(t, ['zai', 'kimi'], { config, options }) -> { providers..., penstock }
export async function setStage(t, names, { config = {}, options = {} } = {}) {
  const stage = { providers: {} };
  for (const name of names) stage.providers[name] = await cleanUp(t, await startProvider(name, options[name]), 'close');
  const full = {
    server: { drain: '2s' },
    // Claude Code sends reasoning back only under the model name that it asked for (harness.test.js).
    answers: { model: 'asked' }, auth: { tokens: [kToken] },
    ...config, providers: providerConfig(stage.providers, config.providers),
  };
  const secrets = [kToken, ...Object.values(stage.providers).map((provider) => provider.key)];
  stage.penstock = await cleanUp(t, await startPenstock(full, { secrets }), 'stop');
  stage.connection = { baseUrl: stage.penstock.url, token: kToken };
  return stage;
}

function providerConfig(providers, more = {}) {
  const rows = Object.entries(providers).map(([name, provider]) => [name,
    { ...kConfigured[name], base_url: provider.url, api_key: provider.key, ...more[name] }]);
  return Object.fromEntries(rows);
}

export function homeFor(t, version) {
  const home = new Home(version);
  undo(t, () => home.remove());
  return home;
}

function cleanUp(t, thing, verb) {
  undo(t, () => thing[verb]());
  return thing;
}

// No provider complained, whatever was sent to it.
export function noRefusals(providers) {
  const seen = Object.values(providers).flatMap((provider) => provider.refusals
    .map(({ status, message }) => `${provider.name}: ${status} ${message}`));
  assert.deepEqual(seen, []);
}

const allBlocks = (request) => request.json.messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
export const thinkingOf = (request) => allBlocks(request).filter(({ type }) => type === 'thinking');
export const toolResults = (request) => allBlocks(request).filter(({ type }) => type === 'tool_result');
export const resultText = ({ content }) => (typeof content === 'string' ? content : (content ?? []).map(({ text }) => text).join(''));

// A tool call that Claude Code runs without asking, under --allowedTools Bash, and what comes of it.
export const bash = { name: 'Bash', input: { command: 'echo pen$((6*7))stock', description: 'Says a word' } };
export const kBashSaid = 'pen42stock';

// The request with which Claude Code compacts a conversation.
export const asksForSummary = (request) => request.body.includes('detailed summary of the conversation');
