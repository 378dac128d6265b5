#include "gateway/pause.h"

#include <algorithm>

namespace penstock::gateway {

namespace {

class Alarm : public net::Deadline {
 public:
  explicit Alarm(net::Worker& worker) : deadlines_(worker.deadlines()), event_(worker.executor()) {}
  void give_up() { event_.wake_later(net::Wake::cancelled); }
  net::Task<net::Wake> at(net::TimePoint when) {
    deadlines_.set(*this, when);
    const net::Wake wake = co_await event_.wait();
    unlink();
    co_return wake;
  }

 private:
  void expired() override { event_.wake_later(net::Wake::timed_out); }
  void abandoned() override { event_.abandon(); }
  net::Deadlines& deadlines_;
  net::Event event_;
};

}  // namespace

net::Task<Status> pause_until(net::Worker& worker, net::TimePoint at, const Record& record, Answer& answer, net::Cancel& cancel) {
  Alarm alarm(worker);
  const bool pings = record.facts.stream && record.operation == Operation::messages;
  Status status;
  cancel.set([&alarm] { alarm.give_up(); });
  while (status && net::Clock::now() < at) {
    const net::Wake wake = co_await alarm.at(pings ? std::min(at, answer.ping_at()) : at);
    if (wake == net::Wake::cancelled) status = fail(net::wake_error(wake, "the pause"));
    if (status && pings && net::Clock::now() < at) status = co_await answer.ping();
  }
  cancel.set(nullptr);
  co_return status;
}

}  // namespace penstock::gateway
