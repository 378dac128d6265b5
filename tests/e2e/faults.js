// The fault matrix, in one command: every failure of a provider, at every stage, against the gateway, and what its client got.
//
//   node tests/e2e/faults.js [WORDS]     prints the table; only failures whose names hold WORDS, with the details of each
//
// The number that counts is the last: requests whose client got neither an answer nor the error that it should have got, or got two
// answers, or whose providers were asked more or less often than they should have been.
import { pathToFileURL } from 'node:url';
import { makeCertificates } from './certificates.js';
import { dialects, pieces } from './fault_answers.js';
import { allCases } from './fault_cases.js';
import { request } from './fault_client.js';
import { kSpeakers } from './fault_outcomes.js';
import { seenAt, wordsOf } from './fault_words.js';
import { startFaultyProvider } from './faulty_provider.js';
import { startPenstock } from './penstock.js';
import { undo } from './undo.js';

const kToken = 'client-token-5f1c0e7b9d';
const kAtOnce = 24;
const kPatience = { connect: '400ms', first_byte: '400ms', idle: '400ms' };

// Runs all cases whose failure's name holds `words`: { cases: [{ …, lost: [reasons] }], seconds }. Each speaker has a gateway of its own.
export async function runFaults(t, words = '') {
  const began = performance.now();
  const cases = allCases().filter(({ failure }) => failure.name.includes(words)).map((each, id) => ({ ...each, id }));
  const certificates = makeCertificates(t);
  const second = {};
  for (const dialect of Object.keys(dialects)) second[dialect] = await startSecond(t, dialect);
  for (const name of Object.keys(kSpeakers)) await runSpeaker(t, cases.filter(({ speaker }) => speaker.name === name), second, certificates);
  return { cases, seconds: (performance.now() - began) / 1000 };
}

async function runSpeaker(t, cases, second, certificates) {
  if (cases.length === 0) return;
  const config = { server: { drain: '2s' }, auth: { tokens: [kToken] }, log: { level: 'error' }, models: [], fallbacks: { on_refusal: {} },
    retry: { attempts: 2, backoff: '5ms', max_backoff: '20ms' }, providers: secondRow(second, cases) };
  for (const each of cases) await setUp(t, each, config, certificates);
  const penstock = await startPenstock(config, { secrets: [kToken, ...cases.map(({ key }) => key)] });
  undo(t, () => penstock.stop());
  await inTurn(cases, kAtOnce, (each) => carryOut(each, penstock.url, second));
}

async function started(t, starting) {
  const provider = await starting;
  undo(t, () => provider.close());
  return provider;
}

const isStream = ({ path, json }) => json.stream === true || path.includes(':streamGenerateContent');
const startSecond = (t, dialect) => started(t, startFaultyProvider((asked) => pieces(dialect, isStream(asked), 'second', dialects[dialect].modelOf(asked))));
const secondRow = (second, cases) => {
  const { behind } = cases[0].speaker;
  return { [`second-${behind}`]: { ...dialects[behind].row, base_url: `http://127.0.0.1:${second[behind].port}`, api_key: `key-of-second-${behind}`,
    models: cases.map(({ id }) => ({ id: `m-${id}`, window: 400000, max_output: 32000 })) } };
};

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
  Object.assign(each, { name: own('bad'), asked: own('case'), key: own('key-of-bad'), second: `second-${speaker.behind}` });
  each.witness = new Witness();
  const { dialect } = speaker;
  const seen = (stage) => each.witness.saw(seenAt(stage, 'first', dialects[dialect].wholeCalls));
  const act = (request, number) => {
    const model = dialects[dialect].modelOf(request);
    return way === 'passing' && number > 1 ? pieces(dialect, streamed, 'first', model) : failure.steps({ dialect, streamed, model, seen, request });
  };
  each.provider = await started(t, startFaultyProvider(act, { atAccept: failure.atAccept, tls: failure.untrusted && certificates }));
  // Nothing listens at the other address of this machine, and nobody can take the port meanwhile.
  const host = failure.refuses ? '127.0.0.2' : '127.0.0.1';
  const scheme = failure.untrusted || failure.tls ? 'https' : 'http';
  config.providers[each.name] = { ...(speaker.transparent ? { catalog: 'anthropic' } : dialects[dialect].row), api_key: each.key,
    base_url: `${scheme}://${host}:${each.provider.port}`, models: [{ id: 'm', window: 100000, max_output: 32000 }],
    ...(failure.silent && { timeouts: kPatience }) };
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
    each.outcome = await request(url, { dialect: speaker.client, model: asked, streamed, prompt: `case ${id}: who are you?`, token: kToken,
      more: failure.more, schema: failure.schema }, (blocks) => each.witness.take(blocks));
    const good = second[speaker.behind].requests.filter((asked) => dialects[speaker.behind].modelOf(asked) === `m-${id}`);
    each.lost = complaints(each, each.outcome, good);
  } catch (error) {
    each.lost = [`no answer: ${error.cause?.message ?? error.message}`];
  }
}

