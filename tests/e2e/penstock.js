// The binary under test: a configuration in a folder of its own, a clean environment, a port that the kernel chooses.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const binary = resolve(root, process.env.PENSTOCK_BINARY ?? 'build/release/penstock');
const kReadySeconds = 10;
const kStopSeconds = 10;

// `config` is the file's content as an object (JSON is YAML); `secrets` must never show in the output.
export async function startPenstock(config, { secrets = [], env = {}, args = [] } = {}) {
  assert.ok(existsSync(binary), `no program at ${binary}: build it, or name it in PENSTOCK_BINARY`);
  const penstock = new Penstock(config, secrets, env, args);
  try {
    await penstock.ready();
  } catch (error) {
    penstock.kill();
    throw error;
  }
  return penstock;
}

class Penstock {
  output = '';

  constructor(config, secrets, env, args) {
    this.secrets = secrets;
    this.folder = mkdtempSync(join(tmpdir(), 'penstock-e2e-'));
    for (const name of ['home', 'state']) mkdirSync(join(this.folder, name));
    this.configPath = join(this.folder, 'penstock.yaml');
    this.configure(config);
    const argv = ['serve', '--config', this.configPath, '--listen', '127.0.0.1:0', ...args];
    this.child = spawn(binary, argv, { cwd: this.folder, env: this.#environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    this.exited = once(this.child, 'exit').then(([code, signal]) => ({ code, signal }));
    this.closed = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => { this.output += data; });
  }

  configure(config) {
    writeFileSync(this.configPath, JSON.stringify(config, null, 2), { mode: 0o600 });
  }

  // Waits for the line that names the address; no port is guessed and nothing is slept through.
  async ready() {
    const deadline = AbortSignal.timeout(kReadySeconds * 1000);
    const gone = this.exited.then(({ code, signal }) => { throw new Error(`penstock ended (${code ?? signal}):\n${this.output}`); });
    gone.catch(() => {});
    const address = /https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):[1-9]\d*/;
    while (!address.test(this.output)) {
      await Promise.race([once(this.child.stdout, 'data', { signal: deadline }), gone]);
    }
    [this.url] = this.output.match(address);
  }

  // SIGTERM, exit 0, and not a secret in anything it wrote.
  async stop() {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.kill(), kStopSeconds * 1000);
    const exit = await this.exited;
    await this.closed;
    clearTimeout(late);
    rmSync(this.folder, { recursive: true, force: true });
    assert.deepEqual(exit, { code: 0, signal: null }, `the end of penstock:\n${this.output}`);
    for (const secret of this.secrets) assert.ok(!this.output.includes(secret), 'a secret stands in the output');
  }

  kill() {
    this.child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #environment(env) {
    return { PATH: '/usr/bin:/bin', HOME: join(this.folder, 'home'), PENSTOCK_STATE_DIR: join(this.folder, 'state'), ...env };
  }
}
