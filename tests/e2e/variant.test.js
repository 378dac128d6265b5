// Variants and brand themes: a command of one's own with a version of its own from a real npm, and colours that a terminal shows.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { versions } from './claude.js';
import { binary } from './penstock.js';
import { startProvider } from './provider.js';
import { startRegistry } from './registry.js';
import { noRefusals } from './stage.js';
import { Terminal } from './terminal.js';
import { undo } from './undo.js';
import { User } from './user.js';

const [older, newer] = versions;
const kBrand = '38;2;212;160;23';  // #d4a017: zai's, as a terminal with all colours writes it

async function userOf(t, version, config = {}) {
  const zai = await startProvider('zai');
  undo(t, () => zai.close());
  const user = new User(t, { providers: { zai: { base_url: zai.url, api_key: zai.key } }, ...config }, { version });
  return { zai, user };
}

// What npm and the shell of a person with ~/.local/bin in PATH have.
const around = (user, registry) => ({ PATH: `${join(user.home, '.local/bin')}:${user.bin}:/usr/bin:/bin`, npm_config_registry: registry?.url ?? 'http://127.0.0.1:9',
  npm_config_cache: join(user.folder, 'npm-cache') });

const installed = (user) => readdirSync(join(user.state, 'claude-code')).filter((name) => !name.startsWith('.'));
const agent = ({ headers }) => headers['user-agent'];

test('a variant: created, called by its name, updated, removed', { timeout: 180_000 }, async (t) => {
  const { zai, user } = await userOf(t, null);
  zai.script({ text: 'first' }, { text: 'second' });
  const registry = await startRegistry(t, { latest: newer, stable: older });
  const env = around(user, registry);
  const before = user.snapshot();
  const variant = async (...args) => {
    const result = await user.penstock(['variant', ...args], { env });
    assert.equal(result.code, 0, result.stdout + result.stderr);
    return result;
  };

  const created = await variant('create', 'zed', '--from', 'zai', '--model', 'zai/glm-4.7', '--env', 'FROM_VARIANT=yes', '--claude-version', 'stable');
  assert.match(created.stdout, new RegExp(`zed is ready: ${user.home}/.local/bin/zed`));
  assert.match(created.stderr, new RegExp(`installing Claude Code ${older} from npm`));
  assert.doesNotMatch(created.stderr, /cannot start|PATH/);
  const added = Object.keys(user.snapshot()).filter((path) => !(path in before));
  assert.deepEqual(added.sort(), ['.config/penstock/profiles', '.config/penstock/profiles/zed.yaml', '.local', '.local/bin', '.local/bin/zed']);
  assert.ok(registry.asked.every((path) => path.startsWith('/@anthropic-ai/claude-code')), `npm asked for ${registry.asked}`);

  const first = await user.run('/bin/sh', ['-c', 'zed -p "who are you?"'], { env });
  assert.equal(first.stdout, 'first\n', first.stderr);
  assert.equal(zai.mainRequests[0].json.model, 'glm-4.7');
  assert.match(agent(zai.mainRequests[0]), new RegExp(older));
  const [listed] = JSON.parse((await variant('list', '--json')).stdout);
  assert.deepEqual([listed.name, listed.provider, listed.models.main, listed.claude_version, listed.claude_channel, listed.sessions],
    ['zed', 'zai', 'zai/glm-4.7', older, 'stable', 1]);
  assert.deepEqual(['command', 'profile', 'config_dir', 'claude'].map((part) => listed[part].state), ['ready', 'ready', 'ready', 'ready']);

  registry.tags = { latest: newer, stable: newer };
  const updated = await variant('update', 'zed');
  assert.match(updated.stdout, new RegExp(`zed: ${newer} \\(stable\\), was ${older} \\(stable\\)`));
  assert.deepEqual(installed(user), [newer], 'the version that nobody uses is gone');
  const second = await user.run('/bin/sh', ['-c', 'zed -p again'], { env });
  assert.equal(second.stdout, 'second\n', second.stderr);
  assert.match(agent(zai.mainRequests[1]), new RegExp(newer));
  noRefusals({ zai });

  await variant('remove', 'zed', '--purge');
  assert.deepEqual(installed(user), []);
  assert.ok(!existsSync(join(user.state, 'claude', 'zed')));
  const after = user.snapshot();
  for (const folder of ['.config/penstock/profiles', '.local', '.local/bin']) delete after[folder];  // folders stay
  assert.deepEqual(after, before);
  const gone = await user.penstock(['run', 'zed'], { env });
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /no profile, provider or model is called "zed"/);
});

