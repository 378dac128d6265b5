// A terminal that a program runs in and a test looks at: tmux on a socket of its own, with a fixed size.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const kPollMs = 50;

export class Terminal {
  // `argv` starts in `cwd` with `env` as its whole environment.
  constructor(argv, { cwd, env, width = 140, height = 50 }) {
    this.folder = mkdtempSync(join(tmpdir(), 'penstock-e2e-tmux-'));
    const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(width), '-y', String(height), '-c', cwd,
      'env', '-i', ...assignments, ...argv);
    this.pid = Number(this.#tmux('display-message', '-p', '#{pane_pid}'));
    this.server = Number(this.#tmux('display-message', '-p', '#{pid}'));
  }

  screen() {
    return this.#tmux('capture-pane', '-p').replace(/[ \t]+$/gm, '');
  }

  // The screen with the escape codes of its colours.
  painted() { return this.#tmux('capture-pane', '-p', '-e'); }

  // The screen once it matches; rejects with the last screen after `seconds`.
  async shows(pattern, seconds = 20) {
    const deadline = performance.now() + seconds * 1000;
    let screen = this.screen();
    while (!pattern.test(screen)) {
      if (performance.now() > deadline) throw new Error(`the terminal does not show ${pattern}:\n${screen}`);
      await pause(kPollMs);
      screen = this.screen();
    }
    return screen;
  }

  type(text) { this.#tmux('send-keys', '-l', text); }
  press(...keys) { this.#tmux('send-keys', ...keys); }

  // Ends the program and this tmux server, both by their process ids.
  async end() {
    for (const pid of [this.pid, this.server]) await ended(pid);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #tmux(...args) {
    return execFileSync('tmux', ['-S', join(this.folder, 'socket'), ...args],
      { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: this.folder, LANG: 'C.UTF-8', TERM: 'xterm-256color' } });
  }
}

async function ended(pid) {
  const signal = (name) => { try { return process.kill(pid, name); } catch { return false; } };
  signal('SIGTERM');
  for (const deadline = performance.now() + 3000; signal(0);) {
    if (performance.now() > deadline) return signal('SIGKILL');
    await pause(kPollMs);
  }
}
