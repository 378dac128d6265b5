// A process of its own in the background, and the pipe through which it says how its start went: the two ends of one small protocol.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace penstock::app {

/// Where the new process finds its end of the pipe; `serve --ready-fd` is told so.
inline constexpr int kReadyDescriptor = 3;

/// Starts `argv` (a path first) with exactly these variables ("NAME=value") as a grandchild in a session of its own: nobody waits for it,
/// no terminal reaches it, and it is in no process tree that somebody may end. Standard input is /dev/null, output and error are `output`,
/// the folder is /; no other descriptor is handed on. Returns our end of its pipe. A program that cannot be run says so in `output`.
Result<Descriptor> start_detached(const std::vector<std::string>& argv, const std::vector<std::string>& variables, int output);

/// What was heard of a start.
struct Word {
  enum class Kind : std::uint8_t { ready, failed, ended, silent } kind;
  std::string text;  // ready: its own words
  int code = 1;      // failed: its exit code
};

/// Waits for the word. A process that stays silent for longer than `patience` is ended, so that no half-started one is left.
Word wait_for_word(const Descriptor& pipe, std::chrono::milliseconds patience);

/// The other end, in the process that was started; without one (-1) every word is for nobody.
class Starter {
 public:
  explicit Starter(int descriptor);
  /// One line. Nobody may be there any more: that is no fault.
  void ready(std::string_view text);
  /// Only counts before ready().
  void failed(int code);

 private:
  void say(std::string_view line);
  Descriptor pipe_;
};

}  // namespace penstock::app
