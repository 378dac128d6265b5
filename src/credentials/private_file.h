// Files that hold secrets: read only when nobody else can, written so that nobody else ever could.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace penstock::credentials {

/// The file's bytes as they are (at most 64 KiB); nothing when there is no such file. Fails, and names the mend, when others can read or
/// write the file or exchange it for one of theirs (its folder is theirs to write), and when it is a pipe or a device, cannot be read or is
/// too large.
Result<std::optional<std::string>> read_private(const std::string& path);

/// Puts a file with these bytes in the place of `path`, whole or not at all: written beside under a name of its own, on disk before it
/// takes the place, 0600 from its first byte on. Makes a missing folder, 0700. Fails, and names the mend, when others may write the
/// folder. A symbolic link at `path` is replaced, not followed.
Status write_private(const std::string& path, std::string_view bytes);

/// Removes the file; one that is not there is no fault. Its bytes are not overwritten first: file systems of today do not promise that
/// this reaches the old blocks.
Status remove_private(const std::string& path);

/// Makes every missing folder in which `path` is to lie, 0700; those that are there may be as they are.
Status make_folders_above(const std::string& path);

/// Makes the folder, 0700, with those above it. Fails, and names the mend, when one that is there is open to others in any way.
Status make_private_folder(const std::string& folder);

}  // namespace penstock::credentials
