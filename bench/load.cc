// The client of the benchmark: one thread, keep-alive connections, every answer checked, one JSON line on standard output.
//
//   bench_load load|stream|paced|hold --port P --request FILE [--connections N] [--seconds S] [--warmup S] [--count N] [--events N]
//              [--watch NAME=PID,PID]...
//
// load    posts again and again and reads whole answers
// stream  the same with event streams at full speed: events are counted, each stream must hold at least --events of them
// paced   the same with slow streams: reads the provider's time stamp (@ns=) out of each event
// hold    opens N streams, prints a line when each has had its first event, keeps them until standard input ends
//
// FILE holds the whole request as it goes over the wire. Any fault of an answer counts as an error and ends the program with 1.

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "message.h"
#include "socket.h"
#include "tally.h"

namespace penstock::bench {
namespace {

constexpr std::size_t kReadSize = 256 * 1024;
constexpr std::size_t kTail = 64;                      // enough to hold the last event of a stream
constexpr std::size_t kOpening = 64;                   // hold: streams that wait for their first event at one time
constexpr std::uint64_t kDrainLimit = 20'000'000'000;  // ns; an answer later than this after the window is an error
constexpr std::string_view kStamp = "@ns=";

enum class Mode : std::uint8_t { load, stream, paced, hold };
enum class Phase : std::uint8_t { warmup, measure, drain };

struct Options {
  Mode mode = Mode::load;
  std::uint16_t port = 0;
  std::string request;
  std::size_t connections = 1;
  double warmup = 0;
  double seconds = 1;
  std::uint64_t count = 0;   // 0: as many as the time allows
  std::uint64_t events = 0;  // the least that a stream must hold
  Watched watched;
};

struct Connection {
  Fd fd;
  bool busy = false;
  std::size_t sent = 0;
  std::uint64_t started = 0;
  std::string head;
  bool in_body = false;
  bool ok = false;  // status 200
  Body body;
  std::uint64_t events = 0;
  std::string tail;   // the last bytes of the body so far
  std::string event;  // paced: the event that is still incomplete
};

// Events end with an empty line. A plain loop over the bytes, which the compiler turns into vector code.
std::uint64_t count_events(std::string_view bytes, char before) {
  if (bytes.empty()) return 0;
  std::uint64_t found = bytes.front() == '\n' && before == '\n' ? 1 : 0;
  for (std::size_t i = 1; i < bytes.size(); ++i) found += bytes[i] == '\n' && bytes[i - 1] == '\n' ? 1U : 0U;
  return found;
}

class Client {
 public:
  explicit Client(Options options) : options_(std::move(options)), epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadSize) {}

  // Returns the exit code.
  int run() {
    const std::uint64_t start = now_ns();
    measure_from_ = start + seconds(options_.warmup);
    measure_to_ = measure_from_ + seconds(options_.seconds);
    if (options_.mode == Mode::hold) watch_input(epoll_.get(), STDIN_FILENO);
    if (measure_from_ == start) begin_window(start);
    open_connections();
    while (phase_ != Phase::drain || busy_ > 0) {
      poll();
      if (!advance(now_ns())) break;
    }
    tally_.print();
    return tally_.errors == 0 ? 0 : 1;
  }

 private:
  static std::uint64_t seconds(double value) { return static_cast<std::uint64_t>(value * 1e9); }

  void open_connections() {
    const std::size_t wanted = options_.mode == Mode::hold ? std::min(options_.connections, holding_ + kOpening) : options_.connections;
    while (opened_ < wanted) {
      ++opened_;
      open();
    }
  }

  void open() {
    auto connection = std::make_unique<Connection>();
    connection->fd = connect_to(options_.port);
    Connection& added = *connection;
    by_fd_[added.fd.get()] = std::move(connection);
    watch(epoll_.get(), added.fd.get());
    start_request(added);
  }

  // Moves through warm-up, window and drain; false when the drain takes too long.
  bool advance(std::uint64_t now) {
    if (phase_ == Phase::warmup && now >= measure_from_) begin_window(now);
    const bool all_sent = options_.count > 0 && started_ >= options_.count;
    if (phase_ == Phase::measure && options_.mode != Mode::hold && (now >= measure_to_ || (all_sent && busy_ == 0))) end_window(now);
    if (options_.mode == Mode::hold && phase_ == Phase::measure && tally_.errors > 0) on_release(now);
    if (phase_ != Phase::drain || now < tally_.end + kDrainLimit) return true;
    tally_.fail("answers still missing after the drain limit");
    return false;
  }

  void begin_window(std::uint64_t now) {
    phase_ = Phase::measure;
    tally_.restart(now, options_.watched);
  }

  void end_window(std::uint64_t now) {
    phase_ = Phase::drain;
    tally_.end = now;
    tally_.cpu_end = options_.watched.read();
  }

