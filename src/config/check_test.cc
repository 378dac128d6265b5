#include "config/check.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::config {
namespace {

std::string fault(Type type, std::string_view allowed, std::string_view text) {
  return value_fault(Field{"k", type, "", allowed, "Help."}, text);
}

TEST(Check, RangesMayHaveWordsBesideThem) {
  EXPECT_EQ(fault(Type::integer, "auto|1..8", "auto"), "");
  EXPECT_EQ(fault(Type::integer, "auto|1..8", "8"), "");
  EXPECT_EQ(fault(Type::integer, "auto|1..8", "9"), "\"9\" is out of range (auto, or 1 to 8)");
  EXPECT_EQ(fault(Type::integer, "auto|1..8", "x"), "\"x\" is not a whole number (auto, or 1 to 8)");
  EXPECT_EQ(fault(Type::duration, "1s..1h", "61m"), "\"61m\" is out of range (1s to 1h)");
  EXPECT_EQ(fault(Type::size, "1KiB..1MiB", "1MiB"), "");
  EXPECT_EQ(fault(Type::number, "0..1", "1.5"), "\"1.5\" is out of range (0 to 1)");
}

TEST(Check, WordsMayHoldANumberOrAName) {
  EXPECT_EQ(fault(Type::word, "keep|max:N", "max:5"), "");
  EXPECT_EQ(fault(Type::word, "keep|max:N", "max:0"), "\"max:0\" is not known here; write keep or max:N");
  EXPECT_EQ(fault(Type::word, "keep|max:N", "max:"), "\"max:\" is not known here; write keep or max:N");
  EXPECT_EQ(fault(Type::word, "none|N", "32000"), "");
  EXPECT_EQ(fault(Type::words, "keep|NAME", "a-1,b.2"), "");
  EXPECT_EQ(fault(Type::words, "low|high", "low, hgh"), "\"hgh\" is not known here; write low or high");
  EXPECT_EQ(fault(Type::words, "low|high", " , "), "is empty; write low or high");
}

TEST(Check, SecretsAreNotRepeated) {
  for (const Type type : {Type::token, Type::provider_key}) {
    EXPECT_EQ(fault(type, "", "sk-1"), "");
    EXPECT_FALSE(fault(type, "", "hunter 2").empty());
    EXPECT_FALSE(fault(type, "", "hunter 2").contains("hunter"));
  }
  EXPECT_EQ(fault(Type::token, "", ""), "is empty; a token must have a value");
  EXPECT_EQ(fault(Type::provider_key, "", ""), "");
}

TEST(Check, ExpandsAndThenChecks) {
  Report report{"f", {}};
  Node root = read_yaml("server: { workers: ${W:-3}, drain: ${W:-3} }\n", report);
  check(root, {[](const std::string&) { return std::nullopt; }, ""}, report);
  EXPECT_EQ(root.find("server")->scalar("workers")->text, "3");
  ASSERT_EQ(report.faults.size(), 1U);
  EXPECT_EQ(to_text(report.faults[0]),
            "f:1:36: \"server.drain\": \"3\" is not a duration; write a whole number and ms, s, m, h or d, such as 30s (0 to 1h)");
  EXPECT_TRUE(root.find("server")->scalar("drain") == nullptr);
  EXPECT_FALSE(root.find("server")->lacks("drain")) << "a rejected value is not a missing one";
}

}  // namespace
}  // namespace penstock::config
