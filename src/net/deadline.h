// Many deadlines, one timer. Moving a deadline (done at every read) writes one value; the sweep looks at all of them at most every
// kResolution, and sleeps until the earliest when none is near. Deadlines of a proxy are seconds long, so coarse is enough.
#pragma once

#include "net/task.h"

namespace penstock::net {

class Deadlines;

/// One thing that may take too long. Lives on its worker's thread; leaves its list when destroyed.
class Deadline {
 public:
  Deadline() = default;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  virtual ~Deadline() { unlink(); }

  [[nodiscard]] TimePoint at() const { return at_; }

 protected:
  /// The time has passed. May destroy this, and others.
  virtual void expired() = 0;
  /// The worker ends, and nobody will wake who waits here: drops the waiting coroutine, which may own this. May destroy this, and others.
  virtual void abandoned() {}
  /// Leaves the list, if it is in one; works after the list is gone too.
  void unlink();

 private:
  friend class Deadlines;
  TimePoint at_ = kNever;
  Deadline* next_ = nullptr;
  Deadline* previous_ = nullptr;
  Deadlines* list_ = nullptr;
};

/// A worker's deadlines.
class Deadlines {
 public:
  static constexpr std::chrono::milliseconds kResolution{20};

  explicit Deadlines(const Executor& executor) : timer_(std::make_unique<Timer>(executor)) {}
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  /// Sets or moves a deadline; kNever takes it away.
  void set(Deadline& deadline, TimePoint at);
  /// The worker's loop has ended: drops what still waits, and sweeps no more. Deadlines may still leave.
  void close();

 private:
  friend class Deadline;
  void schedule(TimePoint at);
  void sweep();
  std::unique_ptr<Timer> timer_;
  TimePoint wake_at_ = kNever;
  Deadline* first_ = nullptr;
  Deadline* cursor_ = nullptr;  // the next one that the running sweep looks at
};

}  // namespace penstock::net
