// The real Claude Code in a session of ten turns with tools, while two of its three providers die, throttle and lie by script. Whoever
// answers, the conversation is one: every tool runs once, every step is answered once, and what was counted is what the meter shows.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChatProvider } from './chat_provider.js';
import { versions } from './claude.js';
import { Conversation } from './conversation.js';
import { startPenstock } from './penstock.js';
import { startProvider } from './provider.js';
import { homeFor, kToken, modelOf } from './stage.js';
import { undo } from './undo.js';

const kWho = ['dying', 'lying', 'steady'];
const kTurns = 10;
const kChatTokens = 900;  // of any prompt, as the provider of Chat Completions counts
const kStepsOfTurn = 3;  // a run of Bash, a look with Read, and the answer
const error = (status, message, headers = {}) => ({ error: { status, message, headers } });
const kPage = '<!doctype html><title>Bad gateway</title>';

// What befalls the requests to each of the two, one after the other and over again; undefined: it answers. Events of a stream are
// message_start, ping, and then the content. What breaks behind its beginning is mended here when nothing of it went out yet; else Claude
// Code sees it, and asks again because no block is complete.
const kDeaths = [{ drop: true }, { drop: true }, undefined, error(529, 'Overloaded'), { cutAfter: 0 }, { cutAfter: 1 }, { cutAfter: 2 }, { cutAfter: 4 }, undefined, { failAfter: 4 },
  error(429, 'This is too often', { 'retry-after-ms': '60' }), { failAfter: 1 }, { failAfter: 2 }, error(500, 'Internal server error'),
  { error: { status: 200, body: kPage, headers: { 'content-type': 'text/html' } } }, error(408, 'The request took too long'), undefined,
  error(429, 'This is too often', { 'retry-after-ms': '5' })];
const kContent = 2;  // events before the first of the content
const kLies = [{ error: { status: 503, body: { error: { message: 'Service unavailable', type: 'server_error' } } } }, undefined,
  { error: { status: 200, body: { error: { message: 'Overloaded', type: 'overloaded_error' } } } }, { error: { status: 200, body: kPage } },
  { error: { status: 502, body: kPage } }, undefined, { error: { status: 200, body: { choices: [] } } }, { error: { status: 200, body: '{"choices":[{"index":0,"mess' } }];

const textOf = (content) => (typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join('\n'));
const kPrompt = (turn) => `Turn ${turn}: go on.`;

// Where the conversation is: { turn, step } of the answer that comes next, in either dialect.
function placeIn({ messages }) {
  let step = 0;
  for (const message of [...messages].reverse()) {
    const results = message.role === 'tool' ? 1 : Array.isArray(message.content) ? message.content.filter(({ type }) => type === 'tool_result').length : 0;
    step += results;
    const said = message.role === 'user' && results === 0 ? textOf(message.content).match(/Turn (\d+): go on\./) : undefined;
    if (said) return { turn: Number(said[1]), step };
  }
  throw new Error('a request without a prompt');
}

// The one right answer at a place, whoever gives it.
function answerAt({ turn, step }, who, folder) {
  const file = join(folder, `ran-${turn}`);
  const thinking = `${who} thinks at ${turn}.${step}`;
  if (step === 0) return { thinking, text: `I run it for turn ${turn}.`, tools: [{ name: 'Bash', input: { command: `echo ran >> ${file}`, description: 'Notes that it ran' } }] };
  if (step === 1) return { thinking, tools: [{ name: 'Read', input: { file_path: file } }] };
  return { thinking, text: `turn ${turn} is done` };
}

// Three providers behind one name, in order; `served` has each step that was answered, with who did it; `broken` each that began to be.
async function setUp(t, folder, affinity) {
  const served = [], broken = [];
  const answers = (who, troubles) => {
    let number = 0;
    return (asked) => {
      const { json } = asked;
      const place = placeIn(json);
      const trouble = troubles[number++ % troubles.length];
      if (trouble && !('cutAfter' in trouble) && !('failAfter' in trouble)) return trouble;
      const step = answerAt(place, who, folder);
      const tokens = who === 'lying' ? kChatTokens : Math.ceil(asked.body.length / 4);
      if (!trouble) served.push({ ...place, who, json, tokens });
      else if (Math.max(trouble.cutAfter ?? 0, trouble.failAfter ?? 0) > kContent) broken.push({ ...place, tokens });
      return { ...step, ...trouble };
    };
  };
  const start = async (starting) => {
    const provider = await starting;
    undo(t, () => provider.close());
    return provider;
  };
  const dying = (await start(startProvider('strict'))).script(answers('dying', kDeaths));
  const lying = (await start(startChatProvider({ demandsReasoning: true }))).script(answers('lying', kLies));
  const steady = (await start(startProvider('anthropic'))).script(answers('steady', [undefined]));
  const config = { server: { drain: '2s' }, answers: { model: 'asked' }, auth: { tokens: [kToken] }, retry: { attempts: 2, backoff: '5ms', max_backoff: '20ms' },
    affinity, cooldown: { failures: 4, for: '1ms' }, models: [{ name: 'work', to: ['dying/strict-1', 'lying/gpt-x', `steady/${modelOf.anthropic}`] }], default_model: 'work',
    providers: {
      dying: { dialect: 'anthropic', auth: 'x-api-key', base_url: dying.url, api_key: dying.key, models: [{ id: 'strict-1', window: 200000, max_output: 65536 }] },
      lying: { dialect: 'openai-chat', auth: 'bearer', base_url: `${lying.url}/v1`, api_key: lying.key, quirks: { reasoning_back: 'when_present' },
        models: [{ id: 'gpt-x', window: 400000, max_output: 128000 }] },
      steady: { catalog: 'anthropic', base_url: steady.url, api_key: steady.key },
    } };
  const penstock = await startPenstock(config, { secrets: [kToken, dying.key, lying.key, steady.key] });
  undo(t, () => penstock.stop());
  return { served, broken, dying, lying, steady, penstock };
}

