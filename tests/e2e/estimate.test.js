// count_tokens without the provider's help: after 20 answers whose usage was seen, the estimate of unseen requests is within 5 %.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, versions } from './claude.js';
import { countTokens, repositoryTexts, requests, seeded } from './corpus.js';
import { startProvider } from './provider.js';
import { homeFor, kToken, setStage, targetOf } from './stage.js';
import { undo } from './undo.js';

const kLearned = 20;
const kHeldOut = 20;
const kMeanError = 0.05;

// System prompt and tools as both versions of Claude Code really send them.
async function captured(t) {
  const provider = await startProvider('lax');
  undo(t, () => provider.close());
  const connection = { baseUrl: provider.url, token: 'any', model: 'some-model' };
  for (const version of versions) await ask(homeFor(t, version), { prompt: 'hello', ...connection });
  return provider.mainRequests.map(({ json: { system, tools } }) => ({
    system: system.map(({ text }) => ({ type: 'text', text })).filter(({ text }) => !text.startsWith('x-anthropic-billing-header:')),
    tools: tools.map(({ name, description, input_schema }) => ({ name, description, input_schema })),
  }));
}

function errorsOf(pairs) {
  const errors = pairs.map(({ told, true: truth }) => Math.abs(told - truth) / truth);
  return { mean: errors.reduce((sum, error) => sum + error, 0) / errors.length, max: Math.max(...errors) };
}
const percent = (part) => `${(100 * part).toFixed(2)} %`;

// How models count: a well-known tokenizer, and one that cuts finer and adds a hidden preamble.
const counters = { plain: countTokens, finer: (body) => Math.round(1.4 * countTokens(body)) + 300 };

for (const [name, count] of Object.entries(counters)) test(`estimate: a ${name} tokenizer is learnt`, { timeout: 120_000 }, async (t) => {
  const { providers, penstock } = await setStage(t, ['strict'], {
    options: { strict: { everyRequestIsMain: true, count: ({ json }) => count(json) } },
  });
  const send = async (path, body) => {
    const response = await fetch(`${penstock.url}${path}`, {
      method: 'POST', headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': kToken },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text;
  };
  const estimate = async ({ max_tokens: unused, ...body }) => JSON.parse(await send('/v1/messages/count_tokens', body)).input_tokens;
  const measure = async (list) => {
    const pairs = [];
    for (const body of list) pairs.push({ told: await estimate(body), true: count(body) });
    return errorsOf(pairs);
  };

  const common = { texts: repositoryTexts(), captured: await captured(t), model: targetOf('strict') };
  const heldOut = requests({ ...common, random: seeded(2), count: kHeldOut });
  const before = await measure(heldOut);
  for (const [i, body] of requests({ ...common, random: seeded(1), count: kLearned }).entries()) {
    await send('/v1/messages', { ...body, stream: i % 2 === 0 });
  }
  const after = await measure(heldOut);
  t.diagnostic(`error before any usage was seen: mean ${percent(before.mean)}, max ${percent(before.max)}`);
  t.diagnostic(`error after ${kLearned} requests:        mean ${percent(after.mean)}, max ${percent(after.max)}`);
  assert.equal(providers.strict.refusals.length, 0);
  assert.ok(after.mean < kMeanError, percent(after.mean));
});