const keyIn = (headers) => headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers.authorization.slice(7);

// Everything that is not as it should be; none: nothing was lost.
function complaints({ failure, expected, provider, name, key, second, speaker }, outcome, good) {
  const list = [...outcome.faults];
  const same = (what, is, should) => { if (is !== should) list.push(`${what}: ${is} instead of ${should}`); };
  same('requests to the first', provider.requests.length, expected.bad);
  same('requests to the second', good.length, expected.good);
  same('x-penstock-attempts', outcome.headers['x-penstock-attempts'], String(expected.attempts));
  same('x-penstock-provider', outcome.headers['x-penstock-provider'], expected.by === 'second' ? second : name);
  for (const { headers } of provider.requests) same('the key shown to the first', keyIn(headers), key);
  for (const { headers } of good) same('the key shown to the second', keyIn(headers), `key-of-${second}`);
  for (const header of Object.keys(outcome.headers)) if (/ratelimit/.test(header)) list.push(`the client is shown ${header}`);
  if (expected.by === 'nobody') checkError(expected.error, outcome, same);
  else checkAnswer(expected, failure, outcome, speaker, same);
  return list;
}

function checkError(error, { status, headers, error: told, complete, blocks }, same) {
  same('status', status, error.status);
  same('type', told?.type, error.type);
  const { 'retry-after': after } = headers, wanted = error.retryAfter;
  if (!(wanted instanceof RegExp && wanted.test(after))) same('retry-after', after, wanted?.toString());
  same('x-should-retry', headers['x-should-retry'], error.shouldRetry);
  same('an answer beside the error', complete || blocks.length > 0, false);
  if (error.message && !error.message.test(told?.message)) same('message', told?.message, String(error.message));
}

// `refused`: a refusal with words; `all`: the whole answer.
const kStops = {
  anthropic: { refusal: 'refusal', refused: 'refusal', end_turn: 'end_turn', all: 'tool_use' },
  chat: { refusal: 'content_filter', end_turn: 'stop', all: 'tool_calls' },
  responses: { refusal: 'content_filter', refused: 'refusal', end_turn: 'completed', all: 'completed' },
};

function checkAnswer({ by, broken, error, blocks, stop = 'all' }, { at }, outcome, { client, dialect }, same) {
  same('status', outcome.status, 200);
  same('complete', outcome.complete, !broken);
  same('error', outcome.error?.type, error?.type);
  if (!broken) same('stop', outcome.stop, kStops[client][stop]);
  const { thinking, text, tool } = wordsOf(by);
  const all = [['thinking', thinking], ['text', text], ['tool_use', JSON.stringify(tool)]];
  const wanted = blocks ?? (by === 'nothing' ? [] : broken ? seenAt(at, by, dialects[dialect].wholeCalls) : all);
  // A thought without words carries what the provider wants back: nobody sees it.
  const seen = outcome.blocks.filter(({ type, text: words }) => type !== 'thinking' || words !== '');
  same('answer', JSON.stringify(seen.map((block) => [block.type, block.text])), JSON.stringify(wanted));
}

// The table: a line for each failure at each stage, then one for each speaker.
export function table({ cases, seconds }) {
  const failures = new Map(), speakers = new Map(), total = emptyRow();
  for (const each of cases) {
    const { failure, speaker } = each;
    count(rowOf(failures, `${failure.name}\t${failure.stage}`), each);
    count(rowOf(speakers, `${speaker.name}\t${speaker.client} -> ${speaker.dialect}`), each);
    count(total, each);
  }
  const line = (title, row) => {
    const [name, place = ''] = title.split('\t');
    return `${name.padEnd(46)}${place.padEnd(25)}${[row.injected, row.survived, row.told, row.lost].map((number) => String(number).padStart(10)).join('')}`;
  };
  const lines = (rows) => [...rows].map(([title, row]) => line(title, row));
  const header = line('failure\tstage', { injected: 'injected', survived: 'survived', told: 'told *', lost: 'lost' });
  return [header, ...lines(failures), '', ...lines(speakers), '', line(`all, in ${seconds.toFixed(1)} s`, total),
    '* of the survived: with a well-formed error, since nobody else could answer, or a part of the answer was out already'].join('\n');
}

const emptyRow = () => ({ injected: 0, survived: 0, told: 0, lost: 0 });

function rowOf(rows, title) {
  if (!rows.has(title)) rows.set(title, emptyRow());
  return rows.get(title);
}

function count(row, { lost, expected }) {
  ++row.injected;
  if (lost.length > 0) return void ++row.lost;
  ++row.survived;
  if (expected.error) ++row.told;
}

export const describe = ({ failure, speaker, streamed, way, lost, outcome, id }) => `${id}: ${failure.name}, ${failure.stage}; `
  + `${speaker.name}, ${streamed ? 'streamed' : 'whole'}, ${way}: `
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
