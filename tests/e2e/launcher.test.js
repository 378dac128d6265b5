// `penstock run` and the shell functions: the real Claude Code on a scripted provider, in one command, and nothing of the user's touched.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { versions } from './claude.js';
import { binary } from './penstock.js';
import { say } from './picker.js';
import { startProvider } from './provider.js';
import { noRefusals } from './stage.js';
import { Terminal } from './terminal.js';
import { undo } from './undo.js';
import { User } from './user.js';

async function providerFor(t, name, options = {}) {
  const provider = await startProvider(name, options);
  undo(t, () => provider.close());
  return provider;
}

// A user with a key for zai, whose claude is `version`.
async function userOf(t, version, { config = {}, ...options } = {}) {
  const zai = await providerFor(t, 'zai');
  const providers = { zai: { base_url: zai.url, api_key: zai.key }, ...config.providers };
  const user = new User(t, { ...config, providers }, { version, ...options });
  return { zai, user };
}

for (const version of versions) {
  test(`${version}: run NAME reaches the provider, and the home stays as it was`, { timeout: 60_000 }, async (t) => {
    const { zai, user } = await userOf(t, version);
    zai.script({ text: 'zai speaks' });
    const before = user.snapshot();
    const { code, stdout, stderr } = await user.penstock(['run', 'zai', '--', '-p', 'hello there']);
    assert.equal(stdout, 'zai speaks\n', stderr);
    assert.equal(code, 0);
    noRefusals({ zai });
    assert.deepEqual(zai.mainRequests.map(({ json }) => json.model), ['glm-5.3']);
    assert.deepEqual(user.snapshot(), before);
  });

  for (const shell of ['bash', 'zsh', 'fish']) {
    test(`${version}: a function in ${shell} does the same, and ANTHROPIC_MODEL wins`, { timeout: 60_000 }, async (t) => {
      const { zai, user } = await userOf(t, version);
      zai.script({ text: 'one' }, { text: 'two' });
      await user.run(`/usr/bin/${shell}`, ['-c', 'true']);  // fish makes folders of its own at its first start
      const before = user.snapshot();
      const begin = shell === 'fish' ? 'penstock shell-init fish | source' : `eval "$(penstock shell-init ${shell})"`;
      const script = `${begin}; claude-zai -p 'say it; "$HOME"'; ANTHROPIC_MODEL=glm-4.7 claude-zai -p again`;
      const { code, stdout, stderr } = await user.run(`/usr/bin/${shell}`, ['-c', script]);
      assert.equal(stdout, 'one\ntwo\n', stderr);
      assert.equal(code, 0);
      noRefusals({ zai });
      assert.deepEqual(zai.mainRequests.map(({ json }) => json.model), ['glm-5.3', 'glm-4.7']);
      assert.match(JSON.stringify(zai.mainRequests[0].json.messages), /say it; \\\\\\"\$HOME\\\\\\"|say it; \\"\$HOME\\"/);
      assert.deepEqual(user.snapshot(), before);
    });
  }

  test(`${version}: --direct talks to the provider itself, and the key is in no environment and no command line`, { timeout: 60_000 }, async (t) => {
    // Anthropic's own endpoint takes every request as Claude Code writes it, and what an apiKeyHelper prints in both of its headers.
    const provider = await providerFor(t, 'anthropic', { bothCredentials: true });
    const user = new User(t, { providers: { anthropic: { base_url: provider.url, api_key: provider.key } } }, { version });
    let seen = '';
    provider.script(() => {
      seen = allProcesses(user);
      return { text: 'straight' };
    });
    const { stdout, stderr } = await user.penstock(['run', 'anthropic', '--direct', '--model', 'claude-opus-5-5', '--', '-p', 'hello']);
    assert.equal(stdout, 'straight\n', stderr);
    assert.ok(seen.includes(user.home), 'the test looked at the processes');
    assert.ok(!seen.includes(provider.key), 'the key stands in a process list');
    assert.equal((await user.penstock(['status'])).code, 1, 'no gateway was started');
  });

  test(`${version}: a profile's models, variables and arguments`, { timeout: 60_000 }, async (t) => {
    const deepseek = await providerFor(t, 'deepseek');
    const { zai, user } = await userOf(t, version, { config: {
      providers: { deepseek: { base_url: deepseek.url, api_key: deepseek.key } },
      profiles: { heavy: { models: { main: 'deepseek/deepseek-v4-pro', haiku: 'zai/glm-5.3-flash' }, args: ['--allowedTools', 'Bash'],
        env: { FROM_PROFILE: 'yes' }, append_system_prompt: '~/prompt.md' } } } });
    user.write('prompt.md', 'Speak like a miller.');
    const bash = { name: 'Bash', input: { command: 'echo "$FROM_PROFILE $ANTHROPIC_DEFAULT_HAIKU_MODEL"', description: 'Looks' } };
    deepseek.script({ thinking: 'I look.', tools: [bash] }, { thinking: 'I saw.', text: 'done' });
    const { stdout, stderr } = await user.penstock(['run', 'heavy', '--', '-p', 'look']);
    assert.equal(stdout, 'done\n', stderr);
    noRefusals({ deepseek, zai });
    const [first, second] = deepseek.mainRequests;
    assert.match(JSON.stringify(first.json.system), /Speak like a miller\./);
    assert.match(JSON.stringify(second.json.messages), /yes zai\/glm-5\.3-flash/);
  });

  test(`${version}: the first questions are answered only where the user has answered them`, { timeout: 90_000 }, async (t) => {
    const { zai, user } = await userOf(t, version);
    zai.script(() => ({ text: 'here I am' }));
    const sit = () => {
      const terminal = new Terminal([binary, 'run', 'zai'], { cwd: user.work, env: user.environment() });
      undo(t, () => terminal.end());
      return terminal;
    };
    const terminal = sit();
    await say(terminal, 'who are you?');
    await terminal.shows(/here I am/);
    assert.match(await terminal.shows(/GLM 5\.3|glm-5\.3/), /GLM 5\.3|glm-5\.3/);

    const fresh = await userOf(t, version, { answered: false });
    const asked = new Terminal([binary, 'run', 'zai'], { cwd: fresh.user.work, env: fresh.user.environment() });
    undo(t, () => asked.end());
    await asked.shows(/Choose the text style|text style that looks best|Dark mode/i);
  });

  test(`${version}: --carry copies, and without it nothing comes along`, { timeout: 60_000 }, async (t) => {
    const { zai, user } = await userOf(t, version);
    user.answer({ mcpServers: { clock: { command: '/bin/false' } } });
    user.write('.claude/CLAUDE.md', 'Always mention the mill.');
    user.write('.claude/skills/grind/SKILL.md', '---\nname: grind\ndescription: grinds\n---\nGrind it.');
    zai.script({ text: 'a' }, { text: 'b' });
    const config = join(user.state, 'claude', 'zai');
    await user.penstock(['run', 'zai', '--', '-p', 'one']);
    assert.ok(!existsSync(join(config, 'CLAUDE.md')));
    const before = user.snapshot();
    const { stdout, stderr } = await user.penstock(['run', 'zai', '--carry', '--', '-p', 'two']);
    assert.equal(stdout, 'b\n', stderr);
    assert.match(JSON.stringify(zai.mainRequests[1].json), /Always mention the mill/);
    assert.doesNotMatch(JSON.stringify(zai.mainRequests[0].json), /Always mention the mill/);
    assert.match(readFileSync(join(config, 'skills/grind/SKILL.md'), 'utf8'), /Grind it/);
    assert.deepEqual(JSON.parse(readFileSync(join(config, '.claude.json'), 'utf8')).mcpServers, { clock: { command: '/bin/false' } });
    // Claude Code logs what its MCP servers say below ~/.cache, whatever CLAUDE_CONFIG_DIR says.
    assert.deepEqual(Object.fromEntries(Object.entries(user.snapshot()).filter(([path]) => !path.startsWith('.cache'))), before);
  });

  test(`${version}: variables that lead elsewhere are taken away, and the user's own settings do not win`, { timeout: 60_000 }, async (t) => {
    const { zai, user } = await userOf(t, version);
    user.write('.claude/settings.json', JSON.stringify({ env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9', ANTHROPIC_MODEL: 'elsewhere' } }));
    zai.script({ text: 'one' }, { text: 'two' });
    const env = { ANTHROPIC_API_KEY: 'sk-other', ANTHROPIC_AUTH_TOKEN: 'other', ANTHROPIC_BASE_URL: 'http://127.0.0.1:9', CLAUDE_CODE_USE_BEDROCK: '1',
      CLAUDECODE: '1', ANTHROPIC_SMALL_FAST_MODEL: 'x', HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };
    for (const more of [[], ['--shared-config']]) {
      const { stdout, stderr } = await user.penstock(['run', 'zai', ...more, '--', '-p', 'hello'], { env });
      assert.equal(stdout, more.length ? 'two\n' : 'one\n', stderr);
    }
    noRefusals({ zai });
  });
}

// Everything that a process list of this user's shows of the processes with this home: command lines and environments.
function allProcesses(user) {
  const read = (path) => { try { return readFileSync(path, 'latin1'); } catch { return ''; } };
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => read(`/proc/${pid}/cmdline`) + '\n' + read(`/proc/${pid}/environ`)).filter((text) => text.includes(user.home)).join('\n');
}

test('a stub shows what Claude Code gets: arguments untouched, its exit code ours', { timeout: 30_000 }, async (t) => {
  const { user } = await userOf(t, null);
  const stub = join(user.bin, 'claude');
  writeFileSync(stub, '#!/bin/sh\nprintf "%s\\0" "$@"; exit 42\n', { mode: 0o755 });
  const odd = ['-p', 'two words', '', '--', '$x', '*', "it's", 'a\nb', '--model', '[a,b]', '%s'];
  const { code, stdout } = await user.penstock(['run', 'zai', '--', ...odd]);
  assert.equal(code, 42);
  const [flag, file, ...rest] = stdout.split('\0').slice(0, -1);
  assert.equal(flag, '--settings');
  assert.deepEqual(rest, odd);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).env.ANTHROPIC_MODEL, 'glm-5.3');
  const own = await user.penstock(['run', 'zai', '--', '--settings', '{}']);
  assert.deepEqual(own.stdout.split('\0').slice(0, -1), ['--settings', '{}']);
});

