#include "net/stream.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <numeric>

namespace penstock::net {

namespace {
constexpr std::size_t kTlsGather = 16 * 1024;  // one TLS record: small pieces are joined up to this
constexpr std::size_t kMaxPieces = IOV_MAX;    // of one sendmsg
}  // namespace

struct Stream::State : std::enable_shared_from_this<Stream::State>, Deadline {
  State(Socket socket, Deadlines& deadlines)
      : socket(std::move(socket)), deadlines(deadlines), readable(this->socket.get_executor()), writable(this->socket.get_executor()) {}
  ~State() override {
    if (ssl) SSL_free(ssl);
  }

  Socket socket;
  Deadlines& deadlines;
  SSL* ssl = nullptr;
  Event readable, writable;
  bool read_armed = false, write_armed = false;
  bool cancelled = false;
  std::function<void()> watcher;

  Event& event(Direction direction) { return direction == Direction::read ? readable : writable; }
  void arm(Direction direction);
  void on_ready(Direction direction, boost::system::error_code error);
  void expired() override { wake(Wake::timed_out); }
  void abandoned() override {
    const auto self = shared_from_this();
    readable.abandon();
    writable.abandon();
  }
  void no_deadline() { unlink(); }
  void wake(Wake why) {
    if (readable.has_waiter()) readable.wake_later(why);
    if (writable.has_waiter()) writable.wake_later(why);
  }
  Io ssl_outcome(int result);
};

namespace {

/// A peer that vanished without a word (no FIN, no RST) is given up after about two minutes.
void notice_dead_peers(int socket) {
  constexpr int kOn = 1, kIdle = 60, kBetween = 15, kProbes = 4;  // seconds, seconds, count
  constexpr unsigned kUnacknowledged = 90'000;                    // milliseconds that sent bytes may stay unacknowledged
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &kIdle, sizeof kIdle);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &kBetween, sizeof kBetween);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &kProbes, sizeof kProbes);
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledged, sizeof kUnacknowledged);
}

}  // namespace

Stream::Stream(Socket socket, Deadlines& deadlines) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  notice_dead_peers(socket.native_handle());
  state_ = std::make_shared<State>(std::move(socket), deadlines);
}

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
  }
  return *this;
}

bool Stream::secure() const { return state_ && state_->ssl; }

void Stream::State::arm(Direction direction) {
  bool& armed = direction == Direction::read ? read_armed : write_armed;
  if (armed) return;
  armed = true;
  const auto what = direction == Direction::read ? Socket::wait_read : Socket::wait_write;
  socket.async_wait(what, [self = shared_from_this(), direction](boost::system::error_code error) { self->on_ready(direction, error); });
}

void Stream::State::on_ready(Direction direction, boost::system::error_code error) {
  (direction == Direction::read ? read_armed : write_armed) = false;
  if (error == asio::error::operation_aborted) return event(direction).has_waiter() ? event(direction).wake_now(Wake::cancelled) : void();
  if (event(direction).has_waiter()) return event(direction).wake_now(Wake::ready);
  if (direction == Direction::read && watcher) return std::exchange(watcher, nullptr)();
  event(direction).wake_now(Wake::ready);  // remembered for the next wait
}

Io Stream::State::ssl_outcome(int result) {
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ: return Io::want_read;
    case SSL_ERROR_WANT_WRITE: return Io::want_write;
    case SSL_ERROR_ZERO_RETURN: return Io::end;
    default: return Io::failed;
  }
}

Io Stream::try_read(char* into, std::size_t size, std::size_t& got) {
  if (!state_) return Io::failed;
  if (state_->ssl) {
    ERR_clear_error();
    const int result = SSL_read_ex(state_->ssl, into, size, &got);
    return result == 1 ? Io::done : state_->ssl_outcome(result);
  }
  for (;;) {
    const auto count = ::recv(state_->socket.native_handle(), into, size, 0);
    if (count > 0) {
      got = static_cast<std::size_t>(count);
      return Io::done;
    }
    if (count == 0) return Io::end;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? Io::want_read : Io::failed;
  }
}

