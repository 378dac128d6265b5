// The provider of the benchmark: speaks the Anthropic dialect over plain HTTP/1.1, one thread, a port that the kernel chooses.
// Prints "port N" and serves until its standard input ends.
//
// The model id in the body says how to answer, since a gateway may rewrite the path. A name in front of "bench-" is ignored.
//   bench-whole                a JSON message of about 600 bytes
//   bench-wait-MS              the same after MS milliseconds
//   bench-full-EVENTS-BYTES    a stream of EVENTS text deltas as fast as the other side reads, about BYTES a write (one event or more)
//   bench-paced-EVENTS-MS      a stream with one event each MS milliseconds; its text holds the time of the write as @ns=NANOSECONDS
//   bench-chat-…               whole and full, in Chat Completions
//   bench-hold                 a stream that sends its first events and then nothing, until the other side closes
// A body that is not one JSON object, or names none of these, is answered with 400.

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answers.h"
#include "message.h"
#include "socket.h"

namespace penstock::bench {
namespace {

constexpr std::size_t kReadSize = 256 * 1024;
constexpr std::size_t kModelWithin = 4096;  // the first bytes of a body, where the model id is looked for
constexpr int kWritesPerTurn = 16;          // of a stream at full speed, before the next connection gets its turn
constexpr std::uint64_t kMillisecond = 1'000'000;

struct Connection {
  Fd fd;
  std::uint64_t serial = 0;  // tells a timer that its descriptor has changed hands
  std::string head;
  bool in_body = false;
  Body body;
  std::string body_start;
  char body_end = 0;
  Script script;
  bool answering = false;
  std::uint64_t events_left = 0;
  std::uint64_t due = 0;     // paced: when the next event goes out
  std::string own;           // bytes made for this connection alone
  std::string_view pending;  // what is still to be written, in `own` or in a shared text
  bool queued = false;       // in Upstream::unfinished_
};

class Upstream {
 public:
  Upstream() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadSize) {
    auto [listener, port] = listen_anywhere();
    listener_ = std::move(listener);
    watch_input(epoll_.get(), listener_.get());
    watch_input(epoll_.get(), STDIN_FILENO);
    std::printf("port %u\n", port);
    std::fflush(stdout);
  }

  void run() {
    while (!stopped_) {
      poll();
      ring();
      std::vector<Connection*> turn;
      turn.swap(unfinished_);
      for (Connection* const connection : turn) {
        connection->queued = false;
        write(*connection);
      }
      dead_.clear();
    }
  }

 private:
  struct Alarm {
    std::uint64_t due;
    int fd;
    std::uint64_t serial;
    bool operator>(const Alarm& other) const { return due > other.due; }
  };

  void poll() {
    std::array<epoll_event, 256> ready{};
    const timespec wait = time_to_wait();
    const int found = ::epoll_pwait2(epoll_.get(), ready.data(), static_cast<int>(ready.size()), &wait, nullptr);
    for (int i = 0; i < found; ++i) on_ready(ready[static_cast<std::size_t>(i)]);
  }

  [[nodiscard]] timespec time_to_wait() const {
    if (!unfinished_.empty()) return {};
    if (alarms_.empty()) return {.tv_sec = 1, .tv_nsec = 0};
    const std::uint64_t now = now_ns();
    const std::uint64_t wait = alarms_.top().due > now ? std::min(alarms_.top().due - now, 1000 * kMillisecond - 1) : 0;
    return {.tv_sec = 0, .tv_nsec = static_cast<long>(wait)};
  }

  void on_ready(const epoll_event& event) {
    if (event.data.fd == listener_.get()) return accept();
    if (event.data.fd == STDIN_FILENO) return on_input();
    const auto found = by_fd_.find(event.data.fd);
    if (found == by_fd_.end()) return;
    Connection& connection = *found->second;
    if ((event.events & (EPOLLIN | kHangUp)) != 0 && !receive(connection, (event.events & kHangUp) != 0)) return;
    if ((event.events & EPOLLOUT) != 0 && !connection.queued) write(connection);
  }

  void on_input() {
    char byte = 0;
    stopped_ = ::read(STDIN_FILENO, &byte, 1) <= 0;
  }

  void accept() {
    while (true) {
      Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) return;
      set_no_delay(fd.get());
      watch(epoll_.get(), fd.get());
      auto connection = std::make_unique<Connection>();
      connection->serial = ++serials_;
      const int key = fd.get();
      connection->fd = std::move(fd);
      by_fd_[key] = std::move(connection);
    }
  }

  // False when the connection is gone. A short read means that nothing is left, unless the other side has closed: that edge is told
  // once, so the end must be read now.
  bool receive(Connection& connection, bool closed) {
    while (true) {
      const ssize_t got = ::read(connection.fd.get(), buffer_.data(), buffer_.size());
      if (got < 0 && would_block()) return true;
      if (got <= 0) return close(connection);
      consume(connection, std::string_view(buffer_.data(), static_cast<std::size_t>(got)));
      if (static_cast<std::size_t>(got) < buffer_.size() && !closed) return true;
    }
  }

  void consume(Connection& connection, std::string_view bytes) {
    if (!connection.in_body && !take_head(connection, bytes)) return;
    connection.body.feed(bytes, [&](std::string_view piece) {
      const std::size_t room = kModelWithin - std::min(kModelWithin, connection.body_start.size());
      connection.body_start += piece.substr(0, room);
      connection.body_end = piece.back();
    });
    if (!connection.answering && connection.body.done()) answer(connection);
  }

