#include "dialect/efforts.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

std::string nearest(std::string_view levels, std::string_view wanted) {
  const auto found = read_effort_levels(levels)->nearest(*effort_level(wanted));
  return found ? std::string(word_of(*found)) : "";
}

TEST(Efforts, TheNearestIsChosen) {
  EXPECT_EQ(nearest("high,max", "low"), "high");  // DeepSeek (wire-reference 3.5)
  EXPECT_EQ(nearest("high,max", "medium"), "high");
  EXPECT_EQ(nearest("high,max", "xhigh"), "max");
  EXPECT_EQ(nearest("low,high,max", "medium"), "high");  // Kimi
  EXPECT_EQ(nearest("low,medium,high", "max"), "high");  // Gemini
  EXPECT_EQ(nearest("low,medium,xhigh", "high"), "xhigh");
  EXPECT_EQ(nearest("none,medium", "low"), "medium") << "a model that is to think is not told not to";
  EXPECT_EQ(nearest("none", "max"), "");
  EXPECT_EQ(nearest("", "max"), "");
  EXPECT_EQ(nearest("low,medium", "none"), "low");
}

TEST(Efforts, WhatIsWanted) {
  using Mode = llm::Reasoning::Mode;
  const auto wanted = [](Mode mode, std::uint64_t budget, std::string effort) {
    const auto out = wanted_thinking({mode, budget, std::move(effort)});
    return std::string(out.thinks ? "on " : "off ") + std::string(out.level ? word_of(*out.level) : "");
  };
  EXPECT_EQ(wanted(Mode::absent, 0, ""), "off ");
  EXPECT_EQ(wanted(Mode::absent, 0, "low"), "on low");
  EXPECT_EQ(wanted(Mode::off, 0, "high"), "off ");
  EXPECT_EQ(wanted(Mode::absent, 0, "none"), "off ");
  EXPECT_EQ(wanted(Mode::adaptive, 0, ""), "on ");
  EXPECT_EQ(wanted(Mode::adaptive, 0, "xhigh"), "on xhigh");
  EXPECT_EQ(wanted(Mode::adaptive, 0, "immense"), "on ");
  EXPECT_EQ(wanted(Mode::budget, 3'999, ""), "on low");
  EXPECT_EQ(wanted(Mode::budget, 4'000, ""), "on medium");
  EXPECT_EQ(wanted(Mode::budget, 16'000, ""), "on high");
  EXPECT_EQ(wanted(Mode::budget, 32'000, ""), "on max");
  EXPECT_EQ(wanted(Mode::budget, 1'024, "max"), "on max");
  EXPECT_EQ(wanted(Mode::budget, 0, ""), "on ");
}

TEST(Efforts, UnknownWords) {
  EXPECT_FALSE(read_effort_levels("low,huge"));
  EXPECT_FALSE(effort_level(""));
  EXPECT_FALSE(effort_level("High"));
}

}  // namespace
}  // namespace penstock::dialect
