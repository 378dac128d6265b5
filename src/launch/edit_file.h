// Changes a text file of the user's as a careful person would: what it links to, its mode and its owner stay, half a file is never seen,
// and how it was before our first change is kept beside it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace penstock::launch {

/// The new text for an old one ("" when there is no file).
using Edit = std::function<Result<std::string>(std::string_view text)>;

/// What edit_file() did.
struct Edited {
  std::string path;      // as it was given
  bool changed = false;  // otherwise not a byte was written
  std::string backup;    // the copy from before our first change; empty when there is none
};

/// Writes what `edit` makes of the file at `path`. A symbolic link is followed to the real file (dotfile folders). A missing file is made,
/// with its folders; one that we made (there is no backup of it) and that becomes empty is removed again. `PATH.penstock-backup` is
/// written once. Fails with the path and the reason, and then nothing has changed.
Result<Edited> edit_file(const std::string& path, const Edit& edit);

}  // namespace penstock::launch
