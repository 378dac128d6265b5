#include "launch/launch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "launch/config_dir.h"
#include "launch/shell.h"

namespace penstock::launch {

namespace {

// What the gateway is shown when it is open: Claude Code wants to have something to show.
constexpr std::string_view kAnyToken = "penstock";
// How often `penstock run` has become a claude that was none: a script that calls it would go round for ever. A few rounds are let pass,
// because not all children of Claude Code are marked as such.
constexpr const char* kRoundVariable = "PENSTOCK_RUN_DEPTH";
constexpr std::uint64_t kMostRounds = 3;

/// A model's name may hold slashes; the folder's may not.
std::string folder_name(std::string name) {
  std::ranges::replace(name, '/', '+');
  return name.starts_with('.') ? '_' + name : name;
}

/// The provider is reached as Claude Code would reach it by itself: through the proxy that the variables name, or through none.
bool has_usual_way(const net::Origin& origin, const config::Environment& environment) {
  const auto variable = [&](const char* upper, const char* lower) {
    const auto value = environment(upper);
    return value && !value->empty() ? *value : environment(lower).value_or("");
  };
  const auto usual =
      origin.tls ? net::proxy_for(origin.host, origin.port, variable("HTTPS_PROXY", "https_proxy"), variable("NO_PROXY", "no_proxy"))
                 : Result<std::optional<net::Proxy>>(std::nullopt);
  const auto words = [](const std::optional<net::Proxy>& proxy) {
    return proxy ? fmt::format("{}:{} {}", proxy->host, proxy->port, proxy->authorization.reveal()) : "";
  };
  return usual && words(*usual) == words(origin.proxy);
}

/// What the gateway adds to requests, and Claude Code cannot; empty for a provider that needs none of it.
std::string gateways_part(const gateway::Upstream& provider, const config::Environment& environment) {
  if (!provider.headers.empty()) return "the header " + provider.headers.begin()->first;
  if (!provider.origin.ca_file.empty()) return "the CA in " + provider.origin.ca_file;
  return has_usual_way(provider.origin, environment) ? "" : "its own way through, or past, a proxy";
}

Status can_be_direct(const Selection& selection, const config::Environment& environment) {
  const auto no = [&](const std::string& why) { return fail(config_error("--direct: " + why + "; leave --direct out")); };
  if (!selection.provider) return no("no provider is named");
  const auto& provider = *selection.provider;
  if (provider.name == "mock") return no("the built-in mock lives in the gateway");
  if (provider.dialect != "anthropic") return no(provider.name + " does not speak Anthropic's dialect, so that the gateway must translate");
  if (provider.auth == gateway::AuthScheme::header) return no(provider.name + " wants its key in the header " + provider.auth_header);
  if (const auto part = gateways_part(provider, environment); !part.empty())
    return no(provider.name + " is configured with " + part + ", which only the gateway adds");
  if (!provider.credential_beta.empty())
    return no("the credential of " + provider.name +
              " is a subscription's token, which Claude Code takes in CLAUDE_CODE_OAUTH_TOKEN alone");
  const auto& models = selection.models;
  for (const auto* model : {&models.main, &models.opus, &models.sonnet, &models.haiku, &models.subagent})
    if (selection.profile && !model->empty() && !model->starts_with(provider.name + "/"))
      return no("the profile's model " + *model + " is not a model of " + provider.name);
  return {};
}

/// The key is asked for: not of a provider that wants none, or gets Claude Code's own login.
bool needs_helper(const gateway::Upstream& provider) { return provider.auth != gateway::AuthScheme::none && !provider.passthrough; }

/// The models by the provider's own names.
Selection without_gateway(Selection selection) {
  auto& models = selection.models;
  for (auto* model : {&models.main, &models.opus, &models.sonnet, &models.haiku, &models.subagent})
    if (model->starts_with(selection.provider->name + "/")) model->erase(0, selection.provider->name.size() + 1);
  return selection;
}

std::string settings_json(const Selection& selection, const Launch& launch, const LaunchOptions& options, const Ground& ground) {
  std::string env;
  for (const auto& [name, value] : launch.environment.set)
    if (name != "CLAUDE_CONFIG_DIR") env += (env.empty() ? "" : ",") + json_quote(name) + ":" + json_quote(value);
  std::string out = "{\"env\":{" + env + "}";
  const auto command = [&](const std::string& words) { return quote_posix(ground.penstock) + " " + words; };
  // The key itself stays out of the environment and of every file: Claude Code asks for it.
  if (options.direct && needs_helper(*selection.provider))
    out += ",\"apiKeyHelper\":" + json_quote(command("token " + quote_posix(selection.provider->name)));
  if (selection.profile && selection.profile->status_line)
    out += R"(,"statusLine":{"type":"command","command":)" + json_quote(command("statusline")) + "}";
  if (!launch.theme.setting.empty()) out += ",\"theme\":" + json_quote(launch.theme.setting);
  return out + "}";
}

std::string config_dir_of(const Selection& selection, const LaunchOptions& options, const Ground& ground) {
  if (options.shared_config) return {};
  if (selection.profile && !selection.profile->config_dir.empty()) return selection.profile->config_dir;
  return ground.state_dir + "/claude/" + folder_name(selection.name);
}

bool has_own_settings(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(arguments, [](const std::string& word) { return word == "--settings" || word.starts_with("--settings="); });
}

}  // namespace

Result<Launch> plan_launch(const Selection& selection, const LaunchOptions& options, const Ground& ground) {
  Launch launch;
  launch.config_dir = config_dir_of(selection, options, ground);
  launch.settings_folder = launch.config_dir.empty() ? ground.state_dir + "/claude" : launch.config_dir;
  Door door{.url = ground.gateway_url + selection.path,
            .token = ground.gateway_token,
            .config_dir = launch.config_dir,
            .direct = options.direct,
            .certificate = ground.gateway_url.starts_with("https:") && !options.direct ? ground.gateway_certificate : ""};
  const bool own_login = selection.provider && selection.provider->passthrough;
  if (door.token.empty() && !own_login) door.token = kAnyToken;
  Selection chosen = selection;
  if (options.direct) {
    TRY_STATUS(can_be_direct(selection, ground.environment));
    door.url = selection.provider->base_url;
    door.token = selection.provider->auth == gateway::AuthScheme::none ? kAnyToken : "";
    chosen = without_gateway(selection);
  }
  launch.environment = environment_of(chosen, door, ground.environment, ground.variables);
  if (!ground.config.empty()) launch.environment.set["PENSTOCK_CONFIG"] = ground.config;  // for what Claude Code calls of ours
  if (!launch.config_dir.empty()) launch.theme = theme_of(selection, base_theme(ground.environment, launch.config_dir));
  launch.settings = settings_json(selection, launch, options, ground);
  if (selection.profile) {
    launch.arguments = selection.profile->args;
    const auto& prompt = selection.profile->append_system_prompt;
    if (!prompt.empty() && ::access(prompt.c_str(), R_OK) != 0)
      return fail(config_error(
          fmt::format("profiles.{}: append_system_prompt: cannot read {}: {}", selection.profile->name, prompt, std::strerror(errno))));
    if (!prompt.empty()) launch.arguments.insert(launch.arguments.end(), {"--append-system-prompt-file", prompt});
  }
  launch.arguments.insert(launch.arguments.end(), options.arguments.begin(), options.arguments.end());
  // Ours name the helper that tells the key; without them the session would have none.
  if (options.direct && needs_helper(*selection.provider) && has_own_settings(launch.arguments))
    return fail(config_error("--direct needs Claude Code's --settings for the key; leave one of the two out"));
  return launch;
}

Status prepare_launch(Launch& launch, const LaunchOptions& options, const Ground& ground) {
  const auto variable = [&](const char* name) { return ground.environment(name).value_or(""); };
  if (!launch.config_dir.empty()) {
    const ConfigDirWish wish{launch.config_dir, ground.work_dir, variable("HOME"), variable("CLAUDE_CONFIG_DIR"), options.carry};
    TRY(launch.warnings, prepare_config_dir(wish));
    TRY_STATUS(write_theme(launch.theme, launch.config_dir));
  }
  if (!options.settings || has_own_settings(launch.arguments)) return {};
  TRY(auto file, write_settings(launch.settings_folder, launch.settings));
  launch.arguments.insert(launch.arguments.begin(), {"--settings", std::move(file)});
  return {};
}

Result<int> round_of(const config::Environment& environment) {
  if (environment("CLAUDECODE")) return 1;  // a session within a session
  const auto before = parse_unsigned(environment(kRoundVariable).value_or("")).value_or(0);
  if (before < kMostRounds) return static_cast<int>(before) + 1;
  return fail(config_error(
      "the claude that penstock run starts is a script that calls penstock run again; name the program itself in CLAUDE_PATH"));
}

Error become(const std::string& program, const Launch& launch, int round) {
  ::setenv(kRoundVariable, std::to_string(round).c_str(), 1);
  for (const auto& name : launch.environment.unset) ::unsetenv(name.c_str());
  for (const auto& [name, value] : launch.environment.set) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<std::string> words{program};
  words.insert(words.end(), launch.arguments.begin(), launch.arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(program.c_str(), pointers.data());
  return config_error(fmt::format("cannot start {}: {}", program, std::strerror(errno)));
}

}  // namespace penstock::launch
