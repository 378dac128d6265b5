#include "importing/litellm_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/text.h"

namespace penstock::importing {

namespace {

/// What stands before the slash of litellm_params.model.
struct Prefix {
  std::string_view name, base_url, dialect;  // an empty base_url: api_base must say it
  std::string_view variable;                 // where LiteLLM looks for the key when api_key is not given
};

// Addresses are LiteLLM's own defaults; a host of the catalogue becomes the catalogue's provider.
constexpr auto kPrefixes = std::to_array<Prefix>({
    {"openai", "https://api.openai.com/v1", "openai-chat", "OPENAI_API_KEY"},
    {"anthropic", "https://api.anthropic.com", "anthropic", "ANTHROPIC_API_KEY"},
    {"openrouter", "https://openrouter.ai/api/v1", "openai-chat", "OPENROUTER_API_KEY"},
    {"deepseek", "https://api.deepseek.com/v1", "openai-chat", "DEEPSEEK_API_KEY"},
    {"moonshot", "https://api.moonshot.ai/v1", "openai-chat", "MOONSHOT_API_KEY"},
    {"dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "openai-chat", "DASHSCOPE_API_KEY"},
    {"minimax", "https://api.minimax.io/v1", "openai-chat", "MINIMAX_API_KEY"},
    {"zai", "https://api.z.ai/api/paas/v4", "openai-chat", "ZAI_API_KEY"},
    {"xiaomi_mimo", "https://api.xiaomimimo.com/v1", "openai-chat", "XIAOMI_MIMO_API_KEY"},
    {"vercel_ai_gateway", "https://ai-gateway.vercel.sh/v1", "openai-chat", "VERCEL_AI_GATEWAY_API_KEY"},
    {"gemini", "https://generativelanguage.googleapis.com", "gemini", "GEMINI_API_KEY"},
    {"groq", "https://api.groq.com/openai/v1", "openai-chat", "GROQ_API_KEY"},
    {"cerebras", "https://api.cerebras.ai/v1", "openai-chat", "CEREBRAS_API_KEY"},
    {"mistral", "https://api.mistral.ai/v1", "openai-chat", "MISTRAL_API_KEY"},
    {"xai", "https://api.x.ai/v1", "openai-chat", "XAI_API_KEY"},
    {"together_ai", "https://api.together.xyz/v1", "openai-chat", "TOGETHERAI_API_KEY"},
    {"fireworks_ai", "https://api.fireworks.ai/inference/v1", "openai-chat", "FIREWORKS_AI_API_KEY"},
    {"nvidia_nim", "https://integrate.api.nvidia.com/v1", "openai-chat", "NVIDIA_NIM_API_KEY"},
    {"sambanova", "https://api.sambanova.ai/v1", "openai-chat", "SAMBANOVA_API_KEY"},
    {"ollama", "http://localhost:11434", "openai-chat", ""},
    {"ollama_chat", "http://localhost:11434", "openai-chat", ""},
    {"hosted_vllm", "", "openai-chat", ""},
    {"lm_studio", "", "openai-chat", ""},
    {"llamafile", "http://127.0.0.1:8080/v1", "openai-chat", ""},
    {"openai_like", "", "openai-chat", ""},
    {"custom_openai", "", "openai-chat", ""},
    {"litellm_proxy", "", "anthropic", ""},
    {"azure", "", "openai-chat", "AZURE_API_KEY"},
    {"azure_ai", "", "openai-chat", "AZURE_AI_API_KEY"},
});

// Providers that need more than a key in a header.
constexpr auto kNotServed = std::to_array<std::string_view>({"bedrock", "vertex_ai", "vertex_ai_beta", "sagemaker", "sagemaker_chat",
                                                             "watsonx", "databricks", "github_copilot", "chatgpt", "cohere", "cohere_chat",
                                                             "snowflake", "oci", "replicate", "huggingface", "predibase", "gigachat"});

const Prefix* find_prefix(std::string_view name) {
  const auto* found = std::ranges::find(kPrefixes, name, &Prefix::name);
  return found == kPrefixes.end() ? nullptr : found;
}

/// A model's name with the provider that LiteLLM reads out of it.
struct Named {
  std::string prefix, model;
};

Named split_model(Value& params) {
  const std::string whole(trim(params["model"].text));
  if (params["custom_llm_provider"].filled()) return {params["custom_llm_provider"].take(), whole};
  const auto slash = whole.find('/');
  const auto first = whole.substr(0, slash);
  if (slash != std::string::npos && (find_prefix(first) != nullptr || std::ranges::find(kNotServed, first) != kNotServed.end()))
    return {first, whole.substr(slash + 1)};
  if (slash == std::string::npos && whole.starts_with("claude")) return {"anthropic", whole};
  if (slash == std::string::npos &&
      (whole.starts_with("gpt-") || whole.starts_with("o1") || whole.starts_with("o3") || whole.starts_with("o4")))
    return {"openai", whole};
  // A server of one's own, and the model's name as that server spells it.
  return {params["api_base"].filled() || params["base_url"].filled() ? "openai_like" : first, whole};
}

struct Deployment {
  std::size_t place = 0;  // in the group
  DraftTarget target;
  std::optional<double> weight, rpm, order;
  Value* weight_field = nullptr;
  Value* rpm_field = nullptr;
};

/// Reads one entry of model_list after the other.
class ModelList {
 public:
  ModelList(Composer& composer, Value& root, std::string_view strategy) : composer_(composer), root_(root), strategy_(strategy) {}

  std::vector<LiteLlmGroup> read() {
    for (Value* entry : root_["model_list"].elements())
      if (entry->is_map()) read_entry(*entry);
    std::vector<LiteLlmGroup> groups;
    for (auto& [name, deployments] : groups_) groups.push_back({name, rule_of(name, deployments)});
    return groups;
  }

 private:
  void read_entry(Value& entry) {
    Value& params = entry["litellm_params"];
    if (!params.is_map() || !params["model"].filled()) return entry.leave("it has no litellm_params.model");
    group(entry["model_name"].text);
    if (const auto why = not_served(entry); !why.empty()) return entry.leave(why);
    const auto named = split_model(params);
    const auto* prefix = find_prefix(named.prefix);
    if (prefix == nullptr) return entry.leave(fmt::format("Penstock has no provider for {}/", safe_name(named.prefix)));
    if (!is_model_id(named.model)) return entry.leave("Penstock cannot name this model: it holds characters that no request carries");
    if (named.model.contains('*') && !entry["model_name"].text.contains('*')) return entry.leave("model holds a star, model_name has none");
    const auto name = composer_.model_name(entry["model_name"]);
    if (name.empty()) return entry.leave("it has no model_name");
    const auto provider = provider_for(*prefix, named, params);
    if (!provider) return entry.leave(provider.error().message);
    params["model"].carry();
    composer_.add_model(**provider, named.model);
    read_facts(**provider, named.model, entry["model_info"], params);
    add_deployment(name, {(*provider)->name, literal(named.model)}, params);
  }

  static std::string not_served(Value& entry) {
    Value& mode = entry["model_info"]["mode"];
    const bool chat = !mode.filled() || mode.text == "chat" || mode.text == "responses" || mode.text == "completion";
    if (!chat) return "Penstock serves chat models only";
    mode.carry();
    return {};
  }

  /// The field in litellm_params, or what its credential of credential_list says.
  Value& param(Value& params, std::string_view key) {
    if (params[key].filled()) return params[key];
    const auto wanted = params["litellm_credential_name"].text;
    for (Value* one : root_["credential_list"].elements())
      if (!wanted.empty() && (*one)["credential_name"].text == wanted) {
        params["litellm_credential_name"].carry();
        (*one)["credential_name"].carry();
        return (*one)["credential_values"][key];
      }
    return params[key];
  }

  Value& base_field(Value& params) {
    Value& base = param(params, "api_base");
    return base.filled() ? base : param(params, "base_url");
  }

  /// The provider of a deployment: an earlier one when everything about it is the same.
  Result<DraftProvider*> provider_for(const Prefix& prefix, const Named& named, Value& params) {
    Value& base = base_field(params);
    Value& key = param(params, "api_key");
    const bool responses = prefix.name == "openai" && named.model.starts_with("responses/");
    const std::string url = !base.filled() ? std::string(prefix.base_url) : prefix.name == "azure" ? azure_url(base.text) : base.text;
    if (url.empty()) return fail(config_error("api_base is missing, and this provider has no address of its own"));
    const auto endpoint = composer_.endpoint(url, responses ? "openai-responses" : prefix.dialect, prefix.name);
    if (!endpoint) return fail(config_error("api_base: " + endpoint.error().message));
    note_endpoint(prefix, *endpoint, base.filled() ? base : params["model"]);
    const auto identity = fmt::format("{}\n{}\n{}\n{}", endpoint->row != nullptr ? endpoint->row->name : endpoint->dialect,
                                      endpoint->base_url, key.text, own_settings(params));
    auto& index = by_identity_[identity];
    if (index == nullptr) index = &composer_.add_provider(name_for(prefix, *endpoint), *endpoint);
    fill(*index, prefix, key, params);
    return index;
  }

  /// Azure's v1 API, which takes the deployment as the model and needs no api-version.
  static std::string azure_url(std::string_view base) {
    base = trim(base);
    while (base.ends_with('/')) base.remove_suffix(1);
    return base.ends_with("/openai") || base.ends_with("/openai/v1") ? std::string(base) : std::string(base) + "/openai";
  }

  static void note_endpoint(const Prefix& prefix, const Endpoint& endpoint, Value& field) {
    if (prefix.name == "azure") field.change("Azure's v1 API (/openai/v1) is used; the deployment's name is the model");
    if (!endpoint.change.empty()) return field.change(endpoint.change);
    field.carry();
  }

  static std::string name_for(const Prefix& prefix, const Endpoint& endpoint) {
    if (endpoint.row != nullptr) return endpoint.row->name;
    const bool any_server = prefix.name == "openai" || prefix.name == "openai_like" || prefix.name == "custom_openai";
    const bool own_address = prefix.base_url != endpoint.base_url + "/v1";
    return any_server && own_address ? host_name(endpoint.base_url, prefix.name) : std::string(prefix.name);
  }

  static std::string own_settings(Value& params) {
    std::string out;
    for (const auto* key : {"timeout", "stream_timeout", "extra_headers", "headers"}) {
      out += params[key].text + "\n";
      for (std::size_t i = 0; i < params[key].keys.size(); ++i) out += params[key].keys[i] + ":" + params[key].items[i].text + "\n";
    }
    return out;
  }

  void fill(DraftProvider& provider, const Prefix& prefix, Value& key, Value& params) {
    if (key.filled()) {
      composer_.set_key(provider, key);
    } else if (composer_.row_of(provider) == nullptr && !prefix.variable.empty()) {
      provider.api_key = fmt::format("${{{}}}", prefix.variable);
    }
    if (prefix.name.starts_with("azure")) provider.auth_header = "api-key";
    for (const auto* headers : {"headers", "extra_headers"}) composer_.set_headers(provider, params[headers]);
    composer_.set_timeout(provider, "total", params["timeout"], 1, "for whole answers; a stream is never cut by it");
    composer_.set_timeout(provider, "first_byte", params["stream_timeout"], 1, "");
  }

  static void read_facts(DraftProvider& provider, const std::string& id, Value& info, Value& params) {
    if (id.contains('*')) return;
    DraftModel facts;
    constexpr std::uint64_t kMostTokens = 100'000'000;
    Value& output = info["max_output_tokens"].filled() ? info["max_output_tokens"] : info["max_tokens"];
    for (auto [field, slot] : {std::pair{&info["max_input_tokens"], &facts.window}, {&output, &facts.max_output}})
      if (const auto number = whole(*field, 1, kMostTokens)) *slot = *number, field->carry();
    if (info["supports_vision"].filled()) facts.vision = info["supports_vision"].is_true(), info["supports_vision"].carry();
    for (const auto& [key, name] : {std::pair{"input_cost_per_token", "input"},
                                    {"output_cost_per_token", "output"},
                                    {"cache_read_input_token_cost", "cache_read"},
                                    {"cache_creation_input_token_cost", "cache_write"}})
      read_price(info[key].filled() ? info[key] : params[key], name, facts);
    if (facts.window == 0 && facts.max_output == 0 && !facts.vision && facts.price.empty()) return;
    DraftModel& model = provider.model(literal(id));
    if (model.window == 0) model.window = facts.window;
    if (model.max_output == 0) model.max_output = facts.max_output;
    if (!model.vision) model.vision = facts.vision;
    for (const auto& [name, price] : facts.price) model.price.emplace(name, price);
  }

  static void read_price(Value& field, const std::string& name, DraftModel& facts) {
    constexpr double kMillion = 1e6, kDearest = 100'000;
    const auto price = field.number();
    if (!price || *price < 0 || *price * kMillion > kDearest) return;
    facts.price[name] = *price * kMillion;
    field.carry();
  }

  /// Names stay known even when none of their deployments is carried over: a pattern must not catch them.
  std::vector<Deployment>& group(const std::string& name) {
    auto found = std::ranges::find(groups_, name, &std::pair<std::string, std::vector<Deployment>>::first);
    if (found == groups_.end()) found = groups_.insert(found, {name, {}});
    return found->second;
  }

  void add_deployment(const std::string& name, DraftTarget target, Value& params) {
    auto& deployments = group(name);
    deployments.push_back({deployments.size(), std::move(target), params["weight"].number(), params["rpm"].number(),
                           params["order"].number(), &params["weight"], &params["rpm"]});
    params["order"].carry();
  }

  DraftRule rule_of(const std::string& name, std::vector<Deployment>& deployments) const {
    DraftRule rule{name, {}, {}};
    const auto has = [&](auto member) {
      return std::ranges::any_of(deployments, [&](const Deployment& one) { return (one.*member).has_value(); });
    };
    const bool ordered = has(&Deployment::order);
    constexpr double kLast = 1e9;
    std::ranges::sort(deployments, {},
                      [&](const Deployment& one) { return std::pair(ordered ? one.order.value_or(kLast) : 0.0, one.place); });
    const auto shares = has(&Deployment::weight) ? &Deployment::weight : &Deployment::rpm;
    if (!ordered && deployments.size() > 1) rule.balance = balance(has(shares));
    for (auto& one : deployments) {
      mark_shares(one, rule.balance == "weighted", shares == &Deployment::rpm);
      one.target.weight = rule.balance == "weighted" ? share(one.*shares, deployments, shares) : 1;
      rule.to.push_back(one.target);
    }
    return rule;
  }

  [[nodiscard]] std::string balance(bool has_shares) const {
    if (strategy_ == "least-busy" || strategy_.starts_with("usage-based")) return "least_busy";
    if (strategy_ == "latency-based-routing") return "fastest";
    if (strategy_ == "cost-based-routing") return "cheapest";
    return has_shares ? "weighted" : "round_robin";
  }

  static void mark_shares(Deployment& one, bool weighted, bool by_rpm) {
    if (weighted && !by_rpm) one.weight_field->carry();
    if (weighted && by_rpm) one.rpm_field->change("used as the deployment's share; Penstock does not hold it to this rate");
  }

  /// Weights in a file are whole numbers: fractions are brought to hundredths.
  static unsigned share(std::optional<double> value, const std::vector<Deployment>& all, std::optional<double> Deployment::* member) {
    constexpr double kMost = 1'000'000, kHundred = 100;
    const bool fractions = std::ranges::any_of(all, [&](const Deployment& one) { return std::fmod((one.*member).value_or(0), 1) != 0; });
    const double scaled = value.value_or(1) * (fractions ? kHundred : 1);
    return static_cast<unsigned>(std::lround(std::clamp(scaled, 0.0, kMost)));
  }

  Composer& composer_;
  Value& root_;
  std::string_view strategy_;
  std::map<std::string, DraftProvider*> by_identity_;
  std::vector<std::pair<std::string, std::vector<Deployment>>> groups_;
};

}  // namespace

std::vector<LiteLlmGroup> read_model_list(Composer& composer, Value& root, std::string_view strategy) {
  return ModelList(composer, root, strategy).read();
}

}  // namespace penstock::importing
