// Variants of Claude Code: a command of its own for a profile. What belongs to one:
//   PROFILES/NAME.yaml         the profile, in a file of its own (config/profile_files.h)
//   BIN/NAME                   a script that calls `penstock run NAME`
//   STATE/claude/NAME          its config dir, unless the profile names another: sessions, settings, theme
//   STATE/claude-code/X.Y.Z    the version that it is pinned to, if it is; shared with others of the same version
// Claude Code itself is never changed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/load.h"
#include "launch/claude_install.h"

namespace penstock::launch {

/// What the work on variants stands on.
struct VariantGround {
  InstallGround install;                  // the environment and the state folder too
  config::LoadContext context;            // for reading the profile
  const config::Config* config;           // in force: providers, and the profiles that there are
  std::string profiles;                   // the folder of profile files
  std::string penstock;                   // our own program's path
  const config::Config* usual = nullptr;  // in force without --config, where that was given: every profile file is read there too
};

struct VariantWish {
  config::Profile profile;    // named; claude_version may be a channel; no command yet
  std::string from;           // a profile to copy, or a provider; what `profile` says wins. Empty: profile.main must be there
  std::string bin_dir;        // empty: ~/.local/bin
  std::string config_option;  // --config for the script; empty: none
};

/// What create and update made.
struct VariantMade {
  config::Profile profile;
  std::vector<std::string> warnings;  // the command cannot be reached by its name, say
};

/// Makes all parts, or none; of several calls for one name, one does. Nothing that is not a variant's own is overwritten. Fails with the
/// mend.
Result<VariantMade> create_variant(const VariantWish& wish, const VariantGround& ground);

/// Installs the version that the profile is pinned to, where it follows a channel the one that this means now, and writes the script anew.
/// `version`: X.Y.Z, latest, stable, `none` (the `claude` of PATH), or empty: as it was. A profile of the configuration file only gets its
/// version installed. The rest of a profile's file stays as the user wrote it.
Result<VariantMade> update_variant(const config::Profile& profile, const std::string& version, const VariantGround& ground);

/// Removes the script, the profile's file and the theme; with `purge` the config dir with its sessions too, unless the user chose it.
/// Parts that are gone already are no fault, and what is not ours stays. Returns a sentence for each thing that went or stayed.
Result<std::vector<std::string>> remove_variant(const config::Profile& profile, bool purge, const VariantGround& ground);

/// The profiles that are variants: those with a file of their own.
std::vector<config::Profile> variants_of(const VariantGround& ground);
/// Of one whose file cannot be read, so that it can be removed: its name, and the default places.
config::Profile nameless_variant(const std::string& name, const VariantGround& ground);

/// One thing that belongs to a variant, and how it is.
struct VariantPart {
  std::string path, state;  // state: "ready", or what is wrong
};
struct VariantState {
  VariantPart command, file, config_dir, claude;
  std::size_t sessions = 0;  // in its config dir
};
VariantState look_at_variant(const config::Profile& profile, const VariantGround& ground);

/// Removes installed versions that no profile is pinned to; returns them.
std::vector<std::string> remove_unused_versions(const std::vector<config::Profile>& profiles, const VariantGround& ground);

/// The script's text.
std::string variant_script(const std::string& name, const std::string& penstock, const std::string& config_option);

/// The text with `key: value` at its top level, in place of the line that is there or at the end; an empty value takes the line away.
std::string with_key(std::string_view yaml, std::string_view key, const std::string& value);

}  // namespace penstock::launch
