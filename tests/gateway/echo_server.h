// The HTTP server of net/ with a service that keeps what it was asked and answers each request with what it understood.
#pragma once

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/listener.h"

namespace penstock::tests {

/// A request as the service saw it.
struct Heard {
  std::string method, target, body;
  bool operator==(const Heard&) const = default;
};

class EchoService : public net::Service {
 public:
  explicit EchoService(std::size_t max_body) : max_body_(max_body) {}
  net::Task<> serve(net::Exchange& exchange) override;
  void refused(int status, std::string_view why) override;
  [[nodiscard]] bool draining() const override { return false; }
  [[nodiscard]] std::vector<Heard> heard() const;
  [[nodiscard]] std::vector<int> refusals() const;
  void forget();

 private:
  std::size_t max_body_;
  mutable std::mutex mutex_;
  std::vector<Heard> heard_;
  std::vector<int> refusals_;
};

/// One worker, one listener on 127.0.0.1, running until destroyed.
class EchoServer {
 public:
  explicit EchoServer(net::ServerLimits limits = {}, std::size_t max_body = 1 << 20, std::shared_ptr<net::TlsServerContext> tls = nullptr);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  EchoService& service() { return service_; }
  [[nodiscard]] unsigned connections() const { return worker_->connections; }

 private:
  EchoService service_;
  net::asio::io_context control_{1};
  std::unique_ptr<net::Worker> worker_ = std::make_unique<net::Worker>(0);
  std::unique_ptr<net::Listener> listener_;
  std::uint16_t port_ = 0;
  std::thread control_thread_;
};

}  // namespace penstock::tests
