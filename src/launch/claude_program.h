// Finds the `claude` program.
#pragma once

#include <string>

#include "base/result.h"
#include "config/load.h"

namespace penstock::launch {

/// The folder in which Claude Code's version `version` is, or will be, installed (`penstock variant`, a profile's claude_version).
std::string version_folder(const std::string& state_dir, const std::string& version);
/// The program, below such a folder.
inline constexpr std::string_view kInstalledProgram = "/node_modules/.bin/claude";

/// `version` (may be empty) as installed below the state folder; else CLAUDE_PATH, the first `claude` of PATH that is not one of our own
/// variants, and the places where its installers put it. Fails with what was looked for and how to install it.
Result<std::string> find_claude(const config::Environment& environment, const std::string& state_dir, const std::string& version);

/// The first line of a variant's script says so; such a program would only call us again.
inline constexpr std::string_view kVariantMark = "# a variant of penstock";
[[nodiscard]] bool is_variant_script(const std::string& path);

}  // namespace penstock::launch
