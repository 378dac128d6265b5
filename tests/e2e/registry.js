// An npm registry on loopback that has Claude Code as the real one has it: a small package whose install script puts the program of an
// optional dependency in place. That dependency is the real one, packed from node_modules as it is asked for.
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { versions } from './claude.js';
import { undo } from './undo.js';

const kPackage = '@anthropic-ai/claude-code';
const kPlatform = '@anthropic-ai/claude-code-linux-x64';
const kBlock = 512;

const install = `const { linkSync, rmSync } = require('node:fs');
rmSync('bin/claude.exe');
linkSync(require.resolve('${kPlatform}/claude'), 'bin/claude.exe');
`;
const wrapper = (version) => ({
  'package.json': JSON.stringify({ name: kPackage, version, bin: { claude: 'bin/claude.exe' }, scripts: { postinstall: 'node install.cjs' },
    optionalDependencies: { [kPlatform]: version } }),
  'install.cjs': install,
  'bin/claude.exe': 'echo the install script did not run; exit 1\n',
});

// `tags` may change while it runs; `asked` holds the paths of all requests.
export async function startRegistry(t, tags) {
  const registry = { tags, asked: [] };
  const server = http.createServer((req, res) => answer(registry, req, res).catch(() => res.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  registry.url = `http://127.0.0.1:${server.address().port}`;
  undo(t, () => { server.closeAllConnections(); server.close(); });
  return registry;
}

async function answer(registry, req, res) {
  const path = decodeURIComponent(req.url);
  registry.asked.push(path);
  const [, name, version] = path.match(/^\/(@anthropic-ai\/claude-code(?:-linux-x64)?)(?:\/-\/(.+)\.tgz)?$/) ?? [];
  if (!name) return res.writeHead(404).end('{"error":"not found"}');
  if (!version) return res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document(registry, name)));
  res.writeHead(200, { 'content-type': 'application/octet-stream' });
  if (name === kPackage) return res.end(Buffer.concat([...texts(wrapper(version)), Buffer.alloc(2 * kBlock)]));
  await sendFolder(fileURLToPath(new URL(`node_modules/claude-code-${version}`, import.meta.url)), res);
}

function document({ url, tags }, name) {
  const facts = (version) => ({ ...JSON.parse(wrapper(version)['package.json']), hasInstallScript: true });
  const row = (version) => ({ ...(name === kPackage ? facts(version) : { name, version }), dist: { tarball: `${url}/${name}/-/${version}.tgz` } });
  return { name, 'dist-tags': tags, versions: Object.fromEntries(versions.map((version) => [version, row(version)])) };
}

// The head of a file in a tar archive (POSIX ustar).
function head(name, size, mode) {
  const block = Buffer.alloc(kBlock);
  const put = (text, at) => block.write(text, at, 'latin1');
  put(`package/${name}`, 0);
  put(mode.toString(8).padStart(7, '0'), 100);
  put('0000000', 108);
  put('0000000', 116);
  put(size.toString(8).padStart(11, '0'), 124);
  put('00000000000', 136);
  put('        0', 148);
  put('ustar\x0000', 257);
  put(block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0') + '\0 ', 148);
  return block;
}

const padding = (size) => Buffer.alloc((kBlock - (size % kBlock)) % kBlock);

function* texts(files) {
  for (const [name, text] of Object.entries(files)) {
    yield head(name, Buffer.byteLength(text), 0o755);
    yield Buffer.from(text);
    yield padding(Buffer.byteLength(text));
  }
}

async function sendFolder(folder, res) {
  for (const name of readdirSync(folder)) {
    const { size, mode } = statSync(join(folder, name));
    res.write(head(name, size, mode & 0o777));
    for await (const piece of createReadStream(join(folder, name))) if (!res.write(piece)) await once(res, 'drain');
    res.write(padding(size));
  }
  res.end(Buffer.alloc(2 * kBlock));
}
