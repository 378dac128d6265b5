// What a profile's models come to.
#pragma once

#include <string>

#include "config/config.h"
#include "gateway/snapshot.h"

namespace penstock::app {

/// The models of Claude Code's kinds, by names that a client may ask for. Empty: nothing is known for it.
struct ClaudeModels {
  std::string main, opus, sonnet, haiku, subagent;
};

/// The profile's own words; where it is silent, its provider's tiers (`provider/model`); without a provider, its main model.
ClaudeModels models_of(const config::Profile& profile, const gateway::Snapshot& snapshot);

}  // namespace penstock::app
