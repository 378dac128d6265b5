// A gateway as the program builds it, from a configuration's text, on a port of its own; without signals, files and a built-in mock.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gateway/gateway.h"
#include "net/listener.h"

namespace penstock::tests {

struct GatewayOptions {
  unsigned workers = 1;
  net::ServerLimits limits;
  bool retries = false;  // as the configuration says; else every target is asked once
  std::shared_ptr<net::TlsServerContext> tls;
  std::function<void(gateway::Snapshot&)> adjust;           // of what the configuration cannot say
  std::function<std::string(const std::string&)> variable;  // the environment; none by default
};

/// Runs until stop(). Faults of the configuration end the test program: a test's own text is at fault.
class TestGateway {
 public:
  explicit TestGateway(const std::string& yaml, GatewayOptions options = {});
  ~TestGateway();
  TestGateway(const TestGateway&) = delete;
  TestGateway& operator=(const TestGateway&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Requests from now on are served by this configuration. Returns when every worker has it.
  void reload(const std::string& yaml);
  void use_certificate(std::shared_ptr<net::TlsServerContext> tls);
  /// Connections that wait for a request by now get their answer yet; new ones get none.
  void drain();
  [[nodiscard]] unsigned inflight() const { return shared_.inflight; }
  /// Open client connections of a worker.
  [[nodiscard]] unsigned connections(std::size_t worker) const { return workers_[worker]->connections; }
  /// Runs a job on a worker's thread and waits for it.
  void on_worker(std::size_t worker, const std::function<void(net::Worker&, gateway::Gateway&)>& job);
  /// Returns when the workers have seen what reached their sockets before.
  void settle();
  /// Ends all threads. Idempotent.
  void stop();
  /// What the access log holds by now; lines come after a while.
  [[nodiscard]] std::string log_so_far() const;
  /// Stops, and returns what the access log holds.
  std::string log();

 private:
  std::shared_ptr<const gateway::Snapshot> build(const std::string& yaml) const;
  GatewayOptions options_;
  int log_file_;
  net::asio::io_context control_{1};
  gateway::Shared shared_;
  std::vector<std::unique_ptr<gateway::Gateway>> gateways_;
  std::vector<std::unique_ptr<net::Worker>> workers_;
  std::unique_ptr<net::Listener> listener_;
  std::uint16_t port_ = 0;
  std::thread control_thread_;
};

/// A configuration with one provider `claude` that stands for Anthropic itself (the catalogue's row, so everything passes).
std::string anthropic_at(const std::string& url);
/// One with a third party `other` of one model `m`, and strict quirks.
std::string third_party_at(const std::string& url);

/// A request for a message; `more` are further members of the body (", …").
std::string message_body(std::string_view model, bool stream, std::string_view more = {});

/// Waits until `holds`, looking again and again. False when it never does.
bool eventually(const std::function<bool()>& holds);

/// The process's resident memory in bytes.
std::size_t resident_bytes();

}  // namespace penstock::tests
