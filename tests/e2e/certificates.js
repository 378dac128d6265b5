// A certificate authority made on the spot, and one certificate for loopback signed by it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { undo } from './undo.js';

// { folder, caFile, certFile, keyFile, key, cert }; the folder goes when the test ends.
export function makeCertificates(t) {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-e2e-tls-'));
  undo(t, () => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Penstock test CA');
  openssl('req', ...newKey, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=localhost');
  writeFileSync(join(folder, 'leaf.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl('x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'leaf.pem', '-days', '2',
    '-extfile', 'leaf.ext');
  const path = (name) => join(folder, name);
  return { folder, caFile: path('ca.pem'), certFile: path('leaf.pem'), keyFile: path('leaf.key'),
    key: readFileSync(path('leaf.key')), cert: readFileSync(path('leaf.pem')) };
}
