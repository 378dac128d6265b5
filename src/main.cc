// The table of subcommands.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "base/core_dump.h"
#include "base/text.h"
#include "cli/commands.h"

namespace {

using namespace penstock;

std::string no_command(const std::string& said, const std::string& word, const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const auto* command : commands) names.push_back(command->get_name());
  const auto near = near_names(word, names, 1);
  return said + ": there is no command \"" + word + "\"" + (near.empty() ? "" : "; did you mean \"" + near.front() + "\"?") +
         "\nCommands: " + join(names, ", ") + "\n";
}

/// A misspelt subcommand, or one of its own, gets a suggestion; empty when all are known. Where any word may follow, it may be a key, which
/// is not repeated.
std::string unknown_command(const CLI::App& app, int count, char** arguments) {
  const CLI::App* parent = &app;
  std::string said = "penstock";
  for (int i = 1; i < count && arguments[i][0] != '-'; ++i) {
    const std::string word = arguments[i];
    const auto commands = parent->get_subcommands({});
    if (commands.empty() || parent->get_allow_extras()) return {};
    const auto found = std::ranges::find_if(commands, [&](const CLI::App* command) { return command->get_name() == word; });
    if (found == commands.end()) return no_command(said, word, commands);
    parent = *found;
    said += " " + word;
  }
  return {};
}

/// What stands behind the `--` of `penstock run` belongs to Claude Code, as it is: it is taken off the command line before that is read.
std::vector<std::string> behind_dashes(int& count, char** arguments) {
  if (count < 2 || std::string_view(arguments[1]) != "run") return {};
  const auto end = arguments + count;
  const auto dashes = std::find(arguments, end, std::string_view("--"));
  if (dashes == end) return {};
  count = static_cast<int>(dashes - arguments);
  return {dashes + 1, end};
}

/// A program started without its standard descriptors would get sockets in their places, and write its log into them.
void keep_standard_descriptors() {
  int opened = ::open("/dev/null", O_RDWR);
  while (opened >= 0 && opened <= STDERR_FILENO) opened = ::dup(opened);
  if (opened > STDERR_FILENO) ::close(opened);
}

/// Words that did not get out are no success: a full disk, a pipe that nobody reads.
int after_output(int code) {
  const bool out = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (out || code != cli::kDone) return code;
  std::fprintf(stderr, "penstock: cannot write to standard output: %s\n", std::strerror(errno));
  return cli::kFailed;
}

/// Runs the subcommand; its own exit code is in `code`.
int parse(CLI::App& app, int count, char** arguments, const int& code) {
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kDone : cli::kWrongUsage;
  } catch (const std::system_error& error) {  // of fmt::print, when the buffer was full
    std::fprintf(stderr, "penstock: %s\n", error.what());
    return cli::kFailed;
  }
  return code;
}

}  // namespace

int main(int count, char** arguments) {
  keep_standard_descriptors();
  forbid_core_dumps();
  CLI::App app("Penstock: every large language model behind the API that your client already speaks", "penstock");
  app.set_version_flag("--version", PENSTOCK_VERSION);
  app.require_subcommand(1);
  int code = cli::kDone;
  const auto passed = behind_dashes(count, arguments);
  cli::add_run(app, code, passed);
  for (const auto& add :
       {cli::add_env,   cli::add_shell_init, cli::add_completions, cli::add_variant, cli::add_statusline,  // Claude Code
        cli::add_keys,  cli::add_login,      cli::add_logout,      cli::add_token,                         // credentials
        cli::add_serve, cli::add_start,      cli::add_stop,        cli::add_restart, cli::add_status,     cli::add_service,
        cli::add_mock,  cli::add_models,     cli::add_doctor,      cli::add_config,  cli::add_import})
    add(app, code);

  if (const auto hint = unknown_command(app, count, arguments); !hint.empty()) {
    std::fputs(hint.c_str(), stderr);
    return cli::kWrongUsage;
  }
  return after_output(parse(app, count, arguments, code));
}
