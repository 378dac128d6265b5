#include "gateway/relay_whole.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "gateway/provider_fields.h"
#include "gateway/whole_as_stream.h"

namespace penstock::gateway {

namespace {

constexpr std::size_t kMaxWhole = 64UL << 20;

std::optional<std::string_view> value_of(const wire::ResponseHead& head, std::string_view name) {
  const auto* field = wire::find(head.fields, name);
  return field ? std::optional(field->value) : std::nullopt;
}

/// A provider's answer once it is all here.
struct WholeAnswer {
  int status;
  std::string content_type, fields;
  std::optional<std::string> retry_after, should_retry;
  std::string body;
};

WholeAnswer begin_answer(const wire::ResponseHead& head, const Upstream& upstream) {
  WholeAnswer answer{head.status, std::string(value_of(head, "content-type").value_or("")), provider_fields(head, upstream, true), {}, {},
                     {}};
  if (const auto after = value_of(head, "retry-after")) answer.retry_after = *after;
  if (const auto retry = value_of(head, "x-should-retry")) answer.should_retry = *retry;
  return answer;
}

/// An Anthropic error passes byte for byte, but for a refusal of *our* credential: that is not the client's business, and a 401 would make
/// Claude Code ask its user to log in.
bool passes_untouched(const Relay& to, int status) {
  const Upstream& upstream = *to.record.upstream;
  return upstream.transparent && !to.translation && !to.answer.begun() && status >= 400 && (status != 401 || upstream.passthrough);
}

net::Task<> answer_error(Relay& to, WholeAnswer& answer) {
  to.record.outcome = Outcome::provider_failed;
  hide(answer.body, to.record.credential());
  to.record.error = fmt::format("the provider answered {}", answer.status);  // its own words may quote the request: not for the log
  if (passes_untouched(to, answer.status)) {
    auto sent = co_await to.answer.whole(answer.status, answer.fields, answer.body);
    if (!sent) to.record.outcome = Outcome::client_left;
    co_return;
  }
  dialect::ProviderFailure failure;
  failure.status = answer.status;
  failure.body = answer.body;
  failure.content_type = answer.content_type;
  if (answer.retry_after) failure.retry_after = *answer.retry_after;
  if (answer.should_retry) failure.should_retry = *answer.should_retry;
  co_await to.answer.error(dialect::translate(failure, error_context(to)));
}

/// The provider's whole answer through the translation; a stream, where it sent one unasked. False when it is neither.
bool translate(Relay& to, std::string_view body) {
  const auto start = trim(body.substr(0, 64));
  if (start.starts_with("data:") || start.starts_with("event:") || start.starts_with(':')) {
    wire::EventScanner scanner;
    wire::Event last;
    scanner.feed(body, [&](const wire::Event& event) { to.translation->take(event); });
    if (scanner.finish(last)) to.translation->take(last);
    to.translation->finish();
    return true;
  }
  const json::Padded text(body);
  if (!to.scratch.index(text.text()) || !to.scratch.root().is_object()) return false;
  to.translation->take_whole(to.scratch);
  return true;
}

net::Task<> answer_translated(Relay& to, WholeAnswer& answer) {
  begin_translation(to, to.record.facts.stream);
  hide(answer.body, to.record.credential());
  std::optional<dialect::ClientError> fault;
  if (!translate(to, answer.body)) {
    fault = dialect::fault_in_answer(answer.body, answer.content_type, error_context(to));
    if (!fault)
      fault =
          dialect::ClientError{502, "api_error", "the provider " + to.record.upstream->name + " sent an answer that is no message", {}, {}};
  } else if (to.translation->failure()) {
    fault = dialect::client_error_of(*to.translation->failure());
  }
  if (fault) {
    to.record.outcome = Outcome::provider_failed;
    to.record.error = "the provider's answer is no message";
    co_return co_await to.answer.error(*fault);
  }
  to.record.usage = to.translation->usage();
  to.record.stop_reason = to.translation->stop_reason();
  to.record.outcome = Outcome::done;
  Status sent;
  if (to.record.facts.stream) {
    const std::string events(to.translation->events());
    sent = co_await to.answer.begin({}, events);
    if (sent) sent = co_await to.answer.end();
  } else {
    const std::string body = to.translation->whole();
    sent = co_await to.answer.whole(200, "content-type: application/json\r\n", body);
  }
  if (!sent) to.record.outcome = Outcome::client_left;
}

net::Task<> answer_message(Relay& to, WholeAnswer& answer) {
  if (to.translation) co_return co_await answer_translated(to, answer);
  const bool message = to.record.operation == Operation::messages;
  dialect::StreamTap tap = make_tap(to);
  hide(answer.body, to.record.credential());
  if (message) tap.rewrite_whole(answer.body);
  if (message && !tap.finished()) {
    auto fault = dialect::fault_in_answer(answer.body, answer.content_type, error_context(to));
    // What we cannot read as a message no client can; Anthropic's own words pass all the same, but for a client that waits for events.
    if (!fault && (!to.record.upstream->transparent || to.record.facts.stream))
      fault =
          dialect::ClientError{502, "api_error", "the provider " + to.record.upstream->name + " sent an answer that is no message", {}, {}};
    if (fault) {
      to.record.outcome = Outcome::provider_failed;
      to.record.error = "the provider's answer is no message";
      co_await to.answer.error(*fault);
      co_return;
    }
  }
  to.record.usage = tap.usage();
  to.record.stop_reason = tap.stop_reason();
  to.record.outcome = Outcome::done;
  Status sent;
  if (to.record.facts.stream && to.record.operation == Operation::messages) {
    const std::string events = whole_as_stream(answer.body);
    sent = co_await to.answer.begin({}, events);
    if (sent) sent = co_await to.answer.end();
  } else {
    sent = co_await to.answer.whole(answer.status, answer.fields, answer.body);
  }
  if (!sent) to.record.outcome = Outcome::client_left;
}

}  // namespace

namespace {

net::TimePoint total_end(const Upstream& upstream) {
  return upstream.total_timeout.count() > 0 ? net::Clock::now() + upstream.total_timeout : net::kNever;
}

}  // namespace

net::Task<Status> read_rest(net::ClientExchange& provider, Patience patience, std::size_t most, std::string& into) {
  using Step = net::ClientExchange::Step;
  for (;;) {
    std::string_view data;
    switch (provider.try_body(data)) {
      case Step::data:
        if (into.size() + data.size() > most) co_return fail(provider_error(ErrorKind::protocol, "the provider's answer is too large"));
        into += data;
        break;
      case Step::end: co_return Status{};
      case Step::failed: co_return fail(provider.fault());
      case Step::wait: {
        const net::Wake wake = co_await provider.wait_body(std::min(patience.end, net::Clock::now() + patience.idle));
        if (wake != net::Wake::ready) co_return fail(net::wake_error(wake, "the provider's answer"));
        break;
      }
    }
  }
}

net::Task<> answer_failure(Relay& to, const Error& why) {
  to.record.outcome = to.exchange.client_gone() ? Outcome::client_left : Outcome::provider_failed;
  if (to.record.outcome == Outcome::client_left) co_return;
  co_await to.answer.error(dialect::from_error(to.cancel.requested() ? stopping() : provider_error(why.kind, why.message)));
}

net::Task<> relay_whole(Relay& to, net::ClientExchange& provider, std::string_view first) {
  const Upstream& upstream = *to.record.upstream;
  WholeAnswer answer = begin_answer(provider.head(), upstream);
  answer.body = first;
  provider.release_head();
  auto read = co_await read_rest(provider, {upstream.idle_timeout, total_end(upstream)}, kMaxWhole, answer.body);
  if (!read) co_return co_await answer_failure(to, read.error());
  if (answer.status / 100 == 3) {
    // Following would show the credential to somebody else.
    dialect::ClientError error{502, "api_error", {}, {}, false};
    error.message = fmt::format("the provider {} redirects; a redirect is never followed with a credential. Check its base_url ({})",
                                upstream.name, upstream.base_url);
    to.record.outcome = Outcome::provider_failed;
    co_return co_await to.answer.error(error);
  }
  if (answer.status / 100 != 2)
    co_await answer_error(to, answer);
  else
    co_await answer_message(to, answer);
}

}  // namespace penstock::gateway
