// TLS on both sides: a client that trusts the gateway's certificate, a gateway that verifies its provider's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCertificates } from './certificates.js';
import { ask, versions } from './claude.js';
import { homeFor, kToken, noRefusals, setStage, targetOf } from './stage.js';

for (const version of versions) {
  test(`${version}: TLS from end to end`, async (t) => {
    const tls = makeCertificates(t);
    const { providers, connection } = await setStage(t, ['strict'], {
      options: { strict: { tls } },
      config: { server: { drain: '2s', tls: { cert: tls.certFile, key: tls.keyFile } }, providers: { strict: { ca_file: tls.caFile } } },
    });
    assert.match(connection.baseUrl, /^https:/);
    providers.strict.script({ text: 'in private' });
    const { stdout } = await ask(homeFor(t, version),
      { prompt: 'hello', ...connection, model: targetOf('strict'), env: { NODE_EXTRA_CA_CERTS: tls.caFile } });
    assert.equal(stdout, 'in private\n');
    noRefusals(providers);
  });
}

test('a provider whose certificate nobody vouches for gets neither request nor key', async (t) => {
  const tls = makeCertificates(t);
  const { providers, connection } = await setStage(t, ['strict'], { options: { strict: { tls } } });
  const response = await fetch(`${connection.baseUrl}/v1/messages`, {
    method: 'POST', headers: { 'x-api-key': kToken, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    body: JSON.stringify({ model: targetOf('strict'), max_tokens: 9, messages: [{ role: 'user', content: 'hello' }] }),
  });
  assert.ok(response.status >= 500, `${response.status}`);
  assert.match((await response.json()).error.message, /certificate/i);
  assert.equal(providers.strict.requests.length, 0);
});
