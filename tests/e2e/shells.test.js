// shell-init and completions in the real bash, zsh and fish. A stub takes the program's place once the shell has its functions.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync, copyFileSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { binary } from './penstock.js';
import { undo } from './undo.js';

const kSeconds = 20;
const kKey = 'sk-shell-5f1c0e7b9d';

// What differs between the shells: how each reads a script alone, evaluates our output, and names its rc file and its arguments.
const shells = {
  bash: {
    alone: ['--norc'], init: 'eval "$(penstock shell-init bash)"', rc: '.bashrc', args: '"$@"', strict: 'set -eufC',
    path: 'PATH="$STUB:$PATH"',
  },
  zsh: {
    alone: ['-f'], init: 'eval "$(penstock shell-init zsh)"', rc: '.zshrc', args: '"$@"', strict: 'set -eu', path: 'PATH="$STUB:$PATH"',
  },
  fish: {
    alone: [], init: 'penstock shell-init fish | source', rc: '.config/fish/config.fish', args: '$argv', strict: '',
    path: 'set PATH $STUB $PATH',
  },
};

// Prints its arguments and the model that reached it, each ended by a NUL.
const kStub = `#!/bin/sh
printf '%s\\0' "$@" "model=\${ANTHROPIC_MODEL-none}"
exit "\${STUB_EXIT:-0}"
`;

// A home folder, the program as `penstock` in PATH, a stub of it in a folder of its own, and a configuration with a profile.
class Ground {
  constructor(t) {
    this.folder = mkdtempSync(join(tmpdir(), 'penstock-shells-'));
    undo(t, () => rmSync(this.folder, { recursive: true, force: true }));
    for (const name of ['home', 'bin', 'stub', 'state']) mkdirSync(this.at(name));
    symlinkSync(binary, this.at('bin/penstock'));
    this.writeStub(this.at('stub/penstock'));
    this.configure({ profiles: { 'heavy.v1-x': { models: { main: 'deepseek/deepseek-v4-pro' } } } });
    this.env = {
      PATH: `${this.at('bin')}:/usr/bin:/bin`, HOME: this.at('home'), STUB: this.at('stub'), LC_ALL: 'C.UTF-8', TERM: 'dumb',
      PENSTOCK_STATE_DIR: this.at('state'), PENSTOCK_CONFIG: this.at('penstock.yaml'), DEEPSEEK_API_KEY: kKey,
    };
  }

  at(name) { return join(this.folder, name); }
  configure(config) {
    writeFileSync(this.at('penstock.yaml'), typeof config === 'string' ? config : JSON.stringify(config), { mode: 0o600 });
  }

  writeStub(path) {
    rmSync(path, { force: true });
    writeFileSync(path, kStub);
    chmodSync(path, 0o755);
  }

  // Runs to the end; a program that is missing or does not end in time is an error, not a result.
  run(program, args, { env = {} } = {}) {
    const options = { cwd: this.folder, env: { ...this.env, ...env }, timeout: kSeconds * 1000, encoding: 'utf8' };
    const done = spawnSync(program, args, options);
    if (done.error) throw done.error;
    assert.ok(!(done.stdout + done.stderr).includes(kKey), 'the key stands in the output');
    return { code: done.status, out: done.stdout, err: done.stderr };
  }

  penstock(...args) { return this.run('penstock', args); }

  script(shell, lines, args = [], options = {}) {
    const path = this.at(`script.${shell}`);
    writeFileSync(path, `${lines.filter((line) => line).join('\n')}\n`);
    return this.run(shell, [...shells[shell].alone, path, ...args], options);
  }

  // A shell that has evaluated our output, and then finds the stub where the program was.
  withFunctions(shell, lines, args, options) {
    const { init, path } = shells[shell];
    return this.script(shell, [init, path, ...lines], args, options);
  }
}

const items = (text) => text.split('\0').slice(0, -1);
const kOdd = ['', ' ', 'a b', "it's", '"', 'line\nbreak\n', '--', '-p', '--model=x', '$x', '$(id)', '`id`', '*', '?[a]', '~', '!', '!!',
  '\\', '\\n', 'ä😀', '\t', '#', ';', '{a,b}', '=ls', '%s', ''];

