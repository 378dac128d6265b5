#include "policy/affinity.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <random>
#include <string>

#include "policy/hash.h"

namespace penstock::policy {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TimePoint at(Duration since) { return TimePoint(std::chrono::hours(1000)) + since; }

TEST(SessionKey, TakesTheBestSignThereIs) {
  const auto header = session_key({.header = "s", .agent = "", .metadata = "other", .first_turn = "t"});
  EXPECT_EQ(header, session_key({.header = "s", .agent = "", .metadata = "", .first_turn = ""}));
  EXPECT_EQ(header, session_key({.header = "", .agent = "", .metadata = "s", .first_turn = ""})) << "Claude Code says the same id twice";
  EXPECT_NE(header, session_key({.header = "s", .agent = "a", .metadata = "", .first_turn = ""}));
  EXPECT_NE(header, session_key({.header = "", .agent = "", .metadata = "", .first_turn = "s"}));
  EXPECT_EQ(session_key({}), 0U);
  EXPECT_EQ(session_key({.header = "", .agent = "a", .metadata = "", .first_turn = ""}), 0U);
  const std::string turn(5000, 'x');
  EXPECT_EQ(session_key({.header = "", .agent = "", .metadata = "", .first_turn = turn}),
            session_key({.header = "", .agent = "", .metadata = "", .first_turn = turn.substr(0, 4096)}));
  EXPECT_NE(seat_key(header, "name glm"), seat_key(header, "routes.background -> fast"));
  EXPECT_EQ(seat_key(0, "name glm"), 0U);
}

TEST(SessionKey, IsTheSameInEveryVersion) {
  EXPECT_EQ(hash_of("a longer text than eight bytes"), 8355133620848599930ULL);
  EXPECT_EQ(session_key({.header = "5de185c4-97dc-402b-a930-2547991e7146", .agent = "a0", .metadata = "", .first_turn = ""}),
            17343130095184284947ULL);
}

std::vector<Place> places(std::size_t count, unsigned weight = 1) {
  std::vector<Place> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({target_id("p", std::to_string(i)), weight});
  return out;
}

TEST(Rendezvous, SpreadsByWeightAndAgreesInAnyOrder) {
  auto list = places(4);
  list[1].weight = 3;
  list[3].weight = 0;
  auto reversed = list;
  std::ranges::reverse(reversed);
  std::map<std::size_t, int> counts;
  constexpr int kSessions = 20'000;
  for (int i = 0; i < kSessions; ++i) {
    const auto key = hash_of("session " + std::to_string(i));
    const auto chosen = *rendezvous(key, list);
    EXPECT_EQ(list[chosen].id, reversed[*rendezvous(key, reversed)].id);
    ++counts[chosen];
  }
  EXPECT_NEAR(counts[0], kSessions / 5, kSessions / 50);
  EXPECT_NEAR(counts[1], kSessions * 3 / 5, kSessions / 50);
  EXPECT_NEAR(counts[2], kSessions / 5, kSessions / 50);
  EXPECT_EQ(counts[3], 0) << "weight 0 is for when nothing else is there";
  EXPECT_EQ(rendezvous(1, {}), std::nullopt);
  EXPECT_TRUE(rendezvous(1, places(3, 0)));
}

TEST(Rendezvous, OnlyTheSessionsOfALostPlaceMove) {
  for (const bool weighted : {false, true}) {
    auto list = places(10);
    if (weighted)
      for (std::size_t i = 0; i < list.size(); ++i) list[i].weight = static_cast<unsigned>(i + 1);
    auto fewer = list;
    fewer.erase(fewer.begin() + 4);
    int moved = 0;
    for (int i = 0; i < 5000; ++i) {
      const auto key = hash_of(std::to_string(i));
      const auto before = list[*rendezvous(key, list)].id, after = fewer[*rendezvous(key, fewer)].id;
      if (before != after) EXPECT_EQ(before, list[4].id);
      moved += before != after;
    }
    EXPECT_NEAR(moved, weighted ? 5000 * 5 / 55 : 500, 120);
  }
}

TEST(AffinityTable, KeepsTheLastUsed) {
  AffinityTable table(3, minutes(60));
  for (std::uint64_t key = 1; key <= 3; ++key) table.put(key, {.target = key * 10, .when = at(seconds(key))});
  ASSERT_NE(table.find(1, at(seconds(4))), nullptr);
  table.put(4, {.target = 40, .when = at(seconds(5))});
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.find(2, at(seconds(5))), nullptr) << "it was used least lately";
  EXPECT_EQ(table.find(1, at(seconds(5)))->target, 10U);
  table.put(1, {.target = 11, .when = at(seconds(6))});
  EXPECT_EQ(table.find(1, at(seconds(6)))->target, 11U);
  EXPECT_EQ(table.size(), 3U);
  table.forget(1);
  table.forget(1);
  EXPECT_EQ(table.find(1, at(seconds(6))), nullptr);
  table.put(0, {.target = 1});
  EXPECT_EQ(table.size(), 2U) << "no session, no seat";
}

TEST(AffinityTable, ForgetsWhatWasNotUsedForLong) {
  AffinityTable table(10, minutes(60));
  table.put(1, {.target = 1, .when = at({})});
  EXPECT_NE(table.find(1, at(minutes(59))), nullptr);
  EXPECT_EQ(table.find(1, at(minutes(60))), nullptr);
  EXPECT_EQ(table.size(), 0U);
}

