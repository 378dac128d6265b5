// A person with a home, a configuration and shells, who types `penstock …`. Penstock's state lies outside the home, so that a test can hold
// the home against what it was.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { programOf } from './claude.js';
import { binary } from './penstock.js';
import { undo } from './undo.js';

const kQuiet = { DISABLE_TELEMETRY: '1', DISABLE_ERROR_REPORTING: '1', DISABLE_AUTOUPDATER: '1', DO_NOT_TRACK: '1', CLAUDE_CODE_MAX_RETRIES: '1' };

export class User {
  // `config` becomes ~/.config/penstock/penstock.yaml; `version` is the claude of PATH, or null for none.
  constructor(t, config, { version = null, answered = true, name = 'user' } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'penstock-e2e-user-'));
    this.home = join(this.folder, name);
    this.bin = join(this.folder, 'bin');
    this.state = join(this.folder, 'state');
    this.work = join(this.folder, 'work');  // outside the home: Claude Code reads CLAUDE.md of every folder above
    for (const folder of [this.home, this.work, this.bin]) mkdirSync(folder, { recursive: true });
    symlinkSync(binary, join(this.bin, 'penstock'));
    if (version) symlinkSync(programOf(version), join(this.bin, 'claude'));
    if (config) this.write('.config/penstock/penstock.yaml', JSON.stringify({ server: { listen: '127.0.0.1:0', drain: '1s' }, ...config }, null, 2));
    if (answered) this.answer();
    undo(t, async () => {
      await this.penstock(['stop']);
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    });
  }

  // Claude Code's first questions, answered in the user's own configuration.
  answer(more = {}) {
    const projects = { [this.work]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } };
    this.write('.claude.json', JSON.stringify({ hasCompletedOnboarding: true, lastOnboardingVersion: '2.1.197', theme: 'dark', projects, ...more }));
    this.write('.claude/settings.json', JSON.stringify({ theme: 'dark' }));
  }

  write(path, text, mode = 0o600) {
    const full = join(this.home, path);
    mkdirSync(dirname(full), { recursive: true, mode: 0o700 });
    writeFileSync(full, text, { mode });
    return full;
  }

  environment(env = {}) {
    return { HOME: this.home, PATH: `${this.bin}:/usr/bin:/bin`, PENSTOCK_STATE_DIR: this.state, TERM: 'xterm-256color', LANG: 'C.UTF-8',
      ...kQuiet, ...env };
  }

  // Runs a program to its end: { code, stdout, stderr }.
  run(program, args, { env, input = '', cwd = this.work } = {}) {
    return new Promise((resolve) => {
      const child = execFile(program, args, { cwd, env: this.environment(env), timeout: 60_000, killSignal: 'SIGKILL', maxBuffer: 1 << 26 },
        (error, stdout, stderr) => resolve({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr }));
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    });
  }

  penstock(args, options) { return this.run(binary, args, options); }

  // Starts it and leaves it running: { process, done }.
  start(args, { env } = {}) {
    const child = spawn(binary, args, { cwd: this.work, env: this.environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].on('data', (data) => { output[name] += data; });
    return { process: child, done: once(child, 'close').then(([code, signal]) => ({ code, signal, ...output })) };
  }

  // What the home holds: path -> kind, mode and content's digest.
  snapshot() {
    const seen = {};
    const look = (folder) => {
      for (const name of readdirSync(folder).sort()) {
        const path = join(folder, name);
        const facts = lstatSync(path);
        const content = facts.isSymbolicLink() ? readlinkSync(path) : facts.isFile() ? digest(readFileSync(path)) : '';
        seen[path.slice(this.home.length + 1)] = `${facts.mode.toString(8)} ${content}`;
        if (facts.isDirectory()) look(path);
      }
    };
    look(this.home);
    return seen;
  }
}

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