namespace {

Io write_plain(int socket, std::span<const iovec> pieces, std::size_t& put) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = std::min(pieces.size(), kMaxPieces);
  for (;;) {
    const auto count = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (count >= 0) {
      put = static_cast<std::size_t>(count);
      return Io::done;
    }
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? Io::want_write : Io::failed;
  }
}

/// Up to one record's worth of the pieces: a view when the first piece is large, else joined in `room`.
std::string_view next_record(std::span<const iovec> pieces, std::array<char, kTlsGather>& room) {
  const auto& first = pieces.front();
  if (pieces.size() == 1 || first.iov_len >= kTlsGather)
    return {static_cast<const char*>(first.iov_base), std::min(first.iov_len, kTlsGather)};
  std::size_t filled = 0;
  for (const auto& piece : pieces) {
    const auto count = std::min(piece.iov_len, room.size() - filled);
    std::copy_n(static_cast<const char*>(piece.iov_base), count, room.data() + filled);  // an empty piece may have no address
    filled += count;
    if (filled == room.size()) break;
  }
  return {room.data(), filled};
}

/// The pieces without their first `count` bytes.
void drop_front(std::vector<iovec>& pieces, std::size_t& first, std::size_t count) {
  while (first < pieces.size() && count >= pieces[first].iov_len) count -= pieces[first++].iov_len;
  if (first == pieces.size()) return;
  pieces[first].iov_base = static_cast<char*>(pieces[first].iov_base) + count;
  pieces[first].iov_len -= count;
}

}  // namespace

Io Stream::try_write(std::span<const iovec> pieces, std::size_t& put) {
  put = 0;
  while (!pieces.empty() && pieces.front().iov_len == 0) pieces = pieces.subspan(1);
  if (pieces.empty()) return Io::done;
  if (!state_) return Io::failed;
  if (!state_->ssl) return write_plain(state_->socket.native_handle(), pieces, put);
  std::array<char, kTlsGather> room;  // NOLINT: filled by next_record
  const auto record = next_record(pieces, room);
  ERR_clear_error();
  const int result = SSL_write_ex(state_->ssl, record.data(), record.size(), &put);
  return result == 1 ? Io::done : state_->ssl_outcome(result);
}

Task<Wake> Stream::wait(Direction direction, TimePoint deadline) {
  const auto state = state_;
  if (!state || state->cancelled) {
    if (state) state->cancelled = false;
    co_return Wake::cancelled;
  }
  if (deadline <= Clock::now()) co_return Wake::timed_out;
  state->arm(direction);
  state->deadlines.set(*state, deadline);
  Event& event = state->event(direction);
  const auto woken = event.take();
  const Wake wake = woken ? *woken : co_await event.next();
  state->no_deadline();
  if (wake == Wake::cancelled) state->cancelled = false;
  co_return wake;
}

Error wake_error(Wake wake, std::string_view what) {
  if (wake == Wake::timed_out) return {ErrorKind::timeout, Fault::provider, std::string(what) + " took too long"};
  return {ErrorKind::cancelled, Fault::us, std::string(what) + " was given up"};
}

Task<Result<std::size_t>> Stream::read_some(char* into, std::size_t size, TimePoint deadline) {
  for (;;) {
    std::size_t got = 0;
    switch (try_read(into, size, got)) {
      case Io::done: co_return got;
      case Io::end: co_return fail(Error{ErrorKind::connection, Fault::provider, "the peer closed the connection"});
      case Io::failed: co_return fail(Error{ErrorKind::connection, Fault::provider, "the connection broke"});
      case Io::want_read: {
        const Wake wake = co_await wait(Direction::read, deadline);
        if (wake != Wake::ready) co_return fail(wake_error(wake, "reading"));
        break;
      }
      case Io::want_write: {
        const Wake wake = co_await wait(Direction::write, deadline);
        if (wake != Wake::ready) co_return fail(wake_error(wake, "reading"));
        break;
      }
    }
  }
}

