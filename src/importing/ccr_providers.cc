#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "config/values.h"
#include "importing/ccr_parts.h"

namespace penstock::importing {

namespace {

/// The first of several spellings of a key that the source uses.
Value& first_of(Value& map, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys)
    if (map[key].filled()) return map[key];
  return map[*keys.begin()];
}

/// Version 3 names the protocol; empty for another word.
std::string_view dialect_of_type(std::string_view type) {
  if (type == "anthropic_messages") return "anthropic";
  if (type == "openai_chat_completions") return "openai-chat";
  if (type == "openai_responses") return "openai-responses";
  return type == "gemini_generate_content" ? "gemini" : "";
}

}  // namespace

void CcrProviders::read(Value& providers) {
  for (Value* provider : providers.elements())
    if (provider->is_map()) read_one(*provider);
}

void CcrProviders::read_one(Value& provider) {
  Value& url = first_of(provider, {"api_base_url", "baseUrl", "baseurl"});
  Value& transformer = provider["transformer"];
  Value& type = provider["type"].filled() ? provider["type"] : provider["provider"];
  const std::string name = provider["name"].text;
  if (name.empty() || by_name_.contains(name)) return provider.leave("it has no name, or another provider's");
  if (!url.filled()) return provider.leave("it has no api_base_url");
  if (const auto fault = ccr_transformer_fault(transformer); !fault.empty()) return provider.leave(fault);
  std::string_view dialect = dialect_of_type(type.text);
  if (type.filled() && dialect.empty()) return provider.leave(fmt::format("Penstock does not speak {}", safe_name(type.text)));
  if (dialect.empty()) dialect = ccr_dialect(transformer);
  if (dialect.empty()) dialect = dialect_of(url.text);
  const auto endpoint = composer_.endpoint(url.text, dialect.empty() ? "openai-chat" : dialect, name);
  if (!endpoint) return provider.leave("its URL: " + endpoint.error().message);

  DraftProvider& out = composer_.add_provider(name, *endpoint);
  by_name_[name] = &out;
  if (out.name == name) {
    provider["name"].carry();
  } else {
    provider["name"].change("is called " + out.name +
                            " here, because the name is the catalogue's or has characters that a name cannot hold");
  }
  type.carry();
  url.carry();
  if (!endpoint->change.empty()) url.change(endpoint->change);
  if (provider["enabled"].filled()) out.enabled = provider["enabled"].is_true(), provider["enabled"].carry();
  read_keys(out, provider);
  read_models(out, provider);
  read_ccr_transformer(out, transformer);
  composer_.set_headers(out, provider["extraHeaders"]);
}

void CcrProviders::read_keys(DraftProvider& out, Value& provider) {
  std::vector<Value*> pool;
  for (Value* one : provider["credentials"].elements()) {
    Value& key = first_of(*one, {"api_key", "apiKey", "apikey"});
    if (!key.filled()) continue;
    if ((*one)["enabled"].filled() && !(*one)["enabled"].is_true()) {
      one->leave("it is switched off");
      continue;
    }
    (*one)["enabled"].carry();
    pool.push_back(&key);
  }
  Value& key = first_of(provider, {"api_key", "apiKey", "apikey"});
  if (pool.empty()) return composer_.set_key(out, key);
  composer_.set_pool(out, pool);
  if (out.pool.empty()) return composer_.set_key(out, key);
  if (key.filled()) key.leave("the pool of credentials goes before it");
}

void CcrProviders::read_models(DraftProvider& out, Value& provider) {
  for (Value* model : provider["models"].elements()) {
    if (!model->is_scalar() || model->text.contains('*') || !composer_.add_model(out, model->text)) {
      model->leave("Penstock cannot name this model: it holds characters that no request carries");
      continue;
    }
    model->carry();
    Value& title = provider["modelDisplayNames"][model->text];
    const bool has_title = title.filled() && config::is_header_value(title.text);
    if (has_title) out.model(literal(model->text)).display_name = literal(title.take());
    Value& metadata = provider["modelMetadata"][model->text];
    if (metadata.is_map()) read_metadata(out.model(literal(model->text)), metadata);
  }
}

void CcrProviders::read_metadata(DraftModel& model, Value& metadata) {
  constexpr std::uint64_t kMostTokens = 100'000'000;
  constexpr double kDearest = 100'000;
  const auto tokens = [&](std::string_view key, std::uint64_t& slot) {
    if (const auto number = whole(metadata[key], 1, kMostTokens)) slot = *number, metadata[key].carry();
  };
  tokens(metadata["contextWindow"].filled() ? "contextWindow" : "maxContextWindow", model.window);
  tokens("maxOutputTokens", model.max_output);
  Value& images = metadata["capabilities"]["imageInput"];
  if (images.filled()) model.vision = images.is_true(), images.carry();
  for (const auto& [key, name] : {std::pair{"inputUsdPerMillionTokens", "input"},
                                  {"outputUsdPerMillionTokens", "output"},
                                  {"cacheReadUsdPerMillionTokens", "cache_read"},
                                  {"cacheWrite5mUsdPerMillionTokens", "cache_write"},
                                  {"cacheWriteUsdPerMillionTokens", "cache_write"}}) {
    Value& price = metadata["pricing"][key];
    const auto number = price.number();
    if (number && *number >= 0 && *number <= kDearest && !model.price.contains(name)) model.price[name] = *number, price.carry();
  }
}

std::optional<DraftTarget> CcrProviders::target(std::string_view text) {
  text = trim(text);
  // A provider's name may hold a slash: the longest name that fits counts.
  for (auto at = text.find_last_of(",/"); at != std::string_view::npos && at > 0; at = text.find_last_of(",/", at - 1)) {
    const auto found = by_name_.find(std::string(text.substr(0, at)));
    const std::string model(text.substr(at + 1));
    if (found == by_name_.end() || model.contains('*') || !composer_.add_model(*found->second, model)) continue;
    return DraftTarget{found->second->name, literal(model)};
  }
  return std::nullopt;
}

std::optional<DraftTarget> CcrProviders::target_at(Value& field) {
  if (!field.filled()) return std::nullopt;
  auto found = field.is_scalar() ? target(field.text) : std::nullopt;
  if (found) {
    field.carry();
  } else {
    field.leave("its provider or model is not carried over");
  }
  return found;
}

std::vector<DraftTarget> CcrProviders::targets_at(Value& list) {
  std::vector<DraftTarget> targets;
  for (Value* item : list.elements())
    if (auto one = target_at(*item)) targets.push_back(std::move(*one));
  return targets;
}

}  // namespace penstock::importing
