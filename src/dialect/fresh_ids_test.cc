#include "dialect/fresh_ids.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace penstock::dialect {
namespace {

TEST(FreshIds, EachIsHandedOutOnce) {
  FreshIds ids;
  EXPECT_EQ(ids.take("a"), "a");
  EXPECT_EQ(ids.take("a_2"), "a_2");
  EXPECT_EQ(ids.take("a"), "a_3");
  EXPECT_EQ(ids.take("a"), "a_4");
  EXPECT_EQ(ids.take("a_2"), "a_2_2");
  EXPECT_EQ(ids.take("a_4"), "a_4_2");
  EXPECT_EQ(ids.take("b"), "b");
}

/// Counting from the beginning for each would take ten thousand million steps.
TEST(FreshIds, ManyOfTheSameTakeTimeInProportion) {
  constexpr std::size_t kMany = 150'000;
  const auto begin = std::chrono::steady_clock::now();
  FreshIds ids;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < kMany; ++i) seen.insert(ids.take("call"));
  EXPECT_EQ(seen.size(), kMany);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

}  // namespace
}  // namespace penstock::dialect
