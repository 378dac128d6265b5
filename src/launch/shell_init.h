// `penstock shell-init`: a function claude-NAME for each name that `penstock run` takes, and the block in the user's rc file that defines
// them at the start of each shell.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/load.h"
#include "launch/edit_file.h"
#include "launch/shell.h"

namespace penstock::launch {

/// The text for `eval` (fish: `source`) that defines claude-NAME for each name. A function passes its arguments, the variables set at its
/// call and the exit code through. The last definition of a name holds, as everywhere in a shell: an alias from before goes for the
/// session. Names with other characters than letters, digits, `.`, `_` and `-` are left out. `program` is a path, or `penstock` for the one
/// in PATH.
[[nodiscard]] std::string functions(Shell shell, std::span<const std::string> names, const std::string& program);

/// The rc file's text with our block in it: at the end, or in place of the one that is there. Fails with the line of a damaged block (one
/// marker without the other).
Result<std::string> install_block(std::string_view text, Shell shell, const std::string& program);
/// The text without our block, byte for byte as install_block() found it. Fails like it.
Result<std::string> remove_block(std::string_view text);

/// The file that an interactive shell reads at its start: ~/.bashrc, $ZDOTDIR/.zshrc, $XDG_CONFIG_HOME/fish/config.fish. Fails without a
/// home.
Result<std::string> rc_path(Shell shell, const config::Environment& environment);
/// install_block() and remove_block() on that file; faults name it.
Result<Edited> install_in_rc(Shell shell, const config::Environment& environment, const std::string& program);
Result<Edited> remove_from_rc(Shell shell, const config::Environment& environment);

}  // namespace penstock::launch
