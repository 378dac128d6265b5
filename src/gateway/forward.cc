// The attempts of one request: the policy's course says which target is asked with which credential, until content goes to the client.
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "gateway/aim.h"
#include "gateway/attempt.h"
#include "gateway/course.h"
#include "gateway/hedge.h"
#include "gateway/login_attempt.h"
#include "gateway/pause.h"
#include "gateway/search_loop.h"
#include "policy/header_times.h"

namespace penstock::gateway {

namespace {

std::string target_name(const Record& record) { return record.upstream->name + "/" + record.model_id; }

dialect::ClientError no_credential(const Upstream& upstream) {
  dialect::ClientError error;
  error.status = 502;
  error.type = "api_error";
  error.should_retry = false;
  error.message = fmt::format(
      "there is no key for the provider {}: penstock keys set {}; or set {} and start the gateway again, or write providers.{}.api_key in "
      "the configuration",
      upstream.name, upstream.name, upstream.key_variable.empty() ? "its variable" : upstream.key_variable, upstream.name);
  if (!upstream.login.empty()) error.message += ", or log in: penstock login " + upstream.login;
  return error;
}

dialect::ClientError no_place(const Upstream& upstream) {
  dialect::ClientError error{529, "overloaded_error", {}, {}, {}};
  error.message = "as many requests as its max_inflight allows are under way to " + upstream.name + "; try again soon";
  error.retry_after = "1";
  return error;
}

/// Whose turn it is where requests wait: agents of one session share theirs.
std::uint64_t line_of(const Work& work) {
  const Record& record = work.record;
  return policy::session_key({record.session_header, {}, record.facts.session, record.facts.first_turn.in(work.body)});
}

/// A full context comes as one of these.
bool may_be_overflow(int status) { return status == 400 || status == 413 || status == 422 || status == 500; }

policy::Inside inside_of(const Setback& setback) {
  switch (setback.inside) {
    case Setback::Inside::error: return policy::Inside::error;
    case Setback::Inside::malformed: return policy::Inside::malformed;
    case Setback::Inside::empty: return policy::Inside::empty;
    case Setback::Inside::refusal: return policy::Inside::refusal;
    case Setback::Inside::none: break;
  }
  return policy::Inside::no;
}

std::optional<bool> as_bool(const std::optional<std::string>& word) {
  if (!word) return std::nullopt;
  return *word == "true";
}

double window_share(const Record& record, double tokens) {
  return record.model && record.model->window != 0 ? tokens / static_cast<double>(record.model->window) : 0;
}

}  // namespace

policy::Failure failure_of(const Setback& setback, const Record& record, double tokens) {
  policy::Failure failure;
  failure.stage = record.stage;
  if (setback.why) failure.kind = setback.why->kind;
  failure.status = setback.status;
  failure.inside = inside_of(setback);
  failure.text = setback.text;
  const auto view = [](const std::optional<std::string>& text) { return text ? std::optional<std::string_view>(*text) : std::nullopt; };
  const auto now = std::chrono::time_point_cast<policy::Duration>(std::chrono::system_clock::now());
  failure.retry_after = policy::retry_after(view(setback.retry_after_ms), view(setback.retry_after), now);
  failure.should_retry = as_bool(setback.should_retry);
  failure.plan_limits = policy::names_plan_limits(record.limits);
  failure.own_credential = record.passthrough;
  failure.window_share = window_share(record, tokens);
  failure.quirks = record.upstream->api == dialect::Api::anthropic ? policy::QuirkSet::anthropic : policy::QuirkSet::chat;
  return failure;
}

void note_limits(Record& record, const wire::ResponseHead& head) {
  const auto now = net::Clock::now();
  record.limits = policy::read_limits(head.fields, now, std::chrono::time_point_cast<policy::Duration>(std::chrono::system_clock::now()));
  if (record.limits.known && !record.passthrough) record.chosen->standing->note(record.limits, now);
}

namespace {

/// Seconds until then, rounded up, for a client's retry-after.
std::string seconds_until(policy::TimePoint at) {
  const double seconds = std::chrono::duration<double>(at - net::Clock::now()).count();
  return std::to_string(std::max(1L, std::lround(std::ceil(seconds))));
}

/// The limits of its policy, from the configuration.
policy::CourseLimits limits_of(const Work& work) {
  policy::CourseLimits limits;
  limits.retry = work.snapshot.retry;
  limits.deadline = work.record.started + work.snapshot.deadline;
  return limits;
}

}  // namespace

Gateway::Course::Course(Work& work, KnownStandings& standings, const Tickets& tickets, const Draw& draw, std::uint64_t random)
    : work(work),
      candidates(work, standings, tickets, draw, net::Clock::now(), random),
      plan(candidates.course_targets(), limits_of(work)),
      tokens(draw.tokens) {}

net::Task<> Gateway::forward(Work& work) {
  const std::uint64_t seat = seat_of(work);
  Course course(work, standings_, tickets_, draw(work, seat), random_());
  if (work.snapshot.hedge_background) course.hedges = may_hedge(work.record);
  for (bool going = true; going;) {
    const auto now = net::Clock::now();
    course.candidates.look(now, random_());
    const auto step = course.plan.next(now, course.candidates, random_());
    going = step.what == policy::Step::What::attempt;
    if (!going) {
      co_await give_up(course, step);
      break;
    }
    auto setback = co_await follow(course, step);
    if (setback) {
      setback->upstream = work.record.upstream;
      setback->model_id = work.record.model_id;
    }
    if (work.exchange.client_gone()) break;
    if (!setback) break;
    if (work.cancel.requested()) {
      co_await show(work.answer, work.record, broken(stopping()));
      break;
    }
    course.setbacks.push_back(std::move(*setback));
  }
  if (work.exchange.client_gone()) work.record.outcome = Outcome::client_left;
  if (work.record.outcome == Outcome::client_left) work.exchange.abort();
  learn(work);
  if (work.record.outcome == Outcome::done && seat != 0 && work.record.chosen)
    shared_.seats.put(seat, {course.candidates[course.target].id, work.record.chosen->id, work.record.usage.prompt(), net::Clock::now()});
}

/// The session's seat among requests that are planned alike; 0: none.
std::uint64_t Gateway::seat_of(Work& work) {
  const Record& record = work.record;
  if (!work.snapshot.affinity) return 0;
  work.session = policy::session_key({record.session_header, record.agent, record.facts.session, record.facts.first_turn.in(work.body)});
  return policy::seat_key(work.session, record.plan.rule);
}

/// What the request is drawn by.
Draw Gateway::draw(Work& work, std::uint64_t seat) {
  Draw draw{.session = work.session, .seat = {}, .turn = ++turn_};
  const auto& plan = work.record.plan;
  if (seat != 0) draw.seat = shared_.seats.find(seat, net::Clock::now());
  if (plan.balance == config::Balance::cheapest) draw.tokens = estimate(work);
  return draw;
}

/// One step, at its time. No coroutine of its own: most steps neither wait nor need a place.
net::Task<Attempted> Gateway::follow(Course& course, const policy::Step& step) {
  return step.at > net::Clock::now() ? attempt_later(course, step) : attempt_now(course, step);
}

net::Task<Attempted> Gateway::attempt_later(Course& course, const policy::Step& step) {
  Work& work = course.work;
  work.indexed = false;
  auto waited = co_await pause_until(worker_, step.at, work.record, work.answer, work.cancel);
  if (!waited) co_return broken(waited.error());
  co_return co_await attempt_now(course, step);
}

net::Task<Attempted> Gateway::attempt_now(Course& course, const policy::Step& step) {
  course.target = step.target;
  const bool limited = endpoint_of(course.work, course.candidates[step.target])->limited();
  return limited ? attempt_in_line(course, step) : attempt_with(course, step, std::nullopt);
}

/// Its places first, where they are limited.
net::Task<Attempted> Gateway::attempt_in_line(Course& course, const policy::Step& step) {
  const auto& target = course.candidates[step.target];
  const Upstream& upstream = *endpoint_of(course.work, target);
  auto taken = co_await take_place(course, step, upstream);
  if (!taken) co_return broken(taken.error());
  if (*taken) co_return co_await attempt_with(course, step, std::move(*taken));
  course.work.record.upstream = &upstream;
  course.work.record.model_id = target.model;
  course.plan.failed(policy::no_place());
  co_return declined(529, no_place(upstream));
}

/// All waits of a request count from the first one.
net::Task<Result<std::optional<Tickets::Taken>>> Gateway::take_place(Course& course, const policy::Step& step, const Upstream& upstream) {
  Work& work = course.work;
  if (course.full_since == net::TimePoint{}) course.full_since = net::Clock::now();
  const Wish wish = course.candidates.wish(step.target, step.credential, course.setbacks.empty(), client_standing_);
  const auto until = std::min(course.full_since + upstream.queue_wait, work.record.started + work.snapshot.deadline);
  const Waiting where{*upstream.credentials.front().standing, line_of(work), upstream.queue_length, until};
  work.indexed = false;  // it may wait
  auto taken = co_await tickets_.take(wish, where, work.record, work.answer, work.cancel);
  if (taken && *taken && (*taken)->credential != step.credential) course.plan.takes((*taken)->credential);
  co_return taken;
}

net::Task<Attempted> Gateway::attempt_with(Course& course, const policy::Step& step, std::optional<Tickets::Taken> taken) {
  Work& work = course.work;
  Record& record = work.record;
  const auto& target = course.candidates[step.target];
  const Upstream* upstream = endpoint_of(work, target);
  course.repairs = shared_.learned.of(target.provider + "/" + target.model);
  const auto made = course.plan.repairs(step.target);
  course.repairs.insert(course.repairs.end(), made.begin(), made.end());
  const Credential& credential = upstream->credentials.at(taken ? taken->credential : step.credential);
  const Status ready = aim(work, document_, target, credential, course.repairs);
  record.why = step.why == policy::Why::first ? std::string_view() : policy::name(step.why);
  record.stage = policy::Stage::connect;

  Standing& shown = record.passthrough ? client_standing_ : *credential.standing;
  Trials trials;
  trials.first.emplace(taken ? std::move(taken->ticket) : tickets_.unlimited(course.candidates.standing(step.target), shown),
                       net::Clock::now());
  Attempted setback;
  if (ready)
    setback = co_await attempt_answer(course, trials);
  else
    setback = declined(400, dialect::from_error(ready.error()));
  if (!setback && record.outcome != Outcome::provider_failed) co_return std::nullopt;
  if (work.exchange.client_gone() || work.cancel.requested()) co_return setback;

  auto failure = setback ? failure_of(*setback, record, course.tokens) : policy::Failure{.stage = policy::Stage::content};
  failure.repaired = course.repairs;
  const auto judgement = policy::judge(failure, record.upstream->rests);
  trials.answering().failed(judgement, net::Clock::now(), random_());
  if (setback) course.plan.failed(course.target == step.target ? judgement : of_another(judgement));
  co_return setback;
}

/// One provider is asked, and its answer relayed; more than once, where the gateway searches the web in between.
net::Task<Attempted> Gateway::attempt_answer(Course& course, Trials& trials) {
  Work& work = course.work;
  Record& record = work.record;
  work.indexed = false;
  auto provider = co_await (course.hedges ? ask_hedged(course, trials) : ask(work));
  if (!provider) co_return unanswered(provider.error(), record);
  note_limits(record, (*provider)->head());
  Trial& trial = trials.answering();

  Relay to{worker_, pool_, work.snapshot, work.exchange, work.answer, record, work.cancel, document_};
  // A translated stream begins before its true counts are known; a zero would show as an empty context.
  const bool needs_estimate = work.translation && record.facts.stream && record.client == dialect::Api::anthropic;
  if ((needs_estimate || may_be_overflow((*provider)->head().status)) && course.tokens == 0) course.tokens = estimate(work);
  to.estimated_tokens = course.tokens;
  to.translation = work.translation.get();
  to.commit = [&course, &trial, this] {
    const auto committed = net::Clock::now();
    trial.succeeded(committed);
    if (course.work.record.plan.balance == config::Balance::fastest)
      course.candidates.standing(course.target)
          .note_first_byte(std::chrono::duration_cast<policy::Duration>(committed - trial.begun()), committed);
    // What mended this request mends the next ones.
    for (const auto& repair : course.plan.repairs(course.target))
      if (repair.lasting) shared_.learned.add(target_name(course.work.record), repair);
    course.work.release();
  };
  auto setback = co_await relay(to, std::move(*provider));
  if (setback || !work.translation || !work.translation->wants_search()) co_return setback;
  if (work.exchange.client_gone()) co_return std::nullopt;
  const bool again = co_await carry_out_searches(to);
  if (!again) co_return std::nullopt;
  work.request = adapt_written(work.exchange.head(), work.translation->request_again(), record, work.snapshot);
  auto later = co_await attempt_answer(course, trials);
  // A stream that has begun cannot begin anew.
  if (!later || !record.facts.stream || work.cancel.requested()) co_return later;
  co_await show(work.answer, record, *later);
  co_return std::nullopt;
}

/// Nobody answers: the client is shown the most telling of the failures.
net::Task<> Gateway::give_up(Course& course, const policy::Step& step) {
  Work& work = course.work;
  Setback setback;
  if (step.failure) {
    setback = std::move(course.setbacks[*step.failure]);
    work.record.upstream = setback.upstream;
    work.record.model_id = setback.model_id;
  } else if (const Upstream* upstream = endpoint_of(work, course.candidates[0]); !upstream->has_credential()) {
    setback = declined(502, no_credential(*upstream));
  } else {
    setback = declined(503, {529, "overloaded_error", "every target of this name rests after failures; try again soon", {}, {}});
  }
  if (step.come_again && !setback.error.retry_after) setback.error.retry_after = seconds_until(*step.come_again);
  co_await show(work.answer, work.record, setback);
}

/// The attempt; with a login's token where the credential is one.
net::Task<Result<Provider>> Gateway::ask(Work& work, net::Cancel& cancel) {
  if (shows_token(work.record)) return attempt_with_login(worker_, pool_, work.request, work.record, work.answer, cancel);
  return attempt(worker_, pool_, work.request, work.record, work.answer, cancel);
}

}  // namespace penstock::gateway