bool Stream::try_write_all(std::span<const iovec> pieces, std::size_t& put) {
  const auto total = std::accumulate(pieces.begin(), pieces.end(), std::size_t{0}, [](auto sum, auto& each) { return sum + each.iov_len; });
  return try_write(pieces, put) == Io::done && put == total;
}

Task<Status> Stream::write_all(std::span<const iovec> pieces, Clock::duration patience, std::size_t written) {
  std::vector<iovec> left(pieces.begin(), pieces.end());
  std::size_t first = 0;
  drop_front(left, first, written);
  while (first < left.size()) {
    std::size_t put = 0;
    const Io io = try_write(std::span(left).subspan(first), put);
    if (io == Io::done) {
      drop_front(left, first, put);
      while (first < left.size() && left[first].iov_len == 0) ++first;
      continue;
    }
    if (io == Io::end || io == Io::failed)
      co_return fail(Error{ErrorKind::connection, Fault::provider, "the connection broke while writing"});
    const Wake wake = co_await wait(io == Io::want_write ? Direction::write : Direction::read, Clock::now() + patience);
    if (wake != Wake::ready) co_return fail(wake_error(wake, "writing"));
  }
  co_return Status{};
}

Task<Status> Stream::write_all(std::string_view bytes, Clock::duration patience) {
  const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  auto status = co_await write_all(std::span(&piece, 1), patience);
  co_return status;
}

Task<Status> Stream::handshake(SSL* ssl, TimePoint deadline) {
  state_->ssl = ssl;
  SSL_set_fd(ssl, state_->socket.native_handle());
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl);
    if (result == 1) co_return Status{};
    const Io io = state_->ssl_outcome(result);
    if (io != Io::want_read && io != Io::want_write) {
      const auto code = ERR_peek_last_error();
      const auto* reason = code ? ERR_reason_error_string(code) : nullptr;
      std::string text = reason ? reason : "the peer closed the connection";
      // A certificate that nobody vouches for is no passing trouble.
      const long verify = SSL_get_verify_result(ssl);
      if (verify != X509_V_OK) text = X509_verify_cert_error_string(verify);
      const auto kind = verify != X509_V_OK ? ErrorKind::protocol : ErrorKind::connection;
      co_return fail(Error{kind, Fault::provider, "TLS handshake failed: " + text, true});
    }
    const Wake wake = co_await wait(io == Io::want_read ? Direction::read : Direction::write, deadline);
    if (wake != Wake::ready) co_return fail(wake_error(wake, "the TLS handshake"));
  }
}

void Stream::cancel() {
  if (!state_) return;
  if (state_->readable.has_waiter() || state_->writable.has_waiter()) return state_->wake(Wake::cancelled);
  state_->cancelled = true;
}

void Stream::clear_cancel() {
  if (state_) state_->cancelled = false;
}

void Stream::watch(std::function<void()> on_activity) {
  if (!state_) return;
  state_->watcher = std::move(on_activity);
  if (state_->watcher) state_->arm(Direction::read);
}

bool Stream::peer_gone() {
  if (!state_) return true;
  char byte = 0;
  const auto count = ::recv(state_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void Stream::shutdown_write() {
  if (!state_) return;
  if (state_->ssl) {
    ERR_clear_error();
    SSL_shutdown(state_->ssl);
  }
  ::shutdown(state_->socket.native_handle(), SHUT_WR);
}

void Stream::close() {
  if (!state_) return;
  const auto state = std::move(state_);
  state->no_deadline();
  state->watcher = nullptr;
  if (state->ssl && SSL_is_init_finished(state->ssl)) {
    ERR_clear_error();
    SSL_shutdown(state->ssl);
  }
  boost::system::error_code ignored;
  state->socket.close(ignored);
}

void Stream::reset() {
  if (!state_) return;
  const linger now{1, 0};
  ::setsockopt(state_->socket.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  if (state_->ssl) SSL_set_quiet_shutdown(state_->ssl, 1);  // a close_notify would make what was sent look whole
  close();
}

}  // namespace penstock::net
