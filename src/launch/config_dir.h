// The folder in which Claude Code keeps its settings and sessions, made ready for a session that is not the user's usual one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/load.h"

namespace penstock::launch {

struct ConfigDirWish {
  std::string folder;          // to be made ready
  std::string work_dir;        // where Claude Code will run
  std::string home;            // the user's
  std::string own_config_dir;  // CLAUDE_CONFIG_DIR at the call; empty: the usual places below home
  bool carry = false;          // take over MCP servers, skills, agents, commands and CLAUDE.md
};

/// Makes the folder (0700), answers Claude Code's first questions (onboarding, trust in work_dir) where the user's own configuration has
/// them answered, and with `carry` copies what was asked for; files of the folder that are newer stay. The user's own files are only read.
/// A damaged file of the user's counts as none. Returns a sentence for each thing that was not copied (links, pipes). Fails when the folder
/// cannot be written, or its .claude.json is damaged.
Result<std::vector<std::string>> prepare_config_dir(const ConfigDirWish& wish);

/// What is laid over the folder's .claude.json: `own` is the text of the user's. Empty when there is nothing to answer.
std::string answered_questions(std::string_view own, const std::string& work_dir, bool carry);

/// Writes `settings` (JSON) into the folder, in a file named after its content, so that sessions do not change each other's; returns the
/// path. Such files that nobody has used for 30 days go.
Result<std::string> write_settings(const std::string& folder, std::string_view settings);

}  // namespace penstock::launch
