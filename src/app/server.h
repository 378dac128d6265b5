// The running gateway: owns workers, gateways, listeners; reloads, drains, stops. One thread (the caller's) controls; workers work.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/build.h"
#include "app/learned_file.h"
#include "base/log_file.h"
#include "gateway/gateway.h"
#include "gateway/health_checks.h"
#include "mock/mock_provider.h"
#include "net/listener.h"

namespace penstock::app {

/// How `penstock serve` was called.
struct ServeOptions {
  std::string config_path;                      // --config
  std::optional<config::ListenAddress> listen;  // --listen
  config::Environment environment = config::process_environment();
  LogFile* log_file = nullptr;     // looked after by the control thread; outlives the server
  std::function<void()> on_drain;  // when no new connections are taken any more
};

/// Reads the configuration (an empty one when there is no file), and the profiles that have files of their own; one of these that is at
/// fault is left out (Config::left_out). Faults of the configuration come back as one text, a line each.
std::expected<config::Config, std::string> read_config(const ServeOptions& options, const catalog::Catalog& catalog);

/// The gateway until a signal ends it. SIGTERM and SIGINT drain (a second one stops at once), SIGHUP and a change of the file reload.
class Server {
 public:
  Server(ServeOptions options, config::Config config, catalog::Catalog catalog);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Opens listeners and starts the workers. Afterwards urls() tells where. A signal that comes from now on is run()'s.
  Status start();
  /// Runs until a signal. Returns when everything has drained, or the drain time is over.
  void run();

  [[nodiscard]] const std::vector<std::string>& urls() const { return urls_; }
  [[nodiscard]] const gateway::Snapshot& snapshot() const { return *snapshot_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  [[nodiscard]] const config::Config& config() const { return config_; }

 private:
  using Stamps = std::vector<std::pair<std::int64_t, std::uint64_t>>;
  [[nodiscard]] Stamps look() const;  // what the watched files look like
  Status build(const config::Config& config);
  Status listen();
  static Result<std::shared_ptr<net::TlsServerContext>> load_certificate(const config::Config& config);
  void reload(const char* why);
  bool reload_config(const char* why);
  net::Task<> watch_signals();
  net::Task<> watch_files();
  net::Task<> drain();
  net::Task<> wait_for_requests(net::TimePoint end);
  [[nodiscard]] unsigned open_connections() const;

  ServeOptions options_;
  config::Config config_;
  catalog::Catalog catalog_;
  net::asio::io_context control_{1};
  net::asio::basic_signal_set<net::Executor> signals_{control_.get_executor()};
  gateway::Shared shared_;
  gateway::HealthChecks health_checks_{shared_.standings};
  LearnedFile learned_file_;
  credentials::Refresher refresher_;
  mock::MockProvider mock_;
  std::shared_ptr<const gateway::Snapshot> snapshot_;
  std::shared_ptr<const dialect::SignatureCodec> signatures_;
  std::vector<std::unique_ptr<gateway::Gateway>> gateways_;  // outlive the workers' coroutines
  std::vector<std::unique_ptr<net::Worker>> workers_;
  std::unique_ptr<net::Listener> listener_, mock_listener_;
  std::uint16_t mock_port_ = 0;
  std::vector<std::string> urls_, warnings_;
  Stamps seen_;  // with which the configuration in force was built
  bool draining_ = false;
};

}  // namespace penstock::app
