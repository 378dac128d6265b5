// Claude Code as another program drives it: one process and many turns, a line of JSON each way at a time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { programOf } from './claude.js';

const kArgs = ['-p', '--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'];
const kSeconds = 60;

export class Conversation {
  #lines = [];     // what it said since the last turn began
  #waiting;        // { ends, resolve, reject } of the turn that goes on
  #stderr = '';

  constructor(home, { args = [], ...connection }) {
    this.child = spawn(programOf(home.version), [...kArgs, ...args], {
      cwd: home.cwd, env: home.environment(connection), stdio: 'pipe', timeout: kSeconds * 1000, killSignal: 'SIGKILL',
    });
    this.child.stdin.on('error', () => {});
    this.child.stderr.on('data', (data) => { this.#stderr += data; });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.#take(JSON.parse(line)));
    this.closed = once(this.child, 'close').then(([code, signal]) => {
      this.#waiting?.reject(new Error(`claude ended (${code ?? signal}) in the middle of a turn:\n${this.#stderr}`));
      return code;
    });
  }

  // Says `content` (a string, or blocks) and waits for the end of the turn: { text, failed, usage, answers, lines }.
  async say(content) {
    const lines = await this.#send({ type: 'user', message: { role: 'user', content } }, ({ type }) => type === 'result');
    const { result, is_error: failed, usage } = lines.at(-1);
    const answers = lines.filter(({ type }) => type === 'assistant').map(({ message }) => message)
      .filter(({ model }) => model !== '<synthetic>');
    return { text: result, failed, usage, answers, lines };
  }

  // What /model does at the prompt.
  useModel(model) {
    const ends = ({ type }) => type === 'control_response';
    return this.#send({ type: 'control_request', request_id: `model ${model}`, request: { subtype: 'set_model', model } }, ends);
  }

  // Its exit code.
  end() {
    this.child.stdin.end();
    return this.closed;
  }

  // At once, whatever it is doing.
  leave() {
    this.child.kill('SIGKILL');
    return this.closed;
  }

  #send(message, ends) {
    this.#lines = [];
    return new Promise((resolve, reject) => {
      if (this.child.exitCode !== null) return reject(new Error(`claude has ended:\n${this.#stderr}`));
      this.#waiting = { ends, resolve, reject };
      this.child.stdin.write(`${JSON.stringify(message)}\n`);
    });
  }

  #take(line) {
    this.#lines.push(line);
    if (!this.#waiting?.ends(line)) return;
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve(this.#lines);
  }
}
