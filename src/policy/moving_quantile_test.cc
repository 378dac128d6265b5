#include "policy/moving_quantile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace penstock::policy {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TimePoint at(Duration since) { return TimePoint(std::chrono::hours(1000)) + since; }

TEST(MovingQuantile, KnowsNothingAtFirst) { EXPECT_EQ(MovingQuantile().value(0.5, at({})), std::nullopt); }

TEST(MovingQuantile, ASampleComesBackNearly) {
  for (int ms = 1; ms < 1'000'000; ms = ms * 5 / 4 + 1) {
    MovingQuantile one;
    one.add(Duration(ms), at({}));
    EXPECT_NEAR(static_cast<double>(one.value(0.5, at({}))->count()), ms, ms / 8.0 + 1) << ms;
  }
  MovingQuantile odd;
  odd.add(Duration(-5), at({}));
  EXPECT_EQ(odd.value(0.5, at({})), Duration(1));
  odd.add(std::chrono::hours(10), at({}));
  EXPECT_GT(odd.value(1, at({})), minutes(10)) << "very long ones count as the longest";
}

TEST(MovingQuantile, IsNearTheTrueOne) {
  std::mt19937 random(3);
  std::lognormal_distribution<double> latency(7, 0.8);  // about a second
  MovingQuantile moving(minutes(60));
  std::vector<double> all;
  for (int i = 0; i < 5000; ++i) {
    all.push_back(latency(random));
    moving.add(Duration(static_cast<Duration::rep>(all.back())), at(seconds(i / 100)));
  }
  std::ranges::sort(all);
  for (const double q : {0.1, 0.5, 0.9, 0.99}) {
    const double exact = all[static_cast<std::size_t>(q * 4999)];
    EXPECT_NEAR(static_cast<double>(moving.value(q, at(seconds(60)))->count()), exact, exact * 0.15) << q;
  }
}

TEST(MovingQuantile, FollowsAChange) {
  MovingQuantile moving(minutes(2));
  for (int i = 0; i < 100; ++i) moving.add(Duration(100), at(seconds(i)));
  EXPECT_LT(moving.value(0.5, at(seconds(100))), Duration(120));
  for (int i = 0; i < 100; ++i) moving.add(Duration(5000), at(minutes(10) + seconds(i)));
  EXPECT_GT(moving.value(0.5, at(minutes(12))), Duration(4000));
  EXPECT_GT(moving.value(0.1, at(minutes(12))), Duration(4000)) << "what was long ago hardly counts";
}

TEST(MovingQuantile, ForgetsInTheEnd) {
  MovingQuantile moving(minutes(2));
  moving.add(Duration(100), at({}));
  EXPECT_TRUE(moving.value(0.5, at(minutes(8))));
  EXPECT_FALSE(moving.value(0.5, at(minutes(9))));
}

TEST(MovingQuantile, LastsForWeeks) {
  MovingQuantile moving(minutes(2));
  for (int hour = 0; hour < 24 * 30; ++hour)
    for (int i = 0; i < 10; ++i) moving.add(Duration(hour % 2 == 0 ? 100 : 3000), at(std::chrono::hours(hour) + seconds(i)));
  EXPECT_GT(moving.value(0.5, at(std::chrono::hours(24 * 30 - 1) + seconds(10))), Duration(2500));
}

}  // namespace
}  // namespace penstock::policy
