// .env files: of 1rgs/claude-code-proxy, of fuergaosi233/claude-code-proxy, of Claude Code's own variables, or just keys.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/values.h"
#include "importing/claude_env.h"
#include "importing/tools.h"

namespace penstock::importing {

namespace {

constexpr auto kReasons = std::to_array<Reason>({
    {"AZURE_API_VERSION", "Azure's v1 API needs none"},
    {"MIN_TOKENS_LIMIT", "requests go as the client wrote them"},
    {"SUPPORTS_PROMPT_CACHE", "each provider's quirks say what it takes"},
    {"OPENAI_HEADERS", "write headers: { NAME: value } at the provider"},
    {"USE_VERTEX_AUTH", "Vertex is not served; use a Gemini key"},
    {"VERTEX_*", "Vertex is not served; use a Gemini key"},
});

constexpr std::string_view kOpenAi = "https://api.openai.com/v1";
constexpr std::string_view kGemini = "https://generativelanguage.googleapis.com";

/// A shape of .env file, read into the draft.
class Dotenv {
 public:
  Dotenv(Composer& composer, Value& env) : composer_(composer), env_(env) {}

  /// 1rgs: PREFERRED_PROVIDER decides where BIG_MODEL and SMALL_MODEL live, and every key is a provider's.
  Status first_proxy() {
    prefixed_ = true;
    const auto preferred = to_lower(env_["PREFERRED_PROVIDER"].take());
    DraftProvider* anthropic = env_["ANTHROPIC_API_KEY"].filled() || preferred == "anthropic" ? &catalogue("anthropic") : nullptr;
    if (anthropic != nullptr) set_key(*anthropic, env_["ANTHROPIC_API_KEY"]);
    if (env_["OPENAI_API_KEY"].filled() || preferred == "openai" || preferred.empty()) TRY_STATUS(open_ai());
    if (env_["GEMINI_API_KEY"].filled() || preferred == "google") gemini_ = &plain("gemini", kGemini, "gemini", env_["GEMINI_API_KEY"]);
    if (preferred == "anthropic") {
      composer_.add_rule({"claude-*", {{anthropic->name, "claude-*"}}, {}});
      return {};
    }
    DraftProvider* main = preferred == "google" ? gemini_ : open_ai_ != nullptr ? open_ai_ : gemini_;
    if (main == nullptr) return fail(config_error("PREFERRED_PROVIDER has no key"));
    const auto big = model(*main, "BIG_MODEL", preferred == "google" ? "gemini-2.5-pro" : "gpt-4.1");
    map_tiers(big, big, model(*main, "SMALL_MODEL", preferred == "google" ? "gemini-2.5-flash" : "gpt-4.1-mini"));
    return {};
  }

  /// fuergaosi233: one OpenAI-like provider; ANTHROPIC_API_KEY is what clients must show.
  Status second_proxy() {
    TRY_STATUS(open_ai());
    DraftProvider& provider = *open_ai_;
    const auto big = model(provider, "BIG_MODEL", "gpt-4o");
    const auto middle = env_["MIDDLE_MODEL"].filled() ? model(provider, "MIDDLE_MODEL", "") : big;
    map_tiers(big, middle, model(provider, "SMALL_MODEL", "gpt-4o-mini"));
    composer_.add_token(env_["ANTHROPIC_API_KEY"]);
    composer_.set_listen(env_["HOST"], env_["PORT"]);
    composer_.set_log_level(env_["LOG_LEVEL"]);
    composer_.set_retries(env_["MAX_RETRIES"]);
    composer_.set_timeout(provider, "total", env_["REQUEST_TIMEOUT"], 1, "for whole answers; a stream is never cut by it");
    Value& limit = env_["MAX_TOKENS_LIMIT"];
    constexpr std::uint64_t kMost = 100'000'000;
    if (const auto most = whole(limit, 1, kMost)) provider.quirks["max_tokens_limit"] = std::to_string(*most), limit.carry();
    custom_headers(provider);
    return {};
  }

  /// Nothing but keys: each provider whose variable stands there.
  Status keys_only() {
    for (const auto& row : composer_.catalog().providers)
      for (const auto& variable : row.env)
        if (env_[variable].filled() && env_[variable].fate == Fate::unread) set_key(catalogue(row.name), env_[variable]);
    if (env_["OPENAI_API_KEY"].filled() && env_["OPENAI_API_KEY"].fate == Fate::unread) TRY_STATUS(open_ai());
    if (env_["GEMINI_API_KEY"].filled() && env_["GEMINI_API_KEY"].fate == Fate::unread)
      plain("gemini", kGemini, "gemini", env_["GEMINI_API_KEY"]);
    if (composer_.draft.providers.empty())
      return fail(config_error("no variable in it is known: neither a provider's key, nor ANTHROPIC_BASE_URL, nor BIG_MODEL"));
    return {};
  }

 private:
  /// The key stays in the variable that the file sets.
  void set_key(DraftProvider& provider, Value& key) { composer_.set_key(provider, key, key.path); }