const promptOf = (usage) => usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);

// `counted`, and with each choice of the answers that broke off: Claude Code counts those that it saw begin.
const sumsWith = (counted, broken) => broken.reduce((sums, tokens) => [...sums, ...sums.map((sum) => sum + tokens)], [counted]);

// Every call that the model made, and the results that it got, in the history that a request carries.
function historyOf({ messages }) {
  const parts = messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
  const calls = [...parts.filter(({ type }) => type === 'tool_use'), ...messages.flatMap(({ tool_calls: list }) => list ?? [])].map(({ id }) => id);
  const results = [...parts.flatMap((part) => part.tool_use_id ?? []), ...messages.flatMap((message) => message.tool_call_id ?? [])];
  return { calls, results };
}

for (const version of versions) {
  test(`${version}: ten turns with tools, and two of three providers fail all the time`, { timeout: 120_000 }, async (t) => {
    const stage = await tenTurns(t, version, 'none');
    for (const [provider, script] of [[stage.dying, kDeaths], [stage.lying, kLies]])
      assert.ok(provider.mainRequests.length >= script.length, `${provider.mainRequests.length} requests are less than the script has`);
    for (const who of kWho) assert.ok(stage.served.some((each) => each.who === who), `${who} never answered: nothing was proved`);
    assert.ok(stage.broken.length > 0, 'no answer broke off');
  });

  test(`${version}: ten turns of a session that stays with the provider which works`, { timeout: 120_000 }, async (t) => {
    const { served } = await tenTurns(t, version, 'session');
    const settled = served.findIndex(({ who }) => who === 'steady');
    assert.ok(settled >= 0 && settled < served.length / 2, `settled at ${settled}`);
    assert.ok(served.slice(settled).every(({ who }) => who === 'steady'), served.map(({ who }) => who).join(' '));
  });
}

async function tenTurns(t, version, affinity) {
  const home = homeFor(t, version);
  const stage = await setUp(t, home.cwd, affinity);
  const { served, broken, penstock } = stage;
  const conversation = new Conversation(home, { args: ['--allowedTools', 'Bash,Read'], baseUrl: penstock.url, token: kToken, model: 'work' });
  undo(t, () => conversation.leave());
  for (let turn = 1; turn <= kTurns; ++turn) {
    const said = await conversation.say(kPrompt(turn));
    assert.deepEqual([said.text, said.failed], [`turn ${turn} is done`, false], `${JSON.stringify(said.lines.at(-1))}\n${penstock.output.slice(-2000)}`);
    assert.deepEqual(served.filter((each) => each.turn === turn).map(({ step }) => step), [0, 1, 2], 'each step is answered once');
    assert.equal(readFileSync(join(home.cwd, `ran-${turn}`), 'utf8'), 'ran\n', 'the tool ran, and once only');
    for (const { usage } of said.answers) assert.ok(usage.input_tokens > 0, 'the context meter would show nothing');
    const ofTurn = (list) => list.filter((each) => each.turn === turn).map(({ tokens }) => tokens);
    const counted = ofTurn(served).reduce((sum, tokens) => sum + tokens);
    const right = sumsWith(counted, ofTurn(broken));
    assert.ok(right.includes(promptOf(said.usage)), `the meter shows ${promptOf(said.usage)}, and the providers counted ${right}`);
  }
  assert.equal(await conversation.end(), 0);
  t.diagnostic(kWho.map((who) => `${who}: ${stage[who].mainRequests.length} requests, ${served.filter((each) => each.who === who).length} answers`).join('; '));
  assert.equal(served.length, kTurns * kStepsOfTurn);
  const { calls, results } = historyOf(served.at(-1).json);
  assert.equal(new Set(calls).size, kTurns * (kStepsOfTurn - 1), 'calls of the whole session');
  assert.deepEqual([...results].sort(), [...calls].sort(), 'each has one result');
  const refused = [...stage.dying.refusals, ...stage.steady.refusals].map(({ message }) => message).concat(stage.lying.refusals);
  assert.deepEqual(refused, [], 'no provider found fault with what was made of the conversation');
  return stage;
}
