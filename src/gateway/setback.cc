#include "gateway/setback.h"

#include <fmt/format.h>

namespace penstock::gateway {

namespace {

/// The provider's own answer, as it came.
net::Task<Status> pass_events(Answer& answer, const Setback::Answered& answered) {
  auto sent = co_await answer.begin(answered.fields, answered.body);
  if (sent) sent = co_await answer.end();
  co_return sent;
}
net::Task<Status> pass(Answer& answer, const Setback::Answered& answered) {
  return answered.events ? pass_events(answer, answered) : answer.whole(answered.status, answered.fields, answered.body);
}

}  // namespace

Setback broken(Error why) {
  Setback setback;
  setback.error = dialect::from_error(why);
  setback.why = std::move(why);
  return setback;
}

Setback declined(int status, dialect::ClientError error, Setback::Inside inside) {
  Setback setback;
  setback.status = status;
  setback.error = std::move(error);
  setback.inside = inside;
  return setback;
}

Setback unanswered(Error why, const Record& record) {
  const bool login = why.kind == ErrorKind::authentication;  // only its user can mend that: nobody should try again
  dialect::ClientError words{502, "api_error", why.message, {}, false};
  why.fault = Fault::provider;
  why.message = fmt::format("{} ({})", why.message, record.upstream->name);
  Setback setback = broken(std::move(why));
  if (login) setback.error = std::move(words);
  return setback;
}

net::Task<> show(Answer& answer, Record& record, const Setback& setback) {
  const auto& answered = setback.answered;
  record.outcome = answered && !answered->failed ? Outcome::done : Outcome::provider_failed;
  if (answered && !answered->failed) {
    record.stop_reason = answered->stop_reason;
    record.usage = answered->usage;
  }
  // Pings have begun a stream: what is no event has no place in it any more.
  if (!answered || (answer.begun() && !answered->events)) co_return co_await answer.error(setback.error);
  if (answered->failed && record.error.empty()) record.error = "the provider answered " + std::to_string(answered->status);
  auto sent = co_await pass(answer, *answered);
  if (!sent) record.outcome = Outcome::client_left;
}

}  // namespace penstock::gateway
