#include "gateway/login_attempt.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

namespace penstock::gateway {

namespace {

using credentials::TokenPtr;
using Provider = std::unique_ptr<net::ClientExchange>;

constexpr std::chrono::seconds kPatience{60};  // a refresh, its retries, and another process's before it

credentials::UnixSeconds unix_now() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

/// One request waits for a token. Shared by the request's coroutine alone; the refresher's thread only knows whether it is still there.
class TokenWait : public net::Deadline {
 public:
  explicit TokenWait(net::Worker& worker) : deadlines_(worker.deadlines()), event_(worker.executor()) {}

  /// On the worker's thread.
  void arrived(Result<TokenPtr> token) {
    token_ = std::move(token);
    event_.wake_later(net::Wake::ready);
  }
  void give_up() { event_.wake_later(net::Wake::cancelled); }
  [[nodiscard]] std::optional<Result<TokenPtr>>& token() { return token_; }
  net::Task<net::Wake> until(net::TimePoint at) {
    deadlines_.set(*this, at);
    const net::Wake wake = co_await event_.wait();
    unlink();
    co_return wake;
  }

 private:
  void expired() override { event_.wake_later(net::Wake::timed_out); }
  void abandoned() override { event_.abandon(); }
  net::Deadlines& deadlines_;
  net::Event event_;
  std::optional<Result<TokenPtr>> token_;
};

/// Waits with pings to a stream's client; fails when it is not worth waiting any longer.
net::Task<Result<TokenPtr>> wait_out(TokenWait& wait, const Record& record, Answer& answer) {
  const auto end = net::Clock::now() + kPatience;
  const bool pings = record.facts.stream && record.operation == Operation::messages;
  while (!wait.token()) {
    const net::Wake wake = co_await wait.until(pings ? std::min(end, answer.ping_at()) : end);
    if (wait.token()) break;
    if (wake == net::Wake::cancelled || net::Clock::now() >= end) co_return fail(net::wake_error(wake, "the refresh of the login"));
    if (wake != net::Wake::timed_out) continue;
    auto sent = co_await answer.ping();
    if (!sent) co_return fail(sent.error());
  }
  co_return std::move(*wait.token());
}

/// A token in the place of `unfit`.
net::Task<Result<TokenPtr>> next_token(net::Worker& worker, TokenPtr unfit, const Record& record, Answer& answer, net::Cancel& cancel) {
  const auto wait = std::make_shared<TokenWait>(worker);
  // The client may go away meanwhile, and the wait with it.
  record.chosen->token_source->renew(std::move(unfit), [&worker, asking = std::weak_ptr(wait)](Result<TokenPtr> token) {
    worker.post([asking, token = std::move(token)]() mutable {
      if (const auto waiting = asking.lock()) waiting->arrived(std::move(token));
    });
  });
  cancel.set([raw = wait.get()] { raw->give_up(); });
  auto token = co_await wait_out(*wait, record, answer);
  cancel.set(nullptr);
  co_return token;
}

}  // namespace

net::Task<Result<Provider>> attempt_with_login(net::Worker& worker, net::ConnectionPool& pool, Outgoing& request, Record& record,
                                               Answer& answer, net::Cancel& cancel) {
  auto& source = *record.chosen->token_source;
  TokenPtr token = source.current();
  if (!token || !token->usable_at(unix_now())) {
    CO_TRY(token, co_await next_token(worker, token, record, answer, cancel));
  }
  for (bool again = false;; again = true) {
    record.token = token;
    show_token(request, *record.upstream, token->access);
    auto provider = co_await attempt(worker, pool, request, record, answer, cancel);
    if (!provider || (*provider)->head().status != 401) co_return provider;
    if (again) source.distrust(token);
    if (again) co_return provider;
    CO_TRY(const TokenPtr fresh, co_await next_token(worker, token, record, answer, cancel));
    if (fresh->access.reveal() == token->access.reveal()) co_return provider;
    token = fresh;
  }
}

}  // namespace penstock::gateway
