// penstock serve, penstock mock: programs that stay in the foreground.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "app/background.h"
#include "app/detach.h"
#include "app/server.h"
#include "base/log.h"
#include "base/log_file.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "config/values.h"

namespace penstock::cli {

namespace {

void print_providers(const gateway::Snapshot& snapshot) {
  for (const auto& upstream : snapshot.upstreams) {
    if (!upstream.visible && upstream.name != "mock") continue;
    const std::string key = !upstream.may_serve()
                                ? fmt::format("no key: set {}", upstream.key_variable.empty() ? "api_key" : upstream.key_variable)
                            : !upstream.has_credential() || upstream.passthrough ? "the client's own credential"
                            : upstream.key_source.empty()                        ? "no key needed"
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
    if (!upstream || !upstream->may_serve()) continue;
    model = listed.name;
    own_credential = upstream->passthrough || !upstream->has_credential();
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
  std::clearerr(stdout);  // a full log does not make the gateway's end a failure
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

/// How `penstock serve` was called.
struct ServeCall {
  Common common;
  std::string log_file, log_size = "10MB";
  int ready = -1;  // where whoever started us waits for a word
};

std::string absolute(const std::string& path) { return path.empty() ? "" : std::filesystem::absolute(path).lexically_normal().string(); }

app::Running describe(const app::Server& server, const ServeCall& call) {
  app::Running running;
  running.pid = ::getpid();
  running.urls = server.urls();
  running.config_path = absolute(server.config().path);
  running.version = PENSTOCK_VERSION;
  running.log_file = absolute(call.log_file);
  running.started = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  running.drain = server.config().server.drain;
  running.config_option = absolute(call.common.config);
  running.listen_option = call.common.listen;
  running.service = config::process_environment()("PENSTOCK_SERVICE").value_or("");
  return running;
}

/// The file takes standard output and error over, where one is named.
std::expected<std::optional<LogFile>, Failure> open_log(const ServeCall& call) {
  if (call.log_file.empty()) return std::nullopt;
  const auto size = config::parse_size(call.log_size);
  if (!size) return std::unexpected(Failure{kWrongUsage, "--log-size " + call.log_size + ": " + size.error()});
  auto log = LogFile::take_over(absolute(call.log_file), {.size = *size});
  if (!log) return std::unexpected(Failure{kFailed, log.error().message});
  return std::optional(std::move(*log));
}

int serve(const ServeCall& call, app::Starter& starter) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);                          // a log at its limit is a write that fails, not an end
  std::signal(SIGHUP, SIG_IGN);                           // until run() listens to it
  auto setup = read_setup(call.common, LeftOut::untold);  // the log tells
  if (!setup) return report(setup.error());
  auto log = open_log(call);
  if (!log) return report(log.error());
  begin_log(setup->config.log.level);
  raise_file_limit(setup->config.server.max_inflight);
  std::optional<app::Presence> presence;
  if (*log) setup->options.log_file = &**log;
  setup->options.on_drain = [&presence] {
    if (presence) presence->leave();
  };
  app::Server server(setup->options, std::move(setup->config), std::move(setup->catalog));
  if (const auto started = server.start(); !started)
    return report({started.error().kind == ErrorKind::config ? kConfigFault : kFailed, started.error().message});
  for (const auto& warning : server.warnings()) log_warning("{}", warning);
  const auto running = describe(server, call);
  if (auto taken = app::announce(config::process_environment(), running)) presence.emplace(std::move(*taken));
  // In the background there is one that can be found, or none.
  if (!presence && call.ready >= 0) return kFailed;
  print_welcome(server);
  starter.ready(app::to_json(running));
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

}  // namespace

void add_serve(CLI::App& app, int& code) {
  auto call = std::make_shared<ServeCall>();
  auto* command = app.add_subcommand("serve", "the gateway, in the foreground");
  with_config(*command, call->common);
  with_listen(*command, call->common);
  command->add_option("--log-file", call->log_file, "takes what else goes to standard output and error; exchanged when it grew too large");
  command->add_option("--log-size", call->log_size, "how large that is: 10MB");
  command->add_option("--ready-fd", call->ready)->group("");  // for penstock start
  command->callback([call, &code] {
    app::Starter starter(call->ready);
    code = serve(*call, starter);
    starter.failed(code);
  });
}

void add_mock(CLI::App& app, int& code) {
  auto common = std::make_shared<Common>();
  auto* command = app.add_subcommand("mock", "the scripted provider on its own");
  with_listen(*command, *common);
  command->callback([common, &code] { code = mock(*common); });
}

}  // namespace penstock::cli
