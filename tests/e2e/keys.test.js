// `penstock keys`: how a key comes in, where it lies, what is shown of it, and that a running gateway takes it up.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveFor } from './foreground.js';
import { binary } from './penstock.js';
import { startProvider } from './provider.js';
import { Terminal } from './terminal.js';
import { undo } from './undo.js';
import { User } from './user.js';

const kKey = 'sk-zai-hunter2-0123456789abcd';
const kMasked = '…abcd';

// A person without a configuration, whose every command is looked through for the key.
function personWith(t, config = null) {
  const user = new User(t, config, { answered: false });
  const folder = join(user.home, '.config/penstock/keys');
  const keys = async (args, options) => {
    const result = await user.penstock(['keys', ...args], options);
    assert.ok(!`${result.stdout}${result.stderr}`.includes('hunter2'), `a key is shown: ${result.stdout}${result.stderr}`);
    return result;
  };
  return { user, keys, folder, file: (name) => join(folder, name) };
}
const mode = (path) => (statSync(path).mode & 0o7777).toString(8);

test('a key from standard input lies in a file of its own, 0600 in 0700', async (t) => {
  const { keys, folder, file } = personWith(t);
  const { code, stdout, stderr } = await keys(['set', 'zai'], { input: `  ${kKey}\n\n` });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.equal(stdout, `zai: the key ${kMasked} is in ${file('zai')}\n`);
  assert.equal(readFileSync(file('zai'), 'utf8').trim(), kKey);
  assert.deepEqual([mode(file('zai')), mode(folder)], ['600', '700']);
  assert.deepEqual(readdirSync(folder), ['zai'], 'nothing is left beside it');
});

test('--from-file and --from-env; a file that others can read is refused with the mend', async (t) => {
  const { user, keys, file } = personWith(t);
  const given = user.write('given', `${kKey}\n`);
  assert.equal((await keys(['set', 'zai', '--from-file', given])).code, 0);
  assert.equal((await keys(['set', 'kimi', '--from-env', 'GIVEN'], { env: { GIVEN: kKey } })).code, 0);
  assert.deepEqual(['zai', 'kimi'].map((name) => readFileSync(file(name), 'utf8').trim()), [kKey, kKey]);
  chmodSync(given, 0o644);
  const loose = await keys(['set', 'deepseek', '--from-file', given]);
  assert.equal(loose.code, 1);
  assert.match(loose.stderr, new RegExp(`chmod 600 ${given}`));
  assert.equal((await keys(['set', 'deepseek', '--from-file', given, '--from-env', 'GIVEN'])).code, 2);
  assert.ok(!existsSync(file('deepseek')));
});

test('what is no key is not stored', async (t) => {
  const { keys, folder } = personWith(t);
  for (const input of ['', ' \n', 'sk-hunter2 more', 'sk-hunter2\nsk-more', 'sk-hunter2\u0007', 'sk-hünter2']) {
    const { code, stderr } = await keys(['set', 'zai'], { input });
    assert.equal(code, 1, JSON.stringify(input));
    assert.match(stderr, /nothing was stored/);
  }
  const unknown = await keys(['set', 'deepsek'], { input: kKey });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /did you mean deepseek\?/);
  assert.ok(!existsSync(folder));
});

test('a key as an argument is refused, and not repeated', async (t) => {
  const { keys, folder } = personWith(t);
  for (const args of [['set', 'zai', kKey], ['set', 'zai', `--key=${kKey}`], ['set', 'zai', '--key', kKey]]) {
    const { code, stderr } = await keys(args, { input: kKey });
    assert.equal(code, 2);
    assert.match(stderr, /never taken as an argument/);
  }
  for (const args of [['set', kKey], [kKey], ['st', 'zai', kKey], ['remove', kKey], ['list', kKey], ['import', kKey],
    ['set', 'zai', '--from-env', kKey], ['set', 'zai', '--from-file', kKey]]) {
    assert.notEqual((await keys(args)).code, 0, args.join(' '));
  }
  assert.ok(!existsSync(folder));
});

test('an open folder takes no key', async (t) => {
  const { keys, folder, file } = personWith(t);
  await keys(['set', 'zai'], { input: kKey });
  chmodSync(folder, 0o750);
  const { code, stderr } = await keys(['set', 'kimi'], { input: kKey });
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`chmod 700 ${folder}`));
  assert.ok(!existsSync(file('kimi')));
});

