#include "policy/balancer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <random>
#include <string>

#include "policy/hash.h"

namespace penstock::policy {
namespace {

using config::Balance;

struct Table : TargetState {
  struct Row {
    unsigned busy = 0;
    std::optional<int> first_byte, cost;
  };
  std::vector<Row> rows;
  mutable std::size_t asked = 0;

  Table() = default;
  explicit Table(std::vector<Row> given) : rows(std::move(given)) {}
  [[nodiscard]] unsigned busy(std::size_t target) const override { return ++asked, rows.at(target).busy; }
  [[nodiscard]] std::optional<Duration> first_byte(std::size_t target) const override {
    ++asked;
    const auto ms = rows.at(target).first_byte;
    return ms ? std::optional(Duration(*ms)) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::int64_t> cost(std::size_t target) const override { return ++asked, rows.at(target).cost; }
};

Plan plan_of(Balance balance, const std::vector<unsigned>& weights, std::size_t fallbacks = 0) {
  std::vector<PlannedTarget> targets;
  for (std::size_t i = 0; i < weights.size() + fallbacks; ++i) {
    const auto model = std::to_string(i);
    targets.push_back({{"p", model, i < weights.size() ? weights[i] : 1}, target_id("p", model)});
  }
  Plan plan;
  plan.targets = Targets(std::move(targets));
  plan.fallback_from = weights.size();
  plan.balance = balance;
  return plan;
}

std::string shown(const Plan& plan, const TargetState& state, const BalanceDraw& draw = {}) {
  std::vector<std::uint32_t> order{9, 9, 9};
  order_targets(plan, state, draw, order);
  std::string out;
  for (const auto i : order) out += std::to_string(i);
  return out;
}

TEST(Balancer, OrderedIsAsItStands) {
  const Table none;
  EXPECT_EQ(shown(plan_of(Balance::ordered, {1, 1, 1}, 2), none, {.turn = 2}), "01234");
  EXPECT_EQ(none.asked, 0U) << "nothing is looked up";
  EXPECT_EQ(shown(plan_of(Balance::weighted, {1}), none), "0");
}

TEST(Balancer, RoundRobinTurns) {
  const auto plan = plan_of(Balance::round_robin, {1, 1, 1}, 1);
  EXPECT_EQ(shown(plan, Table{}, {.turn = 0}), "0123");
  EXPECT_EQ(shown(plan, Table{}, {.turn = 1}), "1203");
  EXPECT_EQ(shown(plan, Table{}, {.turn = 5}), "2013");
}

TEST(Balancer, LeastBusyFastestAndCheapestGoByTheirFigures) {
  const Table table({{.busy = 2, .first_byte = 300, .cost = {}},
                     {.busy = 0, .first_byte = 200, .cost = 7},
                     {.busy = 1, .first_byte = {}, .cost = 5},
                     {.busy = 0, .first_byte = 200, .cost = 7}});
  EXPECT_EQ(shown(plan_of(Balance::least_busy, {1, 1, 1, 1}, 1), table), "13204");
  EXPECT_EQ(shown(plan_of(Balance::least_busy, {1, 1, 1, 1}, 1), table, {.turn = 2}), "31204") << "equals take turns";
  EXPECT_EQ(shown(plan_of(Balance::fastest, {1, 1, 1, 1}), table), "2130") << "the unknown one is to become known";
  EXPECT_EQ(shown(plan_of(Balance::cheapest, {1, 1, 1, 1}), table, {.turn = 3}), "2130")
      << "equals stand as in the file; no price comes last";
}

TEST(Balancer, WeightedFollowsTheWeights) {
  const auto plan = plan_of(Balance::weighted, {3, 1, 0}, 1);
  std::map<char, int> by_session, by_chance;
  constexpr int kRounds = 8000;
  std::mt19937_64 random(2);
  for (int i = 0; i < kRounds; ++i) {
    const auto session = hash_of(std::to_string(i));
    const auto order = shown(plan, Table{}, {.session = session, .random = random()});
    ++by_session[order.front()];
    EXPECT_EQ(order.substr(2), "23") << "weight 0 after all others, fallbacks last";
    EXPECT_EQ(order, shown(plan, Table{}, {.session = session, .random = random()})) << "a session has its place in every gateway";
    ++by_chance[shown(plan, Table{}, {.random = random()}).front()];
  }
  EXPECT_NEAR(by_session['0'], kRounds * 3 / 4, kRounds / 40);
  EXPECT_NEAR(by_chance['0'], kRounds * 3 / 4, kRounds / 40);
}

TEST(Balancer, ASessionKeepsItsSeat) {
  const auto plan = plan_of(Balance::ordered, {1, 1, 1}, 2);
  EXPECT_EQ(shown(plan, Table{}, {.seat = 2}), "20134");
  EXPECT_EQ(shown(plan, Table{}, {.seat = 4}), "40123") << "on a fallback too";
  EXPECT_EQ(shown(plan, Table{}, {.seat = 0}), "01234");
  EXPECT_EQ(shown(plan, Table{}, {.seat = 77}), "01234") << "a seat that is no more";
  EXPECT_EQ(shown(plan, Table{}, {.seat = 3, .stays = false}), "03124") << "its cache is still the next best";
  EXPECT_EQ(shown(plan, Table{}, {.seat = 0, .stays = false}), "01234");
  EXPECT_EQ(shown(plan_of(Balance::round_robin, {1, 1, 1}), Table{}, {.seat = 0, .turn = 1}), "012");
}

TEST(Balancer, EveryTargetStandsOnceInEveryOrder) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 3000; ++round) {
    const auto own = 1 + random() % 40, fallbacks = random() % 4;
    Table table;
    std::vector<unsigned> weights;
    for (std::size_t i = 0; i < own; ++i) {
      weights.push_back(static_cast<unsigned>(random() % 4));
      table.rows.push_back({.busy = static_cast<unsigned>(random() % 3),
                            .first_byte = random() % 4 == 0 ? std::nullopt : std::optional<int>(random() % 100),
                            .cost = random() % 4 == 0 ? std::nullopt : std::optional<int>(random() % 100)});
    }
    const auto plan = plan_of(static_cast<Balance>(random() % 6), weights, fallbacks);
    BalanceDraw draw{.session = random() % 2 * random(), .turn = random(), .random = random()};
    if (random() % 2 == 0) draw.seat = random() % (own + fallbacks + 1);
    draw.stays = random() % 2 == 0;
    std::vector<std::uint32_t> order;
    order_targets(plan, table, draw, order);
    ASSERT_EQ(order.size(), own + fallbacks);
    std::vector<bool> seen(order.size());
    for (std::size_t at = 0; at < order.size(); ++at) {
      ASSERT_LT(order[at], order.size());
      EXPECT_FALSE(seen[order[at]]);
      seen[order[at]] = true;
      const bool fallback = order[at] >= own;
      if (fallback && at < own) EXPECT_EQ(draw.seat, order[at]) << "only its seat brings a fallback forward";
    }
    if (draw.seat && *draw.seat < order.size()) EXPECT_TRUE(order[0] == *draw.seat || (!draw.stays && order[1] == *draw.seat));
  }
}

TEST(Balancer, AThousandTargets) {
  const std::vector<unsigned> weights(1000, 1);
  Table table;
  for (int i = 0; i < 1000; ++i) table.rows.push_back({.busy = static_cast<unsigned>(i * 7 % 13), .first_byte = i % 97, .cost = i % 89});
  std::vector<std::uint32_t> order;
  for (const auto balance :
       {Balance::ordered, Balance::round_robin, Balance::weighted, Balance::least_busy, Balance::fastest, Balance::cheapest}) {
    const auto plan = plan_of(balance, weights);
    constexpr int kRounds = 500;
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < kRounds; ++i) order_targets(plan, table, {.session = i, .turn = i}, order);
    const auto each = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / kRounds;
    EXPECT_EQ(order.size(), 1000U);
    EXPECT_LT(each, 1'000'000);
    std::printf("order 1000 targets, balance %d           %6.0f ns\n", static_cast<int>(balance), each);
  }
}

}  // namespace
}  // namespace penstock::policy
