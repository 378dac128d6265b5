// The gateway in the background: found, started, stopped, restarted. One for each state folder (app/presence.h).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/presence.h"
#include "app/running.h"
#include "config/load.h"

namespace penstock::app {

/// The gateway that runs, if there is one; started by hand or by systemd counts too. A few system calls, no request.
Result<std::optional<Running>> find_running(const config::Environment& environment);

struct StartOptions {
  config::Environment environment = config::process_environment();
  std::optional<std::vector<std::string>> variables;  // what the gateway gets, "NAME=value"; without: background_variables() of our own
  std::string program;                                // path; empty: this one
  std::string config, listen;                         // as --config and --listen; empty: what the gateway finds and its configuration says
  std::chrono::milliseconds patience{10'000};
};

/// Starts `penstock serve` in the background and returns once it takes connections; when one runs already, returns that one, whatever its
/// options. Of several that call at once, one starts it. Fails with what it wrote to its log; ErrorKind::config when the configuration is
/// at fault.
Result<Running> start_in_background(const StartOptions& options);

/// How a stop went.
struct Stopped {
  int pid = 0;          // 0: none ran
  bool killed = false;  // it did not end by itself
};

/// Asks the gateway to end (SIGTERM) and waits: by default for as long as its configuration lets requests end, and some seconds. Then it is
/// ended at once (SIGTERM again, SIGKILL). One that drains already is waited for too. A process that does not hold the state folder's lock,
/// or is no Penstock of this user's, is never signalled: then it fails, and says whose the lock is.
Result<Stopped> stop_in_background(const config::Environment& environment, std::optional<std::chrono::milliseconds> patience = {});

/// Stops and starts with the same options but those that are given anew. The new gateway takes over while the old one's requests end.
/// Fails, and stops nothing, when a service runs it.
Result<Running> restart_in_background(StartOptions options);

/// What a gateway in the background inherits: everything but the marks of the Claude Code session that it happens to be started from, of
/// the service, and of the folder.
std::vector<std::string> background_variables(const std::vector<std::string>& variables);

/// Where the gateway in the background writes.
std::string log_path(const std::string& state_folder);

/// The gateway's side: tells whoever looks that it runs. Call it when the listeners are open. Another one that has the place already, or a
/// state folder that cannot be written, is no reason not to serve: then there is a line in the log, and no Presence.
std::optional<Presence> announce(const config::Environment& environment, const Running& running);

}  // namespace penstock::app
