#include "dialect/responses_echo.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

TEST(ResponsesTools, NamespacesStandBeforeNames) {
  const ResponsesTools tools;
  EXPECT_EQ(tools.provider_name("", "f"), "f");
  EXPECT_EQ(tools.provider_name("functions", "f"), "f");
  EXPECT_EQ(tools.provider_name("agents", "spawn"), "agents__spawn");
  EXPECT_EQ(tools.provider_name("mcp__mill__", "grind"), "mcp__mill__grind");
}

TEST(ResponsesTools, TellsApartWhatWouldHaveTheSameName) {
  ResponsesTools tools;
  EXPECT_TRUE(tools.add({ResponsesTool::Form::function, "", "a__b"}));
  EXPECT_TRUE(tools.add({ResponsesTool::Form::custom, "a", "b"}));
  EXPECT_FALSE(tools.add({ResponsesTool::Form::function, "a", "b"}));  // listed twice
  EXPECT_EQ(tools.provider_name("", "a__b"), "a__b");
  EXPECT_EQ(tools.provider_name("a", "b"), "a__b_");
  ASSERT_NE(tools.find("a__b_"), nullptr);
  EXPECT_EQ(tools.find("a__b_")->space, "a");
  EXPECT_EQ(tools.find("a__b_")->form, ResponsesTool::Form::custom);
  EXPECT_EQ(tools.find("nobody"), nullptr);
}

}  // namespace
}  // namespace penstock::dialect