for (const [shell, { rc, args, strict, init, path }] of Object.entries(shells)) {
  test(`${shell}: a function for each key and profile passes its arguments exactly`, (t) => {
    const ground = new Ground(t);
    for (const name of ['deepseek', 'heavy.v1-x']) {
      const { code, out, err } = ground.withFunctions(shell, [`claude-${name} ${args}`], kOdd);
      assert.deepEqual(items(out), ['run', name, '--', ...kOdd, 'model=none']);
      assert.deepEqual([code, err], [0, '']);
    }
    assert.deepEqual(items(ground.withFunctions(shell, ['claude-deepseek']).out), ['run', 'deepseek', '--', 'model=none']);
    assert.equal(ground.withFunctions(shell, ['claude-kimi']).code, 127, 'no key, no function');
  });

  test(`${shell}: a variable at the call and the exit code pass through`, (t) => {
    const ground = new Ground(t);
    const called = ground.withFunctions(shell, ['ANTHROPIC_MODEL=google/gemini-2.5-pro claude-deepseek', 'claude-deepseek']);
    assert.deepEqual(items(called.out).filter((item) => item.startsWith('model=')), ['model=google/gemini-2.5-pro', 'model=none']);
    assert.equal(ground.withFunctions(shell, ['claude-deepseek'], [], { env: { STUB_EXIT: '7' } }).code, 7);
  });

  test(`${shell}: strict settings and an alias of the name do no harm`, (t) => {
    const ground = new Ground(t);
    const odd = {
      bash: 'shopt -s expand_aliases nullglob extglob; IFS=x',
      zsh: 'setopt KSH_ARRAYS SH_WORD_SPLIT GLOB_SUBST IGNORE_BRACES CSH_JUNKIE_QUOTES RC_QUOTES NULL_GLOB EXTENDED_GLOB; IFS=x',
      fish: '',
    };
    const globals = shell === 'zsh' ? 'alias -g run=broken; alias -g -- --=broken' : '';
    const lines = [strict, odd[shell], globals, "alias claude-deepseek='echo old'", init, path, `claude-deepseek ${args}`];
    const { code, out, err } = ground.script(shell, lines, ['a b', '*', 'axb']);
    assert.deepEqual(items(out), ['run', 'deepseek', '--', 'a b', '*', 'axb', 'model=none'], err);
    assert.equal(code, 0);
  });

  test(`${shell}: the program's path may hold anything`, (t) => {
    const ground = new Ground(t);
    const folder = ground.at("it's $HOME *");
    mkdirSync(folder);
    copyFileSync(binary, join(folder, 'penstock'));
    chmodSync(join(folder, 'penstock'), 0o755);
    rmSync(ground.at('bin/penstock'));
    const text = ground.run(join(folder, 'penstock'), ['shell-init', shell]).out;
    ground.writeStub(join(folder, 'penstock'));
    const { out, err } = ground.script(shell, [text, 'claude-deepseek x']);
    assert.deepEqual(items(out), ['run', 'deepseek', '--', 'x', 'model=none'], err);
  });

  test(`${shell}: a faulty configuration is one line, and the functions of keys are there`, (t) => {
    const ground = new Ground(t);
    ground.configure('servr: 1\nmodles: 2\n');
    const { code, out, err } = ground.withFunctions(shell, ['claude-deepseek x']);
    assert.deepEqual(items(out), ['run', 'deepseek', '--', 'x', 'model=none']);
    assert.match(err, /^penstock: .*penstock\.yaml:1:1: .*servr.*\n$/);
    assert.equal(code, 0);
  });

  const start = (ground, line) => ground.run(shell, shell === 'fish' ? ['-c', line] : ['-i', '-c', line]);

  test(`${shell}: the block in the rc file defines the functions, once, and goes without a trace`, (t) => {
    const ground = new Ground(t);
    const file = ground.at(`home/${rc}`);
    const mine = '# mine\n: "no line break at the end"';
    mkdirSync(dirname(file), { recursive: true });
    mkdirSync(ground.at('dotfiles'));
    writeFileSync(ground.at('dotfiles/rc'), mine, { mode: 0o640 });
    symlinkSync(ground.at('dotfiles/rc'), file);

    assert.equal(ground.penstock('shell-init', shell, '--install').code, 0);
    const installed = readFileSync(file, 'utf8');
    assert.deepEqual(items(start(ground, `${path}; claude-deepseek hi`).out), ['run', 'deepseek', '--', 'hi', 'model=none']);
    assert.match(ground.penstock('shell-init', shell, '--install').out, /already/);
    assert.equal(readFileSync(file, 'utf8'), installed);
    assert.ok(lstatSync(file).isSymbolicLink());
    assert.equal(lstatSync(ground.at('dotfiles/rc')).mode & 0o777, 0o640);

    const quiet = start(ground, 'exit 0');
    rmSync(ground.at('bin/penstock'));
    assert.deepEqual(start(ground, 'exit 0'), quiet, 'a missing program says nothing');
    assert.deepEqual([quiet.code, quiet.out], [0, '']);
    symlinkSync(binary, ground.at('bin/penstock'));

    assert.equal(ground.penstock('shell-init', shell, '--uninstall').code, 0);
    assert.equal(readFileSync(file, 'utf8'), mine);
    assert.equal(readFileSync(`${file}.penstock-backup`, 'utf8'), mine);
    assert.deepEqual(readdirSync(ground.at('dotfiles')), ['rc']);
  });

  test(`${shell}: an rc file that was not there is gone again`, (t) => {
    const ground = new Ground(t);
    ground.penstock('shell-init', shell, '--install');
    assert.deepEqual(items(start(ground, `${path}; claude-deepseek`).out), ['run', 'deepseek', '--', 'model=none']);
    ground.penstock('shell-init', shell, '--uninstall');
    assert.ok(!readdirSync(dirname(ground.at(`home/${rc}`))).includes(rc.split('/').at(-1)));
  });
}

