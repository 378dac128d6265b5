// The fault matrix, in one command: every failure of a provider, at every stage, against the gateway, and what its client got.
//
//   node tests/e2e/faults.js [WORDS]     prints the table; only failures whose names hold WORDS, with the details of each
//
// The number that counts is the last: requests whose client got neither an answer nor the error that it should have got, or got two
// answers, or whose providers were asked more or less often than they should have been.
import { pathToFileURL } from 'node:url';
import { makeCertificates } from './certificates.js';
import { pieces, seenAt, wordsOf } from './fault_answers.js';
import { allCases } from './fault_cases.js';
import { request } from './fault_client.js';
import { startFaultyProvider } from './faulty_provider.js';
import { startPenstock } from './penstock.js';
import { undo } from './undo.js';

const kToken = 'client-token-5f1c0e7b9d';
const kAtOnce = 24;
const kPatience = { connect: '400ms', first_byte: '400ms', idle: '400ms' };
const kKind = { anthropic: { dialect: 'anthropic', auth: 'x-api-key' }, chat: { dialect: 'openai-chat', auth: 'bearer' } };

// Runs all cases whose failure's name holds `words`, in one gateway: { cases: [{ …, lost: [reasons] }], seconds }.
export async function runFaults(t, words = '') {
  const began = performance.now();
  const cases = allCases().filter(({ failure }) => failure.name.includes(words)).map((each, id) => ({ ...each, id }));
  const certificates = makeCertificates(t);
  const second = { anthropic: await startSecond(t, 'anthropic'), chat: await startSecond(t, 'chat') };
  const config = { server: { drain: '2s' }, auth: { tokens: [kToken] }, log: { level: 'error' }, models: [], fallbacks: { on_refusal: {} },
    retry: { attempts: 2, backoff: '5ms', max_backoff: '20ms' }, providers: { ...secondRows(second, cases) } };
  for (const each of cases) await setUp(t, each, config, certificates);
  const penstock = await startPenstock(config, { secrets: [kToken, ...cases.map(({ key }) => key)] });
  undo(t, () => penstock.stop());
  await inTurn(cases, kAtOnce, (each) => carryOut(each, penstock.url, second));
  return { cases, seconds: (performance.now() - began) / 1000 };
}

async function started(t, starting) {
  const provider = await starting;
  undo(t, () => provider.close());
  return provider;
}

const startSecond = (t, dialect) => started(t, startFaultyProvider(({ json }) => pieces(dialect, json.stream === true, 'second', json.model)));
const dialectBehind = ({ behind }) => (behind === 'chat' ? 'chat' : 'anthropic');
const secondRows = (second, cases) => Object.fromEntries(Object.entries(second).map(([dialect, provider]) => [`second-${dialect}`, {
  ...kKind[dialect], base_url: `http://127.0.0.1:${provider.port}`, api_key: `key-of-second-${dialect}`,
  models: cases.map(({ id }) => ({ id: `m-${id}`, window: 400000, max_output: 32000 })) }]));

// Lets a provider go on when its client has seen all that was said: a failure must not overtake what came before it.
class Witness {
  #length = 0;
  #waiting;
  take(blocks) {
    this.#length = blocks.reduce((sum, { text }) => sum + text.length, 0);
    this.#waiting?.();
  }
  saw(blocks) {
    const wanted = blocks.reduce((sum, [, text]) => sum + text.length, 0);
    return new Promise((resolve) => {
      this.#waiting = () => { if (this.#length >= wanted) resolve(); };
      this.#waiting();
    });
  }
}

// The case's own provider, its row, and the name that its client asks for.
async function setUp(t, each, config, certificates) {
  const { failure, speaker, streamed, way, id } = each;
  const own = (name) => `${name}-${id}`;
  Object.assign(each, { name: own('bad'), asked: own('case'), key: own('key-of-bad'), second: `second-${dialectBehind(speaker)}` });
  each.witness = new Witness();
  const seen = (stage) => each.witness.saw(seenAt(stage, 'first'));
  const act = ({ json }, number) => {
    const context = { dialect: speaker.dialect, streamed, model: json.model, seen, json };
    return way === 'passing' && number > 1 ? pieces(speaker.dialect, streamed, 'first', json.model) : failure.steps(context);
  };
  each.provider = await started(t, startFaultyProvider(act, { atAccept: failure.atAccept, tls: failure.untrusted && certificates }));
  // Nothing listens at the other address of this machine, and nobody can take the port meanwhile.
  const host = failure.refuses ? '127.0.0.2' : '127.0.0.1';
  const scheme = failure.untrusted || failure.tls ? 'https' : 'http';
  config.providers[each.name] = { ...(speaker.transparent ? { catalog: 'anthropic' } : kKind[speaker.dialect]), api_key: each.key,
    base_url: `${scheme}://${host}:${each.provider.port}`, models: [{ id: 'm', window: 100000, max_output: 32000 }], ...(failure.silent && { timeouts: kPatience }) };
  config.models.push({ name: each.asked, to: [`${each.name}/m`, ...(way === 'fallback' ? [`${each.second}/m-${id}`] : [])] });
  if (failure.onRefusal) config.fallbacks.on_refusal[each.asked] = [`${each.second}/m-${id}`];
}

async function inTurn(list, atOnce, run) {
  const rest = list.values();
  await Promise.all(Array.from({ length: atOnce }, async () => { for (const each of rest) await run(each); }));
}

