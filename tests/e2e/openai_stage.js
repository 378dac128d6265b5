// A stage for OpenAI's clients: the gateway before a scripted provider of Anthropic's dialect and one of Chat Completions.
import { startChatProvider } from './chat_provider.js';
import { startPenstock } from './penstock.js';
import { startProvider } from './provider.js';
import { kToken, modelOf } from './stage.js';
import { undo } from './undo.js';

// What a client calls each provider's model.
export const kModels = { anthropic: `anthropic/${modelOf.anthropic}`, chat: 'chat/gpt-x' };

// { anthropic, chat, penstock, baseUrl }; every request is one of the script's.
export async function openAiStage(t, { config = {}, options = {} } = {}) {
  const started = async (starting) => {
    const provider = await starting;
    undo(t, () => provider.close());
    provider.everyRequestIsMain = true;
    return provider;
  };
  const anthropic = await started(startProvider('anthropic', options.anthropic));
  const chat = await started(startChatProvider({ demandsReasoning: true }));
  const providers = {
    anthropic: { catalog: 'anthropic', base_url: anthropic.url, api_key: anthropic.key },
    chat: { dialect: 'openai-chat', base_url: `${chat.url}/v1`, api_key: chat.key, auth: 'bearer',
      quirks: { reasoning_back: 'when_present', json_schema: 'json_schema' }, models: [{ id: 'gpt-x', window: 400000, max_output: 128000 }] },
  };
  const full = { server: { drain: '2s' }, answers: { model: 'asked' }, auth: { tokens: [kToken] }, retry: { attempts: 1 }, ...config, providers };
  const penstock = await startPenstock(full, { secrets: [kToken, anthropic.key, chat.key] });
  undo(t, () => penstock.stop());
  return { anthropic, chat, penstock, baseUrl: `${penstock.url}/v1` };
}
