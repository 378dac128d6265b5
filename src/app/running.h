// What a gateway says of itself while it runs: for `penstock run`, `status`, `stop` and `restart`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::app {

struct Running {
  int pid = 0;
  std::string url;          // the first of `urls`, as this machine reaches it (127.0.0.1 for 0.0.0.0)
  std::string config_path;  // absolute; empty without a file
  std::string version;
  std::vector<std::string> urls;             // where it listens
  std::string log_file;                      // empty: whatever its standard error is
  std::int64_t started = 0;                  // seconds since 1970
  std::chrono::milliseconds drain{0};        // how long its requests may take to end
  std::string config_option, listen_option;  // --config (absolute) and --listen, for a restart
  std::string service;                       // "systemd", "launchd", or empty: nobody else looks after it
  bool fresh = false;                        // this very call started it; never written
};

/// One line of JSON; `url` and `fresh` are not in it.
std::string to_json(const Running& running);
/// Fails on what to_json() did not write.
Result<Running> running_from(std::string_view json);

/// A listener's URL as a client on this machine writes it.
std::string local_url(std::string_view url);

}  // namespace penstock::app