  void poll() {
    std::array<epoll_event, 256> ready{};
    const int found = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), 10);
    for (int i = 0; i < found; ++i) on_ready(ready[static_cast<std::size_t>(i)]);
    retired_.clear();
  }

  void on_ready(const epoll_event& event) {
    if (event.data.fd == STDIN_FILENO) return on_input();
    const auto found = by_fd_.find(event.data.fd);
    if (found == by_fd_.end()) return;
    Connection& connection = *found->second;
    if ((event.events & EPOLLOUT) != 0 && connection.busy) send(connection);
    if ((event.events & (EPOLLIN | kHangUp)) != 0) receive(connection, (event.events & kHangUp) != 0);
  }

  // hold: the end of standard input is the order to let go.
  void on_input() {
    char byte = 0;
    if (::read(STDIN_FILENO, &byte, 1) <= 0) on_release(now_ns());
  }

  void on_release(std::uint64_t now) {
    if (phase_ == Phase::measure) end_window(now);
    busy_ = 0;
  }

  void start_request(Connection& connection) {
    if (phase_ == Phase::drain || (options_.count > 0 && started_ >= options_.count)) return;
    ++started_;
    ++busy_;
    connection.busy = true;
    connection.in_body = connection.ok = false;
    connection.sent = 0;
    connection.events = 0;
    connection.head.clear();
    connection.tail.clear();
    connection.event.clear();
    connection.started = now_ns();
    send(connection);
  }

  void send(Connection& connection) {
    while (connection.sent < options_.request.size()) {
      const auto rest = std::string_view(options_.request).substr(connection.sent);
      const ssize_t wrote = ::send(connection.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (wrote < 0) return;  // full, or broken: then the read says why
      connection.sent += static_cast<std::size_t>(wrote);
    }
  }

  // A short read means that nothing is left, unless the other side has closed: that edge is told once, so the end must be read now.
  void receive(Connection& connection, bool closed) {
    while (true) {
      const ssize_t got = ::read(connection.fd.get(), buffer_.data(), buffer_.size());
      if (got < 0 && would_block()) return;
      if (got <= 0) return on_closed(connection, got == 0 ? "connection closed" : std::strerror(errno));
      arrived_ = now_ns();
      if (!consume(connection, std::string_view(buffer_.data(), static_cast<std::size_t>(got)))) return;
      if (static_cast<std::size_t>(got) < buffer_.size() && !closed) return;
    }
  }

  // False when the connection is gone.
  bool consume(Connection& connection, std::string_view bytes) {
    if (!connection.busy) return drop(connection, "bytes that nobody asked for");
    if (!connection.in_body && !take_head(connection, bytes)) return true;
    const std::size_t used = connection.body.feed(bytes, [&](std::string_view piece) { take_body(connection, piece); });
    if (connection.body.broken()) return drop(connection, "broken chunk framing");
    if (used < bytes.size()) return drop(connection, "bytes after the end of the answer");
    return !connection.body.done() || finish(connection);
  }

  // Takes the head out of the bytes; false when its end has not come yet.
  static bool take_head(Connection& connection, std::string_view& bytes) {
    const std::size_t had = connection.head.size();
    connection.head += bytes;
    const std::size_t end = connection.head.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    bytes.remove_prefix(end + 4 - had);
    connection.head.resize(end + 4);
    connection.in_body = true;
    connection.ok = connection.head.starts_with("HTTP/1.1 200");
    connection.body = Body(connection.head);
    return true;
  }

  void take_body(Connection& connection, std::string_view piece) {
    if (!connection.ok) connection.head += piece;
    if (options_.mode != Mode::load) take_events(connection, piece);
    if (phase_ == Phase::measure) tally_.bytes += piece.size();
    connection.tail += piece.substr(piece.size() - std::min(piece.size(), kTail));
    if (connection.tail.size() > kTail) connection.tail.erase(0, connection.tail.size() - kTail);
  }

  void take_events(Connection& connection, std::string_view piece) {
    const std::uint64_t found = count_events(piece, connection.tail.empty() ? ' ' : connection.tail.back());
    if (found > 0 && connection.events == 0) on_first_event(connection);
    connection.events += found;
    if (phase_ == Phase::measure) tally_.events += found;
    if (options_.mode == Mode::paced) take_stamps(connection, piece);
  }

  void on_first_event(const Connection& connection) {
    if (phase_ == Phase::measure) tally_.first_event.add(arrived_ - connection.started);
    if (options_.mode != Mode::hold) return;
    if (++holding_ == options_.connections) {
      std::printf("{\"holding\":%zu}\n", holding_);
      std::fflush(stdout);
    }
    open_connections();
  }

  void take_stamps(Connection& connection, std::string_view piece) {
    connection.event += piece;
    for (std::size_t end = connection.event.find("\n\n"); end != std::string::npos; end = connection.event.find("\n\n")) {
      const auto event = std::string_view(connection.event).substr(0, end);
      const std::size_t stamp = event.find(kStamp);
      if (stamp != std::string_view::npos && phase_ == Phase::measure)
        tally_.delay.add(arrived_ - number(event.substr(stamp + kStamp.size())));
      connection.event.erase(0, end + 2);
    }
  }

  // The answer is complete: judges it and starts the next; false when the connection is gone.
  bool finish(Connection& connection) {
    judge(connection);
    connection.busy = false;
    if (busy_ > 0) --busy_;
    if (phase_ == Phase::measure) {
      ++tally_.requests;
      tally_.latency.add(arrived_ - connection.started);
    }
    if (field(connection.head, "connection") == "close") return retire(connection);
    start_request(connection);
    return true;
  }

  void judge(const Connection& connection) {
    const std::string_view tail = connection.tail;
    if (!connection.ok) {
      tally_.fail(connection.head);
    } else if (options_.mode == Mode::load && !tail.ends_with('}')) {
      tally_.fail("the answer does not end as JSON");
    } else if (options_.mode == Mode::hold) {
      tally_.fail("a stream ended that was to stay open");
    } else if (options_.mode != Mode::load && tail.find("message_stop") == std::string_view::npos) {
      tally_.fail("the stream has no message_stop at its end");
    } else if (options_.mode != Mode::load && connection.events < options_.events) {
      tally_.fail("the stream has lost events");
    }
  }

  void on_closed(Connection& connection, std::string_view why) {
    if (connection.busy) {
      drop(connection, why);
    } else {
      retire(connection);
    }
  }

  bool drop(Connection& connection, std::string_view why) {
    tally_.fail(why);
    if (connection.busy && busy_ > 0) --busy_;
    return retire(connection);
  }

  // Replaces the connection by a new one; always false. Freed after this round of events only: callers still hold it.
  bool retire(Connection& connection) {
    const auto found = by_fd_.find(connection.fd.get());
    retired_.push_back(std::move(found->second));
    by_fd_.erase(found);
    if (phase_ != Phase::drain && options_.mode != Mode::hold && tally_.errors < 1000) open();
    return false;
  }

  Options options_;
  Fd epoll_;
  std::vector<char> buffer_;
  std::map<int, std::unique_ptr<Connection>> by_fd_;
  std::vector<std::unique_ptr<Connection>> retired_;
  Tally tally_;
  Phase phase_ = Phase::warmup;
  std::uint64_t measure_from_ = 0;
  std::uint64_t measure_to_ = 0;
  std::uint64_t arrived_ = 0;  // when the bytes in hand were read
  std::uint64_t started_ = 0;
  std::size_t opened_ = 0;
  std::size_t busy_ = 0;
  std::size_t holding_ = 0;
};

