// Another program, run to its end: no shell between, input and output through pipes, and never longer than the caller has patience.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock {

/// How a program ended, and what it wrote.
struct ProcessResult {
  int code = 0;  // its exit code; 128 and the signal's number when a signal ended it, as shells have it
  std::string out, err;
};

/// Runs `argv` (the program by its path, or looked for in PATH), writes `input` to its standard input and closes that, and waits for its
/// end; what it started and left behind is not waited for. `variables` are set on top of our own environment. No other descriptor of ours
/// is open in it. Secrets belong into `input`: every user of the machine can read an `argv`.
///
/// Blocks the calling thread for at most about `patience`, then kills the program (ErrorKind::timeout). A program that is not there is
/// ErrorKind::not_found; one that writes more than 16 MiB is killed. Messages name the program, never its arguments.
Result<ProcessResult> run(const std::vector<std::string>& argv, std::string_view input, std::chrono::milliseconds patience,
                          const std::map<std::string, std::string>& variables = {});

}  // namespace penstock
