#include "gateway/candidates.h"

#include <algorithm>
#include <bit>

namespace penstock::gateway {

namespace {

/// What is full rests for a moment: whatever is free comes before it, and when nothing is, the request waits for a place at it.
policy::TimePoint in_a_moment(policy::TimePoint now) { return now + policy::TimePoint::duration(1); }

std::optional<policy::TimePoint> rest_of(const Standing& credential, unsigned limit, policy::TimePoint now) {
  if (const auto until = credential.resting_until(now)) return until;
  return credential.full(limit) ? std::optional(in_a_moment(now)) : std::nullopt;
}

/// A provider's credentials as the pool's rules see them.
std::vector<policy::PoolMember> members_of(const Upstream& upstream, policy::TimePoint now) {
  std::vector<policy::PoolMember> members;
  members.reserve(upstream.credentials.size());
  for (const auto& credential : upstream.credentials) {
    const Standing& standing = *credential.standing;
    const auto limits = standing.limits();
    members.push_back({credential.weight, standing.busy(), standing.used(), limits.remaining_at(now), limits.near_end(now),
                       rest_of(standing, upstream.credential_inflight, now)});
  }
  return members;
}

}  // namespace

Standing& KnownStandings::target(const policy::PlannedTarget& target) {
  if (known_.size() >= Standings::kMost) known_.clear();  // a client may ask an aggregator for any name
  auto& known = known_[target.id];
  if (!known) known = &all_.target(target.id, target.provider, target.model);
  return *known;
}

Candidates::Candidates(const Work& work, KnownStandings& standings, const Tickets& tickets, const Draw& draw, policy::TimePoint now,
                       std::uint64_t random)
    : work_(work), standings_(standings), tickets_(tickets), draw_(draw), now_(now), random_(random) {
  const auto& plan = work.record.plan;
  const bool as_it_stands = plan.balance == config::Balance::ordered && !draw.seat;
  if (plan.targets.size() > 1 && !as_it_stands) put_in_order();
}

void Candidates::put_in_order() {
  const auto& plan = work_.record.plan;
  policy::BalanceDraw draw{.session = draw_.session, .seat = seat_in_plan(), .turn = draw_.turn, .random = random_};
  const bool among_equals = plan.balance != config::Balance::ordered && draw.seat && *draw.seat < plan.fallback_from;
  if (draw.seat) draw.stays = among_equals || stays_at(*draw.seat);
  policy::order_targets(plan, *this, draw, order_);
}

/// Where the session is among the targets; it may be none of them any more.
std::optional<std::size_t> Candidates::seat_in_plan() const {
  if (!draw_.seat) return std::nullopt;
  const auto& targets = work_.record.plan.targets;
  for (std::size_t index = 0; index < targets.size(); ++index)
    if (targets[index].id == draw_.seat->target) return index;
  return std::nullopt;
}

/// A session that was moved by a failure returns when the lost cache is worth less than what the plan's first target saves.
bool Candidates::stays_at(std::size_t seat) const {
  const auto& targets = work_.record.plan.targets;
  if (seat == 0 || own_rest(targets[0])) return true;
  const auto *here = price_of(targets[seat]), *there = price_of(targets[0]);
  policy::Away away{here ? *here : catalog::Price{}, there ? *there : catalog::Price{}, draw_.seat->warm(now_), {}};
  away.next.prompt = std::max<std::uint64_t>(draw_.seat->cached, static_cast<std::uint64_t>(draw_.tokens));
  return !policy::worth_returning(away);
}

const catalog::Price* Candidates::price_of(const policy::PlannedTarget& target) const {
  const Upstream* upstream = work_.snapshot.find(target.provider);
  const UpstreamModel* model = upstream ? upstream->find(target.model) : nullptr;
  return model && model->price.known ? &model->price : nullptr;
}

std::optional<std::int64_t> Candidates::cost(std::size_t target) const {
  const auto* price = price_of(work_.record.plan.targets[target]);
  if (!price) return std::nullopt;
  constexpr std::uint64_t kUsualOutput = 1'000;
  return policy::expected_cost(*price, {static_cast<std::uint64_t>(draw_.tokens), 0, kUsualOutput});
}

const policy::PlannedTarget& Candidates::operator[](std::size_t index) const {
  const auto& plan = work_.record.plan;
  if (index < plan.targets.size()) return plan.targets[order_.empty() ? index : order_[index]];
  index -= plan.targets.size();
  return index < plan.overflow.size() ? plan.overflow[index] : plan.refusal[index - plan.overflow.size()];
}

std::vector<policy::CourseTarget> Candidates::course_targets() const {
  const auto& plan = work_.record.plan;
  std::vector<policy::CourseTarget> all;
  all.reserve(plan.targets.size() + plan.overflow.size() + plan.refusal.size());
  const auto add = [&](std::size_t count, policy::Chain chain) {
    for (const auto end = all.size() + count; all.size() < end;) {
      const auto& target = (*this)[all.size()];
      const Upstream* upstream = work_.snapshot.find(target.provider);
      const UpstreamModel* model = upstream ? upstream->find(target.model) : nullptr;
      all.push_back({std::bit_cast<std::size_t>(upstream), chain, model ? model->window : 0});
    }
  };
  add(plan.targets.size(), policy::Chain::main);
  add(plan.overflow.size(), policy::Chain::overflow);
  add(plan.refusal.size(), policy::Chain::refusal);
  return all;
}

std::optional<policy::TimePoint> Candidates::target_rest(std::size_t target) const {
  if (const auto until = own_rest((*this)[target])) return until;
  return work_.snapshot.any_limited && full(target, standing(target)) ? std::optional(in_a_moment(now_)) : std::nullopt;
}

/// For whatever reason but that it is full: that its provider's health checks fail, or itself.
std::optional<policy::TimePoint> Candidates::own_rest(const policy::PlannedTarget& target) const {
  const Upstream* upstream = work_.snapshot.any_checked ? work_.snapshot.find(target.provider) : nullptr;
  if (upstream && upstream->check)
    if (const auto until = upstream->check->standing->resting_until(now_)) return until;
  return standings_.target(target).resting_until(now_);
}

/// Nobody overtakes those who wait for the same.
bool Candidates::full(std::size_t target, const Standing& standing) const {
  const Upstream* upstream = work_.snapshot.find((*this)[target].provider);
  if (!upstream || !upstream->limited()) return false;
  return standing.full(upstream->max_inflight) || tickets_.awaited(*upstream->credentials.front().standing, standing);
}

Wish Candidates::wish(std::size_t target, std::size_t credential, bool any, Standing& own) const {
  const Upstream& upstream = *endpoint_of(work_, (*this)[target]);
  Wish wish{.target = &standing(target), .target_limit = upstream.max_inflight};
  if (passes_credential(work_, upstream)) {
    wish.credentials.push_back({credential, &own});
    return wish;
  }
  wish.credential_limit = upstream.credential_inflight;
  wish.in_spite = upstream.credentials.at(credential).standing->resting_until(now_).has_value();
  std::vector<policy::CredentialState> states{{credential, std::nullopt}};
  if (any) credentials(target, states);
  for (const auto& state : states)
    if (std::ranges::find(wish.credentials, state.credential, &Wish::Choice::credential) == wish.credentials.end())
      wish.credentials.push_back({state.credential, upstream.credentials.at(state.credential).standing.get()});
  return wish;
}

void Candidates::credentials(std::size_t target, std::vector<policy::CredentialState>& out) const {
  const Upstream* upstream = endpoint_of(work_, (*this)[target]);
  if (!upstream) return;
  if (passes_credential(work_, *upstream)) return out.push_back({0, std::nullopt});  // whose standing is the client's own business
  if (!upstream->has_credential()) return;
  if (upstream->credentials.size() == 1)
    return out.push_back({0, rest_of(*upstream->credentials.front().standing, upstream->credential_inflight, now_)});
  policy::order_pool(members_of(*upstream, now_), upstream->rotation, {preferred_credential(*upstream), draw_.turn, random_}, now_, out);
}

/// Where the session's cache is; before it has one, where every gateway would put it.
std::optional<std::size_t> Candidates::preferred_credential(const Upstream& upstream) const {
  if (draw_.session == 0) return std::nullopt;
  const auto& all = upstream.credentials;
  for (std::size_t index = 0; draw_.seat && index < all.size(); ++index)
    if (all[index].id == draw_.seat->credential) return index;
  std::vector<policy::Place> places;
  places.reserve(all.size());
  for (const auto& credential : all) places.push_back({credential.id, credential.weight});
  return policy::rendezvous(draw_.session, places);
}

}  // namespace penstock::gateway
