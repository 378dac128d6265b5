// The table of subcommands.
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"

namespace {

using namespace penstock;

CLI::App* add(CLI::App& app, const char* name, const char* help, int& code, std::function<int()> run) {
  CLI::App* command = app.add_subcommand(name, help);
  command->callback([&code, run = std::move(run)] { code = run(); });
  return command;
}

void with_config(CLI::App* command, cli::Common& common) { command->add_option("--config", common.config, "the configuration file"); }
void with_listen(CLI::App* command, cli::Common& common) {
  command->add_option("--listen", common.listen, "HOST:PORT; port 0 lets the system choose");
}

/// A misspelt subcommand gets a suggestion; empty when the first word is a known one, or an option.
std::string unknown_command(const CLI::App& app, int count, char** arguments) {
  if (count < 2 || arguments[1][0] == '-') return {};
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::ranges::find(names, arguments[1]) != names.end()) return {};
  const auto near = near_names(arguments[1], names, 1);
  return "penstock: there is no command \"" + std::string(arguments[1]) + "\"" +
         (near.empty() ? "" : "; did you mean \"" + near.front() + "\"?") + "\nCommands: " + join(names, ", ") + "\n";
}

/// Large blocks come from the system and go back to it: left alone, glibc raises this threshold at the first large free, and keeps a burst.
void bound_memory() {
  constexpr int kLarge = 128 * 1024;
  mallopt(M_MMAP_THRESHOLD, kLarge);
  mallopt(M_TRIM_THRESHOLD, 2 * kLarge);
}

/// A program started without its standard descriptors would get sockets in their places, and write its log into them.
void keep_standard_descriptors() {
  int opened = ::open("/dev/null", O_RDWR);
  while (opened >= 0 && opened <= STDERR_FILENO) opened = ::dup(opened);
  if (opened > STDERR_FILENO) ::close(opened);
}

}  // namespace

int main(int count, char** arguments) {
  keep_standard_descriptors();
  bound_memory();
  CLI::App app("Penstock: every large language model behind the API that your client already speaks", "penstock");
  app.set_version_flag("--version", PENSTOCK_VERSION);
  app.require_subcommand(1);
  cli::Common common;
  int code = cli::kDone;

  CLI::App* serve = add(app, "serve", "the gateway, in the foreground", code, [&] { return cli::serve(common); });
  with_config(serve, common);
  with_listen(serve, common);

  CLI::App* models = add(app, "models", "every name that a client may ask for", code, [&] { return cli::models(common); });
  with_config(models, common);
  models->add_flag("--json", common.json, "for scripts");

  with_listen(add(app, "mock", "the scripted provider on its own", code, [&] { return cli::mock(common); }), common);

  CLI::App* config = app.add_subcommand("config", "the configuration file");
  config->require_subcommand(1);
  with_config(add(*config, "check", "every fault, with file, line and column", code, [&] { return cli::config_check(common); }), common);
  with_config(add(*config, "show", "the effective configuration, secrets masked", code, [&] { return cli::config_show(common); }), common);
  with_config(add(*config, "path", "the file that is used", code, [&] { return cli::config_path(common); }), common);
  add(*config, "reference", "docs/configuration.md", code, [] { return cli::config_reference(); });

  if (const auto hint = unknown_command(app, count, arguments); !hint.empty()) {
    std::fputs(hint.c_str(), stderr);
    return cli::kWrongUsage;
  }
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kDone : cli::kWrongUsage;
  }
  return code;
}
