// Accepts connections on one thread and hands each to the least loaded worker: the kernel's own spreading leaves workers uneven when
// streams are long (design.md, Speed).
#pragma once

#include <vector>

#include "net/http_server.h"
#include "net/tls.h"

namespace penstock::net {

/// One worker and what it does with requests.
struct Serving {
  Worker* worker;
  Service* service;
};

/// Listening sockets. All calls on the control thread, which runs `control`. Outlives the workers' coroutines.
/// The services outlive it.
class Listener {
 public:
  Listener(asio::io_context& control, std::vector<Serving> serving, ServerLimits limits)
      : control_(control), serving_(std::move(serving)), limits_(limits) {}

  /// Opens a socket and begins to accept. Port 0 lets the kernel choose; the endpoint it really has is returned.
  /// Fails with a sentence that names the address and, when it is taken, how to choose another.
  Result<std::vector<Endpoint>> listen(const std::string& host, std::uint16_t port);
  /// Connections from now on speak TLS with this certificate (null: plain). Those that are open keep theirs.
  void use_certificate(std::shared_ptr<TlsServerContext> tls) { tls_ = std::move(tls); }
  /// Closes the listening sockets.
  void close();

 private:
  Result<Endpoint> open(const Endpoint& endpoint);
  Task<> accept(std::shared_ptr<Acceptor> acceptor);
  void hand_over(Socket socket);
  asio::io_context& control_;
  std::vector<Serving> serving_;
  ServerLimits limits_;
  std::shared_ptr<TlsServerContext> tls_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
};

}  // namespace penstock::net
