// The words of asynchronous code here: Task, Executor, Clock. A worker's coroutines all run on the worker's own thread.
#pragma once

#include "net/asio.h"

namespace penstock::net {

namespace asio = boost::asio;

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
inline constexpr TimePoint kNever = TimePoint::max();

using Executor = asio::io_context::executor_type;
template <typename T = void>
using Task = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> use_task{};

using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
using Endpoint = asio::ip::tcp::endpoint;

/// Starts a coroutine that nobody waits for. An exception that leaves it is a bug and ends the program.
template <typename Coroutine>
void start(const Executor& executor, Coroutine coroutine) {
  asio::co_spawn(executor, std::move(coroutine), [](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
  });
}

/// What ended a wait.
enum class Wake : unsigned char { ready, timed_out, cancelled };

/// One coroutine waits, somebody on the same thread wakes it. Waking first and waiting later works too.
class Event {
 public:
  explicit Event(Executor executor) : executor_(std::move(executor)) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Returns what wake() was called with. At most one coroutine waits at a time.
  Task<Wake> wait() {
    const auto woken = take();
    co_return woken ? *woken : co_await next();
  }
  /// A wake that came before anybody waited; it is forgotten.
  std::optional<Wake> take() { return std::exchange(fired_, false) ? std::optional(why_) : std::nullopt; }
  /// Waits for the next wake. The two parts of wait(), for those who are called so often that a coroutine less counts.
  Task<Wake> next() {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Wake)>(
        [this](auto waiter) { waiter_.emplace(std::move(waiter)); }, use_task);
  }
  [[nodiscard]] bool has_waiter() const { return waiter_.has_value(); }
  /// Runs the waiting coroutine at once, inside this call. Only from a completion handler's outermost level.
  void wake_now(Wake why) {
    if (!waiter_) return remember(why);
    auto waiter = std::move(*waiter_);
    waiter_.reset();
    std::move(waiter)(why);
  }
  /// Runs the waiting coroutine soon; safe from anywhere on the thread.
  void wake_later(Wake why) {
    if (!waiter_) return remember(why);
    asio::post(executor_, [waiter = std::move(*waiter_), why]() mutable { std::move(waiter)(why); });
    waiter_.reset();
  }
  /// Drops the waiting coroutine without running it. It may own this event: a cycle that nothing else would end.
  void abandon() {
    if (!waiter_) return;
    const auto waiter = std::move(*waiter_);
    waiter_.reset();
  }
  /// Forgets a wake that nobody has waited for yet.
  void clear() { fired_ = false; }

 private:
  using Waiter = asio::async_result<asio::use_awaitable_t<Executor>, void(Wake)>::handler_type;
  void remember(Wake why) {
    fired_ = true;
    why_ = why;
  }
  Executor executor_;
  std::optional<Waiter> waiter_;
  bool fired_ = false;
  Wake why_ = Wake::ready;
};

}  // namespace penstock::net
