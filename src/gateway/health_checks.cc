#include "gateway/health_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>

#include "base/append.h"
#include "base/log.h"
#include "net/connection_pool.h"
#include "net/http_client.h"
#include "policy/checkup.h"

namespace penstock::gateway {

namespace {

constexpr std::chrono::seconds kPatience{10};  // for the connection and the answer's head

/// The first that does not rest; when all do, the first.
const Credential* credential_of(const Upstream& upstream, policy::TimePoint now) {
  const auto& all = upstream.credentials;
  const auto free = std::ranges::find_if(all, [now](const auto& one) { return !one.standing || !one.standing->resting_until(now); });
  if (free != all.end()) return &*free;
  return all.empty() ? nullptr : &all.front();
}

/// What is shown of it. A token is not refreshed for a check: the requests see to that.
std::string shown_of(const Credential& credential) {
  if (!credential.token_source) return std::string(credential.key.reveal());
  const auto token = credential.token_source->current();
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return token && token->usable_at(now) ? std::string(token->access.reveal()) : "";
}

void add_credential(std::string& head, const Upstream& upstream, const std::string& shown) {
  if (shown.empty()) return;
  switch (upstream.auth) {
    case AuthScheme::x_api_key: return append(head, "x-api-key: ", shown, "\r\n");
    case AuthScheme::bearer: return append(head, "authorization: Bearer ", shown, "\r\n");
    case AuthScheme::header: return append(head, upstream.auth_header, ": ", shown, "\r\n");
    case AuthScheme::none: return;
  }
}

/// How a check went.
struct Heard {
  int status = 0;  // 0: no answer
  policy::Trouble trouble{};
  std::string words;  // for the log
};

Heard answered(int status) {
  policy::Failure failure;
  failure.stage = policy::Stage::before_content;
  failure.status = status;
  return {status, policy::recognise(failure), fmt::format("status {}", status)};
}

Heard unanswered(policy::Stage stage, const Error& error) {
  policy::Failure failure;
  failure.stage = stage;
  failure.kind = error.kind;
  return {0, policy::recognise(failure), error.message};
}

}  // namespace

std::string check_head(const Upstream& upstream, policy::TimePoint now) {
  std::string head = "GET " + upstream.path + upstream.check->path + " HTTP/1.1\r\nhost: " + upstream.host + "\r\nconnection: close\r\n";
  const auto add = [&](const std::string& name, std::string_view value) {
    if (!value.empty() && !upstream.headers.contains(name)) append(head, name, ": ", value, "\r\n");
  };
  add("accept", "application/json");
  add("accept-encoding", "identity");
  add("user-agent", "penstock/" PENSTOCK_VERSION);
  if (upstream.api == dialect::Api::anthropic) add("anthropic-version", "2023-06-01");
  add("anthropic-beta", upstream.credential_beta);
  for (const auto& [name, value] : upstream.headers) append(head, name, ": ", value, "\r\n");
  if (const auto* credential = credential_of(upstream, now)) add_credential(head, upstream, shown_of(*credential));
  return head += "\r\n";
}

/// The checks of one provider, one after the other, until they are given up. On the worker's thread.
class HealthChecks::Round {
 public:
  Round(net::Worker& worker, Standings& standings, std::shared_ptr<const Snapshot> snapshot, const Upstream& upstream)
      : worker_(worker), standings_(standings), snapshot_(std::move(snapshot)), upstream_(upstream), checkup_(upstream.check->every) {}

  void give_up() { cancel_.request(); }

  /// `self` keeps the round for as long as it runs.
  static net::Task<> run(std::shared_ptr<Round> self) {
    net::ConnectionPool pool(self->worker_);  // for its TLS sessions and names: each check is a connection of its own
    net::Timer timer(self->worker_.executor());
    for (;;) {
      const auto begun = net::Clock::now();
      const Heard heard = co_await self->ask(pool, begun + kPatience);
      if (self->cancel_.requested()) co_return;
      self->act(heard, begun);
      timer.expires_at(self->checkup_.next(net::Clock::now(), self->random_()));
      self->cancel_.set([&timer] { timer.cancel(); });
      co_await timer.async_wait(net::asio::as_tuple(net::use_task));
      self->cancel_.set(nullptr);
      if (self->cancel_.requested()) co_return;
    }
  }

