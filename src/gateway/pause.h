// A wait inside a request: the client gets pings, and may leave.
#pragma once

#include "gateway/answer.h"
#include "net/connect.h"
#include "net/worker.h"

namespace penstock::gateway {

/// A wait that somebody else on the worker's thread may end early.
class Pause : private net::Deadline {
 public:
  explicit Pause(net::Worker& worker) : deadlines_(worker.deadlines()), event_(worker.executor()) {}

  /// Waits until `at` or end(). Fails with cancelled when the client went away or we are stopping.
  net::Task<Status> until(net::TimePoint at, const Record& record, Answer& answer, net::Cancel& cancel);
  void end() {
    ended_ = true;
    event_.wake_later(net::Wake::ready);
  }

 private:
  void expired() override { event_.wake_later(net::Wake::timed_out); }
  void abandoned() override { event_.abandon(); }
  net::Task<net::Wake> alarm(net::TimePoint at);
  net::Deadlines& deadlines_;
  net::Event event_;
  bool ended_ = false;
};

/// Waits until `at`. Fails with cancelled when the client went away or we are stopping.
net::Task<Status> pause_until(net::Worker& worker, net::TimePoint at, const Record& record, Answer& answer, net::Cancel& cancel);

}  // namespace penstock::gateway
