// `credentials: keyring` with the real thing: a session bus, GNOME Keyring and secret-tool, in a home of their own.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { serveFor } from './foreground.js';
import { undo } from './undo.js';
import { User } from './user.js';

const kKey = 'sk-zai-hunter2-0123456789abcd';
const kPollMs = 20;

// Ends with the test, by its own process id.
function start(t, program, args, env, input = '') {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  undo(t, async () => {
    child.kill('SIGKILL');
    await exited;
  });
  child.stdin.on('error', () => {}); // not everyone reads it
  child.stdin.end(input);
  return child;
}

// A person with a desktop's keyring, open unless `keyring` is false, and a note of how secret-tool was called.
async function personWithKeyring(t, { bus = true } = {}) {
  const user = new User(t, { credentials: 'keyring' }, { answered: false });
  const runtime = join(user.folder, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  const base = { ...user.environment(), XDG_RUNTIME_DIR: runtime };
  const calls = join(user.folder, 'calls');
  writeFileSync(join(user.bin, 'secret-tool'), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${calls}'\nexec /usr/bin/secret-tool "$@"\n`, { mode: 0o700 });
  if (!bus) return { user, env: base, calls };
  const daemon = start(t, 'dbus-daemon', ['--session', '--print-address', '--nofork', '--nopidfile'], base);
  const [address] = await once(daemon.stdout, 'data');
  const env = { ...base, DBUS_SESSION_BUS_ADDRESS: String(address).trim() };
  start(t, 'gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], env, 'a password');
  const send = (...args) => execFileSync('dbus-send', ['--session', '--print-reply=literal', ...args], { env, encoding: 'utf8' });
  const there = () => /true/.test(send('--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner', 'string:org.freedesktop.secrets'));
  for (const deadline = performance.now() + 10_000; !there();) {
    assert.ok(performance.now() < deadline, 'the keyring does not come up');
    await pause(kPollMs);
  }
  const lock = () => send('--dest=org.freedesktop.secrets', '/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.Lock',
    'array:objpath:/org/freedesktop/secrets/collection/login');
  return { user, env, calls, lock };
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

test('the keyring keeps the key, and no file or argument holds it', async (t) => {
  const { user, env, calls } = await personWithKeyring(t);
  const keys = (args, input) => user.penstock(['keys', ...args], { env, input });
  assert.deepEqual(await keys(['set', 'zai'], `${kKey}\n`), { code: 0, stdout: 'zai: the key …abcd is in the keyring\n', stderr: '' });
  assert.equal(execFileSync('/usr/bin/secret-tool', ['lookup', 'service', 'penstock', 'provider', 'zai'], { env, encoding: 'utf8' }), kKey);
  for (const file of filesBelow(user.folder)) assert.ok(!readFileSync(file).includes('hunter2'), file);
  assert.match(readFileSync(calls, 'utf8'), /^store --label=Penstock: zai service penstock provider zai$/m);

  const listed = JSON.parse((await keys(['list', '--json'])).stdout);
  assert.deepEqual(listed, [{ provider: 'zai', passthrough: false, keys: [{ place: 'keyring', source: 'keyring', key: '…abcd', used: true }] }]);
  assert.equal((await keys(['remove', 'zai'])).stdout, 'zai: the key is gone from the keyring\n');
  assert.deepEqual(JSON.parse((await keys(['list', '--json'])).stdout), []);
});

test('an older file goes into the keyring', async (t) => {
  const { user, env } = await personWithKeyring(t);
  const older = user.write('.ZaiAZ1.api.key', `${kKey}\n`);
  const { code, stdout } = await user.penstock(['keys', 'import', '--remove-old'], { env });
  assert.deepEqual([code, stdout], [0, `zai: copied from ${older} to keyring; the older file is removed\n`]);
  for (const file of filesBelow(user.folder)) assert.ok(!readFileSync(file).includes('hunter2'), file);
});

test('a locked keyring is told at once', async (t) => {
  const { user, env, lock } = await personWithKeyring(t);
  await user.penstock(['keys', 'set', 'zai'], { env, input: kKey });
  lock();
  const began = performance.now();
  const { code, stdout } = await user.penstock(['keys', 'list'], { env });
  assert.ok(performance.now() - began < 5000);
  assert.equal(code, 0);
  assert.match(stdout, /^zai +- +no +the keyring holds a key of zai, but is locked; mend: unlock/m);
  const refused = await user.penstock(['keys', 'set', 'kimi'], { env, input: kKey });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /the keyring did not take the key: .*; mend: unlock the keyring .*, or set credentials: files/);
});

test('without a session bus the mend is named, and nothing is stored', async (t) => {
  const { user, env } = await personWithKeyring(t, { bus: false });
  for (const args of [['set', 'zai'], ['list'], ['remove', 'zai']]) {
    const { code, stderr } = await user.penstock(['keys', ...args], { env, input: kKey });
    assert.equal(code, 1, args[0]);
    assert.match(stderr, /keyring .*mend: .*credentials: files/s);
  }
  for (const file of filesBelow(user.home)) assert.ok(!readFileSync(file).includes('hunter2'), file);
});

test('the gateway finds the key in the keyring', { timeout: 60_000 }, async (t) => {
  const { user, env } = await personWithKeyring(t);
  await user.penstock(['keys', 'set', 'zai'], { env, input: kKey });
  const { text } = await serveFor(t, user, env);
  assert.match(text, /^ {2}zai .* key from keyring$/m);
  assert.doesNotMatch(text, /hunter2/);
});

test('a keyring that never answers does not hang the start', { timeout: 60_000 }, async (t) => {
  const { user, env } = await personWithKeyring(t, { bus: false });
  writeFileSync(join(user.bin, 'secret-tool'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o700 });
  const began = performance.now();
  const { text } = await serveFor(t, user, env);
  assert.ok(performance.now() - began < 15_000, 'one question for all providers');
  assert.equal(text.match(/the keyring did not answer in time/g)?.length, 1, text);
});