 private:
  net::Task<Heard> ask(net::ConnectionPool& pool, net::TimePoint deadline) {
    auto lease = co_await pool.take(upstream_.origin, deadline, cancel_, true);
    if (!lease) {
      const bool tls = lease.error().kind == ErrorKind::protocol;
      co_return unanswered(tls ? policy::Stage::tls : policy::Stage::connect, lease.error());
    }
    net::ClientExchange exchange(worker_, std::move(lease->stream));
    cancel_.set([&exchange] { exchange.cancel(); });
    const std::string head = check_head(upstream_, net::Clock::now());
    const std::array<iovec, 1> pieces{iovec{const_cast<char*>(head.data()), head.size()}};
    auto sent = co_await exchange.send(pieces, kPatience);
    auto read = co_await exchange.read_head(deadline);
    cancel_.set(nullptr);
    if (!read) co_return unanswered(policy::Stage::first_byte, sent ? read.error() : sent.error());
    co_return answered(exchange.head().status);  // its body would tell no more
  }

  void act(const Heard& heard, policy::TimePoint begun) {
    const auto now = net::Clock::now();
    const auto finding = policy::finding_of(heard.status);
    const auto advice = checkup_.take(finding);
    Standing& standing = *upstream_.check->standing;
    const bool rested = standing.resting_until(now).has_value();
    if (finding == policy::Finding::nothing) note_once(heard);
    if (advice == policy::Advice::leave) return;
    if (advice == policy::Advice::rest) {
      standing.rest_for(now, policy::kUntilChanged, heard.trouble);
      if (!rested) log_warning("{} fails its health checks ({}): it is asked last until one succeeds", upstream_.name, heard.words);
      return;
    }
    standing.succeeded(begun, now);
    if (advice == policy::Advice::welcome) standings_.end_cooldowns(upstream_.name, now);
    if (rested) log_info("{} answers its health checks again ({}): it is asked as before", upstream_.name, heard.words);
  }

  void note_once(const Heard& heard) {
    if (noted_) return;
    noted_ = true;
    log_warning("the health check of {0} gets {1}, which says nothing of its health; see to its credential and providers.{0}.health_check",
                upstream_.name, heard.words);
  }

  net::Worker& worker_;
  Standings& standings_;
  const std::shared_ptr<const Snapshot> snapshot_;
  const Upstream& upstream_;  // of the snapshot
  policy::Checkup checkup_;
  net::Cancel cancel_;
  std::mt19937_64 random_{std::random_device{}()};
  bool noted_ = false;  // that the answers say nothing
};

HealthChecks::~HealthChecks() { stop(); }

void HealthChecks::stop() {
  if (!worker_) return;
  worker_->stop();  // joins its thread; until then a begin() that was posted may still run, and needs the worker
  rounds_.clear();  // what their cancels hold belongs to the worker's context
  worker_.reset();
}

void HealthChecks::use(std::shared_ptr<const Snapshot> snapshot) {
  if (!worker_) {
    if (!snapshot->any_checked) return;
    worker_ = std::make_unique<net::Worker>(0);
    worker_->run();
  }
  worker_->post([this, snapshot = std::move(snapshot)] { begin(snapshot); });
}

void HealthChecks::begin(const std::shared_ptr<const Snapshot>& snapshot) {
  for (const auto& round : rounds_) round->give_up();
  rounds_.clear();
  for (const auto& upstream : snapshot->upstreams) {
    if (!upstream.check || !upstream.has_credential()) continue;
    rounds_.push_back(std::make_shared<Round>(*worker_, standings_, snapshot, upstream));
    net::start(worker_->executor(), Round::run(rounds_.back()));
  }
}

}  // namespace penstock::gateway