test('env gives each shell what run gives Claude Code', { timeout: 30_000 }, async (t) => {
  const { user } = await userOf(t, null);
  for (const shell of ['bash', 'zsh', 'fish']) {
    const script = shell === 'fish' ? 'penstock env zai --shell fish | source; env' : `eval "$(penstock env zai --shell ${shell})"; env`;
    const { stdout } = await user.run(`/usr/bin/${shell}`, ['-c', script], { env: { ANTHROPIC_API_KEY: 'sk-other' } });
    assert.match(stdout, /^ANTHROPIC_BASE_URL=http:\/\/127\.0\.0\.1:\d+\/to\/zai$/m, shell);
    assert.match(stdout, /^ANTHROPIC_DEFAULT_HAIKU_MODEL=glm-5\.3-flash$/m, shell);
    assert.doesNotMatch(stdout, /sk-other/, shell);
  }
});

test('a gateway with another configuration, or without the caller\'s key, is not used', { timeout: 30_000 }, async (t) => {
  const { user } = await userOf(t, null);
  symlinkSync('/bin/true', join(user.bin, 'claude'));
  const other = user.write('other.yaml', JSON.stringify({ server: { listen: '127.0.0.1:0' }, providers: { deepseek: {}, mine: { base_url: 'http://127.0.0.1:9', api_key: 'k', models: ['m'] } } }));
  assert.equal((await user.penstock(['run', 'zai'])).code, 0);
  for (const command of ['run', 'env']) {
    const { code, stderr } = await user.penstock([command, 'mine', '--config', other]);
    assert.equal(code, 78);
    assert.match(stderr, /uses .*penstock\.yaml, and this call .*other\.yaml; mend: penstock restart --config .*other\.yaml/);
  }
  assert.equal((await user.penstock(['restart', '--config', other])).code, 0);
  assert.equal((await user.penstock(['run', 'mine', '--config', other])).code, 0);
  assert.match((await user.penstock(['run', 'zai'])).stderr, /mend: penstock restart --config .*\.config\/penstock\/penstock\.yaml/);
  const env = { DEEPSEEK_API_KEY: 'sk-0123456789abcdef' };
  const late = await user.penstock(['run', 'deepseek', '--config', other], { env });
  assert.equal(late.code, 78, late.stderr);
  assert.match(late.stderr, /was started without DEEPSEEK_API_KEY, and has no credential for deepseek; mend: penstock restart/);
  assert.equal((await user.penstock(['restart', '--config', other], { env })).code, 0);
  assert.equal((await user.penstock(['run', 'deepseek', '--config', other], { env })).code, 0);
});

