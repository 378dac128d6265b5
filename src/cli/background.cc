// penstock start, stop, restart, status: the gateway in the background.
#include "app/background.h"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <memory>

#include "app/status.h"
#include "cli/commands.h"
#include "cli/setup.h"

namespace penstock::cli {

namespace {

constexpr std::chrono::milliseconds kForced{1'000};  // from SIGTERM to the one that ends it at once

int report_error(const Error& error) { return report({error.kind == ErrorKind::config ? kConfigFault : kFailed, error.message}); }

app::StartOptions start_options(const Common& common) {
  app::StartOptions options;
  options.config = common.config;
  options.listen = common.listen;
  return options;
}

int print_started(const app::Running& running, std::string_view how) {
  fmt::print("penstock {} {} at {} (process {})\n", running.version, how, running.url, running.pid);
  if (running.fresh) fmt::print("stop it with: penstock stop\n");
  return kDone;
}

int start(const Common& common) {
  const auto running = app::start_in_background(start_options(common));
  if (!running) return report_error(running.error());
  if (!running->fresh && !(common.config.empty() && common.listen.empty()))
    fmt::print(stderr, "it runs as it was started; penstock restart takes --config and --listen\n");
  return print_started(*running, running->fresh ? "is running" : "was running already");
}

int restart(const Common& common) {
  const auto running = app::restart_in_background(start_options(common));
  return running ? print_started(*running, "is running") : report_error(running.error());
}

int stop(bool force) {
  const auto environment = config::process_environment();
  if (const auto running = app::find_running(environment); running && *running && !force && ::isatty(STDERR_FILENO) != 0)
    fmt::print(stderr, "requests that run may take {:.3g} s to end; penstock stop --force does not wait\n",
               std::chrono::duration<double>((*running)->drain).count());
  const auto stopped = app::stop_in_background(environment, force ? std::optional(kForced) : std::nullopt);
  if (!stopped) return report_error(stopped.error());
  if (stopped->pid == 0)
    fmt::print("penstock was not running\n");
  else
    fmt::print("penstock {} (process {})\n", stopped->killed ? "did not end by itself and was killed" : "has stopped", stopped->pid);
  return kDone;
}

/// What the configuration tells about the gateway; one that is at fault leaves the question shorter.
app::StatusQuestion status_question(Common common) {
  app::StatusQuestion question;
  if (const auto running = app::find_running(question.environment); running && *running && common.config.empty())
    common.config = (*running)->config_path;
  const auto setup = read_setup(common);
  if (!setup) return question;
  if (!setup->config.auth_tokens.empty()) question.token = setup->config.auth_tokens.front();
  if (setup->config.server.tls) question.ca_file = setup->config.server.tls->cert;
  question.listen = setup->config.server.listen;
  return question;
}

int status(const Common& common) {
  const auto status = app::gather_status(status_question(common));
  if (!status) return report_error(status.error());
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  fmt::print("{}", common.json ? app::to_json(*status, now) : app::to_text(*status, now));
  return status->up() ? kDone : kFailed;
}

/// A command with --config and --listen, and what it does.
void add(CLI::App& app, int& code, const char* name, const char* help, int (*run)(const Common&)) {
  auto common = std::make_shared<Common>();
  auto* command = app.add_subcommand(name, help);
  with_config(*command, *common);
  with_listen(*command, *common);
  command->callback([common, run, &code] { code = run(*common); });
}

}  // namespace

void add_start(CLI::App& app, int& code) { add(app, code, "start", "the gateway, in the background", start); }

void add_restart(CLI::App& app, int& code) {
  add(app, code, "restart", "the gateway in the background anew, with the options it had; requests that run are not cut", restart);
}

void add_stop(CLI::App& app, int& code) {
  auto force = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("stop", "ends the gateway in the background, when its requests are done");
  command->add_flag("--force", *force, "does not wait for them");
  command->callback([force, &code] { code = stop(*force); });
}

void add_status(CLI::App& app, int& code) {
  auto common = std::make_shared<Common>();
  auto* command =
      app.add_subcommand("status", "whether the gateway runs, where, since when, and with which providers; exit code 0 when it does");
  with_config(*command, *common);
  with_json(*command, *common);
  command->callback([common, &code] { code = status(*common); });
}

}  // namespace penstock::cli
