#include "policy/backoff.h"

#include <gtest/gtest.h>

#include <random>

namespace penstock::policy {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kLeast = 0, kMost = ~0ULL;

TEST(Backoff, DoublesUpToTheLongest) {
  const Backoff backoff{.attempts = 9, .first = 500ms, .longest = 8s};
  const Duration expected[] = {500ms, 1s, 2s, 4s, 8s, 8s, 8s};
  for (unsigned retry = 0; retry < std::size(expected); ++retry) {
    EXPECT_EQ(backoff_wait(backoff, retry, kLeast), expected[retry]);
    EXPECT_GE(backoff_wait(backoff, retry, kMost), expected[retry] * 3 / 4);
    EXPECT_LT(backoff_wait(backoff, retry, kMost), expected[retry] * 3 / 4 + 2ms);
  }
  EXPECT_EQ(backoff_wait(backoff, 4'000'000'000U, kLeast), 8s);
}

TEST(Backoff, OddConfigurations) {
  EXPECT_EQ(backoff_wait({.first = 0ms, .longest = 8s}, 30, kLeast), 0ms);
  EXPECT_EQ(backoff_wait({.first = 10s, .longest = 8s}, 0, kLeast), 8s);
  EXPECT_EQ(backoff_wait({.first = 1h, .longest = 720h}, 100, kLeast), 720h);
}

TEST(Backoff, NeverBeforeTheProviderAllows) {
  std::mt19937_64 random(1);
  const Backoff backoff;
  for (int i = 0; i < 10'000; ++i) {
    const Duration told(static_cast<std::int64_t>(random() % 100'000));
    const auto wait = retry_wait(backoff, static_cast<unsigned>(random() % 6), told, random());
    EXPECT_GE(wait, told);
    EXPECT_LE(wait, std::max(told + 1s, backoff.longest));
  }
  EXPECT_EQ(retry_wait(backoff, 0, 0ms, kLeast), 500ms);
  EXPECT_EQ(retry_wait(backoff, 0, {}, kLeast), 500ms);
  EXPECT_EQ(retry_wait(backoff, 0, 20s, kLeast), 20s);
}

TEST(Backoff, ChanceSpreadsWhatFailedTogether) {
  std::mt19937_64 random(2);
  Duration least = 1h, most = 0ms;
  for (int i = 0; i < 1000; ++i) {
    const auto wait = backoff_wait({}, 3, random());
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, 3100ms);
  EXPECT_GT(most, 3900ms);
}

}  // namespace
}  // namespace penstock::policy
