// penstock variant: commands of their own for profiles.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include "app/background.h"
#include "app/build.h"
#include "app/process_handle.h"
#include "app/profiles.h"
#include "app/state_dir.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "config/profile_files.h"
#include "config/values.h"
#include "launch/selection.h"
#include "launch/variant.h"

namespace penstock::cli {

namespace {

namespace fs = std::filesystem;
using launch::VariantGround;

struct VariantOptions {
  Common common;
  launch::VariantWish wish;
  std::vector<std::string> env;  // NAME=VALUE
  std::string name, version;     // of update
  bool all = false, purge = false, no_status_line = false;
};

/// The configuration and what the work on variants needs of it. Not movable: `ground` points into `setup`.
struct Stage {
  Setup setup;
  std::optional<Setup> usual;
  VariantGround ground;
  Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
};

void say(const std::string& words) { fmt::print(stderr, "{}\n", words); }

Failure failure_of(const Error& error) {
  if (error.kind == ErrorKind::config) return {kFailed, error.message};
  return {error.fault == Fault::client ? kWrongUsage : kFailed, error.message};
}

std::unique_ptr<Stage> stage_of(Setup setup) {
  auto stage = std::make_unique<Stage>();
  stage->setup = std::move(setup);
  const auto& environment = stage->setup.options.environment;
  std::error_code error;
  stage->ground = {.install = {.environment = environment, .state_dir = app::state_dir(environment), .say = say},
                   .context = {environment, stage->setup.catalog.names()},
                   .config = &stage->setup.config,
                   .profiles = config::profile_folder(environment),
                   .penstock = fs::read_symlink("/proc/self/exe", error).string()};
  return stage;
}

std::expected<std::unique_ptr<Stage>, Failure> set_stage(const Common& common, LeftOut left_out = LeftOut::told) {
  auto setup = read_setup(common, left_out);
  if (!setup) return std::unexpected(setup.error());
  return stage_of(std::move(*setup));
}

/// The gateway looks for itself too, but a second or two later; who starts the new command at once should find it served.
void tell_gateway(const config::Environment& environment) {
  const auto running = app::find_running(environment);
  if (!running || !*running) return;
  const auto handle = app::ProcessHandle::open((*running)->pid);
  const auto again = app::find_running(environment);
  if (handle && again && *again && (*again)->pid == (*running)->pid) handle->signal(SIGHUP);
}

std::string absolute(const std::string& path) {
  std::error_code error;
  return path.empty() ? path : fs::absolute(path, error).lexically_normal().string();
}

/// What the command will want when it is started and that is not there yet.
std::string start_fault(const Common& common, const std::string& name) {
  const auto setup = read_setup(common, LeftOut::untold);
  if (!setup) return setup.error().text;
  const auto places = credentials::process_places(setup->config.credential_store);
  const auto built = app::build_snapshot(setup->config, {&setup->catalog, places, nullptr, 1});
  if (!built) return built.error().message;
  const auto selection = launch::select({name, ""}, setup->config, *built->snapshot);
  return selection ? "" : selection.error().message;
}

Status read_variables(const std::vector<std::string>& lines, config::Profile& profile) {
  for (const auto& line : lines) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || equals + 1 == line.size())
      return fail(client_error(ErrorKind::invalid_request, "--env " + line + ": write NAME=VALUE"));
    profile.env[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return {};
}

int create(VariantOptions& options) {
  auto stage = set_stage(options.common);
  if (!stage) return report(stage.error());
  auto& profile = options.wish.profile;
  if (const auto read = read_variables(options.env, profile); !read) return report(failure_of(read.error()));
  profile.status_line = !options.no_status_line;
  profile.append_system_prompt = absolute(profile.append_system_prompt);
  profile.config_dir = absolute(profile.config_dir);
  options.wish.bin_dir = absolute(options.wish.bin_dir);
  options.wish.config_option = absolute(options.common.config);
  std::error_code error;
  if (!profile.append_system_prompt.empty() && !fs::is_regular_file(profile.append_system_prompt, error))
    return report({kWrongUsage, "--append-system-prompt: there is no file " + profile.append_system_prompt});
  if (auto usual = options.common.config.empty() ? std::unexpected(Failure{}) : read_setup({}, LeftOut::untold)) {
    (*stage)->usual = std::move(*usual);
    (*stage)->ground.usual = &(*stage)->usual->config;
  }
  const auto made = launch::create_variant(options.wish, (*stage)->ground);
  if (!made) return report(failure_of(made.error()));
  tell_gateway((*stage)->setup.options.environment);
  fmt::print("{} is ready: {}\n", profile.name, made->profile.command);
  for (const auto& warning : made->warnings) say(warning);
  if (const auto fault = start_fault(options.common, profile.name); !fault.empty()) say("it cannot start yet: " + fault);
  return kDone;
}

/// Installed versions that the configuration, as it is now, has no use for.
void tidy_versions(const Common& common) {
  const auto stage = set_stage(common, LeftOut::untold);
  if (!stage || !(*stage)->setup.config.left_out.empty()) return;  // a profile that cannot be read may use one
  for (const auto& version : launch::remove_unused_versions((*stage)->setup.config.profiles, (*stage)->ground))
    fmt::print("removed Claude Code {}, which no profile uses\n", version);
}

std::string version_text(const config::Profile& profile) {
  if (profile.claude_version.empty()) return "the claude of PATH";
  return profile.claude_version + (profile.claude_channel.empty() ? "" : " (" + profile.claude_channel + ")");
}

bool update_one(const config::Profile& profile, const std::string& version, const VariantGround& ground) {
  const auto made = launch::update_variant(profile, version, ground);
  if (!made) return say(profile.name + ": " + made.error().message), false;
  const auto before = version_text(profile), after = version_text(made->profile);
  fmt::print("{}: {}{}\n", profile.name, after, before == after ? "" : ", was " + before);
  for (const auto& warning : made->warnings) say(warning);
  return true;
}

int update(const VariantOptions& options) {
  auto stage = set_stage(options.common);
  if (!stage) return report(stage.error());
  if (options.name.empty() != options.all) return report({kWrongUsage, "name one variant, or say --all"});
  const auto& ground = (*stage)->ground;
  const auto variants = launch::variants_of(ground);
  std::vector<config::Profile> chosen;
  for (const auto& profile : (*stage)->setup.config.profiles) {
    const bool variant = std::ranges::find(variants, profile.name, &config::Profile::name) != variants.end();
    if (options.all ? variant || !profile.claude_version.empty() : profile.name == options.name) chosen.push_back(profile);
  }
  if (chosen.empty() && !options.all)
    return report({kFailed, fmt::format("there is no variant {}; penstock variant list shows all", options.name)});
  bool good = true;
  for (const auto& profile : chosen) good = update_one(profile, options.version, ground) && good;
  tidy_versions(options.common);
  tell_gateway((*stage)->setup.options.environment);
  return good ? kDone : kFailed;
}

bool agrees_to_purge(const config::Profile& profile, const VariantGround& ground) {
  if (!profile.config_dir.empty()) return false;  // the user's own
  const auto state = launch::look_at_variant(profile, ground);
  if (state.config_dir.state != "ready" || ::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return false;
  fmt::print(stderr, "Remove {} with its {} session{} too? [y/N] ", state.config_dir.path, state.sessions, state.sessions == 1 ? "" : "s");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

/// A variant whose file, or the configuration, is at fault must be removable too.
std::unique_ptr<Stage> set_any_stage(const Common& common) {
  auto stage = set_stage(common);
  if (stage) return std::move(*stage);
  return stage_of({});
}

int remove(const VariantOptions& options) {
  const auto stage = set_any_stage(options.common);
  const auto& ground = stage->ground;
  const auto variants = launch::variants_of(ground);
  const auto known = std::ranges::find(variants, options.name, &config::Profile::name);
  std::error_code error;
  // A name with a slash in it would lead out of the folder.
  const bool has_file = config::is_provider_name(options.name) && fs::exists(config::profile_file(ground.profiles, options.name), error);
  if (known == variants.end() && !has_file)
    return report({kFailed, fmt::format("there is no variant {}; penstock variant list shows all", options.name)});
  const auto profile = known != variants.end() ? *known : launch::nameless_variant(options.name, ground);
  const auto said = launch::remove_variant(profile, options.purge || agrees_to_purge(profile, ground), ground);
  if (!said) return report(failure_of(said.error()));
  for (const auto& sentence : *said) fmt::print("{}\n", sentence);
  tidy_versions(options.common);
  tell_gateway(stage->setup.options.environment);
  return kDone;
}

/// A variant as list and show tell it.
struct Row {
  config::Profile profile;
  app::ClaudeModels models;
  std::string provider;
  launch::VariantState state;
};

Row row_of(const config::Profile& profile, const gateway::Snapshot& snapshot, const VariantGround& ground) {
  Row row{profile, app::models_of(profile, snapshot), profile.provider, launch::look_at_variant(profile, ground)};
  const auto plan = snapshot.router.route(row.models.main, profile.name);
  if (plan && !plan->targets.empty()) row.provider = plan->targets.front().provider;
  return row;
}

std::string part_json(const char* name, const launch::VariantPart& part) {
  return fmt::format(R"("{}":{{"path":{},"state":{}}})", name, json_quote(part.path), json_quote(part.state));
}

std::string to_json(const Row& row) {
  const auto& [profile, models, provider, state] = row;
  return fmt::format(
      R"({{"name":{},"provider":{},"models":{{"main":{},"opus":{},"sonnet":{},"haiku":{},"subagent":{}}},"claude_version":{},)"
      R"("claude_channel":{},"theme":{},"status_line":{},{},{},{},{},"sessions":{}}})",
      json_quote(profile.name), json_quote(provider), json_quote(models.main), json_quote(models.opus), json_quote(models.sonnet),
      json_quote(models.haiku), json_quote(models.subagent), json_quote(profile.claude_version), json_quote(profile.claude_channel),
      json_quote(profile.theme), profile.status_line ? "true" : "false", part_json("command", state.command),
      part_json("profile", state.file), part_json("config_dir", state.config_dir), part_json("claude", state.claude), state.sessions);
}

std::string trouble_of(const launch::VariantState& state) {
  for (const auto* part : {&state.command, &state.claude})
    if (part->state != "ready") return part->state;
  return "ready";
}

void print_row(const Row& row) {
  fmt::print("{:<20} {:<14} {:<32} {:<20} {:<40} {}\n", row.profile.name, row.provider, row.models.main, version_text(row.profile),
             row.state.command.path, trouble_of(row.state));
}

void print_whole(const Row& row) {
  const auto& [profile, models, provider, state] = row;
  const auto line = [](const char* name, const std::string& value) {
    if (!value.empty()) fmt::print("{:<12} {}\n", name, value);
  };
  const auto part = [&](const char* name, const launch::VariantPart& it) {
    line(name, it.path + (it.state == "ready" ? "" : (it.path.empty() ? "" : "  ") + it.state));
  };
  line("name", profile.name);
  line("provider", provider);
  line("main", models.main);
  line("opus", models.opus);
  line("sonnet", models.sonnet);
  line("haiku", models.haiku);
  line("subagent", models.subagent);
  line("version", version_text(profile));
  line("theme", profile.theme);
  line("status line", profile.status_line ? "on" : "off");
  part("command", state.command);
  part("profile", state.file);
  part("config dir", state.config_dir);
  part("claude", state.claude);
  line("sessions", std::to_string(state.sessions));
}

std::expected<std::vector<Row>, Failure> rows_of(const Stage& stage) {
  const auto& config = stage.setup.config;
  const auto places = credentials::process_places(config.credential_store);
  const auto built = app::build_snapshot(config, {&stage.setup.catalog, places, nullptr, 1});
  if (!built) return std::unexpected(Failure{kConfigFault, built.error().message});
  std::vector<Row> rows;
  for (const auto& profile : launch::variants_of(stage.ground)) rows.push_back(row_of(profile, *built->snapshot, stage.ground));
  return rows;
}

int list(const VariantOptions& options) {
  const auto stage = set_stage(options.common);
  if (!stage) return report(stage.error());
  const auto rows = rows_of(**stage);
  if (!rows) return report(rows.error());
  if (options.common.json) {
    std::vector<std::string> items;
    for (const auto& row : *rows) items.push_back(to_json(row));
    fmt::print("[{}]\n", join(items, ",\n"));
    return kDone;
  }
  if (rows->empty()) return say("there are no variants yet; penstock variant create NAME --from PROVIDER makes one"), kDone;
  fmt::print("{:<20} {:<14} {:<32} {:<20} {:<40} {}\n", "NAME", "PROVIDER", "MODEL", "CLAUDE CODE", "COMMAND", "STATE");
  for (const auto& row : *rows) print_row(row);
  return kDone;
}

int show(const VariantOptions& options) {
  const auto stage = set_stage(options.common);
  if (!stage) return report(stage.error());
  const auto rows = rows_of(**stage);
  if (!rows) return report(rows.error());
  const auto found = std::ranges::find(*rows, options.name, [](const Row& row) { return row.profile.name; });
  if (found == rows->end()) return report({kFailed, fmt::format("there is no variant {}; penstock variant list shows all", options.name)});
  if (options.common.json)
    fmt::print("{}\n", to_json(*found));
  else
    print_whole(*found);
  return kDone;
}

void add_create(CLI::App& parent, const std::shared_ptr<VariantOptions>& options, int& code) {
  auto* command = parent.add_subcommand("create", "a command NAME that starts Claude Code for a provider, a profile or a model");
  auto& wish = options->wish;
  auto& profile = wish.profile;
  command->add_option("NAME", profile.name, "of the command")->required();
  command->add_option("--from,--provider,--profile", wish.from, "the provider, or the profile to copy");
  command->add_option("--model", profile.main, "the model of the session: provider/model, or a name of models");
  command->add_option("--opus", profile.opus, "what the alias opus means");
  command->add_option("--sonnet", profile.sonnet, "what the alias sonnet means");
  command->add_option("--haiku", profile.haiku, "what the alias haiku means, and background requests");
  command->add_option("--subagent", profile.subagent, "the model of subagents");
  command->add_option("--env", options->env, "a further variable, NAME=VALUE; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--arg", profile.args, "an argument for Claude Code (--arg=--verbose); may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--claude-version", profile.claude_version,
                      "latest, stable or X.Y.Z, installed from npm; without it, the claude of PATH");
  command->add_option("--theme", profile.theme, "brand (the default: the provider's colour), a theme of Claude Code's, or none");
  command->add_flag("!--status-line,--no-status-line", options->no_status_line,
                    "whether Claude Code shows penstock's status line (the default)");
  command->add_option("--append-system-prompt", profile.append_system_prompt, "a file whose text is added to the system prompt");
  command->add_option("--config-dir", profile.config_dir, "its settings and sessions; without it, a folder in Penstock's state folder");
  command->add_option("--bin-dir", wish.bin_dir, "where the command goes; without it, ~/.local/bin");
  with_config(*command, options->common);
  command->callback([options, &code] { code = create(*options); });
}

CLI::App* add(CLI::App& parent, const char* name, const char* help, const std::shared_ptr<VariantOptions>& options, int& code,
              int (*act)(const VariantOptions&)) {
  auto* command = parent.add_subcommand(name, help);
  with_config(*command, options->common);
  command->callback([options, act, &code] { code = act(*options); });
  return command;
}

}  // namespace

void add_variant(CLI::App& app, int& code) {
  auto* variant = app.add_subcommand("variant", "commands of their own for providers, profiles and models");
  variant->require_subcommand(1);
  const auto options = std::make_shared<VariantOptions>();
  add_create(*variant, options, code);
  with_json(*add(*variant, "list", "every variant, and how its parts are", options, code, list), options->common);
  auto* shown = add(*variant, "show", "one variant, part by part", options, code, show);
  shown->add_option("NAME", options->name)->required();
  with_json(*shown, options->common);
  auto* updated =
      add(*variant, "update", "the version of Claude Code that its channel means now, and its command anew", options, code, update);
  updated->add_option("NAME", options->name);
  updated->add_flag("--all", options->all, "every variant, and every profile with a claude_version");
  updated->add_option("--claude-version", options->version, "another version: latest, stable, X.Y.Z, or none for the claude of PATH");
  auto* removed =
      add(*variant, "remove", "the command, its profile and its theme; its sessions only when you say so", options, code, remove);
  removed->add_option("NAME", options->name)->required();
  removed->add_flag("--purge", options->purge, "its config dir with all sessions too, without asking");
}

}  // namespace penstock::cli
