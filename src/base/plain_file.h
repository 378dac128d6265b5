// A file's text, for files that a person writes: never waits, whatever lies in the file's place.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace penstock {

/// The bytes of a regular file, at most `most`; nothing when there is none, or it lies where we may not look. Fails (ErrorKind::config,
/// the path and the reason) on a folder, a pipe, a device, and on what is larger or cannot be read.
Result<std::optional<std::string>> read_plain_file(const std::string& path, std::size_t most);

}  // namespace penstock