async function carryOut(each, url, second) {
  const { failure, speaker, streamed, asked, id } = each;
  try {
    each.outcome = await request(url, { dialect: speaker.client, model: asked, streamed, prompt: `case ${id}: who are you?`, token: kToken, more: failure.more },
      (blocks) => each.witness.take(blocks));
    const good = second[dialectBehind(speaker)].requests.filter(({ json }) => json.model === `m-${id}`);
    each.lost = complaints(each, each.outcome, good);
  } catch (error) {
    each.lost = [`no answer: ${error.cause?.message ?? error.message}`];
  }
}

// Everything that is not as it should be; none: nothing was lost.
function complaints({ failure, expected, provider, name, key, second, speaker }, outcome, good) {
  const list = [...outcome.faults];
  const same = (what, is, should) => { if (is !== should) list.push(`${what}: ${is} instead of ${should}`); };
  same('requests to the first', provider.requests.length, expected.bad);
  same('requests to the second', good.length, expected.good);
  same('x-penstock-attempts', outcome.headers['x-penstock-attempts'], String(expected.attempts));
  same('x-penstock-provider', outcome.headers['x-penstock-provider'], expected.by === 'second' ? second : name);
  for (const { headers } of provider.requests) same('the key shown to the first', headers['x-api-key'] ?? headers.authorization.slice(7), key);
  for (const { headers } of good) same('the key shown to the second', headers['x-api-key'] ?? headers.authorization.slice(7), `key-of-${second}`);
  for (const header of Object.keys(outcome.headers)) if (/ratelimit/.test(header)) list.push(`the client is shown ${header}`);
  if (expected.by === 'nobody') checkError(expected.error, outcome, same);
  else checkAnswer(expected, failure, outcome, speaker, same);
  return list;
}

function checkError(error, { status, headers, error: told, complete, blocks }, same) {
  same('status', status, error.status);
  same('type', told?.type, error.type);
  same('retry-after', headers['retry-after'], error.retryAfter);
  same('x-should-retry', headers['x-should-retry'], error.shouldRetry);
  same('an answer beside the error', complete || blocks.length > 0, false);
  if (error.message && !error.message.test(told?.message)) same('message', told?.message, String(error.message));
}

const kStops = { anthropic: { refusal: 'refusal', end_turn: 'end_turn', all: 'tool_use' }, chat: { refusal: 'content_filter', end_turn: 'stop', all: 'tool_calls' } };

function checkAnswer({ by, broken, error, stop = 'all' }, { at }, outcome, { client }, same) {
  same('status', outcome.status, 200);
  same('complete', outcome.complete, !broken);
  same('error', outcome.error?.type, error?.type);
  if (!broken) same('stop', outcome.stop, kStops[client][stop]);
  const { thinking, text, tool } = wordsOf(by);
  const all = [['thinking', thinking], ['text', text], ['tool_use', JSON.stringify(tool)]];
  const wanted = by === 'nothing' ? [] : broken ? seenAt(at, by) : all;
  same('answer', JSON.stringify(outcome.blocks.map((block) => [block.type, block.text])), JSON.stringify(wanted));
}

// The table: a line for each failure at each stage.
export function table({ cases, seconds }) {
  const rows = new Map();
  for (const each of cases) {
    const title = `${each.failure.name}\t${each.failure.stage}`;
    const row = rows.get(title) ?? { injected: 0, answered: 0, told: 0, lost: 0 };
    ++row.injected;
    const good = each.lost.length === 0;
    if (good && (each.expected.error === undefined)) ++row.answered;
    else if (good) ++row.told;
    else ++row.lost;
    rows.set(title, row);
  }
  const line = (failure, stage, row) => `${failure.padEnd(46)}${stage.padEnd(25)}${[row.injected, row.answered + row.told, row.told, row.lost]
    .map((number) => String(number).padStart(10)).join('')}`;
  const sum = (key) => [...rows.values()].reduce((total, row) => total + row[key], 0);
  const total = { injected: sum('injected'), answered: sum('answered'), told: sum('told'), lost: sum('lost') };
  const header = `${'failure'.padEnd(46)}${'stage'.padEnd(25)}${['injected', 'survived', 'of them *', 'lost'].map((word) => word.padStart(10)).join('')}`;
  return [header, ...[...rows].map(([title, row]) => line(...title.split('\t'), row)), '', line(`all, in ${seconds.toFixed(1)} s`, '', total),
    '* with a well-formed error: nobody else could answer, or a part of the answer was out already'].join('\n');
}

export const describe = ({ failure, speaker, streamed, way, lost, outcome, id }) => `${id}: ${failure.name}, ${failure.stage}; ${speaker.name}, ${streamed ? 'streamed' : 'whole'}, ${way}: `
  + `${lost.join('; ')}${outcome ? `\n     ${outcome.status} ${outcome.body.slice(-300)}` : ''}`;

async function main(words, details) {
  const ends = [];
  const t = { after: (end) => ends.push(end) };
  try {
    const result = await runFaults(t, words);
    if (result.cases.length === 0) throw new Error(`no failure has ${words} in its name`);
    console.log(table(result));
    for (const each of result.cases) if (each.lost.length > 0 || details) console.log(describe(each));
    process.exitCode = result.cases.some(({ lost }) => lost.length > 0) ? 1 : 0;
  } finally {
    for (const end of ends) await end();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv[2], process.argv.includes('--all'));
