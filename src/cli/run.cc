// penstock run, penstock env: Claude Code for a provider, a model or a profile.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "app/background.h"
#include "app/build.h"
#include "app/state_dir.h"
#include "base/core_dump.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "config/values.h"
#include "launch/claude_program.h"
#include "launch/gateway_fit.h"
#include "launch/launch.h"
#include "launch/shell.h"

namespace penstock::cli {

namespace {

struct RunOptions {
  Common common;
  launch::Wish wish;
  launch::LaunchOptions launch;
  bool print_env = false;
  std::string shell;
};

Failure failure_of(const Error& error) { return {error.kind == ErrorKind::config ? kConfigFault : kFailed, error.message}; }

/// What is known before the gateway is asked.
struct Known {
  Setup setup;
  app::Built built;
  launch::Selection selection;
  launch::Ground ground;
};

std::expected<Known, Failure> look_up(RunOptions& options) {
  auto setup = read_setup(options.common);
  if (!setup) return std::unexpected(setup.error());
  auto built = app::build_snapshot(setup->config, {&setup->catalog, credentials::process_places(), nullptr, 1});
  if (!built) return std::unexpected(Failure{kConfigFault, built.error().message});
  const auto& environment = setup->options.environment;
  if (options.wish.model.empty()) options.wish.model = launch::wished_model(environment);
  auto selection = launch::select(options.wish, setup->config, *built->snapshot);
  if (!selection) return std::unexpected(failure_of(selection.error()));
  launch::Ground ground{.environment = environment, .variables = launch::own_variables(), .state_dir = app::state_dir(environment)};
  std::error_code error;
  ground.work_dir = std::filesystem::current_path(error).string();
  ground.penstock = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (!options.common.config.empty()) ground.config = std::filesystem::absolute(options.common.config, error).string();
  if (const auto& tls = setup->config.server.tls) ground.gateway_certificate = std::filesystem::absolute(tls->cert, error).string();
  if (!setup->config.auth_tokens.empty()) ground.gateway_token = setup->config.auth_tokens.front().reveal();
  return Known{std::move(*setup), std::move(*built), std::move(*selection), std::move(ground)};
}

/// The URL of the gateway: of the one that runs, if it is the right one, or of one that is started now.
Status open_gateway(const RunOptions& options, Known& known) {
  if (options.launch.direct) return {};
  app::StartOptions start;
  start.environment = known.ground.environment;
  start.config = known.setup.options.config_path;
  TRY(const app::Running running, app::start_in_background(start));
  const bool named = !options.common.config.empty() || !known.ground.environment("PENSTOCK_CONFIG").value_or("").empty();
  const launch::Wanted wanted{known.setup.config.path, !named, known.ground.gateway_token, known.ground.gateway_certificate};
  if (!running.fresh) TRY_STATUS(launch::same_configuration(running, wanted));
  if (known.selection.provider) TRY_STATUS(launch::same_credential(running, wanted, *known.selection.provider));
  known.ground.gateway_url = running.url;
  return {};
}

void print_environment(const launch::Environment& environment) {
  for (const auto& name : environment.unset) fmt::print("unset {}\n", name);
  for (const auto& [name, value] : environment.set) fmt::print("{}={}\n", name, config::shown_variable(name, value));
}

int run(RunOptions& options) {
  const auto round = launch::round_of(config::process_environment());
  if (!round) return report({kFailed, round.error().message});
  auto known = look_up(options);
  if (!known) return report(known.error());
  const std::string version = known->selection.profile ? known->selection.profile->claude_version : "";
  const auto claude = launch::find_claude(known->ground.environment, known->ground.state_dir, version);
  if (!claude) return report({kFailed, claude.error().message});
  if (const auto opened = open_gateway(options, *known); !opened) return report(failure_of(opened.error()));
  auto planned = launch::plan_launch(known->selection, options.launch, known->ground);
  if (!planned) return report(failure_of(planned.error()));
  if (options.print_env) return print_environment(planned->environment), kDone;
  if (const auto ready = launch::prepare_launch(*planned, options.launch, known->ground); !ready) return report(failure_of(ready.error()));
  for (const auto& warning : planned->warnings) fmt::print(stderr, "{}\n", warning);
  allow_core_dumps();  // Claude Code's are the user's business
  return report({kFailed, launch::become(*claude, *planned, *round).message});
}

/// The same for `eval`: with --direct the key itself is among the values, since no helper can be named in a variable.
int env(RunOptions& options) {
  const auto shell = launch::parse_shell(options.shell.empty() ? "bash" : options.shell);
  if (!shell) return report({kWrongUsage, "--shell " + options.shell + ": write bash, zsh or fish"});
  auto known = look_up(options);
  if (!known) return report(known.error());
  if (const auto opened = open_gateway(options, *known); !opened) return report(failure_of(opened.error()));
  options.launch.settings = false;
  auto planned = launch::plan_launch(known->selection, options.launch, known->ground);
  if (!planned) return report(failure_of(planned.error()));
  if (const auto ready = launch::prepare_launch(*planned, options.launch, known->ground); !ready) return report(failure_of(ready.error()));
  for (const auto& warning : planned->warnings) fmt::print(stderr, "{}\n", warning);
  auto& environment = planned->environment;
  if (options.launch.direct)
    if (const auto added = launch::add_key(*known->selection.provider, environment); !added) return report(failure_of(added.error()));
  for (const auto& name : environment.unset) fmt::print("{}", launch::unset_line(*shell, name));
  for (const auto& [name, value] : environment.set) fmt::print("{}", launch::export_line(*shell, name, value));
  return kDone;
}

void add_options(CLI::App& command, RunOptions& options) {
  command.add_option("NAME", options.wish.name, "a provider, a profile or a model; without it, the gateway's default model");
  command.add_option("--model", options.wish.model, "the session's model, instead of NAME's default (ANTHROPIC_MODEL does the same)");
  command.add_flag("--direct", options.launch.direct, "to the provider itself, without the gateway");
  command.add_flag("--shared-config", options.launch.shared_config, "the user's own ~/.claude instead of a config dir of NAME's own");
  command.add_flag("--carry", options.launch.carry, "copy MCP servers, skills, agents, commands and CLAUDE.md into the config dir");
  with_config(command, options.common);
}

}  // namespace

void add_run(CLI::App& app, int& code, const std::vector<std::string>& passed) {
  auto options = std::make_shared<RunOptions>();
  options->launch.arguments = passed;
  auto* command = app.add_subcommand("run", "Claude Code for a provider, a profile or a model");
  add_options(*command, *options);
  command->add_flag("--print-env", options->print_env, "print the environment (secrets masked) instead of starting");
  command->footer("What stands behind -- goes to Claude Code as it is: penstock run deepseek -- -p \"hello\"");
  command->callback([options, &code] { code = run(*options); });
}

void add_env(CLI::App& app, int& code) {
  auto options = std::make_shared<RunOptions>();
  auto* command = app.add_subcommand("env", "the environment of such a session, for eval");
  add_options(*command, *options);
  command->add_option("--shell", options->shell, "bash, zsh or fish");
  command->callback([options, &code] { code = env(*options); });
}

}  // namespace penstock::cli
