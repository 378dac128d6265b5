#include "gateway/hedge.h"

#include <algorithm>
#include <tuple>

#include "gateway/aim.h"
#include "gateway/course.h"
#include "wire/headers.h"

namespace penstock::gateway {

bool answers(const Result<Provider>& came) { return came && (*came)->head().status < 400; }

policy::Judgement of_another(policy::Judgement judgement) {
  const bool goes_on = judgement.fallback || judgement.other_credential || judgement.repair || judgement.retry_same != policy::Again::no;
  judgement.fallback = goes_on;
  judgement.retry_same = goes_on ? policy::Again::last : policy::Again::no;
  judgement.other_credential = judgement.whole_provider = judgement.spends_credential = false;
  judgement.wait.reset();
  judgement.repair.reset();
  return judgement;
}

// --- the race ---------------------------------------------------------------------------------------------------------------------

net::Task<Result<Provider>> Hedge::hear(Asked first) {
  work_.cancel.set([this] {
    first_cancel_.request();
    second_cancel_.request();
  });
  worker_.deadlines().set(*this, net::Clock::now() + *work_.snapshot.hedge_background);
  auto came = co_await std::move(first);
  first_over_ = true;
  unlink();
  if (asked_ && !second_) co_await wait_for_second(!answers(came));
  work_.cancel.set(nullptr);
  co_return came;
}

void Hedge::expired() {
  asked_ = true;
  net::start(worker_.executor(), run());
}

net::Task<> Hedge::run() {
  second_ = co_await ask_second_(second_cancel_);
  if (answers(*second_) && !first_over_) first_cancel_.request();
  over_.end();
}

/// With pings to a stream's client: while both are asked the first one sends them, and the second never does, for who else may be writing?
net::Task<> Hedge::wait_for_second(bool wanted) {
  constexpr std::chrono::hours kLong{1};  // it has deadlines of its own
  if (wanted) std::ignore = co_await over_.until(net::Clock::now() + kLong, work_.record, work_.answer, work_.cancel);
  second_cancel_.request();
  net::Cancel nobody;
  while (!second_) std::ignore = co_await over_.until(net::Clock::now() + kLong, work_.record, work_.answer, nobody);
}

// --- the two targets --------------------------------------------------------------------------------------------------------------

namespace {

struct Free {
  std::size_t target, credential;
};

/// The plan's next target behind the one that is asked which may be used now, and with which credential.
std::optional<Free> next_free(const Candidates& candidates, std::size_t asked, std::size_t end, net::TimePoint now) {
  const auto is_free = [now](const std::optional<policy::TimePoint>& rest) { return !rest || *rest <= now; };
  std::vector<policy::CredentialState> credentials;
  for (auto target = asked + 1; target < end; ++target) {
    if (!is_free(candidates.target_rest(target))) continue;
    credentials.clear();
    candidates.credentials(target, credentials);
    const auto found = std::ranges::find_if(credentials, is_free, &policy::CredentialState::rests_until);
    if (found != credentials.end()) return Free{target, found->credential};
  }
  return std::nullopt;
}

std::optional<std::string> value_of(const wire::ResponseHead& head, std::string_view name) {
  const auto* field = wire::find(head.fields, name);
  return field ? std::optional<std::string>(field->value) : std::nullopt;
}

/// An error of which only the head was read.
Setback by_head(const wire::ResponseHead& head) {
  Setback setback = declined(head.status, {});
  setback.retry_after = value_of(head, "retry-after");
  setback.retry_after_ms = value_of(head, "retry-after-ms");
  setback.should_retry = value_of(head, "x-should-retry");
  return setback;
}

Error nobody_is_free() { return {ErrorKind::overloaded, Fault::provider, "no other target is free"}; }

}  // namespace

/// What is kept of the second target until it is known who answers.
struct Gateway::Second {
  std::size_t target = 0;
  const Credential* credential = nullptr;
  std::vector<policy::Repair> repairs;
  credentials::TokenPtr token;
};

/// What searches the web is asked once: searches cost by themselves, and the gateway's own take several turns.
bool Gateway::may_hedge(Record& record) {
  const bool twice = record.plan.targets.size() > 1 && !record.facts.web_search;
  return twice && signs_of(record).kinds.has(policy::RequestKind::background);
}

net::Task<Result<Provider>> Gateway::ask_hedged(Course& course, Trials& trials) {
  Work& work = course.work;
  Second second;
  Hedge hedge(worker_, work, [&](net::Cancel& cancel) { return ask_second(course, trials, second, cancel); });
  auto first = co_await hedge.hear(ask(work, hedge.first_cancel()));
  if (answers(first) || !hedge.second() || !answers(*hedge.second())) {
    if (first) (*first)->clear_cancel();  // it may have answered while it was given up
    trials.second.reset();
    co_return first;
  }
  if (!hedge.gave_up_first()) note_failure(*trials.first, first, work.record, course.repairs);
  trials.first.reset();
  CO_TRY_STATUS(take_over(course, second));
  co_return std::move(*hedge.second());
}

/// Notes a failure itself, since only it knows of it.
net::Task<Result<Provider>> Gateway::ask_second(Course& course, Trials& trials, Second& second, net::Cancel& cancel) {
  if (cancel.requested()) co_return fail(nobody_is_free());  // the first has answered in the meantime
  Record record = course.work.record;
  Work work(course.work.exchange, record, course.work.snapshot, course.work.query);
  work.body = course.work.body;
  work.schemas = course.work.schemas;
  auto ticket = co_await enter_second(course, second, record, cancel);
  if (!ticket) co_return fail(nobody_is_free());
  CO_TRY_STATUS(aim(work, document_, course.candidates[second.target], *second.credential, second.repairs));
  course.hedges = false;
  trials.second.emplace(std::move(*ticket), net::Clock::now());

  record.attempts = 0;
  record.facts.stream = false;  // for the attempt: pings are not its business
  auto came = co_await ask(work, cancel);
  course.work.record.attempts += record.attempts;
  second.token = record.token;
  if (answers(came)) co_return came;
  if (!cancel.requested()) note_failure(*trials.second, came, record, second.repairs);
  trials.second.reset();
  co_return came;
}

/// Chooses the second target. None: no other has a place free at once.
net::Task<std::optional<Ticket>> Gateway::enter_second(Course& course, Second& second, Record& record, net::Cancel& cancel) {
  const auto now = net::Clock::now();
  course.candidates.look(now, random_());
  const auto free = next_free(course.candidates, course.target, record.plan.targets.size(), now);
  if (!free) co_return std::nullopt;
  const auto& target = course.candidates[free->target];
  const Upstream& upstream = *endpoint_of(course.work, target);
  const Wish wish = course.candidates.wish(free->target, free->credential, true, client_standing_);
  const Waiting not_at_all{*upstream.credentials.front().standing, 0, 0, now};
  auto taken = co_await tickets_.take(wish, not_at_all, record, course.work.answer, cancel);
  if (!taken || !*taken) co_return std::nullopt;
  second.target = free->target;
  second.credential = &upstream.credentials.at((*taken)->credential);
  second.repairs = shared_.learned.of(target.provider + "/" + target.model);
  co_return std::move((*taken)->ticket);
}

/// The second target answers, in the place of the first. The request is made again, though it was sent: it and its translation refer to the
/// work that they are made for.
Status Gateway::take_over(Course& course, Second& second) {
  Work& work = course.work;
  course.target = second.target;
  course.repairs = std::move(second.repairs);
  TRY_STATUS(aim(work, document_, course.candidates[second.target], *second.credential, course.repairs));
  work.indexed = false;
  work.record.token = std::move(second.token);
  work.record.why = "hedged";
  work.record.stage = policy::Stage::before_content;
  return {};
}

/// Of one whose answer nobody reads, because the other's is read: its head must do.
void Gateway::note_failure(Trial& trial, const Result<Provider>& came, Record& record, const std::vector<policy::Repair>& repairs) {
  if (came) note_limits(record, (*came)->head());
  auto failure = failure_of(came ? by_head((*came)->head()) : unanswered(came.error(), record), record, 0);
  failure.repaired = repairs;
  trial.failed(policy::judge(failure, record.upstream->rests), net::Clock::now(), random_());
}

}  // namespace penstock::gateway
