#include "dialect/sampling.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

TEST(Sampling, ClampsATemperature) {
  EXPECT_EQ(clamped(1.7, std::nullopt), 1.7);
  EXPECT_EQ(clamped(1.7, Range{.low = 0, .high = 1, .low_excluded = false}), 1);
  EXPECT_EQ(clamped(0, Range{.low = 0, .high = 1, .low_excluded = false}), 0);
  EXPECT_EQ(clamped(0, Range{.low = 0, .high = 1, .low_excluded = true}), 0.01);
  EXPECT_EQ(clamped(0.5, Range{.low = 0, .high = 1, .low_excluded = true}), 0.5);
}

TEST(Sampling, WritesTheShortestNumber) {
  std::string out;
  append_number(out, 0.1);
  append_number(out += ' ', 1);
  EXPECT_EQ(out, "0.1 1");
}

}  // namespace
}  // namespace penstock::dialect