  static bool take_head(Connection& connection, std::string_view& bytes) {
    const std::size_t had = connection.head.size();
    connection.head += bytes;
    const std::size_t end = connection.head.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    bytes.remove_prefix(end + 4 - had);
    connection.head.resize(end + 4);
    connection.in_body = true;
    connection.body = Body(connection.head);
    return true;
  }

  void answer(Connection& connection) {
    connection.answering = true;
    const bool object = connection.body_start.starts_with('{') && connection.body_end == '}';
    connection.script = object ? script_of(connection.body_start) : Script{};
    connection.events_left = connection.script.first;
    switch (connection.script.kind) {
      case Kind::refuse: return send(connection, refusal());
      case Kind::whole: return send(connection, connection.script.chat ? chat_whole_answer() : whole_answer());
      case Kind::wait: return set_alarm(connection, now_ns() + connection.script.first * kMillisecond);
      case Kind::full: return send_own(connection, connection.script.chat ? chat_prologue() : prologue(false));
      case Kind::hold: return send_own(connection, prologue(true));
      case Kind::paced: return start_paced(connection);
    }
  }

  // Each stream starts at another point of the interval, so that streams do not all tick in one burst.
  void start_paced(Connection& connection) {
    const std::uint64_t interval = connection.script.second * kMillisecond;
    set_alarm(connection, now_ns() + interval + interval * (connection.serial * 618 % 1000) / 1000);
    send_own(connection, prologue(false));
  }

  void set_alarm(Connection& connection, std::uint64_t due) {
    connection.due = due;
    alarms_.push({due, connection.fd.get(), connection.serial});
  }

  void ring() {
    while (!alarms_.empty() && alarms_.top().due <= now_ns()) {
      const Alarm alarm = alarms_.top();
      alarms_.pop();
      const auto found = by_fd_.find(alarm.fd);
      if (found == by_fd_.end() || found->second->serial != alarm.serial) continue;
      if (found->second->script.kind == Kind::wait) {
        send(*found->second, whole_answer());
      } else {
        tick(*found->second);
      }
    }
  }

  // A paced event. One that finds the last still unwritten is late: it waits for its next turn.
  void tick(Connection& connection) {
    const std::uint64_t next = connection.due + connection.script.second * kMillisecond;
    if (!connection.pending.empty()) return set_alarm(connection, next);
    if (--connection.events_left > 0) set_alarm(connection, next);
    send_own(connection,
             chunk(text_delta("the next words @ns=" + std::to_string(now_ns()))) + (connection.events_left == 0 ? epilogue() : ""));
  }

  void send_own(Connection& connection, std::string bytes) {
    connection.own = std::move(bytes);
    send(connection, connection.own);
  }

  void send(Connection& connection, std::string_view bytes) {
    connection.pending = bytes;
    write(connection);
  }

  void write(Connection& connection) {
    for (int writes = 0; !connection.pending.empty(); ++writes) {
      if (writes == kWritesPerTurn) return give_way(connection);
      const ssize_t wrote = ::send(connection.fd.get(), connection.pending.data(), connection.pending.size(), MSG_NOSIGNAL);
      if (wrote < 0) return;  // full: epoll tells when there is room; broken: the read tells
      connection.pending.remove_prefix(static_cast<std::size_t>(wrote));
      if (connection.pending.empty()) refill(connection);
    }
  }

  void give_way(Connection& connection) {
    connection.queued = true;
    unfinished_.push_back(&connection);
  }

  // Everything is written: the next piece of a stream at full speed, or the end of the answer.
  void refill(Connection& connection) {
    const Kind kind = connection.script.kind;
    if (kind == Kind::hold || (kind == Kind::paced && connection.events_left > 0)) return;
    if (kind != Kind::full || connection.events_left == 0) return end_answer(connection);
    const Batch& batch = batch_of(connection.script.second, connection.script.chat);
    if (connection.events_left >= batch.events) {
      connection.events_left -= batch.events;
      connection.pending = batch.chunk;
    } else {
      std::string events;
      while (connection.events_left > 0) events += sample_delta(--connection.events_left, connection.script.chat);
      connection.own = chunk(events);
      connection.pending = connection.own;
    }
    if (connection.events_left == 0) append_epilogue(connection);
  }

  static void append_epilogue(Connection& connection) {
    std::string last(connection.pending);
    connection.own = std::move(last) + (connection.script.chat ? chat_epilogue() : epilogue());
    connection.pending = connection.own;
  }

  static void end_answer(Connection& connection) {
    connection.answering = connection.in_body = false;
    connection.script = {};
    connection.head.clear();
    connection.body_start.clear();
    connection.body_end = 0;
  }

  bool close(Connection& connection) {
    std::erase(unfinished_, &connection);
    const auto found = by_fd_.find(connection.fd.get());
    dead_.push_back(std::move(found->second));
    by_fd_.erase(found);
    return false;
  }

  Fd epoll_;
  Fd listener_;
  std::vector<char> buffer_;
  std::map<int, std::unique_ptr<Connection>> by_fd_;
  std::vector<std::unique_ptr<Connection>> dead_;  // freed after the round: its callers still hold them
  std::vector<Connection*> unfinished_;            // streams that could write more and gave way
  std::priority_queue<Alarm, std::vector<Alarm>, std::greater<>> alarms_;
  std::uint64_t serials_ = 0;
  bool stopped_ = false;
};

}  // namespace
}  // namespace penstock::bench

int main() {
  penstock::bench::Upstream().run();
  return 0;
}
