#include "launch/environment.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace penstock::launch {

namespace {

// Claude Code subtracts what it may write from the window before it compacts: more than this only wastes the window.
constexpr std::uint64_t kMostOutput = 64'000;
// The range that CLAUDE_CODE_AUTO_COMPACT_WINDOW takes.
constexpr std::uint64_t kLeastCompact = 100'000, kMostCompact = 1'000'000;
// Reasoning models think for minutes; the gateway has timeouts of its own.
constexpr std::string_view kTimeout = "3000000";

constexpr auto kConflicting = std::to_array<std::string_view>({
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_MODEL",
    "ANTHROPIC_DEFAULT_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL",
    "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_VERTEX_BASE_URL",
    "ANTHROPIC_FOUNDRY_BASE_URL",
    "ANTHROPIC_UNIX_SOCKET",
    "CLAUDE_CODE_SUBAGENT_MODEL",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_MAX_CONTEXT_TOKENS",
    "CLAUDE_CODE_AUTO_COMPACT_WINDOW",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "CLAUDECODE",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_PID",
    "PENSTOCK_MODEL",
});
constexpr auto kConflictingPrefixes =
    std::to_array<std::string_view>({"CLAUDE_CODE_USE_", "ANTHROPIC_DEFAULT_", "ANTHROPIC_CUSTOM_MODEL_"});
/// The user's own login: it stays where it passes through.
constexpr auto kLogin = std::to_array<std::string_view>({"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"});

void set_models(const Selection& selection, Environment& out) {
  const auto& models = selection.models;
  const auto put = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) out.set[name] = value;
  };
  put("ANTHROPIC_MODEL", models.main);
  const std::tuple<const char*, const std::string&, const std::string&> tiers[] = {
      {"OPUS", models.opus, selection.labels.opus},
      {"SONNET", models.sonnet, selection.labels.sonnet},
      {"HAIKU", models.haiku, selection.labels.haiku},
      {"FABLE", models.opus, selection.labels.opus},
  };
  for (const auto& [tier, model, label] : tiers) {
    put(std::string("ANTHROPIC_DEFAULT_") + tier + "_MODEL", model);
    put(std::string("ANTHROPIC_DEFAULT_") + tier + "_MODEL_NAME", label);
  }
  put("CLAUDE_CODE_SUBAGENT_MODEL", models.subagent);
}

void set_limits(const Selection& selection, Environment& out) {
  if (selection.window != 0) {
    out.set["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] = std::to_string(selection.window);
    if (selection.window >= kLeastCompact)
      out.set["CLAUDE_CODE_AUTO_COMPACT_WINDOW"] = std::to_string(std::min(selection.window, kMostCompact));
  }
  if (selection.max_output != 0) out.set["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] = std::to_string(std::min(selection.max_output, kMostOutput));
  out.set["API_TIMEOUT_MS"] = kTimeout;
}

/// A proxy of the user's must not be asked for an address of this machine.
void keep_from_proxy(const config::Environment& current, Environment& out) {
  const bool proxied = std::ranges::any_of(std::array{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"},
                                           [&](const char* name) { return current(name).has_value(); });
  if (!proxied) return;
  for (const auto* name : {"NO_PROXY", "no_proxy"}) {
    const auto own = current(name).value_or("");
    out.set[name] = (own.empty() ? "" : own + ",") + "127.0.0.1,localhost,::1";
  }
}

/// What the gateway wants to see. Where the user's login passes through, it goes beside that, in a header of its own.
void set_token(const Door& door, bool own_login, const config::Environment& current, Environment& out) {
  if (door.token.empty()) return;
  if (!own_login) {
    out.set["ANTHROPIC_AUTH_TOKEN"] = door.token;
    return;
  }
  const auto own = current("ANTHROPIC_CUSTOM_HEADERS").value_or("");
  const std::string ours = "x-penstock-key: " + door.token;  // there already, in a session within a session
  out.set["ANTHROPIC_CUSTOM_HEADERS"] = own.contains(ours) ? own : (own.empty() ? "" : own + "\n") + ours;
}

bool is_login(std::string_view name) { return std::ranges::find(kLogin, name) != kLogin.end(); }

}  // namespace

bool conflicts(std::string_view name) {
  return std::ranges::find(kConflicting, name) != kConflicting.end() ||
         std::ranges::any_of(kConflictingPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

Environment environment_of(const Selection& selection, const Door& door, const config::Environment& current,
                           const std::vector<std::string>& variables) {
  Environment out;
  out.set["ANTHROPIC_BASE_URL"] = door.url;
  const bool own_login = selection.provider && selection.provider->passthrough;
  set_token(door, own_login, current, out);
  if (!door.config_dir.empty()) out.set["CLAUDE_CONFIG_DIR"] = door.config_dir;
  set_models(selection, out);
  set_limits(selection, out);
  if (!door.direct) {
    out.set["CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY"] = "1";
    keep_from_proxy(current, out);
  }
  if (!door.certificate.empty() && !current("NODE_EXTRA_CA_CERTS")) out.set["NODE_EXTRA_CA_CERTS"] = door.certificate;
  out.set["PENSTOCK_PROVIDER"] = selection.profile    ? selection.profile->name
                                 : selection.provider ? selection.provider->name
                                                      : selection.name;
  // A pinned version stays what it is: its updater would put another one somewhere else.
  if (selection.profile && !selection.profile->claude_version.empty()) out.set["DISABLE_AUTOUPDATER"] = "1";
  if (selection.profile)
    for (const auto& [name, value] : selection.profile->env) out.set[name] = value;
  // A session within this one, for another provider, must know that the model was not the user's wish (wished_model).
  if (const auto model = out.set.find("ANTHROPIC_MODEL"); model != out.set.end()) out.set["PENSTOCK_MODEL"] = model->second;
  for (const auto& name : variables)
    if (conflicts(name) && !out.set.contains(name) && !(own_login && is_login(name))) out.unset.push_back(name);
  return out;
}

Status add_key(const gateway::Upstream& provider, Environment& environment) {
  if (provider.auth == gateway::AuthScheme::none || provider.passthrough) return {};
  if (provider.token_source)
    return fail(config_error("the credential of " + provider.name + " is a login that expires: use penstock run " + provider.name +
                             " --direct, or leave --direct out"));
  const char* name = provider.auth == gateway::AuthScheme::bearer ? "ANTHROPIC_AUTH_TOKEN" : "ANTHROPIC_API_KEY";
  environment.set[name] = provider.key.reveal();
  std::erase(environment.unset, name);
  return {};
}

std::vector<std::string> own_variables() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry)
    names.emplace_back(std::string_view(*entry).substr(0, std::string_view(*entry).find('=')));
  std::ranges::sort(names);
  return names;
}

}  // namespace penstock::launch
