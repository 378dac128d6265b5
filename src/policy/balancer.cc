#include "policy/balancer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <tuple>

#include "policy/affinity.h"

namespace penstock::policy {

namespace {

using config::Balance;

constexpr std::size_t kRanked = 16;
constexpr std::uint32_t kTaken = std::numeric_limits<std::uint32_t>::max();

/// Lower is earlier, member by member.
struct Rank {
  double value;
  std::uint32_t tie;  // places from the one whose turn it is
  std::uint32_t index;
  bool operator<(const Rank& other) const { return std::tie(value, tie) < std::tie(other.value, other.tie); }
};

double value_of(const Plan& plan, const TargetState& state, std::uint64_t key, std::size_t i) {
  constexpr double kLast = std::numeric_limits<double>::max();
  switch (plan.balance) {
    case Balance::weighted: return -rendezvous_score(key, {plan.targets[i].id, plan.targets[i].weight});
    case Balance::least_busy: return state.busy(i);
    case Balance::fastest: return static_cast<double>(state.first_byte(i).value_or(Duration(0)).count());
    case Balance::cheapest: {
      const auto cost = state.cost(i);
      return cost ? static_cast<double>(*cost) : kLast;
    }
    case Balance::ordered:
    case Balance::round_robin: break;
  }
  return 0;
}

/// The first `own` places of the order, by rank.
void rank(const Plan& plan, const TargetState& state, const BalanceDraw& draw, std::size_t own, std::vector<std::uint32_t>& order) {
  const auto key = draw.session != 0 ? draw.session : draw.random;
  // Of those that cost the same, the first in the file; else each in turn.
  const std::size_t first = plan.balance == Balance::cheapest ? 0 : draw.turn % own;
  std::vector<Rank> ranks(own);
  for (std::size_t i = 0; i < own; ++i)
    ranks[i] = {value_of(plan, state, key, i), static_cast<std::uint32_t>((i + own - first) % own), static_cast<std::uint32_t>(i)};
  std::array<Rank, kRanked> best;
  const auto end = std::ranges::partial_sort_copy(ranks, best, [](const Rank& a, const Rank& b) { return a < b; }).out;
  std::size_t at = 0;
  for (auto each = best.begin(); each != end; ++each) {
    order[at++] = each->index;
    ranks[each->index].tie = kTaken;
  }
  for (const auto& left : ranks)
    if (left.tie != kTaken) order[at++] = left.index;
}

/// Moves the seat to the front, or behind the first.
void seat_first(const BalanceDraw& draw, std::vector<std::uint32_t>& order) {
  if (!draw.seat || *draw.seat >= order.size()) return;
  const auto found = std::ranges::find(order, static_cast<std::uint32_t>(*draw.seat));
  const auto to = order.begin() + (draw.stays || found == order.begin() ? 0 : 1);
  std::rotate(to, found, found + 1);
}

}  // namespace

void order_targets(const Plan& plan, const TargetState& state, const BalanceDraw& draw, std::vector<std::uint32_t>& order) {
  order.resize(plan.targets.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto own = std::min(plan.fallback_from, order.size());
  if (own > 1 && plan.balance == Balance::round_robin)
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(draw.turn % own),
                order.begin() + static_cast<std::ptrdiff_t>(own));
  else if (own > 1 && plan.balance != Balance::ordered)
    rank(plan, state, draw, own, order);
  seat_first(draw, order);
}

}  // namespace penstock::policy
