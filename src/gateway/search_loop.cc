#include "gateway/search_loop.h"

#include "base/log.h"
#include "gateway/search_backend.h"

namespace penstock::gateway {

namespace {

/// What has come for a stream's client since the last time.
net::Task<Status> flush(Relay& to) {
  const auto events = to.translation->events();
  if (!to.record.facts.stream || events.empty()) co_return Status{};
  const std::string kept(events);
  co_return co_await to.answer.begin({}, kept);
}

net::Task<dialect::SearchOutcome> outcome_for(Relay& to, std::string_view query) {
  if (!to.snapshot.search) co_return dialect::no_search_configured(to.snapshot.search_fault);
  const SearchBackend& backend = *to.snapshot.search;
  auto hits = co_await search(to.worker, to.pool, backend, query, to.cancel);
  if (!hits && hits.error().kind != ErrorKind::cancelled) log_warning("a web search failed: {}", hits.error().message);
  co_return outcome_of(backend, to.translation->search_tool(), std::move(hits));
}

/// The answer ends behind its searches.
net::Task<Status> finish(Relay& to) {
  to.record.usage = to.translation->usage();
  to.record.stop_reason = to.translation->stop_reason();
  to.record.outcome = Outcome::done;
  if (!to.record.facts.stream) {
    const std::string body = to.translation->whole();
    co_return co_await to.answer.whole(200, "content-type: application/json\r\n", body);
  }
  auto sent = co_await flush(to);
  if (sent) sent = co_await to.answer.end();
  co_return sent;
}

}  // namespace

net::Task<bool> carry_out_searches(Relay& to) {
  Status sent;
  while (const auto query = to.translation->next_query()) {
    const auto outcome = co_await outcome_for(to, *query);
    to.translation->answer_query(outcome);
    sent = co_await flush(to);
    if (!sent || to.cancel.requested()) break;
  }
  if (!sent || to.exchange.client_gone()) {
    to.record.outcome = Outcome::client_left;
    co_return false;
  }
  if (to.cancel.requested()) {  // we are stopping: half an answer must say that it is one
    to.record.outcome = Outcome::provider_failed;
    co_await to.answer.error(dialect::from_error(stopping()));
    co_return false;
  }
  if (to.translation->goes_on()) co_return true;
  sent = co_await finish(to);
  if (!sent) to.record.outcome = Outcome::client_left;
  co_return false;
}

}  // namespace penstock::gateway
