// The same dialect on both sides: bytes pass as they are, and what is wrong with them is told before their last word.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { serveFor } from './foreground.js';
import { undo } from './undo.js';
import { User } from './user.js';

const kBroken = '{"a": nope';
const chatChunk = (delta, finish = null) =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const event = (type, fields) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const call = { type: 'function_call', id: 'fc1', call_id: 't1', name: 'f', arguments: kBroken, status: 'completed' };

// What a provider streams whose tool arguments are no JSON: its pieces, the last word last.
const answers = {
  '/v1/chat/completions': [
    chatChunk({ role: 'assistant', content: 'hello ' }),
    chatChunk({ tool_calls: [{ index: 0, id: 't1', type: 'function', function: { name: 'f', arguments: kBroken } }] }) + chatChunk({}, 'tool_calls'),
    'data: [DONE]\n\n'],
  '/v1/responses': [
    event('response.created', { response: { id: 'r1', object: 'response', status: 'in_progress', model: 'm', output: [] } }) +
      event('response.output_item.added', { output_index: 0, item: { ...call, arguments: '', status: 'in_progress' } }) +
      event('response.function_call_arguments.delta', { item_id: 'fc1', output_index: 0, delta: kBroken }),
    event('response.function_call_arguments.done', { item_id: 'fc1', output_index: 0, arguments: kBroken }) +
      event('response.output_item.done', { output_index: 0, item: call }),
    event('response.completed', { response: { id: 'r1', object: 'response', status: 'completed', model: 'm', output: [call],
      usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } } })],
};
const requests = {
  '/v1/chat/completions': { model: 'chat/m', stream: true, messages: [{ role: 'user', content: 'q' }] },
  '/v1/responses': { model: 'responses/m', stream: true, input: 'q' },
};
const last = { '/v1/chat/completions': '[DONE]', '/v1/responses': 'response.completed' };

const cuts = {
  'in one read': (pieces) => [pieces.join('')],
  'in several': (pieces) => pieces,
  'its beginning first': ([first, ...rest]) => [first, rest.join('')],
};

async function startProvider(t, cut) {
  const server = createServer((request, response) => {
    request.resume().on('end', async () => {
      const pieces = answers[request.url];
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const piece of cut(pieces)) await new Promise((sent) => { response.write(piece, () => setImmediate(sent)); });
      response.end();
    });
  });
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  undo(t, () => { server.closeAllConnections(); server.close(); });
  return `http://127.0.0.1:${server.address().port}`;
}

for (const path of Object.keys(answers))
  for (const [how, cut] of Object.entries(cuts))
    test(`a broken call in a stream that passes, ${path}, ${how}`, { timeout: 60_000 }, async (t) => {
      const base = { base_url: await startProvider(t, cut), api_key: 'k123456789', models: [{ id: 'm' }] };
      const user = new User(t, { retry: { attempts: 1 },
        providers: { chat: { ...base, dialect: 'openai-chat' }, responses: { ...base, dialect: 'openai-responses' } } }, { answered: false });
      const gateway = await serveFor(t, user);
      const answer = await fetch(gateway.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(requests[path]) });
      const text = await answer.text();
      assert.match(text, /"error"/, text);
      assert.ok(!text.includes(last[path]), `a client that stops at the last word would run the call: ${text}`);
    });
