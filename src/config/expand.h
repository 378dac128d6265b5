// References in values: ${NAME}, ${NAME:-default}, file:PATH, os.environ/NAME.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/values.h"

namespace penstock::config {

/// A text whose references are replaced.
struct Expanded {
  std::string text;
  std::vector<std::string> unset;  // variables without default that have no value; they count as empty in `text`
};

/// Where references lead.
struct Surroundings {
  Environment environment;
  std::string folder;  // of the configuration file; empty: the working directory
};

/// Replaces ${NAME} and ${NAME:-default} (the default stands in for an empty variable too); `$${` gives a literal `${`.
Parsed<Expanded> expand(std::string_view text, const Environment& environment);
/// The same for a secret, where a text that begins with file: or os.environ/ means a file's content or a variable. White space at both ends
/// goes.
Parsed<Expanded> expand_secret(std::string_view text, const Surroundings& around);
/// The path with a leading `~/` replaced by $HOME, and relative to the folder of the configuration file.
std::string resolve_path(std::string_view path, const Surroundings& around);
/// The content of a file which only its owner can read, without white space at both ends; at most 64 KiB of a regular file.
Parsed<std::string> read_private_file(const std::string& path);

}  // namespace penstock::config
