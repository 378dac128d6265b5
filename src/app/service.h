// The gateway as a service of the user's own: a systemd user unit, or a launchd agent.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "base/result.h"
#include "config/load.h"

namespace penstock::app {

enum class ServicePlatform : std::uint8_t { systemd, launchd };

/// What this program was built for.
ServicePlatform own_platform();

/// What stands in the service's file. All paths absolute.
struct ServiceText {
  std::string program;
  std::string config, listen;    // empty: not said
  std::string environment_file;  // systemd: keys as NAME=value; may be missing
  std::string state_dir;         // empty: where the gateway finds it anyway
  std::string log_file;          // launchd, which has no journal
  unsigned made_folders = 0;     // made for the file, and to be removed with it
};

/// The unit, and the property list. Pure.
std::string systemd_unit(const ServiceText& text);
std::string launchd_plist(const ServiceText& text);

/// The number of made folders that such a file names; nothing in a file that is not ours.
std::optional<unsigned> made_folders(std::string_view file);

/// Runs a program of the system; tests have their own.
using ServiceRunner = std::function<Result<ProcessResult>(const std::vector<std::string>& argv)>;
ServiceRunner system_runner();

struct ServiceOptions {
  config::Environment environment = config::process_environment();
  ServicePlatform platform = own_platform();
  std::string program;         // empty: this one
  std::string config, listen;  // as --config and --listen
  ServiceRunner run = system_runner();
};

/// Where the file goes; empty without HOME.
std::string service_path(ServicePlatform platform, const config::Environment& environment);
/// The file as install_service() would write it.
Result<std::string> service_file(const ServiceOptions& options);

/// What was done, and what is left to the user (command lines) because the service's own program is not there.
struct ServiceDone {
  std::string path;
  bool changed = false;
  std::vector<std::string> left_to_do;
  std::vector<std::string> notes;
};

/// Writes the file (one of our own is replaced, a foreign one is refused), enables and starts the service. A gateway in the background
/// makes room for it. When the service's program fails, the file stays and the message says what to run.
Result<ServiceDone> install_service(const ServiceOptions& options);
/// Stops and disables the service, removes the file and the folders that install_service() made, as far as they are empty. Idempotent; a
/// foreign file is refused.
Result<ServiceDone> remove_service(const ServiceOptions& options);

}  // namespace penstock::app
