// penstock shell-init: functions claude-NAME for the shell that evaluates them, and the block of its rc file.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/load_catalog.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "launch/own_program.h"
#include "launch/shell_init.h"

namespace penstock::cli {

namespace {

struct ShellInit {
  std::string shell;
  bool install = false, uninstall = false;
};

/// One line; a shell that starts must neither stop at a fault nor fill the terminal with it.
void mention(const std::string& fault) { fmt::print(stderr, "penstock: {}\n", fault.substr(0, fault.find('\n'))); }

catalog::Catalog catalog_or_builtin(const config::Environment& environment) {
  auto own = app::load_catalog(environment);
  if (own) return std::move(*own);
  mention(own.error().message);
  return catalog::builtin().value_or(catalog::Catalog{});
}

config::Config config_or_none(const app::ServeOptions& options, const catalog::Catalog& catalog) {
  auto config = app::read_config(options, catalog);
  if (!config) return mention(config.error()), config::Config{};
  for (const auto& [name, faults] : config->left_out) mention("the profile " + name + " is left out: " + faults);
  return std::move(*config);
}

/// A key that is there but refused counts: `penstock run` then says why, and the mend, where "command not found" would say nothing.
bool has_key(const credentials::Sought& sought, const credentials::Places& places) {
  bool found = false;
  credentials::walk(sought, places, [&](const credentials::Finding&) { return !(found = true); });
  return found;
}

bool is_runnable(const config::Provider& entry, const catalog::Catalog& catalog, const credentials::Places& places) {
  if (!entry.enabled) return false;
  if (entry.auth == "none" || entry.credentials.mode == config::CredentialMode::passthrough) return true;
  const auto* row = catalog.find(entry.catalog);
  return !row || row->local || has_key({&entry, row}, places);
}

std::vector<std::string> runnable_names(const catalog::Catalog& catalog, const config::Config& config, const credentials::Places& places) {
  std::vector<std::string> names;
  for (const auto& profile : config.profiles) names.push_back(profile.name);
  for (const auto& entry : config.providers)
    if (is_runnable(entry, catalog, places)) names.push_back(entry.name);
  for (const auto& row : catalog.providers) {
    const bool configured = std::ranges::find(config.providers, row.name, &config::Provider::name) != config.providers.end();
    if (!configured && !row.local && has_key({nullptr, &row}, places)) names.push_back(row.name);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

int print_functions(launch::Shell shell) {
  const app::ServeOptions options;
  const auto catalog = catalog_or_builtin(options.environment);
  const auto config = config_or_none(options, catalog);
  const auto names = runnable_names(catalog, config, credentials::process_places(config.credential_store));
  fmt::print("{}", launch::functions(shell, names, launch::own_program(options.environment)));
  return kDone;
}

int edit_rc_file(launch::Shell shell, bool install) {
  const auto environment = config::process_environment();
  const auto edited =
      install ? launch::install_in_rc(shell, environment, launch::own_program(environment)) : launch::remove_from_rc(shell, environment);
  if (!edited) return report({kFailed, edited.error().message});
  const auto* what = !edited->changed ? (install ? "is there already" : "was not there") : install ? "is in place" : "is gone";
  fmt::print("{}: Penstock's block {}{}\n", edited->path, what,
             edited->backup.empty() ? "" : " (the file as it was: " + edited->backup + ")");
  if (install && edited->changed) fmt::print("Open a new {} to have the functions claude-NAME.\n", launch::name(shell));
  return kDone;
}

}  // namespace

void add_shell_init(CLI::App& app, int& code) {
  auto* command = app.add_subcommand("shell-init", "functions claude-NAME for each provider with a key and each profile");
  auto options = std::make_shared<ShellInit>();
  command->add_option("shell", options->shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  auto* install = command->add_flag("--install", options->install, "define them in each new shell: a block in its rc file");
  command->add_flag("--uninstall", options->uninstall, "take the block out again")->excludes(install);
  command->callback([&code, options] {
    const auto shell = *launch::parse_shell(options->shell);
    code = options->install || options->uninstall ? edit_rc_file(shell, options->install) : print_functions(shell);
  });
}

}  // namespace penstock::cli
