// A process that stays the one that was meant: its number may be given to another, a handle not.
#pragma once

#include <chrono>
#include <optional>

#include "base/descriptor.h"

namespace penstock::app {

/// Holds a pidfd (Linux 5.3). Needs not be our child.
class ProcessHandle {
 public:
  /// Nothing when there is no such process. Who opens it checks afterwards that the number is still that of whom was meant.
  static std::optional<ProcessHandle> open(int pid);
  /// False when it is gone, or is not ours to signal.
  bool signal(int number) const;
  /// Waits for its end; false when it lives on after `patience`.
  [[nodiscard]] bool wait_for_end(std::chrono::milliseconds patience) const;
  /// Becomes readable at its end.
  [[nodiscard]] int descriptor() const { return handle_.get(); }

 private:
  explicit ProcessHandle(int handle) : handle_(handle) {}
  Descriptor handle_;
};

}  // namespace penstock::app
