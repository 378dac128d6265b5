#include "policy/course.h"

#include <algorithm>
#include <array>

namespace penstock::policy {

namespace {

constexpr std::array<std::string_view, 8> kWhys{"first", "retry", "credential", "repair", "fallback", "overflow", "refusal", "soonest"};

template <typename T>
bool holds(const std::vector<T>& list, const T& item) {
  return std::ranges::find(list, item) != list.end();
}

void add(std::vector<std::size_t>& list, std::size_t item) {
  if (!holds(list, item)) list.push_back(item);
}

}  // namespace

std::string_view name(Why why) { return kWhys[static_cast<std::size_t>(why)]; }

Step Course::next(TimePoint now, const Health& health, std::uint64_t random) {
  const Moment moment{now, health, random};
  Step step = choose(moment);
  if (step.what == Step::What::attempt) note(step);
  return step;
}

Step Course::choose(const Moment& moment) {
  if (!may_go_on(moment.now)) return give_up(moment);
  if (failures_ > 0) {
    if (auto step = repaired(moment)) return *step;
    if (auto step = other_credential(moment)) return *step;
    // A long wait is for when nothing else is left.
    const bool soon = tried(target_)->last.retry_same == Again::yes;
    if (auto step = soon ? again(moment, std::min(limits_.retry.longest, limits_.patience)) : std::nullopt) return *step;
  }
  if (auto step = next_target(moment)) return *step;
  if (auto step = failures_ > 0 ? again(moment, limits_.patience) : std::nullopt) return *step;
  if (auto step = soonest(moment)) return *step;
  return give_up(moment);
}

bool Course::may_go_on(TimePoint now) const { return !stopped_ && attempts_ < limits_.most_attempts && now <= limits_.deadline; }

void Course::takes(std::size_t credential) {
  credential_ = credential;
  tried_now(target_).used = {credential};
}

void Course::failed(const Judgement& judgement) {
  auto& past = tried_now(target_);
  past.last = judgement;
  const std::size_t provider = targets_[target_].provider;
  if (judgement.spends_credential) spent_.emplace_back(provider, credential_);
  if (judgement.retry_same == Again::no && !judgement.repair) add(past.spent, credential_);
  if (judgement.whole_provider) add(down_, provider);
  if (judgement.telling > most_telling_) {
    most_telling_ = judgement.telling;
    telling_ = failures_;
  }
  ++failures_;
  if (judgement.chain == Chain::overflow) return follow_overflow(std::max(targets_[target_].window, judgement.tokens));
  if (judgement.chain == Chain::refusal) return follow_refusal(judgement.fallback);
  const bool goes_on = judgement.fallback || judgement.other_credential || judgement.repair || judgement.retry_same != Again::no;
  stopped_ = !goes_on;
}

// --- which targets, in which order --------------------------------------------------------------------------------------------------

void Course::follow_main() {
  for (std::size_t i = 0; i < targets_.size(); ++i)
    if (targets_[i].chain == Chain::main) order_.push_back(i);
}

/// A larger window first: those of the overflow chain, then those of the main chain that are known to be larger. A window that is not known
/// comes behind those that are, and counts in the overflow chain only, since the user put it there.
void Course::follow_overflow(std::uint64_t needed) {
  following_ = Chain::overflow;
  needed_ = std::max(needed_, needed);
  order_.clear();
  for (const auto chain : {Chain::overflow, Chain::main}) {
    const auto begin = order_.size();
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const auto& target = targets_[i];
      const bool fits = target.window > needed_ || (target.window == 0 && chain == Chain::overflow);
      if (target.chain == chain && fits) order_.push_back(i);
    }
    std::ranges::sort(order_.begin() + static_cast<std::ptrdiff_t>(begin), order_.end(),
                      [this](std::size_t a, std::size_t b) { return std::pair(targets_[b].window, a) < std::pair(targets_[a].window, b); });
  }
}