test('list shows every place, which one is used, and why one is not', async (t) => {
  const { user, keys, file } = personWith(t);
  const env = { ZAI_API_KEY: 'sk-env-hunter2-0123456789wxyz' };
  user.write('.ZaiAZ1.api.key', 'sk-old-hunter2-0123456789mnop\n');
  user.write('.KimiAZ1.api.key', 'sk-old-hunter2-0123456789qrst\n', 0o644);
  const set = await keys(['set', 'zai'], { input: kKey, env });
  assert.match(set.stderr, /the key from \$ZAI_API_KEY \(…wxyz\) wins over the one that was stored/);

  const { code, stdout } = await keys(['list', '--json'], { env });
  assert.equal(code, 0);
  const older = join(user.home, '.KimiAZ1.api.key');
  assert.deepEqual(JSON.parse(stdout).sort((a, b) => b.provider.localeCompare(a.provider)), [
    { provider: 'zai', passthrough: false, keys: [
      { place: 'environment', source: '$ZAI_API_KEY', key: '…wxyz', used: true },
      { place: 'key file', source: file('zai'), key: kMasked, used: false },
      { place: 'older file', source: join(user.home, '.ZaiAZ1.api.key'), key: '…mnop', used: false }] },
    { provider: 'kimi', passthrough: false, keys: [
      { place: 'older file', source: older, fault: `${older} can be read by others, so it is not used; mend: chmod 600 ${older}`, used: false }] },
  ]);
  const plain = await keys(['list', 'zai'], { env });
  assert.match(plain.stdout, /^zai +…wxyz +yes +\$ZAI_API_KEY\nzai +…abcd +no /m);
  assert.doesNotMatch(plain.stdout, /kimi/);
});

test('the keys of a pool are all used', async (t) => {
  const { keys } = personWith(t, { providers: { zai: { credentials: { pool: ['sk-config-hunter2-012345678ijkl', 'sk-config-hunter2-012345678mnop'] } } } });
  const { stdout } = await keys(['list'], { env: { ZAI_API_KEY: kKey } });
  assert.match(stdout, /^zai +…ijkl +yes +configuration\nzai +…mnop +yes +configuration\nzai +\S+ +no +\$ZAI_API_KEY$/m);
  const listed = JSON.parse((await keys(['list', '--json'])).stdout);
  assert.deepEqual(listed[0].keys.map(({ used }) => used), [true, true]);
});

test('the configuration stands first, and its own providers can have keys', async (t) => {
  const { keys, file } = personWith(t, { providers: {
    zai: { api_key: 'sk-config-hunter2-012345678ijkl' }, mine: { base_url: 'http://127.0.0.1:9' },
    claude: { catalog: 'anthropic', credentials: { mode: 'passthrough' } } } });
  assert.match((await keys(['set', 'zai'], { input: kKey })).stderr, /the key from configuration \(…ijkl\) wins/);
  assert.match((await keys(['set', 'claude'], { input: kKey })).stderr, /so this key is not used/);
  assert.deepEqual(await keys(['set', 'mine'], { input: kKey }), { code: 0, stderr: '', stdout: `mine: the key ${kMasked} is in ${file('mine')}\n` });
  const listed = JSON.parse((await keys(['list', '--json'])).stdout);
  assert.deepEqual(listed.map(({ provider, passthrough, keys: all }) => [provider, passthrough, ...all.map(({ place }) => place)]).sort(), [
    ['claude', true], ['mine', false, 'key file'], ['zai', false, 'configuration', 'key file']]);
});

test('remove takes out our own, and says what is left', async (t) => {
  const { keys, file } = personWith(t);
  await keys(['set', 'zai'], { input: kKey });
  const first = await keys(['remove', 'zai'], { env: { ZAI_API_KEY: kKey } });
  assert.deepEqual(first, { code: 0, stdout: `zai: the key is gone from ${file('zai')}\n`, stderr: 'note: zai still has one in $ZAI_API_KEY\n' });
  assert.ok(!existsSync(file('zai')));
  const second = await keys(['remove', 'zai']);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /holds no key/);
});