test('a session within a session has its own model, and a claude that calls penstock run does not go round for ever', { timeout: 30_000 }, async (t) => {
  const { user } = await userOf(t, null, { config: { providers: { deepseek: { base_url: 'http://127.0.0.1:9', api_key: 'k' } } } });
  const stub = join(user.bin, 'claude');
  writeFileSync(stub, '#!/bin/sh\nenv -u PENSTOCK_RUN_DEPTH penstock run deepseek --print-env\n', { mode: 0o755 });
  const inner = await user.penstock(['run', 'zai']);
  assert.match(inner.stdout, /^ANTHROPIC_MODEL=deepseek/m, inner.stderr);
  writeFileSync(stub, '#!/bin/sh\nexec penstock run zai -- "$@"\n', { mode: 0o755 });
  const round = await user.penstock(['run', 'zai']);
  assert.equal(round.code, 1);
  assert.match(round.stderr, /is a script that calls penstock run again; name the program itself in CLAUDE_PATH/);
});

test('words that cannot be written are no success, and -- is penstock\'s own word but for run', { timeout: 30_000 }, async (t) => {
  const { user } = await userOf(t, null);
  for (const words of ['config reference', 'models', '--version', 'shell-init bash']) {
    const { code, stderr } = await user.run('/bin/sh', ['-c', `penstock ${words} > /dev/full`]);
    assert.equal(code, 1, `${words}: ${stderr}`);
    assert.match(stderr, /No space left/, words);
  }
  const lost = await user.penstock(['env', '--', 'nobody']);
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /called "nobody"/);
});

