// A session of Claude Code, made ready: which program, with which arguments, in which environment.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "launch/environment.h"
#include "launch/theme.h"

namespace penstock::launch {

struct LaunchOptions {
  bool direct = false;                 // to the provider, without the gateway
  bool shared_config = false;          // the user's own config dir
  bool carry = false;                  // see ConfigDirWish
  std::vector<std::string> arguments;  // for Claude Code, as they are
  bool settings = true;                // write the settings file; not when no Claude Code is started
};

/// What the session stands on.
struct Ground {
  config::Environment environment;
  std::vector<std::string> variables;  // the names in it
  std::string state_dir;               // Penstock's
  std::string work_dir;
  std::string penstock;                  // our own program's path
  std::string config;                    // --config, absolute; empty: none was named
  std::string gateway_url;               // where the gateway answers
  std::string gateway_token;             // what it wants; empty: it is open
  std::string gateway_certificate = {};  // its own, absolute; empty: it has none
};

struct Launch {
  Environment environment;
  std::string settings;                // JSON for Claude Code's --settings: what must reach its children too, its theme, its status line
  std::string config_dir;              // empty: the user's own
  std::string settings_folder;         // where the settings are written
  Theme theme;                         // none in the user's own config dir
  std::vector<std::string> arguments;  // of the profile, then the caller's
  std::vector<std::string> warnings;   // of prepare_launch: what was not carried over
};

/// Decides; touches nothing. Fails with config where --direct is impossible: it needs a provider with the Anthropic dialect whose
/// credential goes into x-api-key or Authorization.
Result<Launch> plan_launch(const Selection& selection, const LaunchOptions& options, const Ground& ground);

/// Makes the config dir ready, writes the settings file and adds it to the arguments (not when the caller has a --settings of its own, or
/// wants none).
Status prepare_launch(Launch& launch, const LaunchOptions& options, const Ground& ground);

/// The how many-eth `penstock run` in a row this one is, without Claude Code in between. Fails when it goes round in a circle.
Result<int> round_of(const config::Environment& environment);

/// Becomes the program, and tells it the round; returns only when that fails.
Error become(const std::string& program, const Launch& launch, int round);

}  // namespace penstock::launch