std::string read_file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) die(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

Mode mode_of(std::string_view name) {
  for (const auto& [known, mode] :
       {std::pair{"load", Mode::load}, {"stream", Mode::stream}, {"paced", Mode::paced}, {"hold", Mode::hold}}) {
    if (name == known) return mode;
  }
  die("unknown mode");
}

// NAME=PID,PID
void add_watched(Watched& watched, std::string_view text) {
  const std::size_t equals = text.find('=');
  auto& pids = watched.pids[std::string(text.substr(0, equals))];
  for (std::size_t at = equals; at != std::string_view::npos; at = text.find(',', at + 1)) {
    pids.push_back(static_cast<int>(number(text.substr(at + 1))));
  }
}

void set_option(Options& options, std::string_view name, const char* value) {
  if (name == "--port") {
    options.port = static_cast<std::uint16_t>(number(value));
  } else if (name == "--request") {
    options.request = read_file(value);
  } else if (name == "--connections") {
    options.connections = number(value);
  } else if (name == "--warmup") {
    options.warmup = std::strtod(value, nullptr);
  } else if (name == "--seconds") {
    options.seconds = std::strtod(value, nullptr);
  } else if (name == "--count") {
    options.count = number(value);
  } else if (name == "--events") {
    options.events = number(value);
  } else if (name == "--watch") {
    add_watched(options.watched, value);
  } else {
    errno = EINVAL;
    die("unknown option");
  }
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using namespace penstock::bench;
  errno = EINVAL;
  if (argc < 2 || argc % 2 != 0) die("usage: bench_load MODE --port P --request FILE ...");
  Options options;
  options.mode = mode_of(argv[1]);
  for (int i = 2; i + 1 < argc; i += 2) set_option(options, argv[i], argv[i + 1]);
  if (options.port == 0 || options.request.empty()) die("--port and --request are needed");
  return Client(std::move(options)).run();
}
