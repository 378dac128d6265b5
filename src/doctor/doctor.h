// penstock doctor: what is set up, whether it can work, and how to mend what cannot.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "doctor/inputs.h"
#include "doctor/row.h"

namespace penstock::doctor {

/// Which configuration, and whom to look at.
struct Question {
  std::string config_path;  // --config; empty: the usual places
  std::string provider;     // empty: all that are in use
};

/// Reads the catalogue, the configuration and the credentials. A faulty configuration is a finding; only a provider that nobody knows is an
/// error (not_found, with near names). `places` gives the places of credentials for what the configuration asks for.
Result<std::unique_ptr<Inputs>> gather(const Question& question, const config::Environment& environment,
                                       const std::function<credentials::Places(config::CredentialStore)>& places);

/// Asks every provider at once for its list of models. Shows no key and costs nothing.
std::vector<Probe> probe_all(const Inputs& inputs);

/// Every check, in the order of the report.
Rows examine(const Inputs& inputs, const std::vector<Probe>& probes);

}  // namespace penstock::doctor
