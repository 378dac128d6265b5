// LiteLLM's config.yaml: the order of its parts, and why some of them stay behind.
#include <algorithm>
#include <array>

#include "importing/litellm_settings.h"
#include "importing/tools.h"

namespace penstock::importing {

namespace {

constexpr std::string_view kRateLimits = "Penstock's limits belong to virtual keys: see `penstock vkey`";
constexpr std::string_view kClaudeCodeSays = "requests go as the client wrote them; Penstock sets no parameters of its own";
constexpr std::string_view kQuirks = "each provider's quirks say what it does not take; nothing has to be listed";
constexpr std::string_view kOwnLog = "Penstock has its own log and metrics; other callbacks are not served";

constexpr auto kReasons = std::to_array<Reason>({
    {"model_list[*].litellm_params.rpm", kRateLimits},
    {"model_list[*].litellm_params.tpm", kRateLimits},
    {"model_list[*].litellm_params.max_parallel_requests", kRateLimits},
    {"model_list[*].litellm_params.weight", "the group goes by order or by its routing strategy"},
    {"model_list[*].litellm_params.max_retries", "retries are the same for all: retry.attempts"},
    {"model_list[*].litellm_params.cooldown_time", "cooldowns are the same for all: cooldown.for"},
    {"model_list[*].litellm_params.api_version", "Azure's v1 API needs none"},
    {"model_list[*].litellm_params.*drop_params", kQuirks},
    {"model_list[*].litellm_params.allowed_openai_params", kQuirks},
    {"model_list[*].litellm_params.cache_control_injection_points", "Claude Code sets its own cache marks"},
    {"model_list[*].litellm_params.max_budget", "budgets are per provider, model or key: see budgets"},
    {"model_list[*].litellm_params.budget_duration", "budgets are per provider, model or key: see budgets"},
    {"model_list[*].litellm_params.tags", "Penstock does not route by tags"},
    {"model_list[*].litellm_params.*", kClaudeCodeSays},
    {"model_list[*].model_info.id", "deployments are told apart by their provider"},
    {"model_list[*].model_info.base_model", "the catalogue knows models by their own ids"},
    {"model_list[*].model_info.supports_*", "what a model can do is in the catalogue"},
    {"model_list[*].model_info.access_groups", "which names a key may use is said at the key: see `penstock vkey`"},
    {"model_list[*].model_info.*health_check*",
     "providers.NAME.health_check checks in the background; `penstock doctor` checks when asked"},
    {"router_settings.routing_strategy_args*", "balancing has no parameters"},
    {"router_settings.*retry_policy*", "retries are the same for all kinds of error: retry.attempts"},
    {"router_settings.allowed_fails_policy*", "failures count alike: cooldown.failures"},
    {"router_settings.max_fallbacks", "a chain is as long as it is written"},
    {"router_settings.enable_pre_call_checks", "routes.long_context and fallbacks.on_context_overflow look at the size"},
    {"router_settings.optional_pre_call_checks", "sessions stay on their target: affinity"},
    {"router_settings.*tag*", "Penstock does not route by tags"},
    {"router_settings.redis_*", "write shared_state: redis://host:port yourself"},
    {"litellm_settings.*drop_params", kQuirks},
    {"litellm_settings.modify_params", kQuirks},
    {"litellm_settings.*callback*", kOwnLog},
    {"litellm_settings.cache_params.*", "Penstock's cache is in memory and has only ttl and size"},
    {"litellm_settings.json_logs", "write log: { format: json }"},
    {"litellm_settings.set_verbose", "write log: { level: debug }"},
    {"litellm_settings.request_timeout", "router_settings.timeout goes before it"},
    {"litellm_settings.telemetry", "Penstock sends nothing home"},
    {"litellm_settings.*budget*", "budgets of keys are said at the key: see `penstock vkey`"},
    {"litellm_settings.default_key_generate_params", "said at each key: see `penstock vkey`"},
    {"general_settings.database_*", "Penstock keeps its data in SQLite; for PostgreSQL write usage.store"},
    {"general_settings.*spend_log*", "rows are kept for usage.keep"},
    {"general_settings.alert*", kOwnLog},
    {"general_settings.*health_check*", "providers.NAME.health_check checks in the background; `penstock doctor` checks when asked"},
    {"general_settings.custom_auth", "Penstock runs no code of yours; clients show a token or a virtual key"},
    {"general_settings.*jwt*", "clients show a token or a virtual key"},
    {"general_settings.*parallel_requests", "write server.max_inflight"},
    {"general_settings.pass_through_endpoints", "only the APIs of models are served"},
    {"general_settings.max_request_size_mb", "write server.max_body"},
    {"general_settings.*", "Penstock has nothing that corresponds to it; see docs/configuration.md, server and auth"},
    {"environment_variables*", "set these variables where Penstock starts"},
    {"include*", "import each of these files on its own"},
    {"guardrails*", "Penstock does not look into what is said"},
    {"mcp_servers*", "MCP servers belong to the client"},
    {"credential_list*", "no model that is carried over uses it"},
});

/// Exact names first, then patterns, the longest first: LiteLLM takes the most specific, Penstock the first.
void add_rules(Composer& composer, const std::vector<LiteLlmGroup>& groups) {
  std::vector<std::pair<std::size_t, std::size_t>> order;  // how specific, counted down; place in the file
  for (std::size_t i = 0; i < groups.size(); ++i)
    order.emplace_back(groups[i].name.contains('*') ? std::string::npos - groups[i].name.size() : 0, i);
  std::ranges::sort(order);
  for (const auto& [rank, i] : order)
    if (!groups[i].rule.to.empty()) composer.add_rule(groups[i].rule);
}

}  // namespace

Result<Imported> import_litellm(Value& root, std::string_view file_name, const catalog::Catalog& catalog, Options options) {
  if (!root.is_map() || !root["model_list"].is_list())
    return fail(config_error("this is no configuration of LiteLLM: it has no model_list"));
  Composer composer(catalog, options, Spelling::litellm);
  Value& strategy = root["router_settings"]["routing_strategy"];
  const auto groups = read_model_list(composer, root, strategy.take());
  if (strategy.text.starts_with("usage-based")) strategy.change("requests go to the target with the fewest open ones");
  if (composer.draft.providers.empty()) return fail(config_error("model_list names no model that Penstock could serve"));
  add_rules(composer, groups);
  read_litellm_settings(composer, root, groups);
  return composer.finish(root, kReasons, "litellm", file_name);
}

}  // namespace penstock::importing
