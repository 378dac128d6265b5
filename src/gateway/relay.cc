#include "gateway/relay.h"

#include <cstring>

#include "base/text.h"
#include "gateway/relay_stream.h"
#include "gateway/relay_whole.h"

namespace penstock::gateway {

namespace {

enum class Shape : unsigned char { events, whole };

/// Content types lie: some providers answer a stream request with JSON under text/event-stream, or the reverse (wire-reference 5.2).
Shape shape_of(const wire::ResponseHead& head, std::string_view first) {
  const auto start = trim(first.substr(0, 64));
  if (start.starts_with('{') || start.starts_with('[') || start.starts_with('<')) return Shape::whole;
  if (start.starts_with("event:") || start.starts_with("data:") || start.starts_with(':') || start.starts_with("id:")) return Shape::events;
  const auto* type = wire::find(head.fields, "content-type");
  return type && starts_with_ignoring_case(type->value, "text/event-stream") ? Shape::events : Shape::whole;
}

/// Waits for the first bytes of the body (none: it is empty), sending pings to a stream's client. Fails as the connection does, with
/// timeout when the provider is silent, or with cancelled when the client went away.
net::Task<Result<std::string_view>> first_bytes(Relay& to, net::ClientExchange& provider) {
  using Step = net::ClientExchange::Step;
  std::string_view first;
  const auto deadline = net::Clock::now() + to.record.upstream->first_byte_timeout;
  for (;;) {
    const Step step = provider.try_body(first);
    if (step == Step::failed) co_return fail(provider.fault());
    if (step != Step::wait) co_return first;
    const net::Wake wake = co_await provider.wait_body(std::min(deadline, to.answer.ping_at()));
    if (wake == net::Wake::ready) continue;
    if (wake == net::Wake::cancelled || net::Clock::now() >= deadline) co_return fail(net::wake_error(wake, "the provider's answer"));
    auto sent = co_await to.answer.ping();
    if (!sent) co_return fail(sent.error());
  }
}

}  // namespace

dialect::ErrorContext error_context(const Relay& to) {
  dialect::ErrorContext context;
  context.provider = to.record.upstream->name;
  context.model = to.record.model_id;
  context.window = to.record.model ? to.record.model->window : 0;
  context.estimated_input_tokens = static_cast<std::uint64_t>(to.estimated_tokens);
  context.key_variable = to.record.upstream->key_variable;
  if (to.record.chosen) context.key_source = to.record.chosen->source;
  if (to.record.token) context.login = to.record.upstream->login;
  context.passthrough_credentials = to.record.passthrough;
  return context;
}

namespace {

/// Claude Code drops the thinking of an answer whose model is not the one that it asked for (2.1.197 even inside a tool loop), so it gets
/// the name that it used unless the configuration says `provider`.
bool names_asked_model(const Relay& to) {
  if (to.snapshot.answers_model == config::AnswersModel::automatic)
    return to.record.claude_code && (!to.record.upstream->transparent || to.record.model_id != to.record.plan.asked);
  return to.snapshot.answers_model == config::AnswersModel::asked;
}

}  // namespace

dialect::StreamTap make_tap(const Relay& to) {
  dialect::StreamTap::Options options;
  options.provider = to.record.upstream->name;
  if (!to.record.upstream->transparent) options.codec = to.snapshot.signatures.get();
  if (names_asked_model(to)) options.answer_model = to.record.plan.asked;
  options.scratch = &to.scratch;
  return dialect::StreamTap(std::move(options));
}

void begin_translation(const Relay& to, bool events) {
  dialect::AnswerFrame frame;
  frame.id = "msg_" + to.record.request_id.substr(4);
  if (names_asked_model(to)) frame.model = to.record.plan.asked;
  frame.estimated_input = static_cast<std::uint64_t>(to.estimated_tokens);
  frame.request_id = to.record.request_id;
  frame.created = static_cast<std::uint64_t>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
  const bool stream = to.record.facts.stream;
  to.translation->begin_answer(std::move(frame), stream, error_context(to), events != stream);
}

void hide(std::string& text, const Secret& key) {
  constexpr std::size_t kShortest = 8;  // a shorter one stands in ordinary words
  if (key.reveal().size() < kShortest) return;
  // Rarely there, so the search is what counts: std::string's stops at every first letter.
  if (::memmem(text.data(), text.size(), key.reveal().data(), key.reveal().size()) == nullptr) return;
  for (auto at = text.find(key.reveal()); at != std::string::npos; at = text.find(key.reveal(), at))
    text.replace(at, key.reveal().size(), "***");
}

Error stopping() { return {ErrorKind::cancelled, Fault::us, "the gateway is stopping; try again soon"}; }

namespace {

constexpr std::chrono::milliseconds kTail{1'000};  // for a provider to end its body after message_stop
constexpr std::size_t kMaxTail = 64 * 1024;        // bytes that may come there

/// Reads what is left of a body that nobody wants, so that its connection can serve again. The client has its answer and does not wait.
net::Task<> finish_later(net::ConnectionPool& pool, net::Origin origin, Provider provider) {
  std::string rest;
  auto ended = co_await read_rest(*provider, {kTail, net::Clock::now() + kTail}, kMaxTail, rest);
  if (ended && provider->reusable()) pool.give_back(origin, provider->take_stream());
}

bool is_compressed(const wire::ResponseHead& head) {
  const auto* coding = wire::find(head.fields, "content-encoding");
  return coding && !equals_ignoring_case(coding->value, "identity");
}

/// The answer in the shape that it has, which need not be the one that was asked for.
net::Task<Attempted> relay_answer(Relay& to, net::ClientExchange& provider) {
  if (is_compressed(provider.head())) {
    // We ask for identity: what cannot be read here cannot be told from an error either.
    co_return attempt_broke(to, provider_error(ErrorKind::protocol, "the provider compressed its answer, though it was asked not to"));
  }
  const bool streams = to.record.facts.stream && to.record.operation == Operation::messages && provider.head().status == 200;
  if (!streams) co_return co_await relay_whole(to, provider, {});
  auto first = co_await first_bytes(to, provider);
  if (!first) co_return attempt_broke(to, first.error());
  if (!first->empty() && shape_of(provider.head(), *first) == Shape::events) co_return co_await relay_stream(to, provider, *first);
  co_return co_await relay_whole(to, provider, *first);
}

}  // namespace

net::Task<Attempted> relay(Relay& to, Provider provider) {
  to.cancel.set([raw = provider.get()] { raw->cancel(); });
  if (const auto* id = wire::find(provider->head().fields, "request-id"); id && id->value.size() <= 128)
    to.record.provider_request_id = id->value;
  auto attempted = co_await relay_answer(to, *provider);
  to.cancel.set(nullptr);
  if (provider->reusable())
    to.pool.give_back(to.record.upstream->origin, provider->take_stream());
  else if (!attempted && to.record.outcome == Outcome::done)
    net::start(to.worker.executor(), finish_later(to.pool, to.record.upstream->origin, std::move(provider)));
  co_return attempted;
}

}  // namespace penstock::gateway
