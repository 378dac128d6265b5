// What the checks look at. Everything from outside comes in here, so that a test can set any of it up.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/process.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "config/load.h"
#include "credentials/find.h"
#include "gateway/snapshot.h"
#include "net/fetch.h"

namespace penstock::doctor {

using Fetch = std::function<Result<net::Fetched>(const net::FetchRequest&)>;
using Run = std::function<Result<ProcessResult>(const std::vector<std::string>& argv)>;

/// A provider as the gateway would use it, and the two rows it was made of.
struct Patient {
  gateway::Upstream upstream;
  const config::Provider* entry = nullptr;  // null: the configuration does not list it
  const catalog::Provider* row = nullptr;   // null: the catalogue does not know it
};

struct Inputs {
  config::Environment environment;
  credentials::Places places;
  catalog::Catalog catalog;
  config::Config config;              // the default one when it has faults
  std::string config_faults;          // a line each; empty when it is sound
  std::vector<std::string> warnings;  // of those who compiled it
  std::vector<Patient> patients;      // that were asked for, or all that are in use; they point into catalog and config
  std::string state_dir;
  Result<std::string> claude = fail(internal_error("not looked for"));  // the program's path
  std::string managed_settings = "/etc/claude-code/managed-settings.json";
  Fetch fetch = net::fetch;
  Run run = [](const std::vector<std::string>& argv) { return penstock::run(argv, {}, std::chrono::seconds(20)); };
  std::chrono::sys_seconds now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
};

/// A provider's answer to a request that shows no key and costs nothing.
struct Probe {
  const Patient* patient;
  Result<net::Fetched> answer;
};

/// The inputs, and what the network said: asked once, looked at by several checks.
struct Evidence {
  const Inputs& inputs;
  const std::vector<Probe>& probes;
};

}  // namespace penstock::doctor
