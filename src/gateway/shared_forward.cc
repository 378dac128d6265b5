// One request of several that want the same answer: it asks for all of them, or waits for the one that does.
#include "base/append.h"
#include "base/text.h"
#include "dialect/digest.h"
#include "gateway/gateway.h"
#include "wire/headers.h"

namespace penstock::gateway {

namespace {

/// Who asks, and what of the head makes a difference to the answer. What names a session does not.
bool counts(const wire::Field& field) {
  return wire::is_client_credential(field.name) || starts_with_ignoring_case(field.name, "anthropic-") ||
         starts_with_ignoring_case(field.name, "x-penstock-") || equals_ignoring_case(field.name, "x-claude-token-mode");
}

/// Equal for requests of one client for the same, under one configuration. The request line tells the dialect; the rule, where the kind of
/// the request leads it.
SharedAnswers::Key key_of(const Work& work) {
  const wire::RequestHead& head = work.exchange.head();
  std::string text;
  const auto add = [&](std::string_view part) { append(text, part.size(), ':', part); };
  append(text, reinterpret_cast<std::uintptr_t>(&work.snapshot), work.record.claude_code ? 'c' : '-');
  add(head.target);
  add(work.record.plan.rule);
  for (const auto& field : head.fields) {
    if (!counts(field)) continue;
    add(to_lower(field.name));
    add(field.value);
  }
  const auto body = dialect::sha256(work.body);
  text.append(body.begin(), body.end());
  return dialect::sha256(text);
}

/// The leader's answer, when it is a good one.
SharedAnswers::Finished shared_answer(const Record& record, Recording& recording) {
  if (record.outcome != Outcome::done) return nullptr;
  auto answered = recording.take();
  if (!answered) return nullptr;
  answered->stop_reason = record.stop_reason;
  return std::make_shared<const SharedAnswer>(SharedAnswer{std::move(*answered), record.upstream, record.model_id});
}

/// With a head of its own. Its usage stays unknown, because nothing was used.
net::Task<> send_shared(Work& work, const SharedAnswer& shared) {
  work.record.upstream = shared.upstream;
  work.record.model_id = shared.model_id;
  work.record.why = "shared";
  Setback setback;
  setback.answered = shared.answered;
  co_await show(work.answer, work.record, setback);
}

}  // namespace

net::Task<> Gateway::forward_shared(Work& work) {
  auto place = shared_.answers.join(key_of(work), worker_);
  if (place.follower) co_return co_await follow_shared(work, std::move(place.follower));
  Recording recording([&place] { place.leader.reset(); });
  work.answer.copy_to(&recording);
  co_await forward(work);
  work.answer.copy_to(nullptr);
  if (place.leader) place.leader->finish(shared_answer(work.record, recording));
}

/// Who waits in vain asks by itself: for that it keeps the second half of its time.
net::Task<> Gateway::follow_shared(Work& work, std::shared_ptr<SharedAnswers::Follower> follower) {
  work.indexed = false;  // others use the document meanwhile
  const auto until = work.record.started + work.snapshot.deadline / 2;
  const auto waited = co_await follower->wait(until, work.record, work.answer, work.cancel);
  follower.reset();
  if (waited && !*waited) co_return co_await forward(work);
  if (waited)
    co_await send_shared(work, **waited);
  else if (!work.exchange.client_gone())
    co_await show(work.answer, work.record, broken(stopping()));
  if (work.exchange.client_gone()) work.record.outcome = Outcome::client_left;
  if (work.record.outcome == Outcome::client_left) work.exchange.abort();
}

}  // namespace penstock::gateway
