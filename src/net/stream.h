// A byte stream to a peer, plain or TLS, that never blocks: try to read or write, and wait when told to. Waiting is the only thing that
// suspends, so the data path costs system calls and nothing else.
#pragma once

#include <sys/uio.h>

#include "base/result.h"
#include "net/deadline.h"
#include "net/task.h"

struct ssl_st;
using SSL = ssl_st;

namespace penstock::net {

enum class Direction : unsigned char { read, write };

/// What a try came to.
enum class Io : unsigned char { done, want_read, want_write, end, failed };

/// A connected socket with its TLS state. Owned by one coroutine at a time, on one worker's thread. Movable; empty after a move.
class Stream {
 public:
  Stream() = default;
  /// Takes a connected socket; `deadlines` outlives the stream.
  Stream(Socket socket, Deadlines& deadlines);
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream() { close(); }

  [[nodiscard]] bool open() const { return state_ != nullptr; }
  [[nodiscard]] bool secure() const;

  /// Reads what is there, at most `size` bytes; with Io::done, `got` says how many (never 0).
  Io try_read(char* into, std::size_t size, std::size_t& got);
  /// Writes what fits now; `put` says how many bytes.
  Io try_write(std::span<const iovec> pieces, std::size_t& put);
  /// Writes everything at once, if it fits: nearly always, and then nobody has to wait. Else false; write_all goes on behind `put` bytes.
  bool try_write_all(std::span<const iovec> pieces, std::size_t& put);

  /// Waits until the direction is ready, the deadline passes, or cancel() is called.
  Task<Wake> wait(Direction direction, TimePoint deadline);
  /// Reads at least one byte. Fails with ErrorKind::timeout, cancelled or connection ("closed by the peer").
  Task<Result<std::size_t>> read_some(char* into, std::size_t size, TimePoint deadline);
  /// Writes everything but the first `written` bytes; each wait for the peer to take more may last `patience`.
  Task<Status> write_all(std::span<const iovec> pieces, Clock::duration patience, std::size_t written = 0);
  Task<Status> write_all(std::string_view bytes, Clock::duration patience);

  /// Runs the TLS handshake on `ssl` (ownership is taken; client or server state set by the caller).
  Task<Status> handshake(SSL* ssl, TimePoint deadline);

  /// Makes a wait in progress, or else the next one, return Wake::cancelled. From the same thread.
  void cancel();
  /// Takes back a cancel that no wait has seen.
  void clear_cancel();

  /// Calls back once when the peer sends bytes or goes away while nobody waits for them. An armed watch costs nothing more when a wait
  /// for reading takes over. Null ends the watch.
  void watch(std::function<void()> on_activity);
  /// True when the peer has gone away (end or error), without taking bytes out.
  [[nodiscard]] bool peer_gone();

  /// Sends what the protocol owes (TLS close_notify) and a FIN; reading goes on.
  void shutdown_write();
  /// Closes at once. Idempotent.
  void close();
  /// Closes so that the peer gets a reset: it must not take what it has for a whole answer.
  void reset();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with handlers in flight
};

/// An error that says what happened to a peer.
Error wake_error(Wake wake, std::string_view what);

}  // namespace penstock::net