void Course::follow_refusal(bool main_too) {
  following_ = Chain::refusal;
  order_.clear();
  for (const auto chain : {Chain::refusal, Chain::main})
    for (std::size_t i = 0; i < targets_.size(); ++i)
      if (targets_[i].chain == chain && (chain == Chain::refusal || main_too)) order_.push_back(i);
}

// --- the steps, in the order in which they are considered ---------------------------------------------------------------------------

std::optional<Step> Course::repaired(const Moment& moment) {
  auto& past = tried_now(target_);
  const auto& repair = past.last.repair;
  if (!repair || holds(past.repairs, *repair)) return std::nullopt;
  const auto credential = free_credential(moment, target_, moment.now, credential_, false);
  if (!credential) return std::nullopt;
  Step step = attempt(target_, *credential, moment.now, Why::repair);
  step.repair = repair;
  return step;
}

std::optional<Step> Course::other_credential(const Moment& moment) {
  if (!tried(target_)->last.other_credential || !holds(order_, target_)) return std::nullopt;
  const auto credential = free_credential(moment, target_, moment.now, std::nullopt, true);
  return credential ? std::optional(attempt(target_, *credential, moment.now, Why::credential)) : std::nullopt;
}

std::optional<Step> Course::again(const Moment& moment, Duration most) {
  const auto& past = *tried(target_);
  if (!may_retry(past)) return std::nullopt;
  const auto wait = retry_wait(limits_.retry, past.retries, past.last.wait, moment.random);
  const auto at = after(moment.now, wait);
  if (wait > most || at > limits_.deadline) return std::nullopt;
  const auto credential = free_credential(moment, target_, at, credential_, false);
  return credential ? std::optional(attempt(target_, *credential, at, Why::retry)) : std::nullopt;
}

/// The first one in order that was not tried; a provider that is down comes behind the others.
std::optional<Step> Course::next_target(const Moment& moment) {
  for (const bool down : {false, true}) {
    if (down && down_.empty()) break;
    for (const auto target : order_) {
      if (tried(target) != nullptr || is_down(target) != down) continue;
      if (const auto credential = free_credential(moment, target, moment.now, std::nullopt, false))
        return attempt(target, *credential, moment.now, why_next(target));
    }
  }
  return std::nullopt;
}

/// All that may be used rests. What ends within our patience is waited for; else what may be used in spite of its rest is.
std::optional<Step> Course::soonest(const Moment& moment) {
  const auto all = all_later(moment);
  const auto bound = std::min(after(moment.now, limits_.patience), limits_.deadline);
  const auto first = std::ranges::min_element(all, {}, &Later::ends);
  if (first != all.end() && first->ends <= bound) return attempt(first->target, first->credential, first->ends, Why::soonest);
  const auto anyway =
      std::ranges::min_element(all, {}, [](const Later& each) { return std::pair(each.anyway.value_or(TimePoint::max()), each.ends); });
  if (anyway == all.end() || !anyway->anyway || *anyway->anyway > bound) return std::nullopt;
  return attempt(anyway->target, anyway->credential, *anyway->anyway, Why::soonest);
}

Step Course::give_up(const Moment& moment) {
  Step step;
  step.failure = telling_;
  const auto all = all_later(moment);
  const auto first = std::ranges::min_element(all, {}, &Later::ends);
  if (first != all.end() && first->ends > moment.now && first->ends < TimePoint::max()) step.come_again = first->ends;
  return step;
}

// --- what may be used ---------------------------------------------------------------------------------------------------------------

std::optional<std::size_t> Course::free_credential(const Moment& moment, std::size_t target, TimePoint at, std::optional<std::size_t> first,
                                                   bool fresh) {
  const auto rests = [at](std::optional<TimePoint> until) { return until && *until > at; };
  if (rests(moment.health.target_rest(target))) return std::nullopt;
  const auto* past = tried(target);
  credentials_.clear();
  moment.health.credentials(target, credentials_);
  std::optional<std::size_t> best;
  for (const auto& [credential, rests_until] : credentials_) {
    if (rests(rests_until) || is_spent(target, credential) || (fresh && past != nullptr && holds(past->used, credential))) continue;
    if (credential == first) return credential;
    if (!best) best = credential;
  }
  return best;
}

