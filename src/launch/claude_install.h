// Versions of Claude Code from npm, each in a folder of its own (version_folder()), beside whatever `claude` the user has.
//
// The package @anthropic-ai/claude-code brings its program as an optional dependency for the platform, which its install script puts in
// place; so the scripts of the package must run, and the program is tried before the folder gets its name.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/load.h"

namespace penstock::launch {

/// What an installation needs from outside.
struct InstallGround {
  config::Environment environment;              // PATH for npm, HOME for its configuration
  std::string state_dir;                        // Penstock's
  std::function<void(const std::string&)> say;  // progress, a sentence each
  std::chrono::milliseconds patience{600'000};  // for npm
};

/// X.Y.Z, with or without a `-suffix`. Safe as the name of a folder.
[[nodiscard]] bool is_version(std::string_view text);
/// `latest` or `stable`: npm's names (dist-tags) for versions that move.
[[nodiscard]] bool is_channel(std::string_view text);

/// The version itself, or the one that a channel stands for now: asks npm. Fails with the mend when there is no npm or no such channel.
Result<std::string> resolve_version(const std::string& wanted, const InstallGround& ground);

/// Installs the version unless it is there already; returns its program. Of several that call at once, one installs and the others wait.
/// npm follows the user's own configuration. Fails with npm's words; then nothing is left behind.
Result<std::string> install_claude(const std::string& version, const InstallGround& ground);

/// Lets `claude_version: CHANNEL` of a profile in the configuration file mean this version.
Status point_channel(const std::string& state_dir, const std::string& channel, const std::string& version);

/// Removes every installed version and channel but those in `keep` (and what a kept channel points to); returns what went.
std::vector<std::string> remove_other_versions(const std::string& state_dir, const std::vector<std::string>& keep);

}  // namespace penstock::launch
