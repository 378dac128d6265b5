// One thread with its own event loop, buffers and deadlines. Nothing here is shared with another worker but the counters.
#pragma once

#include <array>
#include <atomic>
#include <thread>
#include <unordered_set>

#include "net/buffer_pool.h"
#include "net/deadline.h"
#include "net/task.h"

namespace penstock::net {

class Stream;

/// A client connection as its worker lists it, so that a drain can close those that wait for a next request.
struct IdleClient {
  Stream* stream;
  bool idle = false;
};

/// A worker. Everything but post() and the counters is for its own thread only.
class Worker {
 public:
  static constexpr std::size_t kScratch = 64 * 1024;

  explicit Worker(unsigned number)
      : number_(number), context_(std::make_unique<asio::io_context>(1)), deadlines_(context_->get_executor()) {}
  /// Coroutines that still wait are destroyed here; what they refer to (services) must still be there.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Starts the thread.
  void run();
  /// Ends the loop (what still runs is dropped) and joins the thread. Idempotent.
  void stop();

  [[nodiscard]] unsigned number() const { return number_; }
  [[nodiscard]] Executor executor() { return context_->get_executor(); }
  Deadlines& deadlines() { return deadlines_; }
  BufferPool& buffers() { return buffers_; }
  /// To be called now and then (after a request): has the buffers of a burst given back a little later.
  void tidy_soon() {
    if (buffers_.wants_trim() && trim_.at() == kNever) deadlines_.set(trim_, Clock::now() + kTrimAfter);
  }
  /// Room for bytes that are used up before the coroutine suspends again.
  std::array<char, kScratch>& scratch() { return scratch_; }

  /// Runs `job` on this worker's thread, from any thread.
  template <typename Job>
  void post(Job job) {
    asio::post(*context_, std::move(job));
  }

  std::unordered_set<IdleClient*> clients;  // open client connections
  std::atomic<unsigned> connections{0};     // open client connections; read by the listener

 private:
  static constexpr std::chrono::seconds kTrimAfter{2};
  class Trim : public Deadline {
   public:
    explicit Trim(BufferPool& buffers) : buffers_(buffers) {}

   private:
    void expired() override { buffers_.trim(); }
    BufferPool& buffers_;
  };
  unsigned number_;
  std::unique_ptr<asio::io_context> context_;
  Deadlines deadlines_;
  BufferPool buffers_;
  Trim trim_{buffers_};
  std::array<char, kScratch> scratch_{};
  std::thread thread_;
};

/// How many workers `auto` means: the cores that we may use, by affinity and by the cgroup's CPU quota, at least 1.
unsigned usable_cores();
/// The cores that a cgroup v2 "cpu.max" text allows ("max 100000": no limit → nothing; "150000 100000" → 2).
std::optional<unsigned> cores_of_quota(std::string_view cpu_max);

}  // namespace penstock::net
