#include "dialect/prompt_text.h"

#include <gtest/gtest.h>

#include "dialect/arguments.h"

namespace penstock::dialect {
namespace {

TEST(PromptText, TheAttributionLineGoes) {
  EXPECT_EQ(without_attribution(R"(x-anthropic-billing-header: a=1;\n\nYou are.\nBe.)"), R"(You are.\nBe.)");
  EXPECT_EQ(without_attribution("x-anthropic-billing-header: a=1;"), "");
  EXPECT_EQ(without_attribution(R"(See x-anthropic-billing-header: a\nb)"), R"(See x-anthropic-billing-header: a\nb)");
}

TEST(PromptText, JsonInsideAString) {
  std::string out;
  append_as_text(out, R"({ "a b" : [1, "c \" d\\", "\u00e9"] })");
  EXPECT_EQ(out, R"({\"a b\":[1,\"c \\\" d\\\\\",\"\\u00e9\"]})");
  EXPECT_EQ(unescape(out), R"({"a b":[1,"c \" d\\","\u00e9"]})");
}

}  // namespace
}  // namespace penstock::dialect
