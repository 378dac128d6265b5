#include "policy/pool.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>

namespace penstock::policy {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow = TimePoint() + 1h;

std::vector<std::size_t> order(const std::vector<PoolMember>& members, Rotation rotation, const Draw& draw = {}) {
  std::vector<CredentialState> out;
  order_pool(members, rotation, draw, kNow, out);
  std::vector<std::size_t> indices;
  for (const auto& each : out) indices.push_back(each.credential);
  return indices;
}

using Indices = std::vector<std::size_t>;

TEST(Pool, RoundRobinTakesTurns) {
  const std::vector<PoolMember> members(3);
  EXPECT_EQ(order(members, Rotation::round_robin, {.turn = 0}), (Indices{0, 1, 2}));
  EXPECT_EQ(order(members, Rotation::round_robin, {.turn = 1}), (Indices{1, 2, 0}));
  EXPECT_EQ(order(members, Rotation::round_robin, {.turn = 5}), (Indices{2, 0, 1}));
}

TEST(Pool, LeastUsedLooksAtWhatIsUnderWayFirst) {
  const std::vector<PoolMember> members{{.busy = 1, .used = 3}, {.busy = 0, .used = 9}, {.busy = 0, .used = 8}, {.busy = 0, .used = 8}};
  EXPECT_EQ(order(members, Rotation::least_used), (Indices{2, 3, 1, 0}));
  EXPECT_EQ(order(members, Rotation::least_used, {.turn = 3}), (Indices{3, 2, 1, 0})) << "equals take turns";
}

TEST(Pool, WeightsAreShares) {
  const std::vector<PoolMember> members{{.weight = 3}, {.weight = 1}, {.weight = 0}};
  std::mt19937_64 random(7);
  std::array<int, 3> first{};
  for (int i = 0; i < 20'000; ++i) ++first[order(members, Rotation::weighted, {.random = random()})[0]];
  EXPECT_NEAR(first[0], 15'000, 300);
  EXPECT_NEAR(first[1], 5'000, 300);
  EXPECT_EQ(first[2], 0);
}

TEST(Pool, MostRemainingFirst) {
  const std::vector<PoolMember> members{{.remaining = 0.2}, {.remaining = 0.9}, {.remaining = 0.5}};
  EXPECT_EQ(order(members, Rotation::remaining), (Indices{1, 2, 0}));
}

TEST(Pool, RestingOnesComeLastByWhenTheyEnd) {
  const std::vector<PoolMember> members{{.rests_until = kNow + 9s}, {.rests_until = kNow + 3s}, {}, {.rests_until = kNow}};
  for (const auto rotation : {Rotation::round_robin, Rotation::least_used, Rotation::weighted, Rotation::remaining}) {
    const auto indices = order(members, rotation);
    EXPECT_EQ(std::set<std::size_t>(indices.begin(), indices.begin() + 2), (std::set<std::size_t>{2, 3}));
    EXPECT_EQ(indices[2], 1U);
    EXPECT_EQ(indices[3], 0U);
  }
}

TEST(Pool, ThosePreferredComeFirstUnlessTheyAreOfNoUse) {
  std::vector<PoolMember> members(3);
  EXPECT_EQ(order(members, Rotation::round_robin, {.preferred = 2}), (Indices{2, 0, 1}));
  members[2].near_end = true;
  EXPECT_EQ(order(members, Rotation::round_robin, {.preferred = 2}), (Indices{0, 1, 2}));
  members[2].rests_until = kNow + 1s;
  members[1].near_end = true;
  EXPECT_EQ(order(members, Rotation::round_robin, {.preferred = 2}), (Indices{0, 1, 2}));
  EXPECT_EQ(order(members, Rotation::round_robin, {.preferred = 77}), (Indices{0, 1, 2}));
}

TEST(Pool, SmallPools) {
  EXPECT_EQ(order({}, Rotation::weighted), Indices{});
  EXPECT_EQ(order({{}}, Rotation::weighted), Indices{0});
  std::vector<CredentialState> out;
  const std::vector<PoolMember> resting{{.rests_until = kNow + 1s}};
  order_pool(resting, Rotation::round_robin, {}, kNow, out);
  EXPECT_EQ(out.front().rests_until, kNow + 1s);
}

TEST(Pool, Words) {
  EXPECT_EQ(parse_rotation("remaining"), Rotation::remaining);
  EXPECT_EQ(parse_rotation("random"), std::nullopt);
}

/// Every member once, and none that rests before one that is free, whatever the members.
TEST(Pool, Properties) {
  std::mt19937_64 random(8);
  for (int run = 0; run < 5000; ++run) {
    std::vector<PoolMember> members(random() % 8);
    for (auto& each : members) {
      each = {.weight = static_cast<unsigned>(random() % 3),
              .busy = static_cast<unsigned>(random() % 3),
              .used = random() % 5,
              .remaining = static_cast<double>(random() % 10) / 10,
              .near_end = random() % 4 == 0,
              .rests_until = {}};
      if (random() % 3 == 0) each.rests_until = kNow + Duration(static_cast<std::int64_t>(random() % 5000) - 1000);
    }
    std::vector<CredentialState> out;
    order_pool(members, static_cast<Rotation>(random() % 4), {.preferred = random() % 9, .turn = random(), .random = random()}, kNow, out);
    ASSERT_EQ(out.size(), members.size());
    std::set<std::size_t> seen;
    bool resting = false;
    for (const auto& [credential, rests_until] : out) {
      EXPECT_TRUE(seen.insert(credential).second);
      EXPECT_FALSE(resting && !rests_until);
      resting = rests_until.has_value();
      if (rests_until) EXPECT_GT(*rests_until, kNow);
    }
  }
}

}  // namespace
}  // namespace penstock::policy
