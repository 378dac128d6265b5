// Who a scripted provider pretends to be: a row of data each (wire-reference section 4; what the sources leave open is
// taken the strict way, because a gateway that satisfies the strict reading satisfies the other).
//
//   prefix        path before /v1/messages
//   scheme        'x-api-key', 'bearer' or 'either': the credential it wants
//   models        what it serves; absent: any name
//   rules         names in rules.js and history_rules.js, in the order in which complaints are made
//   signature     'own' (signed), 'empty'
//   countTokens   false: the path is a 404
//   errorShape    name in errors.js
//   answersAs     the model name in its answers, when it is not the one asked for
//   comments      an SSE comment line that comes before the first event

const head = ['credential', 'clientHeaders', 'json', 'plainModel', 'model', 'maxTokens'];
const thirdParty = [...head, 'version2023', 'noContextManagement', 'noSystemTurns', 'noTypedTools', 'noEmptyText', 'toolPairs',
  'toolNames', 'temperature', 'noForeignTags'];
const thinksClassically = ['classicThinking', 'thinkingTemperature'];

export const personalities = {
  // Knows everything and checks next to nothing: the harness itself is tried on it.
  lax: { prefix: '', scheme: 'any', rules: [] },

  // Everything of today's API, and its checks.
  anthropic: {
    prefix: '', scheme: 'either', errorShape: 'anthropic',
    models: ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'],
    rules: [...head, 'versionAny', 'betaPairs', 'noSamplingIn2026', 'noEmptyText', 'toolPairsAroundSystem', 'toolResultsFirst', 'toolNames',
      'temperature', 'fourCacheMarks', 'noForeignTags', 'ownSignatures', 'loopStartsWithThinking'],
  },

  // The Messages API of 2023 and nothing after it.
  strict: {
    prefix: '/anthropic', scheme: 'x-api-key', errorShape: 'anthropic', models: ['strict-1'], maxOutput: 65536, countTokens: false,
    rules: [...head, 'version2023', 'noBetas', 'noAttribution', 'noContextManagement', 'noOutputConfig', 'classicThinking',
      'noSystemTurns', 'noCacheControl', 'only2023Fields', 'classicTools', 'toolNames', 'classicBlocks', 'noEmptyText', 'toolPairs',
      'toolResultsFirst', 'temperature', 'thinkingTemperature', 'metadataUserOnly', 'noForeignTags', 'ownSignatures',
      'loopStartsWithThinking'],
  },

  deepseek: {
    prefix: '/anthropic', scheme: 'x-api-key', errorShape: 'openai', models: ['deepseek-v4-pro', 'deepseek-flash'],
    unknownModelStatus: 400, temperature: [0, 2], maxOutput: 393216, countTokens: false,
    rules: [...thirdParty, ...thinksClassically, 'effortOnly', 'effortHighMax', 'noDocuments', 'autoToolChoiceWhenThinking',
      'thinkingOnToolCalls', 'ownOrEmptyThinking'],
  },
  kimi: {
    prefix: '/coding', scheme: 'either', errorShape: 'openai', answersAs: 'kimi-for-coding', countTokens: false,
    models: ['kimi-for-coding', 'kimi-for-coding-highspeed', 'k3', 'k3.1-pro'], maxOutput: 131072,
    rules: [...thirdParty, ...thinksClassically, 'onlyTemperatureOne', 'onlyThinkingEnabled', 'thinkingOnToolCalls', 'ownOrEmptyThinking'],
  },
  zai: {
    prefix: '/api/anthropic', scheme: 'either', errorShape: 'zai', models: ['glm-5.3', 'glm-5.3-flash', 'glm-4.7'], maxOutput: 131072,
    rules: [...thirdParty, ...thinksClassically, 'noThinkingOff', 'noImages', 'mergedToolResults', 'ownOrEmptyThinking'],
  },
  minimax: {
    prefix: '/anthropic', scheme: 'either', errorShape: 'anthropic', models: ['MiniMax-M3', 'MiniMax-M3.1-Flash', 'MiniMax-M2.7'],
    temperature: [0.01, 1], maxOutput: 524288, countTokens: false, signature: 'empty',
    rules: [...thirdParty, 'noDocuments', 'ownThinkingBack', 'ownOrEmptyThinking'],
  },
  openrouter: {
    prefix: '/api', scheme: 'bearer', errorShape: 'openrouter', countTokens: false, comments: ': OPENROUTER PROCESSING\n\n',
    rules: [...thirdParty, 'ownOrEmptyThinking'],
  },
  vllm: {
    prefix: '', scheme: 'either', errorShape: 'vllm', models: ['qwen3-coder'], signature: 'empty', maxOutput: 32768,
    rules: [...thirdParty, 'noDocuments', 'ownOrEmptyThinking'],
  },
  ollama: {
    prefix: '', scheme: 'any', errorShape: 'anthropic', models: ['qwen3-coder', 'qwen3-coder:cloud'], signature: 'empty',
    countTokens: false,
    rules: [...head.slice(1), 'noSystemTurns', 'noTypedTools', 'noForeignTags'],
  },
};
