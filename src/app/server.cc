#include "app/server.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "app/load_catalog.h"
#include "app/model_lists.h"
#include "app/state_dir.h"
#include "base/log.h"
#include "base/text.h"
#include "config/profile_files.h"
#include "config/values.h"
#include "credentials/key_store.h"

namespace penstock::app {

namespace {

constexpr std::chrono::seconds kLookAtFiles{1};
constexpr std::chrono::milliseconds kLookAtConnections{20};
constexpr std::chrono::seconds kLastWords{1};  // for the errors of requests that are given up
constexpr int kStandardError = 2;

std::int64_t unix_now() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

/// A reference whose count no other thread touches.
std::shared_ptr<const gateway::Snapshot> own_reference(const std::shared_ptr<const gateway::Snapshot>& snapshot) {
  auto holder = std::make_shared<std::shared_ptr<const gateway::Snapshot>>(snapshot);
  const auto* inner = holder->get();
  return {std::move(holder), inner};
}

/// A file's identity for "has it changed": time and inode (editors replace files).
using Stamp = std::pair<std::int64_t, std::uint64_t>;
Stamp stamp(const std::string& path, timespec(stat::* time) = &stat::st_mtim) {
  struct stat status{};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return {0, 0};
  const timespec& changed = status.*time;
  return {changed.tv_sec * 1'000'000'000 + changed.tv_nsec, status.st_ino};
}

/// The stamps of a folder and of the files in it, in an order that only changes with them.
std::vector<Stamp> folder_stamps(const std::string& folder) {
  std::vector<Stamp> stamps{stamp(folder)};
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    stamps.push_back(stamp(at->path().string()));
  std::ranges::sort(stamps);
  return stamps;
}

std::string to_lines(const std::vector<config::Fault>& faults) {
  std::string text;
  for (const auto& fault : faults) text += config::to_text(fault) + "\n";
  return text;
}

/// A profile whose file is at fault since it was read stays as it was.
void keep_profiles(const config::Config& before, config::Config& config) {
  for (const auto& profile : before.profiles) {
    const bool there = std::ranges::find(config.profiles, profile.name, &config::Profile::name) != config.profiles.end();
    if (config.left_out.contains(profile.name) && !there) config.profiles.push_back(profile);
  }
}

}  // namespace

std::expected<config::Config, std::string> read_config(const ServeOptions& options, const catalog::Catalog& catalog) {
  const std::string path = config::find_file(options.config_path, options.environment);
  const config::LoadContext context{options.environment, catalog.names(), catalog.dialects()};
  config::Config config;
  if (!path.empty()) {
    auto loaded = config::load(path, context);
    if (!loaded) return std::unexpected(to_lines(loaded.error()));
    config = std::move(*loaded);
  }
  config::load_profile_files(config::profile_folder(options.environment), context, config);  // a faulty one is left out
  return config;
}

Server::Server(ServeOptions options, config::Config config, catalog::Catalog catalog)
    : options_(std::move(options)),
      config_(std::move(config)),
      catalog_(std::move(catalog)),
      learned_file_(learned_path(options_.environment), shared_.learned) {
  if (options_.listen) config_.server.listen = {*options_.listen};
}

Server::~Server() {
  health_checks_.stop();
  refresher_.stop();  // it posts to the workers
  for (auto& worker : workers_) worker->stop();
  for (auto& gateway : gateways_) gateway->close();
  workers_.clear();  // their coroutines refer to gateways and listeners, which go after them
}

Status Server::build(const config::Config& config) {
  shared_.standings.use({.failures = config.cooldown.failures, .rest = config.cooldown.rest});
  auto built = build_snapshot(config, {&catalog_, credentials::process_places(), signatures_, mock_port_, &refresher_, &shared_.standings});
  if (!built) return fail(built.error());
  snapshot_ = built->snapshot;
  warnings_ = built->warnings;
  for (const auto& [name, faults] : config.left_out)
    warnings_.push_back(fmt::format("the profile {} is at fault and was not read: {}", name, trim(faults)));
  return {};
}

Status Server::start() {
  // From here on a signal waits for run(): who is told that we listen may send one at once.
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
  seen_ = look();  // before anything is read: what changes from here on is a change
  TRY(const auto key, signature_key(state_dir(options_.environment)));
  signatures_ = std::make_shared<dialect::SignatureCodec>(key);
  learned_file_.begin(unix_now());
  const unsigned count = config_.server.workers == 0 ? net::usable_cores() : config_.server.workers;
  for (unsigned i = 0; i < count; ++i) workers_.push_back(std::make_unique<net::Worker>(i));

  // The mock has a listener of its own on loopback, so that it is reached as any provider is.
  mock_listener_ =
      std::make_unique<net::Listener>(control_, std::vector<net::Serving>{{workers_.front().get(), &mock_}}, net::ServerLimits{});
  TRY(const auto mock_endpoints, mock_listener_->listen("127.0.0.1", 0));
  mock_port_ = mock_endpoints.front().port();
  TRY_STATUS(build(config_));

  std::vector<net::Serving> serving;
  for (auto& worker : workers_) {
    gateways_.push_back(std::make_unique<gateway::Gateway>(*worker, shared_, own_reference(snapshot_), kStandardError));
    serving.push_back({worker.get(), gateways_.back().get()});
  }
  listener_ = std::make_unique<net::Listener>(control_, std::move(serving), net::ServerLimits{});
  TRY(auto certificate, load_certificate(config_));
  listener_->use_certificate(std::move(certificate));
  TRY_STATUS(listen());
  for (auto& worker : workers_) worker->run();
  health_checks_.use(snapshot_);
  return {};
}

Result<std::shared_ptr<net::TlsServerContext>> Server::load_certificate(const config::Config& config) {
  if (!config.server.tls) return nullptr;
  return net::TlsServerContext::make(config.server.tls->cert, config.server.tls->key);
}

Status Server::listen() {
  for (const auto& address : config_.server.listen) {
    TRY(const auto bound, listener_->listen(address.host, address.port));
    const auto& shown = bound.front();
    const std::string host = shown.address().is_v6() ? '[' + shown.address().to_string() + ']' : shown.address().to_string();
    urls_.push_back(fmt::format("{}://{}:{}", config_.server.tls ? "https" : "http", host, shown.port()));
  }
  return {};
}

void Server::reload(const char* why) {
  auto catalog = load_catalog(options_.environment);
  if (!catalog) return log_error("reload ({}) refused, the old configuration stays in force: {}", why, catalog.error().message);
  std::swap(catalog_, *catalog);  // back again when anything below is refused
  if (!reload_config(why)) std::swap(catalog_, *catalog);
}

bool Server::reload_config(const char* why) {
  const auto refused = [why](std::string_view what) {
    log_error("reload ({}) refused, the old configuration stays in force:\n{}", why, what);
    return false;
  };
  auto config = read_config(options_, catalog_);
  if (!config) return refused(config.error());
  if (!config_.path.empty() && config->path != config_.path) return refused("the configuration file " + config_.path + " is gone");
  if (config->blank && !config_.blank) return refused("the configuration file is empty");
  if (config->auth_tokens.empty() && !config_.auth_tokens.empty())
    return refused("auth.tokens is gone; stop the gateway and start it again to run it without client tokens");
  if (options_.listen) config->server.listen = {*options_.listen};
  keep_profiles(config_, *config);
  // We keep listening where we do, whatever the new file says.
  if (config->auth_tokens.empty() && !std::ranges::all_of(config_.server.listen, config::is_loopback))
    return refused("auth.tokens is empty, but the gateway can be reached from other machines");
  if (config->server.listen != config_.server.listen || config->server.tls.has_value() != config_.server.tls.has_value())
    log_warning("server.listen or server.tls changed: that takes effect at the next start");
  config->server.listen = config_.server.listen;  // where we really listen
  if (!config_.server.tls || !config->server.tls) config->server.tls = config_.server.tls;
  auto certificate = load_certificate(*config);
  if (!certificate) return refused(certificate.error().message);
  if (auto built = build(*config); !built) return refused(built.error().message);
  listener_->use_certificate(*certificate);
  config_ = std::move(*config);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->post([gateway = gateways_[i].get(), snapshot = own_reference(snapshot_)]() mutable { gateway->use(std::move(snapshot)); });
  }
  health_checks_.use(snapshot_);
  for (const auto& warning : warnings_) log_warning("{}", warning);
  log_info("configuration reloaded ({})", why);
  return true;
}

Server::Stamps Server::look() const {
  auto stamps = folder_stamps(config::profile_folder(options_.environment));
  const auto lists = folder_stamps(model_list_folder(options_.environment));  // after penstock models --refresh
  stamps.insert(stamps.end(), lists.begin(), lists.end());
  for (const auto& path : {config::find_file(options_.config_path, options_.environment),
                           config_.server.tls ? config_.server.tls->cert : "", config_.server.tls ? config_.server.tls->key : ""})
    stamps.push_back(stamp(path));
  // A key file that was readable by others is mended by a chmod, which moves only this time.
  for (const auto& path : credentials::key_paths(catalog_, credentials::process_places())) stamps.push_back(stamp(path, &stat::st_ctim));
  return stamps;
}

net::Task<> Server::watch_files() {
  auto before = seen_;
  net::Timer timer(control_.get_executor());
  for (;;) {
    timer.expires_after(kLookAtFiles);
    auto [error] = co_await timer.async_wait(net::asio::as_tuple(net::use_task));
    if (error || draining_) co_return;
    if (options_.log_file) options_.log_file->look();
    learned_file_.look(unix_now());
    const auto now = look();
    // Two looks must agree: a file may be seen half-written, or between an editor's two renames.
    if (now != before) {
      before = now;
      continue;
    }
    if (now == seen_) continue;
    seen_ = now;
    reload("a file changed");
  }
}

net::Task<> Server::watch_signals() {
  for (;;) {
    auto [error, signal] = co_await signals_.async_wait(net::asio::as_tuple(net::use_task));
    if (error) co_return;
    if (signal == SIGHUP) {
      if (options_.log_file) options_.log_file->reopen();
      reload("SIGHUP");
    } else if (draining_) {
      control_.stop();
    } else {
      draining_ = true;
      net::start(control_.get_executor(), drain());
    }
  }
}

unsigned Server::open_connections() const {
  unsigned count = 0;
  for (const auto& worker : workers_) count += worker->connections.load(std::memory_order_relaxed);
  return count;
}

net::Task<> Server::wait_for_requests(net::TimePoint end) {
  net::Timer timer(control_.get_executor());
  do {
    timer.expires_after(kLookAtConnections);
    co_await timer.async_wait(net::asio::as_tuple(net::use_task));
  } while (shared_.inflight > 0 && net::Clock::now() < end);
}

net::Task<> Server::drain() {
  log_info("draining: no new connections, {} open", open_connections());
  listener_->close();
  if (options_.on_drain) options_.on_drain();
  shared_.draining = true;
  for (auto& worker : workers_)
    worker->post([raw = worker.get()] {
      for (auto* client : raw->clients)
        if (client->idle) client->stream->cancel();
    });
  co_await wait_for_requests(net::Clock::now() + config_.server.drain);
  if (shared_.inflight > 0) {
    log_warning("the drain time is over: {} requests are given up", shared_.inflight.load());
    for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->post([gateway = gateways_[i].get()] { gateway->stop_running(); });
    co_await wait_for_requests(net::Clock::now() + kLastWords);
  }
  control_.stop();
}

void Server::run() {
  net::start(control_.get_executor(), watch_signals());
  net::start(control_.get_executor(), watch_files());
  control_.run();
  learned_file_.look(unix_now());  // what the last requests found out
}

}  // namespace penstock::app
