#include "gateway/pause.h"

#include <algorithm>

namespace penstock::gateway {

net::Task<net::Wake> Pause::alarm(net::TimePoint at) {
  deadlines_.set(*this, at);
  const net::Wake wake = co_await event_.wait();
  unlink();
  co_return wake;
}

net::Task<Status> Pause::until(net::TimePoint at, const Record& record, Answer& answer, net::Cancel& cancel) {
  const bool pings = record.facts.stream && record.operation == Operation::messages;
  Status status;
  cancel.set([this] { event_.wake_later(net::Wake::cancelled); });
  while (status && !ended_ && net::Clock::now() < at) {
    const net::Wake wake = co_await alarm(pings ? std::min(at, answer.ping_at()) : at);
    if (wake == net::Wake::cancelled) status = fail(net::wake_error(wake, "the pause"));
    if (status && !ended_ && pings && net::Clock::now() < at) status = co_await answer.ping();
  }
  cancel.set(nullptr);
  co_return status;
}

net::Task<Status> pause_until(net::Worker& worker, net::TimePoint at, const Record& record, Answer& answer, net::Cancel& cancel) {
  Pause pause(worker);
  co_return co_await pause.until(at, record, answer, cancel);
}

}  // namespace penstock::gateway
