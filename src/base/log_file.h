// The file behind the standard output and error of a process that nobody watches. It is put in their place, so that whatever writes there
// (the log, the access log, a library's last words) needs to know nothing of it; and a file that grew too large is exchanged while they
// write.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace penstock {

/// All calls from one thread; the writers are any thread's. Nothing that goes wrong after the opening is a fault: writers keep the file
/// that they have, and the next look tries again.
class LogFile {
 public:
  struct Limits {
    std::uint64_t size = 10'000'000;  // bytes; found to be exceeded at a look, so a file may be a little longer
    unsigned keep = 3;                // older files: PATH.1, the youngest, to PATH.3
  };

  /// Opens `path` for appending (made 0600; an own file that others can read is closed to them) and puts it in the place of `descriptors`.
  static Result<LogFile> take_over(std::string path, Limits limits, std::vector<int> descriptors = {1, 2});

  /// Exchanges a file that is too large, and follows one that somebody moved away or deleted. Once a second is often enough.
  void look();
  /// Opens the path again, for whoever moved the file away and says so (SIGHUP).
  void reopen();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  LogFile(std::string path, Limits limits, std::vector<int> descriptors)
      : path_(std::move(path)), limits_(limits), descriptors_(std::move(descriptors)) {}
  Status open();
  void rotate();
  std::string path_;
  Limits limits_;
  std::vector<int> descriptors_;
};

}  // namespace penstock