std::vector<Course::Later> Course::all_later(const Moment& moment) {
  std::vector<Later> all;
  for (const auto target : order_)
    if (const auto one = later(moment, target)) all.push_back(*one);
  return all;
}

/// The target with the credential that is free first, if it may be used at all.
std::optional<Course::Later> Course::later(const Moment& moment, std::size_t target) {
  const auto target_end = std::max(moment.health.target_rest(target).value_or(moment.now), moment.now);
  credentials_.clear();
  moment.health.credentials(target, credentials_);
  std::optional<Later> best;
  for (const auto& state : credentials_) {
    const auto one = later(moment, target, state, target_end);
    if (one && (!best || one->ends < best->ends)) best = one;
  }
  return best;
}

/// A credential that refused this very request a moment ago is not shown again while it rests; a target's rest, which failures brought, is
/// broken when nothing else is left, after the wait that is due.
std::optional<Course::Later> Course::later(const Moment& moment, std::size_t target, const CredentialState& state,
                                           TimePoint target_end) const {
  const auto* past = tried(target);
  if (is_spent(target, state.credential)) return std::nullopt;
  const auto credential_end = std::max(state.rests_until.value_or(moment.now), moment.now);
  Later out{target, state.credential, std::max(target_end, credential_end), moment.now};
  if (past == nullptr || (past->last.other_credential && !holds(past->used, state.credential))) return out;
  if (!may_retry(*past)) return std::nullopt;
  const auto retry_at = after(moment.now, retry_wait(limits_.retry, past->retries, past->last.wait, moment.random));
  out.ends = std::max(out.ends, retry_at);
  if (credential_end > retry_at)
    out.anyway.reset();
  else
    out.anyway = retry_at;
  return out;
}

bool Course::may_retry(const Tried& past) const {
  return past.last.retry_same != Again::no && past.retries + 1 < limits_.retry.attempts && holds(order_, past.target);
}

bool Course::is_spent(std::size_t target, std::size_t credential) const {
  if (holds(spent_, std::pair(targets_[target].provider, credential))) return true;
  const auto* past = tried(target);
  return past != nullptr && holds(past->spent, credential);
}

bool Course::is_down(std::size_t target) const { return holds(down_, targets_[target].provider); }

// --- what was done ------------------------------------------------------------------------------------------------------------------

Step Course::attempt(std::size_t target, std::size_t credential, TimePoint at, Why why) const {
  Step step;
  step.what = Step::What::attempt;
  step.target = target;
  step.credential = credential;
  step.at = at;
  step.why = why;
  return step;
}

Why Course::why_next(std::size_t target) const {
  if (following_ == Chain::overflow) return Why::overflow;
  if (targets_[target].chain == Chain::refusal) return Why::refusal;
  return failures_ == 0 && target == order_.front() ? Why::first : Why::fallback;
}

void Course::note(const Step& step) {
  ++attempts_;
  auto& past = tried_now(step.target);
  if (step.repair)
    past.repairs.push_back(*step.repair);
  else if (holds(past.used, step.credential) || step.why == Why::retry)
    ++past.retries;
  add(past.used, step.credential);
  target_ = step.target;
  credential_ = step.credential;
}

const Course::Tried* Course::tried(std::size_t target) const {
  const auto found = std::ranges::find(tried_, target, &Tried::target);
  return found == tried_.end() ? nullptr : &*found;
}

Course::Tried& Course::tried_now(std::size_t target) {
  const auto found = std::ranges::find(tried_, target, &Tried::target);
  if (found != tried_.end()) return *found;
  tried_.push_back({.target = target, .retries = 0, .last = {}, .used = {}, .spent = {}, .repairs = {}});
  return tried_.back();
}

std::span<const Repair> Course::repairs(std::size_t target) const {
  const auto* past = tried(target);
  return past == nullptr ? std::span<const Repair>() : std::span<const Repair>(past->repairs);
}

}  // namespace penstock::policy
