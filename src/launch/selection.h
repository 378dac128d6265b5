// What the NAME of `penstock run NAME` means: a profile, a provider, or a model.
#pragma once

#include <optional>
#include <string>

#include "app/profiles.h"
#include "config/config.h"
#include "config/load.h"
#include "gateway/snapshot.h"

namespace penstock::launch {

/// What the user asked for, beside NAME itself.
struct Wish {
  std::string name;   // empty: the gateway as it is, with its default model
  std::string model;  // --model, or ANTHROPIC_MODEL at the call; empty: the default
};

/// The model that ANTHROPIC_MODEL asks for; empty for the one that a session of ours, around this call, was given.
std::string wished_model(const config::Environment& environment);

/// One session of Claude Code: where it sends its requests, and the models that it asks for.
struct Selection {
  std::string name;                             // of the config dir and the status line: as typed
  std::string path;                             // below the gateway's URL: "/to/deepseek", or ""
  app::ClaudeModels models;                     // as Claude Code is to ask for them; all empty: its own defaults
  app::ClaudeModels labels;                     // for its picker
  std::uint64_t window = 0, max_output = 0;     // of the main model, in tokens; 0: unknown
  const gateway::Upstream* provider = nullptr;  // the main model's; within the snapshot
  std::optional<config::Profile> profile;
};

/// Fails with not_found (near names), or config (a provider without a credential, or without a known model: both with the mend).
Result<Selection> select(const Wish& wish, const config::Config& config, const gateway::Snapshot& snapshot);

}  // namespace penstock::launch
