// penstock serve, penstock mock: programs that stay in the foreground.
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <optional>

#include "app/server.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "config/values.h"

namespace penstock::cli {

namespace {

void print_providers(const gateway::Snapshot& snapshot) {
  for (const auto& upstream : snapshot.upstreams) {
    if (!upstream.visible && upstream.name != "mock") continue;
    const std::string key = !upstream.has_credential()
                                ? fmt::format("no key: set {}", upstream.key_variable.empty() ? "api_key" : upstream.key_variable)
                            : upstream.passthrough        ? "the client's own credential"
                            : upstream.key_source.empty() ? "no key needed"
                                                          : "key from " + upstream.key_source;
    fmt::print("  {:<14} {:>3} models   {}\n", upstream.name, upstream.models.size(), key);
  }
}

/// How to point Claude Code here, with a model that can answer.
std::string claude_code_line(const app::Server& server) {
  const auto& snapshot = server.snapshot();
  std::string model = "mock/echo";
  bool own_credential = false;
  for (const auto& listed : snapshot.router.listed()) {
    const auto* upstream = snapshot.find(listed.target.provider);
    if (!upstream || !upstream->has_credential()) continue;
    model = listed.name;
    own_credential = upstream->passthrough;
    break;
  }
  const std::string token = own_credential ? "" : snapshot.open() ? "ANTHROPIC_AUTH_TOKEN=any " : "ANTHROPIC_AUTH_TOKEN=YOUR_TOKEN ";
  return fmt::format("ANTHROPIC_BASE_URL={} {}ANTHROPIC_MODEL={} claude", server.urls().front(), token, model);
}

void print_welcome(const app::Server& server) {
  const auto& config = server.config();
  fmt::print("penstock {}\n", PENSTOCK_VERSION);
  for (const auto& url : server.urls()) fmt::print("listening on {}\n", url);
  fmt::print("configuration: {}\n", config.path.empty() ? "none (found credentials only)" : config.path);
  fmt::print("providers:\n");
  print_providers(server.snapshot());
  fmt::print("Claude Code:  {}\n", claude_code_line(server));
  std::fflush(stdout);
}

/// The usual soft limit of 1,024 open files is two per request: about 500 streams.
void raise_file_limit(unsigned max_inflight) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < 2ULL * max_inflight + 64)
    log_warning("at most {} files may be open, too few for server.max_inflight {}; raise the limit (ulimit -n) or lower the number",
                limit.rlim_cur, max_inflight);
}

}  // namespace

int serve(const Common& common) {
  auto setup = read_setup(common);
  if (!setup) return report(setup.error());
  begin_log(setup->config.log.level);
  std::signal(SIGPIPE, SIG_IGN);
  raise_file_limit(setup->config.server.max_inflight);
  app::Server server(setup->options, std::move(setup->config), std::move(setup->catalog));
  if (const auto started = server.start(); !started)
    return report({started.error().kind == ErrorKind::config ? kConfigFault : kFailed, started.error().message});
  for (const auto& warning : server.warnings()) log_warning("{}", warning);
  print_welcome(server);
  server.run();
  return kDone;
}

int mock(const Common& common) {
  const auto address = config::parse_listen(common.listen.empty() ? "127.0.0.1:0" : common.listen);
  if (!address) return report({kWrongUsage, "--listen " + common.listen + ": " + address.error()});
  begin_log("info");
  std::signal(SIGPIPE, SIG_IGN);
  net::asio::io_context control(1);
  net::Worker worker(0);
  mock::MockProvider provider;
  net::Listener listener(control, {{&worker, &provider}}, net::ServerLimits{});
  const auto bound = listener.listen(address->host, address->port);
  if (!bound) return report({kFailed, bound.error().message});
  fmt::print("listening on http://{}:{}\n", address->host, bound->front().port());
  std::fflush(stdout);
  worker.run();
  net::asio::basic_signal_set<net::Executor> signals(control.get_executor(), SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code, int) { control.stop(); });
  control.run();
  return kDone;
}

}  // namespace penstock::cli
