// Which gateway is the user's own in the background: the one that holds a lock on one file of the state folder.
//
// The file is STATE/gateway.json. Its first three bytes carry record locks (fcntl), which end with the process that holds them, however it
// ends; and the kernel tells whose they are. So a file that was left behind is known for what it is, and a process id that was given to
// somebody else meanwhile is never believed.
//   byte 0, held by the gateway that runs;
//   byte 1, held for the moment in which the file is written: who reads waits for it;
//   byte 2, held (shared) by gateways that still drain and have left byte 0 to a next one.
// The file is never removed: two processes could then hold locks on two files of one name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/result.h"

namespace penstock::app {

/// The gateway's side. A process that holds one never calls look_for_gateway(): to close the file anywhere is to give up its locks.
class Presence {
 public:
  /// Becomes the gateway of this state folder and writes `text` for those who look. Nothing when there is one already.
  static Result<std::optional<Presence>> take(const std::string& folder, std::string_view text);
  Presence(Presence&&) = default;
  Presence& operator=(Presence&&) = delete;
  /// The text goes; the locks end with the file.
  ~Presence();

  /// Makes room for a next gateway and drains. Idempotent.
  void leave();

 private:
  explicit Presence(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
  bool left_ = false;
};

/// What can be seen in the state folder.
struct Sighting {
  static constexpr int kElsewhere = -1;  // somebody whom we cannot see: in another container, or on another machine that shares the folder
  int pid = 0;                           // who runs; 0: nobody
  int draining = 0;                      // one of those who drain
  std::string text;                      // of `pid`; without one: of a gateway that ended without a word
};

/// A few system calls. A folder or a file that is not there is a sighting of nobody. Fails when the file cannot be read, or another
/// program keeps it locked (told after two seconds).
Result<Sighting> look_for_gateway(const std::string& folder);

/// Empties what a gateway left behind that ended without a word. Nothing happens when one runs.
void clear_stale(const std::string& folder);

}  // namespace penstock::app