test('env writes no settings file, and secrets of a profile are masked', { timeout: 30_000 }, async (t) => {
  const { user } = await userOf(t, null, { config: { profiles: { p: { provider: 'zai', env: { DB_PASSWD: 'hunter2', DSN: 'pg://hunter2', LEVEL: '3' } } } } });
  assert.equal((await user.penstock(['env', 'p'])).code, 0);
  assert.deepEqual(readdirSync(join(user.state, 'claude/p')).filter((name) => name.startsWith('penstock-')), []);
  symlinkSync('/bin/true', join(user.bin, 'claude'));
  for (const args of [['run', 'p', '--print-env'], ['config', 'show']]) {
    const { stdout } = await user.penstock(args);
    assert.doesNotMatch(stdout, /hunter2/);
    assert.match(stdout, /LEVEL"?[=:] ?"?3/);
  }
});

test('what cannot be run is said with its mend', { timeout: 30_000 }, async (t) => {
  const { user } = await userOf(t, null);
  const fails = async (args, pattern, code = 1) => {
    const result = await user.penstock(args);
    assert.match(result.stderr, pattern);
    assert.equal(result.code, code, result.stderr);
  };
  await fails(['run', 'zay'], /no profile, provider or model is called "zay"; did you mean zai/);
  await fails(['run', 'kimi'], /the provider kimi is not in use, because the configuration lists providers and kimi is not among them; add `kimi: \{\}` under `providers`/, 78);
  await fails(['run', 'zai'], /claude was not found in PATH; install it/);
  symlinkSync('/bin/true', join(user.bin, 'claude'));
  assert.equal((await user.penstock(['run', 'zai'])).code, 0);
  const shown = await user.penstock(['run', 'zai', '--print-env']);
  assert.match(shown.stdout, /^ANTHROPIC_MODEL=glm-5\.3$/m);
});