  DraftProvider& catalogue(const std::string& name) {
    for (auto& provider : composer_.draft.providers)
      if (provider.name == name) return provider;
    Endpoint endpoint;
    endpoint.row = composer_.catalog().find(name);
    if (endpoint.row == nullptr) endpoint.base_url = "https://api.anthropic.com", endpoint.dialect = "anthropic";
    return composer_.add_provider(name, endpoint);
  }

  /// A provider at an address of its own tool's default.
  DraftProvider& plain(std::string_view name, std::string_view url, std::string_view dialect, Value& key) {
    const auto endpoint = composer_.endpoint(url, dialect, name);
    auto& provider = composer_.add_provider(name, endpoint.value_or(Endpoint{nullptr, std::string(url), std::string(dialect), ""}));
    set_key(provider, key);
    return provider;
  }

  Status open_ai() {
    Value& url = env_["OPENAI_BASE_URL"].filled() ? env_["OPENAI_BASE_URL"] : env_["OPENAI_API_BASE_URL"];
    const auto endpoint = composer_.endpoint(url.filled() ? std::string_view(url.text) : kOpenAi, "openai-chat", "openai");
    if (!endpoint) return fail(config_error("OPENAI_BASE_URL: " + endpoint.error().message));
    const bool local =
        url.text.contains("://localhost") || url.text.contains("://127.0.0.1") || url.text.contains("://host.docker.internal");
    open_ai_ = &composer_.add_provider(endpoint->row != nullptr ? endpoint->row->name
                                       : local                  ? "local"
                                       : url.filled()           ? host_name(endpoint->base_url, "openai")
                                                                : "openai",
                                       *endpoint);
    url.carry();
    if (!endpoint->change.empty()) url.change(endpoint->change);
    if (url.text.contains(".openai.azure.com"))
      url.change("write Azure's v1 API: https://RESOURCE.openai.azure.com/openai, auth: { header: api-key }");
    if (local && !env_["OPENAI_API_KEY"].text.starts_with("${")) {
      env_["OPENAI_API_KEY"].leave("a server of one's own is taken to need none; write api_key: if it does");
    } else {
      set_key(*open_ai_, env_["OPENAI_API_KEY"]);
    }
    return {};
  }

  /// The target that a variable names, or the tool's own default.
  DraftTarget model(DraftProvider& provider, std::string_view variable, const std::string& fallback) {
    Value& field = env_[variable];
    std::string id(trim(field.filled() ? field.text : fallback));
    for (const std::string_view prefix : {"openai/", "gemini/"})
      if (prefixed_ && id.starts_with(prefix)) id.erase(0, prefix.size());
    if (id.contains('*') || !composer_.add_model(provider, id)) {
      field.leave("no model's name");
      id = fallback.empty() ? "unnamed" : fallback;
      composer_.add_model(provider, id);
    }
    field.carry();
    return {provider.name, literal(id)};
  }

  void map_tiers(const DraftTarget& opus, const DraftTarget& sonnet, const DraftTarget& haiku) {
    composer_.add_rule({"*opus*", {opus}, {}});
    composer_.add_rule({"*sonnet*", {sonnet}, {}});
    composer_.add_rule({"*haiku*", {haiku}, {}});
    composer_.draft.default_model = opus.text();
  }

  /// CUSTOM_HEADER_X_TEAM is the header x-team.
  void custom_headers(DraftProvider& provider) {
    constexpr std::string_view kPrefix = "CUSTOM_HEADER_";
    for (std::size_t i = 0; i < env_.keys.size(); ++i) {
      if (!env_.keys[i].starts_with(kPrefix)) continue;
      Value one;
      one.kind = Value::Kind::map;
      one.keys = {to_lower(env_.keys[i].substr(kPrefix.size()))};
      std::ranges::replace(one.keys.front(), '_', '-');
      one.items = {env_.items[i]};
      composer_.set_headers(provider, one);
      env_.items[i] = one.items.front();
    }
  }

  Composer& composer_;
  Value& env_;
  DraftProvider* open_ai_ = nullptr;
  DraftProvider* gemini_ = nullptr;
  bool prefixed_ = false;  // model names may begin with openai/ or gemini/, as LiteLLM has it
};

Status read_shape(Composer& composer, Value& env) {
  const auto has = [&](std::string_view name) { return env[name].filled(); };
  if (has("PREFERRED_PROVIDER") || (has("BIG_MODEL") && has("GEMINI_API_KEY"))) return Dotenv(composer, env).first_proxy();
  if (has("BIG_MODEL") || has("SMALL_MODEL") || has("MIDDLE_MODEL") || has("MAX_TOKENS_LIMIT")) return Dotenv(composer, env).second_proxy();
  if (has("ANTHROPIC_BASE_URL")) return read_claude_env(composer, env, "claude-env", "");
  return Dotenv(composer, env).keys_only();
}

}  // namespace

Result<Imported> import_dotenv(Value& root, std::string_view file_name, const catalog::Catalog& catalog, Options options) {
  Composer composer(catalog, options, Spelling::braced);
  TRY_STATUS(read_shape(composer, root));
  return composer.finish(root, kReasons, "dotenv", file_name);
}

}  // namespace penstock::importing
