// Profiles in files of their own, one a variant of Claude Code (`penstock variant`): NAME.yaml, with the keys that an entry of `profiles`
// in the configuration file has.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace penstock::config {

/// $XDG_CONFIG_HOME/penstock/profiles (default ~/.config/penstock/profiles); empty when nothing says where.
std::string profile_folder(const Environment& environment);
/// The file of the profile `name`.
std::string profile_file(const std::string& folder, const std::string& name);

/// Adds the profile that `text` spells out to `config`. `path` is the file's, and its name without `.yaml` the profile's. Without faults
/// the profile is the last one of `config`; with faults `config` is as before.
std::vector<Fault> add_profile(std::string_view text, const std::string& path, const LoadContext& context, Config& config);

/// Adds every profile of the folder, in the order of their names. Hidden files and those that do not end in .yaml are no profiles; a folder
/// that is not there holds none. A file at fault takes nothing down: its profile is left out, and config.left_out says why.
std::vector<Fault> load_profile_files(const std::string& folder, const LoadContext& context, Config& config);

/// What add_profile() reads as this profile. References in its values stand for themselves (`$${`).
std::string to_yaml(const Profile& profile);

}  // namespace penstock::config
