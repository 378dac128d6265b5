// What providers refuse in the history of a conversation: tool calls without their results, reasoning that is not theirs.
import { blocks } from './rules.js';

const partsOf = (turn) => (Array.isArray(turn?.content) ? turn.content : []);
const idsOf = (turn, type, key) => partsOf(turn).filter((block) => block.type === type).map((block) => block[key]);
const turnsOf = (body) => (body.messages ?? []).filter((turn) => turn.role !== 'system');
const thinks = (turn) => partsOf(turn).some((block) => block.type === 'thinking' || block.type === 'redacted_thinking');
const callsTools = (turn) => partsOf(turn).some((block) => block.type === 'tool_use');

// Results stand in the turn directly after the calls; `allTurns` decides whether a system turn between them counts.
function pairing(turns) {
  for (const [i, turn] of turns.entries()) {
    const called = turn.role === 'assistant' ? idsOf(turn, 'tool_use', 'id') : [];
    const answered = idsOf(turns[i + 1], 'tool_result', 'tool_use_id');
    const open = called.filter((id) => !answered.includes(id));
    if (open.length > 0) return `messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open}`;
    const before = idsOf(turns[i - 1], 'tool_use', 'id');
    const stray = idsOf(turn, 'tool_result', 'tool_use_id').find((id) => !before.includes(id));
    if (stray) return `messages.${i}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}`;
  }
}

export const historyRules = {
  toolPairs: ({ body }) => pairing(body.messages ?? []),
  toolPairsAroundSystem: ({ body }) => pairing(turnsOf(body)),
  toolResultsFirst({ body }) {
    for (const [i, turn] of (body.messages ?? []).entries()) {
      const types = partsOf(turn).map((block) => block.type === 'tool_result');
      if (types.lastIndexOf(true) > types.indexOf(false) && types.includes(false) && types.includes(true)) {
        return `messages.${i}: \`tool_result\` blocks must come first`;
      }
    }
  },
  // A signature that this provider never issued, or one whose thinking was changed.
  ownSignatures({ body, provider }) {
    for (const { block, at } of blocks(body)) {
      if (block.type === 'thinking' && !provider.issued(block)) return `${at}: Invalid \`signature\` in \`thinking\` block`;
    }
  },
  // Real reasoning of others is refused, an empty block (the stand-in for reasoning that is not there) is taken.
  ownOrEmptyThinking({ body, provider }) {
    for (const { block, at } of blocks(body)) {
      if (block.type !== 'thinking' || (block.thinking === '' && !block.signature)) continue;
      if (!provider.issued(block)) return `${at}: Invalid \`signature\` in \`thinking\` block`;
    }
  },
  noForeignTags({ body }) {
    for (const { block, at } of blocks(body)) {
      if (block.type === 'thinking' && block.signature?.startsWith('ps1.')) return `${at}: signature of a gateway`;
    }
  },
  // Reasoning that came with a tool call has to come back with it (wire-reference 0.2, fact 9).
  thinkingOnToolCalls({ body }) {
    if (body.thinking?.type === 'disabled') return;
    const i = (body.messages ?? []).findIndex((turn) => turn.role === 'assistant' && callsTools(turn) && !thinks(turn));
    if (i >= 0) return `thinking is enabled but reasoning_content is missing in assistant tool call message at index ${i}`;
  },
  // Only calls that this provider made with reasoning are held to it.
  ownThinkingBack({ body, provider }) {
    for (const [i, turn] of (body.messages ?? []).entries()) {
      const lost = idsOf(turn, 'tool_use', 'id').find((id) => provider.reasonedCalls.has(id));
      if (lost && !thinks(turn)) return `messages.${i}: the reasoning of ${lost} has to be returned`;
    }
  },
  // Anthropic, thinking of the older kind: a tool loop in progress starts with its thinking.
  loopStartsWithThinking({ body }) {
    if (body.thinking?.type !== 'enabled') return;
    const turns = turnsOf(body);
    const last = turns.at(-2);
    const inLoop = idsOf(turns.at(-1), 'tool_result', 'tool_use_id').length > 0;
    if (!inLoop || !callsTools(last) || thinks(last)) return;
    return `messages.${body.messages.indexOf(last)}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, found \`tool_use\``;
  },
  mergedToolResults({ body }) {
    const turns = body.messages ?? [];
    const i = turns.findIndex((turn, at) => at > 0 && idsOf(turn, 'tool_result', 'tool_use_id').length > 0
      && idsOf(turns[at - 1], 'tool_result', 'tool_use_id').length > 0);
    if (i >= 0) return `messages.${i}: tool results have to be in one message`;
  },
};
