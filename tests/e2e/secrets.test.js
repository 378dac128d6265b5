// A key and a login's tokens are looked for wherever somebody else could find them: process lists, logs, error texts, files, core dumps.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProvider } from './provider.js';
import { undo } from './undo.js';
import { User } from './user.js';

const kKey = 'sk-not-to-be-seen-4f1b9c7e2a';

const read = (path) => { try { return readFileSync(path, 'latin1'); } catch { return ''; } };

// Command lines of every process, and the environments of those of this user's home but our own.
function processList(user) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const mine = all.filter((pid) => read(`/proc/${pid}/environ`).includes(user.home));
  assert.ok(mine.length > 0, 'the test looked at the processes');
  return all.map((pid) => read(`/proc/${pid}/cmdline`)).join('\n') + mine.map((pid) => read(`/proc/${pid}/environ`)).join('\n');
}

function* files(folder) {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name);
    if (lstatSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

test('a key that was set stands in its file alone, and nobody else can read that', { timeout: 60_000 }, async (t) => {
  const zai = await startProvider('zai', { key: kKey });
  undo(t, () => zai.close());
  const user = new User(t, { providers: { zai: { base_url: zai.url } }, log: { level: 'debug' } });
  writeFileSync(join(user.bin, 'claude'), '#!/bin/sh\nenv; tr "\\0" "\\n" </proc/$$/environ\n', { mode: 0o755 });
  const set = await user.penstock(['keys', 'set', 'zai'], { input: `${kKey}\n` });
  assert.equal(set.code, 0, set.stderr);

  let shown = '';
  const note = ({ stdout, stderr }) => { shown += stdout + stderr; };
  note(set);
  note(await user.penstock(['run', 'zai', '--', '-p', 'x']));
  note(await user.penstock(['run', 'zai', '--print-env']));
  const { stdout: url } = await user.penstock(['env', 'zai']);
  const [, base] = url.match(/ANTHROPIC_BASE_URL=?['"]?\s*'?([^'"\s]+)/);
  // The provider repeats the credential in what it says.
  zai.everyRequestIsMain = true;
  zai.script({ error: { status: 401, type: 'authentication_error', message: `invalid key ${kKey}` } }, { error: { status: 500, body: kKey } }, { text: 'fine' });
  for (let i = 0; i < 3; ++i) {
    const answer = await fetch(`${base}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'glm-5.3', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }) });
    shown += await answer.text();
  }
  for (const args of [['keys', 'list'], ['keys', 'list', '--json'], ['doctor', '--json'], ['config', 'show'], ['models'], ['status', '--json']]) note(await user.penstock(args));
  assert.ok(!shown.includes(kKey), `the key was shown: ${shown.slice(Math.max(0, shown.indexOf(kKey) - 200), shown.indexOf(kKey) + 60)}`);
  assert.ok(!processList(user).includes(kKey), 'the key stands in a process list');

  const holders = [...files(user.home), ...files(user.state)].filter((path) => read(path).includes(kKey));
  assert.deepEqual(holders, [join(user.home, '.config/penstock/keys/zai')]);
  assert.equal(lstatSync(holders[0]).mode & 0o777, 0o600);
  for (const path of files(user.state)) assert.equal(lstatSync(path).mode & 0o077, 0, path);

  const { pid } = JSON.parse((await user.penstock(['status', '--json'])).stdout);
  const [, soft] = read(`/proc/${pid}/limits`).match(/^Max core file size\s+(\d+)/m);
  assert.ok(Number(soft) <= 1, 'core files are off');
});
