// A blocking socket of a test's own, client's or provider's end. Every call has a deadline, so that a test cannot hang.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::tests {

using TestClock = std::chrono::steady_clock;
/// Longer than anything that a test waits for, sanitizers and a busy machine included.
inline constexpr std::chrono::seconds kPatience{20};

/// One end of a connection. For one thread at a time, but for shut_down(). Movable.
class PeerSocket {
 public:
  PeerSocket() = default;
  /// Takes over a connected socket.
  explicit PeerSocket(int handle);
  PeerSocket(PeerSocket&& other) noexcept;
  PeerSocket& operator=(PeerSocket&& other) noexcept;
  ~PeerSocket() { close(); }

  /// Connects to a numeric address; not open() when that fails.
  static PeerSocket connect(std::uint16_t port, const char* address = "127.0.0.1");

  [[nodiscard]] bool open() const { return handle_ >= 0; }
  /// The TLS handshake as a server or as a client. False when it fails.
  bool accept_tls(SSL_CTX* context);
  bool connect_tls(SSL_CTX* context, const std::string& server_name, SSL_SESSION* session = nullptr);
  [[nodiscard]] SSL* tls() const { return ssl_; }
  /// The subject of the certificate that the other side showed.
  [[nodiscard]] std::string shown_subject() const;

  /// Sends everything. False when the other side does not take it.
  bool send(std::string_view bytes);
  /// Sends what fits at once; how much that was.
  std::size_t send_some(std::string_view bytes);
  enum class Got { bytes, end, reset, nothing };
  /// Appends what comes next; waits at most `patience`.
  Got receive(std::string& into, std::chrono::milliseconds patience = kPatience);
  /// The peer ends the connection, well or by a reset, without another byte.
  bool ends();

  /// Small buffers, so that a peer that does not read is noticed soon.
  void shrink_receive_buffer();
  void shutdown_write();
  void close();
  /// Closes with a reset.
  void reset();
  /// Wakes a thread that waits here. From any thread.
  void shut_down() const;

 private:
  bool wait(short events, std::chrono::milliseconds patience) const;
  bool handshake(std::chrono::milliseconds patience);
  int handle_ = -1;
  SSL* ssl_ = nullptr;
};

}  // namespace penstock::tests
