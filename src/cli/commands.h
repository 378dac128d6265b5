// The subcommands. Each add_X registers one, with its options and what it does, at `app`; what it does sets the process's exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace penstock::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;
inline constexpr int kConfigFault = 78;  // EX_CONFIG of sysexits.h

/// Options that several subcommands share.
struct Common {
  std::string config;  // --config FILE
  std::string listen;  // --listen HOST:PORT
  bool json = false;   // --json
};
void with_config(CLI::App& command, Common& common);
void with_listen(CLI::App& command, Common& common);
void with_json(CLI::App& command, Common& common);

/// `passed` is for Claude Code: what stood behind `--`.
void add_run(CLI::App& app, int& code, const std::vector<std::string>& passed);
void add_env(CLI::App& app, int& code);
void add_shell_init(CLI::App& app, int& code);
void add_completions(CLI::App& app, int& code);
void add_variant(CLI::App& app, int& code);
void add_statusline(CLI::App& app, int& code);

void add_keys(CLI::App& app, int& code);
void add_login(CLI::App& app, int& code);
void add_logout(CLI::App& app, int& code);
void add_token(CLI::App& app, int& code);

void add_serve(CLI::App& app, int& code);
void add_start(CLI::App& app, int& code);
void add_stop(CLI::App& app, int& code);
void add_restart(CLI::App& app, int& code);
void add_status(CLI::App& app, int& code);
void add_service(CLI::App& app, int& code);
void add_mock(CLI::App& app, int& code);

void add_models(CLI::App& app, int& code);
void add_doctor(CLI::App& app, int& code);
void add_config(CLI::App& app, int& code);
void add_import(CLI::App& app, int& code);

}  // namespace penstock::cli
