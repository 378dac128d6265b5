#include "gateway/fixture.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <future>
#include <stdexcept>

#include "app/build.h"
#include "config/load.h"
#include "gateway/peer_socket.h"

namespace penstock::tests {

namespace {

const catalog::Catalog& builtin_catalog() {
  static const catalog::Catalog catalog = catalog::builtin().value();
  return catalog;
}

}  // namespace

TestGateway::TestGateway(const std::string& yaml, GatewayOptions options)
    : options_(std::move(options)), log_file_(::memfd_create("access log", MFD_CLOEXEC)) {
  std::signal(SIGPIPE, SIG_IGN);  // as the program does
  const auto snapshot = build(yaml);
  std::vector<net::Serving> serving;
  for (unsigned i = 0; i < options_.workers; ++i) {
    workers_.push_back(std::make_unique<net::Worker>(i));
    gateways_.push_back(std::make_unique<gateway::Gateway>(*workers_.back(), shared_, snapshot, log_file_));
    serving.push_back({workers_.back().get(), gateways_.back().get()});
  }
  listener_ = std::make_unique<net::Listener>(control_, std::move(serving), options_.limits);
  if (options_.tls) listener_->use_certificate(options_.tls);
  port_ = listener_->listen("127.0.0.1", 0).value().front().port();
  for (auto& worker : workers_) worker->run();
  control_thread_ = std::thread([this] { control_.run(); });
}

std::shared_ptr<const gateway::Snapshot> TestGateway::build(const std::string& yaml) const {
  const auto variable = [this](const std::string& name) -> std::optional<std::string> {
    const auto value = options_.variable ? options_.variable(name) : std::string();
    return value.empty() ? std::nullopt : std::optional(value);
  };
  auto config = config::parse(yaml, "test.yaml", {variable, builtin_catalog().names()});
  if (!config) throw std::runtime_error(config::to_text(config.error().front()));
  const auto codec = std::make_shared<dialect::SignatureCodec>(dialect::SignatureCodec::Key{7});
  auto built = app::build_snapshot(*config, {&builtin_catalog(), {variable, "", "/nowhere"}, codec, 0});
  if (!built) throw std::runtime_error(built.error().message);
  if (!options_.retries) const_cast<gateway::Snapshot&>(*built->snapshot).retry.attempts = 1;
  if (options_.adjust) options_.adjust(const_cast<gateway::Snapshot&>(*built->snapshot));  // nobody else has it yet
  return built->snapshot;
}

void TestGateway::reload(const std::string& yaml) {
  const auto snapshot = build(yaml);
  for (std::size_t i = 0; i < workers_.size(); ++i) on_worker(i, [&](net::Worker&, gateway::Gateway& gateway) { gateway.use(snapshot); });
}

void TestGateway::use_certificate(std::shared_ptr<net::TlsServerContext> tls) {
  std::promise<void> done;
  net::asio::post(control_, [&] {
    listener_->use_certificate(std::move(tls));
    done.set_value();
  });
  done.get_future().get();
}

void TestGateway::on_worker(std::size_t worker, const std::function<void(net::Worker&, gateway::Gateway&)>& job) {
  std::promise<void> done;
  workers_[worker]->post([&] {
    job(*workers_[worker], *gateways_[worker]);
    done.set_value();
  });
  done.get_future().get();
}

void TestGateway::settle() {
  for (std::size_t i = 0; i < 3 * workers_.size(); ++i) on_worker(i % workers_.size(), [](net::Worker&, gateway::Gateway&) {});
}

void TestGateway::drain() {
  settle();
  shared_.draining = true;
}

TestGateway::~TestGateway() {
  stop();
  ::close(log_file_);
}

void TestGateway::stop() {
  if (!control_thread_.joinable()) return;
  control_.stop();
  control_thread_.join();
  for (auto& worker : workers_) worker->stop();
  for (auto& gateway : gateways_) gateway->close();
  workers_.clear();
  listener_.reset();
}

std::string TestGateway::log_so_far() const {
  std::string text;
  char room[4096];
  for (ssize_t got = 0; (got = ::pread(log_file_, room, sizeof room, static_cast<off_t>(text.size()))) > 0;)
    text.append(room, static_cast<std::size_t>(got));
  return text;
}

std::string TestGateway::log() {
  stop();
  return log_so_far();
}

std::string anthropic_at(const std::string& url) {
  return fmt::format("providers:\n  claude: {{ catalog: anthropic, base_url: '{}', api_key: sk-provider-secret }}\n", url);
}

std::string third_party_at(const std::string& url) {
  return fmt::format(
      "providers:\n  other: {{ base_url: '{}', api_key: sk-other-secret, models: [ {{ id: m, window: 1000, max_output: 100 }} ] }}\n", url);
}

std::string message_body(std::string_view model, bool stream, std::string_view more) {
  return fmt::format(R"({{"model":"{}","max_tokens":16,"stream":{},"messages":[{{"role":"user","content":"hello"}}]{}}})", model, stream,
                     more);
}

bool eventually(const std::function<bool()>& holds) {
  const auto end = TestClock::now() + kPatience;
  while (!holds()) {
    if (TestClock::now() > end) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace penstock::tests
