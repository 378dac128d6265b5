// Varied requests for the token estimate: built from this repository's own files and from what Claude Code really sends.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';

const root = fileURLToPath(new URL('../..', import.meta.url));
const kFolders = ['src', 'docs', 'data', 'tests/e2e', 'scripts', 'bench', 'fuzz'];
const kKinds = ['.md', '.cc', '.h', '.js', '.json', '.yaml', '.py', '.sh'];

// A small seeded generator (mulberry32), so that every run builds the same requests from the same files.
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'corpus', '.git'].includes(entry.name) ? [] : filesIn(path);
    return kKinds.includes(extname(path)) ? [path] : [];
  });
}

const present = (folder) => { try { return filesIn(join(root, folder)); } catch { return []; } };

export function repositoryTexts() {
  const top = readdirSync(root).filter((name) => extname(name) === '.md').map((name) => join(root, name));
  return [...top, ...kFolders.flatMap(present)].map((path) => readFileSync(path, 'utf8')).filter((text) => text.length > 400);
}

// `count` requests of 2 to 60 KB: some talk about files, some are tool loops, some are Claude Code's own with files in them.
export function requests({ texts, captured, random, count, model }) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const piece = () => {
    const text = pick(texts);
    const from = Math.floor(random() * Math.max(0, text.length - 500));
    return text.slice(from, from + 500 + Math.floor(random() * 12_000));
  };
  const turns = () => Array.from({ length: 1 + Math.floor(random() * 3) }, () => [
    { role: 'user', content: `Explain this:\n${piece()}` }, { role: 'assistant', content: `It says:\n${piece().slice(0, 900)}` }]).flat();
  const question = { role: 'user', content: 'Go on.' };
  const shapes = [
    () => ({ system: piece().slice(0, 3000), messages: [...turns(), question] }),
    () => ({ messages: [...turns(), ...loop(piece), question] }),
    () => ({ ...pick(captured), messages: [...turns(), ...loop(piece), question] }),
  ];
  return Array.from({ length: count }, (_, i) => ({ model, max_tokens: 1024, ...shapes[i % shapes.length]() }));
}

function loop(piece) {
  const id = 'toolu_corpus';
  return [{ role: 'user', content: 'Read the file.' },
    { role: 'assistant', content: [{ type: 'tool_use', id, name: 'Read', input: { file_path: '/project/src/main.cc', limit: 200 } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: piece() }] },
    { role: 'assistant', content: 'I have read it.' }];
}

// Words that a tokenizer takes for its own marks are plain text here.
const tokensIn = (text) => encode(text, { disallowedSpecial: new Set() }).length;

// The truth of the scripted provider: a real tokenizer over all that a model reads, and a few tokens of framing a turn.
export function countTokens({ system, messages = [], tools = [] }) {
  const texts = [...textsOf(system), ...messages.flatMap(({ content }) => textsOf(content)), ...tools.map((tool) => JSON.stringify(tool))];
  return texts.reduce((sum, text) => sum + tokensIn(text), 3 + 4 * messages.length);
}

function textsOf(content) {
  if (typeof content === 'string') return [content];
  return (content ?? []).flatMap((block) => {
    switch (block.type) {
      case 'text': return [block.text];
      case 'thinking': return [block.thinking];
      case 'tool_use': return [block.name, JSON.stringify(block.input)];
      case 'tool_result': return textsOf(block.content);
      default: return [];
    }
  });
}
