// Claude Code Router's transformers: most are a dialect or a quirk that Penstock knows by itself.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "importing/ccr_parts.h"

namespace penstock::importing {

namespace {

/// What becomes of a transformer: it names a dialect, Penstock does its work unasked, a user has no need for it, or nothing replaces it.
enum class Use : std::uint8_t { dialect, built_in, limit, strip_cache, not_needed, plugin };

struct Transformer {
  std::string_view name;
  Use use;
  std::string_view dialect;
};

constexpr auto kTransformers = std::to_array<Transformer>({
    {"Anthropic", Use::dialect, "anthropic"},
    {"OpenAI", Use::dialect, "openai-chat"},
    {"openai-responses", Use::dialect, "openai-responses"},
    {"gemini", Use::dialect, "gemini"},
    {"openrouter", Use::built_in, ""},
    {"deepseek", Use::built_in, ""},
    {"groq", Use::built_in, ""},
    {"cerebras", Use::built_in, ""},
    {"vercel", Use::built_in, ""},
    {"reasoning", Use::built_in, ""},
    {"streamoptions", Use::built_in, ""},
    {"maxcompletiontokens", Use::built_in, ""},
    {"maxtoken", Use::limit, ""},
    {"cleancache", Use::strip_cache, ""},
    {"tooluse", Use::not_needed, ""},
    {"enhancetool", Use::not_needed, ""},
    {"forcereasoning", Use::not_needed, ""},
    {"sampling", Use::not_needed, ""},
    {"customparams", Use::not_needed, ""},
    {"vertex-gemini", Use::plugin, ""},
    {"vertex-claude", Use::plugin, ""},
    {"gemini-cli", Use::plugin, ""},
    {"qwen-cli", Use::plugin, ""},
    {"rovo-cli", Use::plugin, ""},
});

const Transformer* find_transformer(std::string_view name) {
  const auto* found = std::ranges::find_if(kTransformers, [&](const Transformer& one) { return equals_ignoring_case(one.name, name); });
  return found == kTransformers.end() ? nullptr : found;
}

/// A transformer stands as its name, or as [name, { options }].
Value& name_of(Value& entry) { return entry.is_list() && !entry.items.empty() ? entry.items.front() : entry; }
Value& options_of(Value& entry) {
  static thread_local Value none;
  return entry.is_list() && entry.items.size() > 1 ? entry.items[1] : none;
}

std::vector<Value*> chain(Value& transformer) { return transformer["use"].elements(); }

void read_limit(Value& entry, std::map<std::string, std::string>& quirks) {
  constexpr std::uint64_t kMost = 100'000'000;
  const auto limit = whole(options_of(entry)["max_tokens"], 1, kMost);
  if (!limit) return entry.leave("it has no max_tokens");
  quirks["max_tokens_limit"] = std::to_string(*limit);
  entry.change("written as the quirk max_tokens_limit, an upper limit");
}

void read_chain(Value& transformer, std::map<std::string, std::string>& quirks) {
  for (Value* entry : chain(transformer)) {
    Value& name = name_of(*entry);
    const auto* known = find_transformer(name.text);
    if (known == nullptr) {
      entry->leave("Penstock runs no transformers; quirks may do the same: see docs/configuration.md, Quirks");
      continue;
    }
    switch (known->use) {
      case Use::limit: read_limit(*entry, quirks); break;
      case Use::strip_cache:
        quirks["cache_control"] = "strip";
        entry->change("written as the quirk cache_control: strip");
        break;
      case Use::not_needed: entry->leave("Penstock has no such step: tool calls and parameters pass as they are"); break;
      case Use::plugin: entry->leave("its login is not supported"); break;
      case Use::dialect:
      case Use::built_in:
        name.carry();
        if (options_of(*entry).filled()) options_of(*entry).leave("only what the provider's dialect and quirks say is done");
        break;
    }
  }
}

}  // namespace

std::string_view ccr_dialect(Value& transformer) {
  for (Value* entry : chain(transformer))
    if (const auto* known = find_transformer(name_of(*entry).text); known != nullptr && !known->dialect.empty()) return known->dialect;
  return "";
}

std::string ccr_transformer_fault(Value& transformer) {
  for (Value* entry : chain(transformer))
    if (const auto* known = find_transformer(name_of(*entry).text); known != nullptr && known->use == Use::plugin)
      return fmt::format("the transformer {} has a login of its own, which Penstock does not do", known->name);
  return {};
}

void read_ccr_transformer(DraftProvider& provider, Value& transformer) {
  read_chain(transformer, provider.quirks);
  for (std::size_t i = 0; i < transformer.keys.size(); ++i) {
    if (transformer.keys[i] == "use" || !is_model_id(transformer.keys[i])) continue;
    std::map<std::string, std::string> quirks;
    read_chain(transformer.items[i], quirks);
    if (!quirks.empty()) provider.model(literal(transformer.keys[i])).quirks = quirks;
  }
}

}  // namespace penstock::importing