test('import copies the older files, and removes them only when told to', async (t) => {
  const { user, keys, file } = personWith(t);
  const older = { zai: user.write('.ZaiAZ1.api.key', ` ${kKey}\r\n`), deepseek: user.write('.DeepSeekAZ1.api.key', 'sk-hunter2-deep') };
  const named = await keys(['import', 'zai']);
  assert.deepEqual(named, { code: 0, stdout: `zai: copied from ${older.zai} to ${file('zai')}\n`, stderr: '' });
  assert.equal(readFileSync(file('zai'), 'utf8').trim(), kKey);
  assert.equal(readFileSync(older.zai, 'utf8'), ` ${kKey}\r\n`);
  assert.ok(!existsSync(file('deepseek')));

  writeFileSync(file('deepseek'), 'sk-hunter2-another', { mode: 0o600 });
  const all = await keys(['import', '--remove-old']);
  assert.equal(all.code, 1);
  assert.match(all.stderr, /^deepseek: .* holds another key than /);
  assert.match(all.stdout, /^zai: .* already; the older file is removed$/m);
  assert.deepEqual([existsSync(older.zai), existsSync(older.deepseek)], [false, true]);
  assert.equal(readFileSync(file('deepseek'), 'utf8'), 'sk-hunter2-another');
  assert.equal((await keys(['import', 'minimax'])).code, 1, 'a provider that was named has no such file');
});

// The shell shows the exit code and how the terminal was left.
function terminalOf(t, user) {
  const script = `trap : INT; "${binary}" keys set zai; echo "code $?"; stty -a | grep -o -w -e '-echo' -e 'echo'; exec cat`;
  const terminal = new Terminal(['sh', '-c', script], { cwd: user.work, env: user.environment() });
  undo(t, () => terminal.end());
  return terminal;
}

test('on a terminal the key is asked for and never shown', { timeout: 60_000 }, async (t) => {
  const { user, file } = personWith(t);
  const terminal = terminalOf(t, user);
  await terminal.shows(/Key for zai \(not shown\):/);
  terminal.type(kKey);
  terminal.press('Enter');
  const screen = await terminal.shows(/code 0\necho\n/);
  assert.doesNotMatch(screen, /hunter2/);
  assert.equal(readFileSync(file('zai'), 'utf8').trim(), kKey);
});

test('an interrupt at the prompt leaves the terminal as it was, and no key', { timeout: 60_000 }, async (t) => {
  const { user, folder } = personWith(t);
  const terminal = terminalOf(t, user);
  await terminal.shows(/Key for zai/);
  terminal.type('sk-hunter2');
  terminal.press('C-c');
  const screen = await terminal.shows(/code 130\necho\n/);
  assert.doesNotMatch(screen, /hunter2/);
  assert.ok(!existsSync(folder));
});

test('a running gateway takes up what is set and what is removed', { timeout: 60_000 }, async (t) => {
  const zai = await startProvider('zai', { key: kKey });
  undo(t, () => zai.close());
  const { user, keys } = personWith(t, { providers: { zai: { base_url: zai.url } } });
  const gateway = await serveFor(t, user);
  const ask = () => gateway.ask('zai/glm-5.3');
  assert.ok((await ask()).status >= 400, 'there is no key yet');
  assert.equal(zai.requests.length, 0);

  await keys(['set', 'zai'], { input: kKey });
  await gateway.shows(/reloaded/);
  const answer = await ask();
  await answer.text();
  assert.equal(zai.requests.length, 1);
  const { headers } = zai.requests[0];
  assert.ok([headers['x-api-key'], headers.authorization].some((value) => value?.includes(kKey)), 'the provider gets the key');

  await keys(['remove', 'zai']);
  await gateway.shows(/reloaded[^]*reloaded/);
  assert.ok((await ask()).status >= 400, 'the key is gone');
  assert.equal(zai.requests.length, 1);
  assert.doesNotMatch(gateway.text, /hunter2/);
});

test('a loose key file is told at the start, and used once it is mended', { timeout: 60_000 }, async (t) => {
  const zai = await startProvider('zai', { key: kKey });
  undo(t, () => zai.close());
  const { user, keys, file } = personWith(t, { providers: { zai: { base_url: zai.url } } });
  await keys(['set', 'zai'], { input: kKey });
  chmodSync(file('zai'), 0o644);
  const gateway = await serveFor(t, user);
  await gateway.shows(new RegExp(`can be read by others, so it is not used; mend: chmod 600 ${file('zai')}`));
  chmodSync(file('zai'), 0o600);
  await gateway.shows(/reloaded/);
  await (await gateway.ask('zai/glm-5.3')).text();
  assert.equal(zai.requests.length, 1);
});
