#include "gateway/relay_whole.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dialect/gemini_errors.h"
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
  std::optional<std::string> retry_after, retry_after_ms, should_retry;
  std::string body;
};

WholeAnswer begin_answer(const wire::ResponseHead& head, bool passthrough) {
  WholeAnswer answer{
      head.status, std::string(value_of(head, "content-type").value_or("")), provider_fields(head, passthrough, true), {}, {}, {}, {}};
  if (const auto after = value_of(head, "retry-after")) answer.retry_after = *after;
  if (const auto after = value_of(head, "retry-after-ms")) answer.retry_after_ms = *after;
  if (const auto retry = value_of(head, "x-should-retry")) answer.should_retry = *retry;
  return answer;
}

/// An Anthropic error passes byte for byte, but for a refusal of *our* credential: that is not the client's business, and a 401 would make
/// Claude Code ask its user to log in.
bool passes_untouched(const Relay& to, int status) {
  const Upstream& upstream = *to.record.upstream;
  return upstream.transparent && !to.translation && !to.answer.begun() && status >= 400 && (status != 401 || to.record.passthrough);
}

/// A 404 that speaks of no model is one of the path: a server of another API, or of another folder.
bool is_of_the_path(int status, const dialect::ErrorText& text) {
  if (status != 404) return false;
  return std::ranges::none_of(std::array{&text.type, &text.code, &text.message},
                              [](const auto* words) { return contains_ignoring_case(*words, "model"); });
}

std::string path_hint(const Upstream& upstream) {
  return fmt::format("; if it says so of every model, look at providers.{0}.base_url, and at providers.{0}.dialect, which is {1}",
                     upstream.name, upstream.dialect);
}

/// The provider's error. Its own words may quote the request: they are not for the log.
Setback error_of(Relay& to, WholeAnswer& answer) {
  hide(answer.body, to.record.credential());
  dialect::ProviderFailure failure;
  failure.status = answer.status;
  failure.body = answer.body;
  failure.content_type = answer.content_type;
  if (answer.retry_after) failure.retry_after = *answer.retry_after;
  if (answer.should_retry) failure.should_retry = *answer.should_retry;
  const bool google = to.record.upstream->api == dialect::Api::gemini;
  Setback setback = declined(
      answer.status, google ? dialect::translate_gemini(failure, error_context(to)) : dialect::translate(failure, error_context(to)));
  setback.text = dialect::read_error(answer.body, answer.content_type);
  if (is_of_the_path(answer.status, setback.text)) setback.error.message += path_hint(*to.record.upstream);
  setback.retry_after = answer.retry_after;
  setback.retry_after_ms = answer.retry_after_ms;
  setback.should_retry = answer.should_retry;
  // Google says these two in the body.
  if (google && !setback.retry_after) setback.retry_after = setback.error.retry_after;
  if (google && !setback.should_retry && setback.error.should_retry == false) setback.should_retry = "false";
  if (passes_untouched(to, answer.status))
    setback.answered = {.status = answer.status, .fields = std::move(answer.fields), .body = std::move(answer.body)};
  return setback;
}

bool holds_events(std::string_view body) {
  const auto start = trim(body.substr(0, 64));
  return start.starts_with("data:") || start.starts_with("event:") || start.starts_with(':');
}

