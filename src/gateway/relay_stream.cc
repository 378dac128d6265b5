#include "gateway/relay_stream.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "gateway/provider_fields.h"
#include "json/padded.h"
#include "wire/sse.h"

namespace penstock::gateway {

namespace {

constexpr std::chrono::milliseconds kUsageWait{2'000};  // for the usage that comes behind an answer's finish
constexpr const char* kNoJson = "the provider sent an event that is no JSON";
constexpr const char* kTooLarge = "the provider sent an event that is too large";
constexpr std::size_t kMostHeld = 256 * 1024;  // of events before the first content
constexpr unsigned kBurst = 16;                // reads in a row before other connections of the worker get their turn

/// Bytes for the client of one read: a view into what was read as long as nothing in it changes, else a text put together.
class Outbox {
 public:
  void add(std::string_view raw) {
    if (joined_.empty() && (run_.empty() || run_.data() + run_.size() == raw.data())) {
      run_ = run_.empty() ? raw : std::string_view(run_.data(), run_.size() + raw.size());
      return;
    }
    join();
    joined_ += raw;
  }
  /// Bytes that die before the outbox is sent.
  void add_copy(std::string_view bytes) {
    join();
    joined_ += bytes;
  }
  /// Keeps what it holds beyond the read that it came from.
  void hold() { join(); }
  [[nodiscard]] std::string_view view() const { return joined_.empty() ? run_ : std::string_view(joined_); }
  void clear() {
    run_ = {};
    joined_.clear();
    if (joined_.capacity() > 4096) joined_.shrink_to_fit();  // a stream may stay open for long
  }

 private:
  void join() {
    joined_ += run_;
    run_ = {};
  }
  std::string_view run_;
  std::string joined_;
};

/// The status that an error event's type would have had as an answer (wire-reference 1.10).
int status_of(std::string_view type) {
  if (type == "invalid_request_error") return 400;
  if (type == "authentication_error") return 401;
  if (type == "permission_error") return 403;
  if (type == "not_found_error") return 404;
  if (type == "request_too_large") return 413;
  if (type == "rate_limit_error") return 429;
  return type == "overloaded_error" ? 529 : 500;
}

/// Told from its ends, which costs nothing. A comment has no data, and some end their streams as OpenAI does.
bool may_be_json(std::string_view data) {
  const auto text = trim(data);
  return text.empty() || text == "[DONE]" || (text.front() == '{' && text.back() == '}');
}

class StreamRelay {
 public:
  StreamRelay(Relay& to, net::ClientExchange& provider)
      : to_(to), provider_(provider), tap_(make_tap(to)), fields_(provider_fields(provider.head(), to.record.passthrough, false)) {
    provider.release_head();
    if (to.translation) begin_translation(to, true);
    // The client has the beginning of an answer that goes on behind its searches.
    committed_ = to.translation && to.translation->turn() > 1;
  }
  net::Task<Attempted> run(std::string_view first);

 private:
  [[nodiscard]] bool content_begun() const { return to_.translation ? to_.translation->content_begun() : tap_.content_begun(); }
  void commit();
  [[nodiscard]] Setback said_nothing();
  void note_failure(const wire::Event& event);
  bool take(std::string_view bytes);
  void pass(const wire::Event& event, std::string_view input);
  void take_last();
  void translate(const wire::Event& event);
  void add_translated();
  [[nodiscard]] bool over() const;
  [[nodiscard]] net::TimePoint silent_at();
  void add_last_words();
  net::Task<> finish_translated();
  net::Task<Status> send();
  void give_up() {
    given_up_ = true;
    provider_.close();
  }
  net::Task<bool> wait();
  net::Task<> finish();
  net::Task<> pause();
  net::Task<> fail_with(Error error);

  Relay& to_;
  net::ClientExchange& provider_;
  dialect::StreamTap tap_;
  std::string fields_;
  wire::EventScanner scanner_;
  Outbox outbox_;
  bool committed_ = false;                      // content went to the client
  bool terminated_ = false;                     // the provider sent [DONE]
  std::optional<net::TimePoint> ending_since_;  // the provider has said why it ends
  bool malformed_ = false;                      // an event cannot be read
  bool given_up_ = false;                       // what it may still send is not waited for
  std::optional<Setback> setback_;              // what came instead
  net::TimePoint heard_ = net::Clock::now();
};

/// Events of one read go to the outbox. False when an event is too large.
bool StreamRelay::take(std::string_view bytes) {
  const auto fault = scanner_.feed(bytes, [&](const wire::Event& event) { pass(event, bytes); });
  return fault == wire::EventScanner::Fault::none;
}

/// The provider's event in the client's dialect: none, one or several.
void StreamRelay::translate(const wire::Event& event) {
  if (to_.translation->passes() && !may_be_json(event.data)) {
    malformed_ = true;
    return;
  }
  terminated_ = terminated_ || event.data == "[DONE]";
  to_.translation->take(event);
  add_translated();
}

void StreamRelay::add_translated() {
  const auto events = to_.translation->events();
  if (events.empty()) return;
  if (!to_.translation->failure()) return outbox_.add_copy(events);
  std::string words(events);
  hide(words, to_.record.credential());
  outbox_.add_copy(words);
}

bool StreamRelay::over() const {
  if (!to_.translation) return tap_.finished() || tap_.failure().has_value();
  // Where bytes pass, Chat Completions' own last word passes too.
  const bool word_to_come = to_.translation->passes() && to_.record.client == dialect::Api::openai_chat && !terminated_;
  return to_.translation->done() && (!word_to_come || to_.translation->failure());
}

/// When a provider is given up that says nothing more; behind its finish only the usage may be to come, whatever else it sends.
net::TimePoint StreamRelay::silent_at() {
  const bool ending = to_.translation && (to_.translation->ending() || to_.translation->done());
  if (ending && !ending_since_) ending_since_ = net::Clock::now();
  return ending_since_ ? *ending_since_ + kUsageWait : heard_ + to_.record.upstream->idle_timeout;
}

/// An error event ends the client's stream too, or is a setback while there is none.
void StreamRelay::note_failure(const wire::Event& event) {
  std::string words(event.data);
  hide(words, to_.record.credential());
  dialect::ProviderFailure failure;
  failure.status = status_of(tap_.failure()->type);
  failure.body = words;
  failure.content_type = "application/json";
  const auto error = dialect::translate(failure, error_context(to_));
  const bool verbatim = to_.record.upstream->transparent;
  if (committed_)
    return outbox_.add_copy(verbatim ? wire::format_event("error", words) : dialect::error_event(error, to_.record.request_id));
  setback_ = declined(failure.status, error, Setback::Inside::error);
  setback_->text = dialect::read_error(words, "application/json");
  if (!verbatim) return;
  const bool events = to_.answer.begun();
  setback_->answered = {.status = failure.status,
                        .fields = events ? "" : "content-type: application/json\r\n",
                        .body = events ? wire::format_event("error", words) : words,
                        .events = events};
}

void StreamRelay::pass(const wire::Event& event, std::string_view input) {
  if (to_.translation) return translate(event);
  malformed_ = malformed_ || !may_be_json(event.data);
  if (malformed_ || tap_.finished()) return;  // what follows message_stop is nobody's
  const auto rewritten = tap_.rewrite(event);
  if (tap_.failure()) return note_failure(event);
  if (rewritten) return outbox_.add_copy(*rewritten);
  const bool inside = std::less_equal<>{}(input.data(), event.raw.data()) && event.raw.data() < input.data() + input.size();
  inside ? outbox_.add(event.raw) : outbox_.add_copy(event.raw);
}

/// What has no empty line at its end was cut, unless its data is whole: then only the empty line is missing.
void StreamRelay::take_last() {
  wire::Event last;
  if (!scanner_.finish(last)) return;
  const json::Padded data(last.data);
  if (!to_.scratch.index(data.text())) return;
  pass(last, {});
  outbox_.add_copy("\n\n");
}

void StreamRelay::commit() {
  if (!committed_) to_.commit();
  committed_ = true;
}

/// The answer ended without content. What came may still go to the client, when nobody has more to say.
Setback StreamRelay::said_nothing() {
  Setback setback;
  setback.status = 200;
  Setback::Answered came{.fields = fields_, .body = std::string(outbox_.view()), .events = true, .failed = false};
  came.usage = to_.translation ? to_.translation->usage() : tap_.usage();
  came.stop_reason = to_.translation ? std::string(to_.translation->stop_reason()) : tap_.stop_reason();
  setback.inside = came.stop_reason == "refusal" ? Setback::Inside::refusal : Setback::Inside::empty;
  setback.answered = std::move(came);
  return setback;
}

/// Sends what the outbox holds, once there is content. A client that does not take it has left.
net::Task<Status> StreamRelay::send() {
  if (!committed_ && !content_begun() && outbox_.view().size() < kMostHeld) {
    outbox_.hold();
    co_return Status{};
  }
  commit();
  const auto bytes = outbox_.view();
  Status sent;
  if (!to_.answer.begun())
    sent = co_await to_.answer.begin(fields_, bytes);
  else if (!bytes.empty())
    sent = co_await to_.answer.more(bytes);
  outbox_.clear();
  if (!sent) to_.record.outcome = Outcome::client_left;
  co_return sent;
}

/// Waits for more bytes; pings when the provider is silent. False when there is nothing more to do.
net::Task<bool> StreamRelay::wait() {
  const auto until = silent_at();
  const net::Wake wake = co_await provider_.wait_body(std::min(until, to_.answer.ping_at()));
  if (wake == net::Wake::ready) co_return true;
  if (wake == net::Wake::cancelled || to_.cancel.requested()) {
    to_.record.outcome = Outcome::client_left;
    if (!to_.exchange.client_gone()) co_await fail_with(stopping());
    co_return false;
  }
  if (ending_since_ && net::Clock::now() >= until) {
    give_up();  // it keeps its stream open behind the end
    co_await finish();
    co_return false;
  }
  if (net::Clock::now() >= until) {
    co_await fail_with(provider_error(
        ErrorKind::timeout, fmt::format("the provider {} was silent for too long in the middle of its answer", to_.record.upstream->name)));
    co_return false;
  }
  auto sent = co_await to_.answer.ping();
  if (!sent) to_.record.outcome = Outcome::client_left;
  co_return sent.has_value();
}

net::Task<> StreamRelay::fail_with(Error error) {
  provider_.close();
  if (!committed_) {
    setback_ = broken(std::move(error));
    co_return;
  }
  to_.record.outcome = Outcome::provider_failed;
  co_await to_.answer.error(dialect::from_error(error));
}

/// The model waits for searches: its answer goes on behind them.
net::Task<> StreamRelay::pause() {
  commit();
  auto sent = co_await send();
  if (!sent) to_.record.outcome = Outcome::client_left;
}

/// Where bytes pass as they are: what the provider has left unsaid, that no more will come.
void StreamRelay::add_last_words() {
  if (to_.translation->found_fault())
    outbox_.add_copy(to_.answer.error_event(dialect::client_error_of(*to_.translation->failure())));
  else if (given_up_ && !terminated_ && to_.record.client == dialect::Api::openai_chat)
    outbox_.add_copy("data: [DONE]\n\n");
}

/// The translation has told the client of a failure already.
net::Task<> StreamRelay::finish_translated() {
  if (!to_.translation->done()) {
    to_.translation->finish();
    add_translated();
  }
  const auto& failure = to_.translation->failure();
  if (to_.translation->passes() && committed_) add_last_words();
  if (!committed_ && failure) {
    llm::Failed told = *failure;
    hide(told.message, to_.record.credential());
    const auto error = dialect::client_error_of(told);
    setback_ = declined(error.status, error, Setback::Inside::error);
    setback_->text = {.type = told.type, .message = told.message};
    co_return;
  }
  if (to_.translation->wants_search()) co_return co_await pause();
  if (!committed_ && !content_begun()) {
    setback_ = said_nothing();
    co_return;
  }
  to_.record.outcome = failure ? Outcome::provider_failed : Outcome::done;
  if (failure) to_.record.error = "the provider's stream ended with " + (failure->type.empty() ? "an error" : failure->type);
  auto sent = co_await send();
  if (sent) sent = co_await to_.answer.end();
  if (!sent) to_.record.outcome = Outcome::client_left;
}

net::Task<> StreamRelay::finish() {
  take_last();
  if (to_.translation) co_return co_await finish_translated();
  if (setback_) co_return;
  if (!tap_.finished() && !tap_.failure()) {
    Status sent;
    if (committed_) sent = co_await send();
    if (!sent) co_return;
    co_await fail_with(provider_error(ErrorKind::connection,
                                      fmt::format("the provider {} ended its answer before it was complete", to_.record.upstream->name)));
    co_return;
  }
  if (!committed_ && !content_begun() && !(to_.record.upstream->transparent && tap_.stop_reason() != "refusal")) {
    setback_ = said_nothing();
    co_return;
  }
  commit();
  to_.record.outcome = tap_.failure() ? Outcome::provider_failed : Outcome::done;
  if (tap_.failure()) to_.record.error = "the provider's stream ended with " + tap_.failure()->type;
  Status sent;
  if (!to_.answer.begun()) {
    sent = co_await send();
    if (sent) sent = co_await to_.answer.end();
  } else {
    sent = co_await to_.answer.end(outbox_.view());
  }
  if (!sent) to_.record.outcome = Outcome::client_left;
}

net::Task<Attempted> StreamRelay::run(std::string_view first) {
  using Step = net::ClientExchange::Step;
  Step step = Step::data;
  std::string_view data = first;
  for (unsigned burst = 0;; step = provider_.try_body(data)) {
    if (step == Step::wait) {
      burst = 0;
      const bool go_on = co_await wait();
      if (!go_on) break;
      continue;
    }
    if (step == Step::end) {
      co_await finish();
      break;
    }
    if (step == Step::failed) {
      // The events before the break still count where the client has seen some; what was cut does not.
      Status sent;
      if (committed_) sent = co_await send();
      if (sent) co_await fail_with(provider_.fault());
      break;
    }
    heard_ = net::Clock::now();
    const bool small = take(data);
    if (!small || malformed_) {
      Status sent;
      if (committed_) sent = co_await send();
      if (sent) co_await fail_with(provider_error(small ? ErrorKind::connection : ErrorKind::protocol, small ? kNoJson : kTooLarge));
      if (setback_) setback_->inside = Setback::Inside::malformed;
      break;
    }
    if (over()) {
      co_await finish();
      break;
    }
    auto sent = co_await send();
    if (!sent) break;
    if (heard_ >= silent_at()) {
      give_up();  // it goes on and on behind the end
      co_await finish();
      break;
    }
    if (++burst % kBurst != 0) continue;
    co_await net::asio::post(to_.worker.executor(), net::use_task);
    if (!to_.exchange.client_gone()) continue;
    to_.record.outcome = Outcome::client_left;  // one that never waits would not hear of it
    break;
  }
  if (setback_) co_return std::move(setback_);
  to_.record.usage = to_.translation ? to_.translation->usage() : tap_.usage();
  to_.record.stop_reason = to_.translation ? std::string(to_.translation->stop_reason()) : tap_.stop_reason();
  co_return std::nullopt;
}

}  // namespace

net::Task<Attempted> relay_stream(Relay& to, net::ClientExchange& provider, std::string_view first) {
  StreamRelay relay(to, provider);
  co_return co_await relay.run(first);
}

}  // namespace penstock::gateway