TEST(AffinityTable, AgreesWithASimplerOne) {
  std::mt19937_64 random(5);
  AffinityTable table(50, minutes(60));
  std::vector<std::pair<std::uint64_t, std::uint64_t>> model;  // last used first
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t key = 1 + random() % 80;
    const auto found = std::ranges::find(model, key, &std::pair<std::uint64_t, std::uint64_t>::first);
    if (random() % 2 == 0) {
      const auto* seat = table.find(key, at({}));
      ASSERT_EQ(seat != nullptr, found != model.end());
      if (seat != nullptr) {
        EXPECT_EQ(seat->target, found->second);
        std::rotate(model.begin(), found, found + 1);
      }
    } else {
      if (found != model.end()) model.erase(found);
      model.insert(model.begin(), {key, static_cast<std::uint64_t>(step)});
      if (model.size() > 50) model.pop_back();
      table.put(key, {.target = static_cast<std::uint64_t>(step), .when = at({})});
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

TEST(AffinityTable, TenThousandSessionsCostNothing) {
  AffinityTable table;
  for (std::uint64_t key = 1; key <= 30'000; ++key) table.put(hash_of(key, 7), {.target = key, .when = at({})});
  EXPECT_EQ(table.size(), AffinityTable::kMost);
  constexpr int kRounds = 100'000;
  const auto start = std::chrono::steady_clock::now();
  int found = 0;
  for (std::uint64_t i = 0; i < kRounds; ++i) found += table.find(hash_of(20'001 + i % 10'000, 7), at({})) != nullptr;
  const auto each = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / kRounds;
  EXPECT_EQ(found, kRounds);
  EXPECT_LT(each, 20'000);
  std::printf("seat among 10,000 sessions              %6.0f ns\n", each);
}

TEST(Seat, ACacheIsWarmForAWhile) {
  const Seat seat{.target = 1, .credential = 2, .cached = 5000, .when = at({})};
  EXPECT_EQ(seat.warm(at(minutes(4))), 5000U);
  EXPECT_EQ(seat.warm(at(minutes(5))), 0U);
  EXPECT_EQ(seat.warm(at(minutes(50)), std::chrono::hours(1)), 5000U);
}

/// Dollars per million tokens, as price lists have them.
catalog::Price price(double input, double output, double cache_read) {
  const auto nano = [](double dollars) { return static_cast<std::int64_t>(dollars * 1'000'000); };
  return {.input = nano(input), .output = nano(output), .cache_read = nano(cache_read), .cache_write = nano(input), .known = true};
}

TEST(WorthReturning, WeighsTheLostCacheAgainstTheDifference) {
  const auto cheap = price(0.3, 1, 0.03), dear = price(3, 15, 0.3), same = price(3, 15, 0.3);
  const ExpectedTokens next{.prompt = 100'000, .cached = 0, .output = 1000};
  const auto returns = [&](catalog::Price here, catalog::Price there, std::uint64_t cached, unsigned requests = 1) {
    return worth_returning({.here = here, .there = there, .cached = cached, .next = next, .requests = requests});
  };
  EXPECT_TRUE(returns(dear, cheap, 0)) << "nothing is lost";
  EXPECT_TRUE(returns(cheap, dear, 0)) << "nothing is lost, and the plan puts it first";
  EXPECT_FALSE(returns(same, dear, 50'000)) << "the same price: only the cache would be lost";
  EXPECT_FALSE(returns(cheap, dear, 50'000)) << "dearer as well";
  EXPECT_TRUE(returns(dear, cheap, 90'000)) << "lost 24,300; saved 24,300 of cached input, 2,700 of other, 14,000 of output";
  EXPECT_FALSE(returns(price(3, 1, 0.03), cheap, 100'000)) << "here the cache costs as little as there";
  EXPECT_FALSE(returns(price(0.33, 1, 0.033), cheap, 90'000));
  EXPECT_TRUE(returns(price(0.33, 1, 0.033), cheap, 90'000, 100)) << "a small difference adds up";
  EXPECT_FALSE(returns({}, cheap, 10)) << "an unknown price is none";
  EXPECT_FALSE(returns(dear, {}, 10));
}

TEST(WorthReturning, TheLargerTheLossTheLessItIs) {
  std::mt19937_64 random(11);
  const auto any = [&] { return static_cast<double>(random() % 1000) / 100; };
  for (int round = 0; round < 5000; ++round) {
    const double a = any(), b = any();
    Away away{.here = price(a, any(), a / 10),
              .there = price(b, any(), b / 10),
              .cached = 1,
              .next = {random() % 1'000'000, 0, random() % 5000},
              .requests = 1 + static_cast<unsigned>(random() % 10)};
    auto more = away;
    more.requests += 5;
    if (worth_returning(away)) EXPECT_TRUE(worth_returning(more)) << "more requests save more";
    auto nothing = away;
    nothing.cached = 0;
    EXPECT_TRUE(worth_returning(nothing));
    auto dearer = away;
    dearer.there = price(a + 1, 1000, a);
    EXPECT_FALSE(worth_returning(dearer)) << "never to a dearer one while the cache is warm";
  }
}

TEST(ExpectedCost, CannotOverflow) {
  const auto dearest = price(100'000, 100'000, 100'000);
  EXPECT_GT(expected_cost(dearest, {~0ULL, ~0ULL, ~0ULL}), 0);
  EXPECT_EQ(expected_cost(price(3, 15, 0.3), {1000, 400, 10}), 400 * 300'000 + 600 * 3'000'000LL + 10 * 15'000'000LL);
  EXPECT_EQ(expected_cost(price(3, 15, 0.3), {1000, 4000, 0}), 1000 * 300'000) << "no more is cached than there is";
}

}  // namespace
}  // namespace penstock::policy