for (const version of versions) {
  test(`${version}: the provider's colour shows in the terminal, and not in the user's own config dir`, { timeout: 60_000 }, async (t) => {
    const { user } = await userOf(t, version);
    const before = user.snapshot();
    const painted = async (...args) => {
      const terminal = new Terminal([binary, 'run', 'zai', ...args], { cwd: user.work, env: user.environment({ COLORTERM: 'truecolor' }) });
      undo(t, () => terminal.end());
      await terminal.shows(/❯/);
      return terminal;
    };
    const terminal = await painted();
    await colours(terminal, kBrand);
    assert.deepEqual(user.snapshot(), before);
    const plain = await painted('--shared-config');
    await colours(plain, '38;2;215;119;87');  // Claude Code's own
    assert.ok(!plain.painted().includes(kBrand));
  });
}

async function colours(terminal, code, seconds = 10) {
  for (const deadline = performance.now() + seconds * 1000; !terminal.painted().includes(code);) {
    assert.ok(performance.now() < deadline, `no ${code} in\n${terminal.painted()}`);
    await pause(50);
  }
}

test('on a light ground the theme stands on a light one, and a variant may have none', { timeout: 60_000 }, async (t) => {
  const { zai, user } = await userOf(t, newer);
  zai.script(() => ({ text: 'here' }));
  user.answer({ theme: 'light' });
  user.write('.claude/settings.json', JSON.stringify({ theme: 'light' }));
  const env = around(user);
  await user.penstock(['run', 'zai', '--', '-p', 'hello'], { env });
  const theme = JSON.parse(readFileSync(join(user.state, 'claude/zai/themes/penstock-zai.json'), 'utf8'));
  assert.deepEqual([theme.name, theme.base, theme.overrides.claude], ['Z.ai', 'light', '#d4a017']);
  const { code, stderr } = await user.penstock(['variant', 'create', 'plain', '--from', 'zai', '--theme', 'none', '--no-status-line'], { env });
  assert.equal(code, 0, stderr);
  const said = await user.run('/bin/sh', ['-c', 'plain -p hello'], { env });
  assert.equal(said.stdout, 'here\n', said.stderr);
  assert.ok(!existsSync(join(user.state, 'claude/plain/themes')));
});

test('a running gateway serves a new variant at once', { timeout: 60_000 }, async (t) => {
  const { zai, user } = await userOf(t, newer);
  zai.script({ text: 'before' }, { text: 'through' });
  const env = around(user);
  await user.penstock(['run', 'zai', '--', '-p', 'hello'], { env });
  const { code, stderr } = await user.penstock(['variant', 'create', 'zed', '--from', 'zai'], { env });
  assert.equal(code, 0, stderr);
  const { stdout, stderr: why } = await user.run('/bin/sh', ['-c', 'zed -p hello'], { env });
  assert.equal(stdout, 'through\n', why);
  assert.match(readFileSync(join(user.state, 'penstock.log'), 'utf8'), /configuration reloaded \(SIGHUP\)/, 'it was told, and did not find out by itself later');
});

