// What providers refuse, one small function a reason: given a request it answers with the complaint, or with nothing.
// Wording follows the real services where wire-reference.md quotes it; the field is always named.
//
// A request here is { body, headers, provider, path }; `provider` tells which keys, models and signatures are its own.

const kBase = ['model', 'messages', 'max_tokens', 'system', 'stream', 'stop_sequences', 'temperature', 'top_p', 'top_k', 'tools',
  'tool_choice', 'metadata', 'thinking'];
const kToolFields = ['name', 'description', 'input_schema'];
const kBlocks = ['text', 'image', 'thinking', 'redacted_thinking', 'tool_use', 'tool_result'];

const extra = (where) => `${where}: Extra inputs are not permitted`;
const unknownKey = (object, known, where) => {
  const stray = Object.keys(object).find((key) => !known.includes(key));
  return stray && extra(where ? `${where}.${stray}` : stray);
};

// Every content block of the conversation with its place, tool results' inner blocks too.
export function* blocks(body) {
  for (const [i, turn] of (body.messages ?? []).entries()) {
    if (!Array.isArray(turn.content)) continue;
    for (const [j, block] of turn.content.entries()) {
      yield { block, turn, at: `messages.${i}.content.${j}` };
      if (Array.isArray(block.content)) {
        for (const [k, inner] of block.content.entries()) yield { block: inner, turn, at: `messages.${i}.content.${j}.content.${k}` };
      }
    }
  }
}
const systemBlocks = (body) => (Array.isArray(body.system) ? body.system : []);
const findBlock = (body, complaint) => {
  for (const place of blocks(body)) {
    const found = complaint(place);
    if (found) return found;
  }
};
const betasOf = (headers) => (headers['anthropic-beta'] ?? '').split(',').map((beta) => beta.trim()).filter(Boolean);

