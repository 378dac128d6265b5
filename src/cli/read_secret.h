// How a secret comes in: typed without echo, through standard input, or from a file. Never as an argument.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace penstock::cli {

/// Asks on the terminal `in`, whose echo is off meanwhile; the prompt goes to `out`. One line, without its end; empty at the end of input.
/// The terminal is as before when this returns, and also when a signal ends or stops the process. What was typed ahead, or pasted behind
/// the line, is dropped, so that it does not end up in a shell.
Result<Secret> ask_secret(int in, int out, std::string_view prompt);

/// All that `in` holds, to its end; fails beyond 64 KiB.
Result<Secret> read_secret(int in);

/// The file's content. A regular file that others can read is refused, with the mend; a pipe (`<(pass show zai)`) is read as it is.
/// Messages do not name a file that is not there: it may be a key that was written in the wrong place.
Result<Secret> secret_from_file(const std::string& path);

}  // namespace penstock::cli
