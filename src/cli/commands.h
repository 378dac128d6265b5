// The subcommands. Each takes what the command line said and returns the process's exit code.
#pragma once

#include <optional>
#include <string>

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

int serve(const Common& common);
int models(const Common& common);
int mock(const Common& common);
int config_check(const Common& common);
int config_show(const Common& common);
int config_path(const Common& common);
int config_reference();

}  // namespace penstock::cli
