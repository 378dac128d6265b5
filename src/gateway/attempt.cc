#include "gateway/attempt.h"

#include <algorithm>

namespace penstock::gateway {

namespace {

using Provider = std::unique_ptr<net::ClientExchange>;

/// Waits for the head. A stream's client is kept alive by pings; for others there is nothing to send.
net::Task<Status> wait_for_head(net::ClientExchange& provider, const Record& record, Answer& answer) {
  const auto deadline = net::Clock::now() + record.upstream->first_byte_timeout;
  for (;;) {
    const bool pings = record.facts.stream && record.operation == Operation::messages;
    auto head = co_await provider.read_head(pings ? std::min(deadline, answer.ping_at()) : deadline);
    if (head || head.error().kind != ErrorKind::timeout || net::Clock::now() >= deadline) co_return head;
    auto sent = co_await answer.ping();
    if (!sent) co_return sent;
  }
}

net::Task<Status> exchange_heads(net::ClientExchange& provider, const Outgoing& request, Record& record, Answer& answer) {
  const auto pieces = request.pieces();
  std::size_t written = 0;
  Status sent;
  if (!provider.try_send(pieces, written)) sent = co_await provider.send(pieces, record.upstream->idle_timeout, written);
  record.stage = policy::Stage::first_byte;
  // A provider may refuse early and stop reading: its answer counts, not the broken pipe.
  if (!sent && sent.error().kind != ErrorKind::connection) co_return sent;
  auto head = co_await wait_for_head(provider, record, answer);
  if (head) record.stage = policy::Stage::before_content;
  if (!head && !sent) co_return sent;
  co_return head;
}

}  // namespace

net::Task<Result<Provider>> attempt(net::Worker& worker, net::ConnectionPool& pool, const Outgoing& request, Record& record, Answer& answer,
                                    net::Cancel& cancel) {
  const Upstream& upstream = *record.upstream;
  for (bool fresh = false;; fresh = true) {
    ++record.attempts;
    record.stage = policy::Stage::connect;
    auto lease = co_await pool.take(upstream.origin, net::Clock::now() + upstream.connect_timeout, cancel, fresh);
    if (!lease && lease.error().kind == ErrorKind::protocol) record.stage = policy::Stage::tls;
    if (!lease) co_return fail(lease.error());
    const bool reused = lease->reused;
    auto provider = std::make_unique<net::ClientExchange>(worker, std::move(lease->stream));
    cancel.set([raw = provider.get()] { raw->cancel(); });
    record.stage = policy::Stage::send;
    auto head = co_await exchange_heads(*provider, request, record, answer);
    cancel.set(nullptr);
    if (head) co_return std::move(provider);
    if (cancel.requested()) co_return fail(Error{ErrorKind::cancelled, Fault::client, "the client went away"});
    const bool was_dead = reused && !provider->heard() && head.error().kind == ErrorKind::connection;
    if (!was_dead) co_return fail(head.error());
  }
}

}  // namespace penstock::gateway
