// Whether the gateway that runs already is the one that a session wants.
#pragma once

#include <optional>
#include <string>

#include "app/running.h"
#include "base/result.h"
#include "base/secret.h"
#include "config/load.h"
#include "gateway/snapshot.h"

namespace penstock::launch {

/// What the caller found, and would start a gateway with.
struct Wanted {
  std::string config;              // the configuration file; empty: none
  bool found_by_gateway = false;   // a place where the gateway, in its own folder, looks by itself: neither --config nor $PENSTOCK_CONFIG
  std::string token, certificate;  // what the gateway wants to see, and its own certificate
};

/// Fails, with the mend, when `running` uses another configuration file.
Status same_configuration(const app::Running& running, const Wanted& wanted);

/// Asks `running` (at most half a second) whether it has a credential for the provider. Only where it might well have none: the caller's
/// comes from a variable, and a gateway has the variables of whoever started it. Fails, with the mend, when it says that it has none; a
/// gateway that says nothing is let be.
Status same_credential(const app::Running& running, const Wanted& wanted, const gateway::Upstream& provider);

/// What /health says of the provider's credential to someone whom it tells of providers; nothing when it cannot be read.
std::optional<bool> key_present(std::string_view health, std::string_view provider);

}  // namespace penstock::launch