test('bash: posix mode, which takes no such names, is left in peace', (t) => {
  const { code, out, err } = new Ground(t).script('bash', ['set -eo posix', shells.bash.init, 'echo on']);
  assert.deepEqual([code, out, err], [0, 'on\n', '']);
});

test('shell-init: a damaged block is named and nothing is written', (t) => {
  const ground = new Ground(t);
  writeFileSync(ground.at('home/.zshrc'), 'a\n# >>> penstock >>>\nb\n');
  for (const option of ['--install', '--uninstall']) {
    const { code, err } = ground.penstock('shell-init', 'zsh', option);
    assert.equal(code, 1);
    assert.match(err, /\.zshrc: line 2: /);
  }
  assert.deepEqual(readdirSync(ground.at('home')), ['.zshrc']);
  assert.equal(ground.penstock('shell-init', 'tcsh').code, 2);
  assert.equal(ground.penstock('shell-init', 'zsh', '--install', '--uninstall').code, 2);
});

// --- completions ------------------------------------------------------------------------------------------------------------------------

// Calls the function as bash does at a TAB: the words are cut at COMP_WORDBREAKS, $2 is what will be replaced.
function bashCompletes(ground, line) {
  const piece = line.match(/[^\s:=]*$/)[0];
  const { out, err } = ground.script('bash', [
    'set -u', 'eval "$(penstock completions bash)"', 'complete -p penstock >&2', 'COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=() COMP_CWORD=0',
    '_penstock penstock "$2" x', 'printf "%s\\n" "${COMPREPLY[@]+"${COMPREPLY[@]}"}"',
  ], [line, piece]);
  assert.equal(err, 'complete -F _penstock penstock\n');
  return out.split('\n').filter((text) => text);
}

const fishCompletes = (ground, line) => {
  const { out, err } = ground.script('fish', ['penstock completions fish | source', 'complete -C $argv[1]'], [line]);
  assert.equal(err, '');
  return out.split('\n').filter((text) => text).map((text) => text.split('\t')[0]);
};