/// The provider's whole answer through the translation; a stream, where it sent one unasked. False when it is neither.
bool translate(Relay& to, std::string_view body) {
  if (holds_events(body)) {
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

Setback with_words(Setback setback, const WholeAnswer& answer) {
  setback.text = dialect::read_error(answer.body, answer.content_type);
  return setback;
}

bool is_json(const Relay& to, std::string_view body) {
  const json::Padded text(body);
  return to.scratch.index(text.text()).has_value();
}

/// A 200 that holds an error, or nothing that could be read as a message.
Setback no_message(const Relay& to, const WholeAnswer& answer) {
  if (auto fault = dialect::fault_in_answer(answer.body, answer.content_type, error_context(to)))
    return with_words(declined(fault->status, *fault, Setback::Inside::error), answer);
  return declined(502, {502, "api_error", "the provider " + to.record.upstream->name + " sent an answer that is no message", {}, {}},
                  Setback::Inside::malformed);
}

/// An answer that says nothing, or a refusal: it may be another's turn. Anthropic itself may have nothing to say.
Setback::Inside inside_of(const Relay& to, std::string_view stop_reason, bool has_content) {
  if (stop_reason == "refusal") return Setback::Inside::refusal;
  return has_content || to.record.upstream->transparent ? Setback::Inside::none : Setback::Inside::empty;
}

/// A whole answer, ready for the client.
net::Task<Attempted> deliver(Relay& to, Setback::Answered ready, bool has_content) {
  const auto inside = inside_of(to, ready.stop_reason, has_content);
  ready.failed = false;
  Setback setback;
  setback.status = 200;
  setback.inside = inside;
  setback.answered = std::move(ready);
  if (inside != Setback::Inside::none && to.record.operation == Operation::messages) co_return setback;
  to.commit();
  co_await show(to.answer, to.record, setback);
  co_return std::nullopt;
}

net::Task<Attempted> answer_translated(Relay& to, WholeAnswer& answer) {
  begin_translation(to, holds_events(answer.body));
  hide(answer.body, to.record.credential());
  auto& translation = *to.translation;
  if (!translate(to, answer.body)) co_return no_message(to, answer);
  if (const auto& failed = translation.failure()) {
    const auto error = dialect::client_error_of(*failed);
    Setback setback = declined(error.status, error, Setback::Inside::error);
    setback.text = {.type = failed->type, .message = failed->message};
    co_return setback;
  }
  if (translation.wants_search()) co_return std::nullopt;  // the answer goes on behind its searches
  Setback::Answered ready;
  ready.usage = translation.usage();
  ready.stop_reason = translation.stop_reason();
  ready.events = to.record.facts.stream;
  if (!ready.events) ready.fields = "content-type: application/json\r\n";
  ready.body = ready.events ? std::string(translation.events()) : translation.whole();
  co_return co_await deliver(to, std::move(ready), translation.content_begun());
}

/// What was read as a message is JSON, whatever its label says; clients go by the label.
void label_json(WholeAnswer& answer) {
  if (starts_with_ignoring_case(answer.content_type, "application/json")) return;
  const std::string label = "content-type: " + answer.content_type + "\r\n";
  if (const auto at = answer.fields.find(label); at != std::string::npos) answer.fields.erase(at, label.size());
  answer.fields += "content-type: application/json\r\n";
}

net::Task<Attempted> answer_message(Relay& to, WholeAnswer& answer) {
  if (to.translation) co_return co_await answer_translated(to, answer);
  const bool message = to.record.operation == Operation::messages;
  dialect::StreamTap tap = make_tap(to);
  hide(answer.body, to.record.credential());
  if (message) tap.rewrite_whole(answer.body);
  // What we cannot read as a message no client can; Anthropic's own words pass all the same, but for a client that waits for events.
  const bool understood = !message || tap.finished();
  if (!understood && (!to.record.upstream->transparent || to.record.facts.stream || !is_json(to, answer.body) ||
                      dialect::fault_in_answer(answer.body, answer.content_type, error_context(to))))
    co_return no_message(to, answer);
  Setback::Answered ready{.status = answer.status, .fields = {}, .body = {}};
  ready.usage = tap.usage();
  ready.stop_reason = tap.stop_reason();
  ready.events = to.record.facts.stream && message;
  if (message && tap.finished()) label_json(answer);
  if (!ready.events) ready.fields = std::move(answer.fields);
  ready.body = ready.events ? whole_as_stream(answer.body) : std::move(answer.body);
  co_return co_await deliver(to, std::move(ready), tap.content_begun());
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

Attempted attempt_broke(Relay& to, const Error& why) {
  if (!to.exchange.client_gone()) return broken(to.cancel.requested() ? stopping() : provider_error(why.kind, why.message));
  to.record.outcome = Outcome::client_left;
  return std::nullopt;
}

net::Task<Attempted> relay_whole(Relay& to, net::ClientExchange& provider, std::string_view first) {
  const Upstream& upstream = *to.record.upstream;
  WholeAnswer answer = begin_answer(provider.head(), to.record.passthrough);
  answer.body = first;
  provider.release_head();
  auto read = co_await read_rest(provider, {upstream.idle_timeout, total_end(upstream)}, kMaxWhole, answer.body);
  if (!read) co_return attempt_broke(to, read.error());
  if (answer.status / 100 == 3) {
    // Following would show the credential to somebody else.
    dialect::ClientError error{502, "api_error", {}, {}, false};
    error.message = fmt::format("the provider {} redirects; a redirect is never followed with a credential. Check its base_url ({})",
                                upstream.name, upstream.base_url);
    co_return declined(answer.status, error);
  }
  if (answer.status / 100 != 2) co_return error_of(to, answer);
  co_return co_await answer_message(to, answer);
}

}  // namespace penstock::gateway
