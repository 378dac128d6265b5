// codex in a home of its own: no account, no network but the gateway, nothing of the machine's settings.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const codexVersion = '0.169.0';
const program = fileURLToPath(new URL(`node_modules/codex-${codexVersion}/vendor/x86_64-unknown-linux-musl/bin/codex`, import.meta.url));

export class CodexHome {
  // `settings`: lines for the top of config.toml.
  constructor({ baseUrl, model, settings = [] }) {
    this.path = mkdtempSync(join(tmpdir(), 'penstock-e2e-codex-'));
    this.cwd = join(this.path, 'work');
    mkdirSync(join(this.path, '.codex'));
    mkdirSync(this.cwd);
    writeFileSync(join(this.path, '.codex', 'config.toml'), [
      `model = "${model}"`, 'model_provider = "penstock"', 'check_for_update_on_startup = false', ...settings,
      '[analytics]', 'enabled = false',
      '[model_providers.penstock]', 'name = "Penstock"', `base_url = "${baseUrl}"`, 'wire_api = "responses"', 'env_key = "PENSTOCK_TOKEN"',
      'request_max_retries = 0', 'stream_max_retries = 0', ''].join('\n'));
  }

  // `codex exec prompt`, to its end: { code, stdout, stderr }. It may do what it likes: it runs in no sandbox of its own.
  async ask({ prompt, token, args = [], seconds = 60 }) {
    const argv = ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', ...args, prompt];
    const env = { HOME: this.path, PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', PENSTOCK_TOKEN: token };
    const child = spawn(program, argv, { cwd: this.cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: seconds * 1000, killSignal: 'SIGKILL' });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (data) => { output.stdout += data; });
    child.stderr.on('data', (data) => { output.stderr += data; });
    const [code] = await once(child, 'close');
    return { code, ...output };
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
