#include "gateway/peer_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace penstock::tests {

PeerSocket::PeerSocket(int handle) : handle_(handle) {
  std::signal(SIGPIPE, SIG_IGN);  // as the program does
  const int on = 1;
  ::setsockopt(handle_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(handle_, F_SETFL, ::fcntl(handle_, F_GETFL) | O_NONBLOCK);
}

PeerSocket::PeerSocket(PeerSocket&& other) noexcept : handle_(std::exchange(other.handle_, -1)), ssl_(std::exchange(other.ssl_, nullptr)) {}

PeerSocket& PeerSocket::operator=(PeerSocket&& other) noexcept {
  if (this != &other) {
    close();
    handle_ = std::exchange(other.handle_, -1);
    ssl_ = std::exchange(other.ssl_, nullptr);
  }
  return *this;
}

PeerSocket PeerSocket::connect(std::uint16_t port, const char* address) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  if (::getaddrinfo(address, std::to_string(port).c_str(), &hints, &found) != 0) return {};
  const int handle = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = handle >= 0 && ::connect(handle, found->ai_addr, found->ai_addrlen) == 0;
  ::freeaddrinfo(found);
  if (connected) return PeerSocket(handle);
  if (handle >= 0) ::close(handle);
  return {};
}

bool PeerSocket::wait(short events, std::chrono::milliseconds patience) const {
  pollfd one{handle_, events, 0};
  return ::poll(&one, 1, static_cast<int>(patience.count())) == 1;
}

bool PeerSocket::handshake(std::chrono::milliseconds patience) {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) return true;
    const int why = SSL_get_error(ssl_, result);
    const bool goes_on = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
    if (!goes_on || !wait(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, patience)) return false;
  }
}

bool PeerSocket::accept_tls(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, handle_);
  SSL_set_accept_state(ssl_);
  return handshake(kPatience);
}

bool PeerSocket::connect_tls(SSL_CTX* context, const std::string& server_name, SSL_SESSION* session) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, handle_);
  SSL_set_connect_state(ssl_);
  SSL_set1_host(ssl_, server_name.c_str());
  SSL_set_tlsext_host_name(ssl_, server_name.c_str());
  if (session) SSL_set_session(ssl_, session);
  return handshake(kPatience);
}

std::string PeerSocket::shown_subject() const {
  X509* cert = SSL_get1_peer_certificate(ssl_);
  if (!cert) return {};
  char name[256];
  X509_NAME_oneline(X509_get_subject_name(cert), name, sizeof name);
  X509_free(cert);
  return name;
}

std::size_t PeerSocket::send_some(std::string_view bytes) {
  if (!open()) return 0;
  if (ssl_) {
    std::size_t put = 0;
    ERR_clear_error();
    return SSL_write_ex(ssl_, bytes.data(), bytes.size(), &put) == 1 ? put : 0;
  }
  const auto put = ::send(handle_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return put > 0 ? static_cast<std::size_t>(put) : 0;
}

bool PeerSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t put = send_some(bytes);
    bytes.remove_prefix(put);
    if (put > 0) continue;
    if (!open() || !wait(POLLOUT, kPatience)) return false;
    pollfd one{handle_, POLLOUT, 0};
    ::poll(&one, 1, 0);
    if ((one.revents & (POLLERR | POLLHUP)) != 0) return false;
  }
  return true;
}

PeerSocket::Got PeerSocket::receive(std::string& into, std::chrono::milliseconds patience) {
  char room[64 * 1024];
  for (;;) {
    if (!open()) return Got::end;
    if (ssl_) {
      std::size_t got = 0;
      ERR_clear_error();
      if (SSL_read_ex(ssl_, room, sizeof room, &got) == 1) return into.append(room, got), Got::bytes;
      const int why = SSL_get_error(ssl_, 0);
      if (why == SSL_ERROR_ZERO_RETURN) return Got::end;
      if (why != SSL_ERROR_WANT_READ) return Got::reset;
    } else {
      const auto got = ::recv(handle_, room, sizeof room, 0);
      if (got > 0) return into.append(room, static_cast<std::size_t>(got)), Got::bytes;
      if (got == 0) return Got::end;
      if (errno != EAGAIN && errno != EINTR) return Got::reset;
    }
    if (!wait(POLLIN, patience)) return Got::nothing;
  }
}

bool PeerSocket::ends() {
  std::string more;
  const Got got = receive(more);
  return got == Got::end || got == Got::reset;
}

void PeerSocket::shrink_receive_buffer() {
  const int size = 4096;
  ::setsockopt(handle_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

void PeerSocket::shutdown_write() {
  if (ssl_) SSL_shutdown(ssl_);
  ::shutdown(handle_, SHUT_WR);
}

void PeerSocket::close() {
  if (ssl_) SSL_free(std::exchange(ssl_, nullptr));
  if (open()) ::close(std::exchange(handle_, -1));
}

void PeerSocket::reset() {
  const linger now{1, 0};
  ::setsockopt(handle_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void PeerSocket::shut_down() const {
  if (open()) ::shutdown(handle_, SHUT_RDWR);
}

}  // namespace penstock::tests