// ---- the head of the request
export const rules = {
  credential({ headers, provider }) {
    const refused = (message) => ({ status: 401, type: 'authentication_error', message });
    const bearer = headers.authorization;
    const plain = headers['x-api-key'];
    // What an apiKeyHelper of Claude Code prints goes out in both headers.
    if (bearer !== undefined && plain !== undefined && !(provider.bothCredentials && bearer === `Bearer ${plain}`)) return refused('two credentials at once');
    if (bearer !== undefined && provider.scheme === 'x-api-key') return refused('x-api-key header is required');
    if (plain !== undefined && provider.scheme === 'bearer') return refused('Authorization header is required');
    if (plain !== provider.key && bearer !== `Bearer ${provider.key}`) return refused('invalid credential');
  },
  clientHeaders({ headers }) {
    const stray = ['x-penstock-key', 'x-litellm-api-key', 'proxy-authorization'].find((name) => headers[name] !== undefined);
    return stray && `header ${stray} is not meant for a provider`;
  },
  version2023({ headers }) {
    if (headers['anthropic-version'] !== '2023-06-01') return `anthropic-version: ${headers['anthropic-version']} is not a valid version`;
  },
  versionAny({ headers }) {
    const version = headers['anthropic-version'];
    if (version !== '2023-06-01' && version !== '2026-10-21') return `anthropic-version: ${version} is not a valid version`;
  },
  noBetas({ headers }) {
    const [first] = betasOf(headers);
    if (first) return `Unexpected value(s) \`${first}\` for the \`anthropic-beta\` header`;
  },
  // A body field and its beta travel as a pair (wire-reference 2.5).
  betaPairs({ body, headers }) {
    const betas = betasOf(headers);
    if (body.context_management && !betas.includes('context-management-2025-06-27')) return extra('context_management');
    if (body.tools?.some((tool) => 'defer_loading' in tool) && !betas.some((beta) => beta.startsWith('advanced-tool-use'))) {
      return extra('tools.0.defer_loading');
    }
  },
  json({ headers }) {
    if (!/^application\/json/.test(headers['content-type'] ?? '')) return 'content-type: must be application/json';
  },

  // ---- top-level fields
  model({ body, provider }) {
    if (provider.models && !provider.models.includes(body.model)) {
      return { status: provider.unknownModelStatus ?? 404, type: 'not_found_error', message: `model: ${body.model}` };
    }
  },
  plainModel({ body }) {
    if (/\[1m\]$|^claude-via-/.test(body.model)) return { status: 404, type: 'not_found_error', message: `model: ${body.model}` };
  },
  maxTokens({ body, path, provider }) {
    if (path.endsWith('count_tokens')) return;
    if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1) return 'max_tokens: Field required';
    if (provider.maxOutput && body.max_tokens > provider.maxOutput) return `max_tokens: ${body.max_tokens} > ${provider.maxOutput}`;
  },
  only2023Fields: ({ body }) => unknownKey(body, kBase, ''),
  noContextManagement: ({ body }) => body.context_management && extra('context_management'),
  noOutputConfig: ({ body }) => body.output_config && extra('output_config'),
  effortOnly: ({ body }) => body.output_config && unknownKey(body.output_config, ['effort'], 'output_config'),
  effortHighMax({ body }) {
    const effort = body.output_config?.effort;
    if (effort !== undefined && !['low', 'high', 'max'].includes(effort)) return `output_config.effort: ${effort} is not supported`;
  },
  classicThinking({ body }) {
    const thinking = body.thinking;
    if (!thinking || thinking.type === 'disabled') return thinking && unknownKey(thinking, ['type'], 'thinking');
    if (thinking.type !== 'enabled') return `thinking.type: Input tag '${thinking.type}' does not match 'enabled' or 'disabled'`;
    if (!(thinking.budget_tokens >= 1024)) return 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024';
    if (body.max_tokens !== undefined && thinking.budget_tokens >= body.max_tokens) {
      return '`max_tokens` must be greater than `thinking.budget_tokens`';
    }
    return unknownKey(thinking, ['type', 'budget_tokens'], 'thinking');
  },
  noThinkingOff: ({ body }) => body.thinking?.type === 'disabled' && 'thinking.type: disabled is not supported by this model',
  onlyThinkingEnabled({ body }) {
    if (body.thinking && body.thinking.type !== 'enabled') return `thinking.type: ${body.thinking.type} is not supported`;
  },
  thinkingTemperature({ body }) {
    if (body.thinking?.type === 'enabled' && body.temperature !== undefined && body.temperature !== 1) {
      return '`temperature` may only be set to 1 when thinking is enabled';
    }
  },
  temperature({ body, provider }) {
    const [low, high] = provider.temperature ?? [0, 1];
    if (body.temperature === undefined || (body.temperature >= low && body.temperature <= high)) return;
    return `temperature: range: ${low}..${high}`;
  },
  onlyTemperatureOne({ body }) {
    if (body.temperature !== undefined && body.temperature !== 1) return 'invalid temperature: only 1 is allowed for this model';
  },
  noSamplingIn2026({ body, headers }) {
    if (headers['anthropic-version'] !== '2026-10-21') return;
    const stray = ['temperature', 'top_p', 'top_k'].find((field) => body[field] !== undefined);
    return stray && extra(stray);
  },
  autoToolChoiceWhenThinking({ body }) {
    if (['any', 'tool'].includes(body.tool_choice?.type) && body.thinking?.type !== 'disabled') {
      return 'Thinking mode does not support this tool_choice';
    }
  },
  metadataUserOnly: ({ body }) => body.metadata && unknownKey(body.metadata, ['user_id'], 'metadata'),

  // ---- tools
  classicTools({ body }) {
    for (const [i, tool] of (body.tools ?? []).entries()) {
      const stray = unknownKey(tool, kToolFields, `tools.${i}`);
      if (stray) return stray;
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(tool.name)) return `tools.${i}.name: String should match pattern`;
      if (tool.input_schema?.type !== 'object') return `tools.${i}.input_schema.type: Field required`;
    }
  },
  noTypedTools({ body }) {
    const index = (body.tools ?? []).findIndex((tool) => tool.type && tool.type !== 'custom');
    if (index >= 0) return `tools.${index}.type: '${body.tools[index].type}' is not supported`;
  },
  toolNames({ body }) {
    const names = (body.tools ?? []).map((tool) => tool.name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice) return `tools: Tool names must be unique (${twice})`;
  },

  // ---- the conversation
  noSystemTurns({ body }) {
    const i = (body.messages ?? []).findIndex((turn) => turn.role !== 'user' && turn.role !== 'assistant');
    if (i >= 0) return `messages.${i}.role: Input should be 'user' or 'assistant'`;
  },
  noEmptyText({ body }) {
    const empty = ({ type, text }) => type === 'text' && text.trim() === '';
    if (systemBlocks(body).some(empty)) return 'system: text content blocks must be non-empty';
    const turn = (body.messages ?? []).findIndex(({ content }) => content === '' || (Array.isArray(content) && content.length === 0));
    if (turn >= 0) return `messages.${turn}: all messages must have non-empty content`;
    return findBlock(body, ({ block, at }) => empty(block) && `${at}: text content blocks must be non-empty`);
  },
  noCacheControl({ body }) {
    if (systemBlocks(body).some((block) => block.cache_control)) return extra('system.0.cache_control');
    if (body.cache_control) return extra('cache_control');
    const tool = (body.tools ?? []).findIndex((each) => each.cache_control);
    if (tool >= 0) return extra(`tools.${tool}.cache_control`);
    return findBlock(body, ({ block, at }) => block.cache_control && extra(`${at}.cache_control`));
  },
  fourCacheMarks({ body }) {
    let marks = body.cache_control ? 1 : 0;
    for (const block of [...systemBlocks(body), ...(body.tools ?? [])]) marks += block.cache_control ? 1 : 0;
    for (const { block } of blocks(body)) marks += block.cache_control ? 1 : 0;
    if (marks > 4) return `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`;
  },
  noAttribution({ body }) {
    const texts = [typeof body.system === 'string' ? body.system : '', ...systemBlocks(body).map((block) => block.text)];
    if (texts.some((text) => text.startsWith('x-anthropic-billing-header:'))) return 'system.0: attribution block';
  },
  classicBlocks: ({ body }) => findBlock(body, ({ block, at }) => !kBlocks.includes(block.type) && `${at}.type: Input tag '${block.type}'`),
  noImages: ({ body }) => findBlock(body, ({ block, at }) => block.type === 'image' && `${at}: image input is not supported`),
  noDocuments: ({ body }) => findBlock(body, ({ block, at }) => block.type === 'document' && `${at}: document input is not supported`),
};
