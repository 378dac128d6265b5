// The environment of a Claude Code session (the variables' meanings: wire-reference 2.7 and 2.9).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "config/load.h"
#include "launch/selection.h"

namespace penstock::launch {

/// What to set and what to take away. A secret may be among the values: print with config::shown_variable().
struct Environment {
  std::map<std::string, std::string> set;
  std::vector<std::string> unset;
};

/// Where Claude Code is pointed.
struct Door {
  std::string url;         // the gateway's, or with --direct the provider's
  std::string token;       // what the gateway wants to see; empty: nothing
  std::string config_dir;  // CLAUDE_CONFIG_DIR; empty: the user's own
  bool direct = false;
  std::string certificate = {};  // of a gateway that speaks TLS, for Claude Code to trust; empty: none is needed
};

/// The variables for the session. `current` is the caller's environment and `variables` the names in it: its proxy exceptions are kept,
/// what conflicts is taken away.
Environment environment_of(const Selection& selection, const Door& door, const config::Environment& current,
                           const std::vector<std::string>& variables);

/// Variables that only others' values of must not reach a session: `name` is one that would lead Claude Code elsewhere.
[[nodiscard]] bool conflicts(std::string_view name);

/// Puts the provider's key among the variables: for a session without the gateway whose settings cannot name a helper (`penstock env`).
/// Fails for a login, which expires.
Status add_key(const gateway::Upstream& provider, Environment& environment);

/// Names of the process's own variables.
std::vector<std::string> own_variables();

}  // namespace penstock::launch
