// `penstock serve` in the foreground of a person's terminal: its URL, and the lines that it writes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { undo } from './undo.js';

const kPatience = 20_000; // milliseconds

// Until the test's end, which it must leave with exit code 0, or of SIGTERM itself when that comes before it watches for signals.
// stop() ends it before that.
export async function serveFor(t, user, env) {
  const { process: child, done } = user.start(['serve', '--listen', '127.0.0.1:0'], { env });
  const gateway = new Foreground(child, done);
  undo(t, async () => {
    child.kill('SIGTERM');
    const { code, signal } = await done;
    assert.ok(code === 0 || signal === 'SIGTERM', `${code ?? signal}\n${gateway.text}`);
  });
  gateway.stop = () => { child.kill('SIGTERM'); return done; };
  [, gateway.url] = await gateway.shows(/listening on (http:\S+)\n/);
  await gateway.shows(/Claude Code: .*\n/); // the last line of the welcome
  return gateway;
}

class Foreground {
  text = '';

  constructor(child, done) {
    this.streams = [child.stdout, child.stderr];
    this.gone = done.then(({ code, signal }) => { throw new Error(`penstock ended (${code ?? signal}):\n${this.text}`); });
    this.gone.catch(() => {});
    for (const stream of this.streams) stream.on('data', (data) => { this.text += data; });
  }

  // The match, as soon as the output has one.
  async shows(pattern) {
    const signal = AbortSignal.timeout(kPatience);
    while (!pattern.test(this.text)) {
      try {
        await Promise.race([this.gone, ...this.streams.map((stream) => once(stream, 'data', { signal }))]);
      } catch (error) {
        throw signal.aborted ? new Error(`penstock does not write ${pattern}:\n${this.text}`) : error;
      }
    }
    return this.text.match(pattern);
  }

  // A plain question to a model.
  ask(model) {
    return fetch(`${this.url}/v1/messages`, {
      method: 'POST', headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model, max_tokens: 9, messages: [{ role: 'user', content: 'hello' }] }),
    });
  }
}
