#include "gateway/search_backend.h"

#include <algorithm>
#include <array>
#include <memory>

#include "base/append.h"
#include "gateway/relay.h"
#include "net/http_client.h"

namespace penstock::gateway {

namespace {

using Hits = Result<std::vector<dialect::SearchHit>>;

constexpr std::chrono::seconds kPatience{15};
constexpr std::size_t kMostBytes = 2'000'000;

/// application/x-www-form-urlencoded, but for spaces as %20.
void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || std::string_view("-._~").contains(c);
    const auto byte = static_cast<unsigned char>(c);
    if (plain)
      out += c;
    else
      append(out, '%', kHex[byte >> 4], kHex[byte & 15]);
  }
}

struct Answered {
  int status = 0;
  std::string location, body;
};

net::Task<Result<std::string>> read_body(net::ClientExchange& exchange, net::TimePoint deadline) {
  using Step = net::ClientExchange::Step;
  std::string body;
  for (;;) {
    std::string_view data;
    const Step step = exchange.try_body(data);
    if (step == Step::end) co_return body;
    if (step == Step::failed) co_return fail(exchange.fault());
    if (step == Step::data) {
      body += data;
      if (body.size() > kMostBytes) co_return fail(provider_error(ErrorKind::too_large, "the search server's answer is too long"));
      continue;
    }
    const net::Wake woken = co_await exchange.wait_body(deadline);
    if (woken != net::Wake::ready) co_return fail(net::wake_error(woken, "the search server's answer"));
  }
}

net::Task<Result<Answered>> ask(net::ClientExchange& exchange, const std::string& head, net::TimePoint deadline) {
  const std::array<iovec, 1> pieces{iovec{const_cast<char*>(head.data()), head.size()}};
  auto sent = co_await exchange.send(pieces, kPatience);
  auto heard = co_await exchange.read_head(deadline);
  if (!heard) co_return fail(sent ? heard.error() : sent.error());
  Answered out;
  out.status = exchange.head().status;
  if (const auto* field = wire::find(exchange.head().fields, "location")) out.location = field->value;
  CO_TRY(out.body, co_await read_body(exchange, deadline));
  co_return out;
}

/// A kept connection that turns out dead before any byte came back is replaced once.
net::Task<Result<Answered>> ask_somehow(net::Worker& worker, net::ConnectionPool& pool, const SearchBackend& backend,
                                        const std::string& head, net::Cancel& cancel) {
  const auto deadline = net::Clock::now() + kPatience;
  for (bool fresh = false;; fresh = true) {
    CO_TRY(net::Lease lease, co_await pool.take(backend.origin, deadline, cancel, fresh));
    const bool reused = lease.reused;
    const auto exchange = std::make_unique<net::ClientExchange>(worker, std::move(lease.stream));
    cancel.set([raw = exchange.get()] { raw->cancel(); });
    auto answer = co_await ask(*exchange, head, deadline);
    cancel.set(nullptr);
    if (cancel.requested()) co_return fail(Error{ErrorKind::cancelled, Fault::client, "the client went away"});
    if (answer && exchange->reusable()) pool.give_back(backend.origin, exchange->take_stream());
    const bool was_dead = !answer && reused && !exchange->heard() && answer.error().kind == ErrorKind::connection;
    if (!was_dead) co_return answer;
  }
}

/// Nobody could tell from an address alone that it is the search server's.
Error named(const SearchBackend& backend, Error error) {
  if (error.kind == ErrorKind::connection)
    error.message = "the search server " + backend.host + " (web_search.url) cannot be asked: " + error.message;
  return error;
}

}  // namespace

std::string search_head(const SearchBackend& backend, std::string_view query) {
  const bool brave = backend.api == SearchApi::brave;
  std::string head = "GET " + backend.path + (brave ? "/res/v1/web/search?q=" : "/search?q=");
  append_encoded(head, query);
  // All that may be: pages of domains which the client does not want are left out later.
  if (brave) append(head, "&count=", kMostHits, "&text_decorations=false");
  append(head, brave ? "" : "&format=json", " HTTP/1.1\r\nhost: ", backend.host,
         "\r\naccept: application/json\r\naccept-encoding: identity\r\nuser-agent: penstock\r\n");
  if (!backend.key.empty()) append(head, brave ? "x-subscription-token: " : "authorization: Bearer ", backend.key.reveal(), "\r\n");
  return head += "\r\n";
}

net::Task<Hits> search(net::Worker& worker, net::ConnectionPool& pool, const SearchBackend& backend, std::string_view query,
                       net::Cancel& cancel) {
  const std::string head = search_head(backend, query);
  auto answer = co_await ask_somehow(worker, pool, backend, head, cancel);
  if (!answer) co_return fail(named(backend, answer.error()));
  hide(answer->body, backend.key);
  hide(answer->location, backend.key);
  if (answer->status != 200) co_return fail(search_refusal(backend.api, answer->status, answer->location, answer->body));
  co_return read_hits(backend.api, answer->body);
}

dialect::SearchOutcome outcome_of(const SearchBackend& backend, const dialect::SearchTool& tool, Hits hits) {
  if (hits) {
    auto outcome = dialect::found(tool, std::move(*hits));
    if (outcome.hits.size() > backend.max_results) outcome.hits.resize(backend.max_results);
    return outcome;
  }
  const auto& error = hits.error();
  auto outcome = dialect::search_failed(error.message, error.kind == ErrorKind::rate_limited ? "too_many_requests" : "unavailable");
  constexpr std::array kMendable{ErrorKind::authentication, ErrorKind::config, ErrorKind::protocol, ErrorKind::connection};
  if (std::ranges::find(kMendable, error.kind) != kMendable.end()) outcome.advice = "Web search failed: " + error.message + ".";
  return outcome;
}

}  // namespace penstock::gateway