test('a faulty profile file is named and takes nothing else down, and its variant can still be removed', { timeout: 30_000 }, async (t) => {
  const { user } = await userOf(t, null);
  const env = around(user);
  assert.equal((await user.penstock(['variant', 'create', 'zed', '--from', 'zai'], { env })).code, 0);
  const file = join(user.home, '.config/penstock/profiles/zed.yaml');
  writeFileSync(file, 'provider: zai\nthem: brand\n');
  const fault = /zed\.yaml:2:1: unknown key "them" in "profiles\.zed"; did you mean "theme"\?/;
  const checked = await user.penstock(['config', 'check'], { env });
  assert.equal(checked.code, 78);
  assert.match(checked.stderr, fault);
  for (const args of [['variant', 'list'], ['env', 'zai'], ['shell-init', 'bash'], ['models']]) {
    const { code, stderr, stdout } = await user.penstock(args, { env });
    assert.equal(code, 0, stderr);
    assert.equal(stderr.split('zed.yaml:2:1').length, 2, `${args}: told once\n${stderr}`);
    if (args[0] === 'shell-init') assert.match(stdout, /claude-zai/);
  }
  assert.match(readFileSync(join(user.state, 'penstock.log'), 'utf8'), fault, 'the gateway logs it');
  const { code, stdout, stderr } = await user.penstock(['variant', 'remove', 'zed'], { env });
  assert.equal(code, 0, stdout + stderr);
  assert.ok(!existsSync(file) && !existsSync(join(user.home, '.local/bin/zed')));
  assert.equal((await user.penstock(['config', 'check'], { env })).code, 0);
});

test('a variant that would be at fault without --config is refused', { timeout: 30_000 }, async (t) => {
  const { user } = await userOf(t, null);
  const other = user.write('other.yaml', JSON.stringify({ providers: { mine: { base_url: 'http://127.0.0.1:9', api_key: 'k' } } }));
  const { code, stderr } = await user.penstock(['variant', 'create', 'big', '--from', 'mine', '--config', other], { env: around(user) });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /without --config, where profile files are read too \(.*penstock\.yaml\): no provider is called "mine"/);
  assert.ok(!existsSync(join(user.home, '.config/penstock/profiles')));
});

test('of several creates at once one is ready', { timeout: 60_000 }, async (t) => {
  const { user } = await userOf(t, null);
  const all = await Promise.all(Array.from({ length: 8 }, () => user.penstock(['variant', 'create', 'zed', '--from', 'zai'], { env: around(user) })));
  assert.deepEqual(all.map(({ code }) => code).sort(), [0, 1, 1, 1, 1, 1, 1, 1]);
  assert.equal(all.filter(({ stdout }) => /is ready/.test(stdout)).length, 1);
});

test('what cannot be made is said with its mend', { timeout: 30_000 }, async (t) => {
  const { user } = await userOf(t, null);
  const fails = async (args, pattern, code, env = around(user)) => {
    const result = await user.penstock(['variant', ...args], { env });
    assert.match(result.stderr, pattern);
    assert.equal(result.code, code, result.stderr);
  };
  user.write('.local/bin/mine', '#!/bin/sh\n', 0o755);
  await fails(['create', 'mine', '--from', 'zai'], /mine is there already, and no variant's; mend: another name, or --bin-dir/, 1);
  await fails(['create', 'claude', '--from', 'zai'], /would hide the program of that name/, 2);
  await fails(['create', 'x'], /say what the variant is for: --from PROVIDER/, 2);
  await fails(['create', 'x', '--from', 'zay'], /no provider is called "zay"; did you mean "zai"\?/, 1);
  await fails(['create', 'x', '--from', 'zai', '--claude-version', 'newest'], /is no version; write X\.Y\.Z, latest or stable/, 2);
  await fails(['create', 'x', '--from', 'zai', '--claude-version', 'latest'], /npm, which installs Claude Code's versions, was not found in PATH/, 1, { PATH: user.bin });
  await fails(['create', 'x', '--from', 'zai', '--env', 'NONSENSE'], /write NAME=VALUE/, 2);
  await fails(['update'], /name one variant, or say --all/, 2);
  await fails(['show', 'x'], /there is no variant x/, 1);
  await fails(['remove', 'x'], /there is no variant x/, 1);
  assert.ok(!existsSync(join(user.home, '.config/penstock/profiles')));
  const warned = await user.penstock(['variant', 'create', 'moon', '--from', 'kimi'], { env: { PATH: '/usr/bin:/bin' } });
  assert.equal(warned.code, 0);
  assert.match(warned.stderr, /\.local\/bin is not in PATH/);
  assert.match(warned.stderr, /it cannot start yet: there is no credential for kimi; mend: penstock keys set kimi/);
});
