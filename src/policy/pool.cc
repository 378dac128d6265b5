#include "policy/pool.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tuple>

#include "policy/random.h"

namespace penstock::policy {

namespace {

/// A member with its place in the order: lower is earlier, member by member.
struct Ranked {
  unsigned group;  // 0 preferred, 1 free, 2 near its end, 3 resting
  double by_rotation;
  double then;
  std::size_t turn;  // places from the one whose turn it is
  std::size_t index;

  bool operator<(const Ranked& other) const {
    return std::tie(group, by_rotation, then, turn) < std::tie(other.group, other.by_rotation, other.then, other.turn);
  }
};

/// Weighted sampling without replacement: the least of exponential draws with the weights as rates (Efraimidis, Spirakis 2006).
double weighted_rank(unsigned weight, std::uint64_t random) {
  if (weight == 0) return std::numeric_limits<double>::max();
  return -std::log(1 - unit(random)) / weight;
}

bool rests(const PoolMember& member, TimePoint now) { return member.rests_until && *member.rests_until > now; }

unsigned group_of(const PoolMember& member, bool preferred, TimePoint now) {
  if (rests(member, now)) return 3;
  if (member.near_end) return 2;
  return preferred ? 0 : 1;
}

/// `turn`: how many free members have their turn before this one.
Ranked rank(std::span<const PoolMember> members, std::size_t index, std::size_t turn, Rotation rotation, const Draw& draw, TimePoint now) {
  const auto& member = members[index];
  Ranked out{group_of(member, draw.preferred == index, now), 0, 0, turn, index};
  if (out.group == 3) {
    out.by_rotation = std::chrono::duration<double>(member.rests_until->time_since_epoch()).count();
    return out;
  }
  switch (rotation) {
    case Rotation::round_robin: break;
    case Rotation::least_used:
      out.by_rotation = member.busy;
      out.then = static_cast<double>(member.used);
      break;
    case Rotation::weighted: out.by_rotation = weighted_rank(member.weight, more_random(draw.random + index)); break;
    case Rotation::remaining: out.by_rotation = -member.remaining; break;
  }
  return out;
}

}  // namespace

std::optional<Rotation> parse_rotation(std::string_view word) {
  constexpr std::array<std::string_view, 4> kWords{"round_robin", "least_used", "weighted", "remaining"};
  const auto found = std::ranges::find(kWords, word);
  return found == kWords.end() ? std::nullopt : std::optional(static_cast<Rotation>(found - kWords.begin()));
}

void order_pool(std::span<const PoolMember> members, Rotation rotation, const Draw& draw, TimePoint now,
                std::vector<CredentialState>& out) {
  if (members.size() == 1) return out.push_back({0, rests(members[0], now) ? members[0].rests_until : std::nullopt});
  std::vector<Ranked> ranked;
  ranked.reserve(members.size());
  // The turn goes round those that are free, so that nobody gets a resting one's share on top of its own.
  const auto free = static_cast<std::size_t>(std::ranges::count_if(members, [&](const auto& member) { return !rests(member, now); }));
  const std::size_t first = free == 0 ? 0 : draw.turn % free;
  for (std::size_t i = 0, place = 0; i < members.size(); ++i) {
    const std::size_t turn = rests(members[i], now) ? i : (place++ + free - first) % free;
    ranked.push_back(rank(members, i, turn, rotation, draw, now));
  }
  std::ranges::sort(ranked, [](const Ranked& a, const Ranked& b) { return a < b; });
  for (const auto& each : ranked) out.push_back({each.index, each.group == 3 ? members[each.index].rests_until : std::nullopt});
}

}  // namespace penstock::policy
