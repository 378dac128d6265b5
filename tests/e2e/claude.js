// Claude Code in a home of its own: no account, no network, nothing of the machine's settings.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Terminal } from './terminal.js';

export const versions = ['2.1.197', '2.1.328'];
export const programOf = (version) => fileURLToPath(new URL(`node_modules/claude-code-${version}/claude`, import.meta.url));

const kQuiet = {
  DISABLE_TELEMETRY: '1', DISABLE_ERROR_REPORTING: '1', DISABLE_AUTOUPDATER: '1', DISABLE_BUG_COMMAND: '1', DO_NOT_TRACK: '1',
  CLAUDE_CODE_MAX_RETRIES: '1',
};

// A temporary home with a working folder in it; first-run questions are answered beforehand.
export class Home {
  constructor(version) {
    this.version = version;
    this.path = mkdtempSync(join(tmpdir(), 'penstock-e2e-home-'));
    this.cwd = join(this.path, 'work');
    mkdirSync(join(this.path, '.claude'), { recursive: true });
    mkdirSync(this.cwd);
    const answers = { hasCompletedOnboarding: true, lastOnboardingVersion: version, theme: 'dark', numStartups: 5,
      projects: { [this.cwd]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, allowedTools: [] } } };
    writeFileSync(join(this.path, '.claude.json'), JSON.stringify(answers));
    writeFileSync(join(this.path, '.claude', 'settings.json'), JSON.stringify({ theme: 'dark' }));
  }

  environment({ baseUrl, token, model, env }) {
    return { HOME: this.path, PATH: '/usr/local/bin:/usr/bin:/bin', TERM: 'xterm-256color', LANG: 'C.UTF-8', ...kQuiet,
      ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_AUTH_TOKEN: token, ...(model && { ANTHROPIC_MODEL: model }), ...env };
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

// Starts `claude -p prompt`; { process, done } where done is { code, signal, stdout, stderr, seconds }.
export function start(home, { prompt, args = [], seconds = 60, ...connection }) {
  const began = performance.now();
  const child = spawn(programOf(home.version), ['-p', prompt, ...args], {
    cwd: home.cwd, env: home.environment(connection), stdio: ['ignore', 'pipe', 'pipe'], timeout: seconds * 1000, killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => { output.stdout += data; });
  child.stderr.on('data', (data) => { output.stderr += data; });
  const done = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output, seconds: (performance.now() - began) / 1000 }));
  return { process: child, done };
}

export const ask = (home, options) => start(home, options).done;

// Claude Code at a terminal.
export function sit(home, { args = [], ...connection }) {
  return new Terminal([programOf(home.version), ...args], { cwd: home.cwd, env: home.environment(connection) });
}