// A zsh of its own in a pseudo-terminal; its line editor shows what a TAB made of the line, in marks that it did not type.
const zshCompletes = (ground, line) => {
  writeFileSync(ground.at('home/.zshrc'), [
    'autoload -Uz compinit && compinit -u -D', 'source <(penstock completions zsh)', "zstyle ':completion:*' insert-tab false",
    'unsetopt list_beep; PS1=; LISTMAX=1000',
    'report() { print -rn -- "<<$BUFFER>>"; exit }', 'zle -N report; bindkey "^X" report', 'print READY',
  ].join('\n'));
  const { out, err } = ground.script('zsh', [
    'zmodload zsh/zpty', 'zpty inner zsh -i', 'zpty -r -m inner text "*READY*"', 'zpty -w -n inner "$1"$\'\\t\\x18\'',
    'zpty -r -m inner text "*>>*"',
    'print -r -- "$text"',
  ], [line]);
  const [, made] = out.match(/<<([^]*)>>/) ?? assert.fail(`no answer: ${out}${err}`);
  return made;
};

test('bash: completions of subcommands, options, names and files', (t) => {
  const ground = new Ground(t);
  assert.deepEqual(bashCompletes(ground, 'penstock shell-in'), ['shell-init']);
  assert.deepEqual(bashCompletes(ground, 'A=1 penstock shell-init '), ['bash', 'zsh', 'fish']);
  assert.deepEqual(bashCompletes(ground, 'penstock shell-init zsh --inst'), ['--install']);
  assert.deepEqual(bashCompletes(ground, 'penstock run heavy'), ['heavy.v1-x']);
  assert.ok(bashCompletes(ground, 'penstock run deepseek/').includes('deepseek/deepseek-v4-pro'));
  assert.ok(bashCompletes(ground, 'penstock run --model=deepseek/').includes('deepseek/deepseek-v4-pro'), 'what stands before the = stays');
  assert.deepEqual(bashCompletes(ground, 'penstock models --config '), []);
});

test('fish: completions of subcommands, options, names and files', (t) => {
  const ground = new Ground(t);
  assert.deepEqual(fishCompletes(ground, 'penstock shell-in'), ['shell-init']);
  assert.deepEqual(fishCompletes(ground, 'penstock shell-init ').toSorted(), ['bash', 'fish', 'zsh']);
  assert.deepEqual(fishCompletes(ground, "penstock run 'heavy"), ['heavy.v1-x']);
  assert.deepEqual(fishCompletes(ground, 'penstock models --config penstock.y'), ['penstock.yaml']);
});

test('zsh: completions of subcommands, options, names and files', (t) => {
  const ground = new Ground(t);
  assert.equal(zshCompletes(ground, 'penstock shell-in'), 'penstock shell-init ');
  assert.equal(zshCompletes(ground, 'penstock shell-init zsh --inst'), 'penstock shell-init zsh --install ');
  assert.equal(zshCompletes(ground, 'penstock run heavy'), 'penstock run heavy.v1-x ');
  assert.equal(zshCompletes(ground, 'penstock models --config penstock.y'), 'penstock models --config penstock.yaml ');
});

test('a model with a colon in its name is completed whole', (t) => {
  const ground = new Ground(t);
  ground.configure({ providers: { local: { base_url: 'http://127.0.0.1:9', models: [{ id: 'qwen3:8b' }] } } });
  assert.deepEqual(bashCompletes(ground, 'penstock run local/qwen3:'), ['8b'], 'bash replaces what stands behind the colon');
  assert.deepEqual(fishCompletes(ground, 'penstock run local/q'), ['local/qwen3:8b']);
  assert.equal(zshCompletes(ground, 'penstock run local/q').replaceAll('\\', ''), 'penstock run local/qwen3:8b ');
});

test('zsh: the completion script says nothing without compinit, and serves as a file of fpath', (t) => {
  const ground = new Ground(t);
  const alone = ground.script('zsh', ['set -eu', 'source <(penstock completions zsh)', 'print ${+functions[_penstock]}']);
  assert.deepEqual(alone, { code: 0, out: '1\n', err: '' });
  mkdirSync(ground.at('site'));
  writeFileSync(ground.at('site/_penstock'), ground.penstock('completions', 'zsh').out);
  const lines = ['fpath=($1 $fpath)', 'autoload -Uz compinit && compinit -u -D', 'print $_comps[penstock]'];
  const { out } = ground.script('zsh', lines, [ground.at('site')]);
  assert.equal(out, '_penstock\n');
});
