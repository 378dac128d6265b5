#include "policy/model_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock::policy {
namespace {

std::vector<std::string> spellings(std::string_view name) {
  std::vector<std::string> out;
  for (const auto spelling : Spellings(name)) out.emplace_back(spelling);
  return out;
}

TEST(ModelName, LosesOneDecorationAtATime) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(spellings("glm"), Names({"glm"}));
  EXPECT_EQ(spellings("anthropic/claude-via-glm"), Names({"anthropic/claude-via-glm", "claude-via-glm", "glm"}));
  EXPECT_EQ(spellings("anthropic/"), Names({"anthropic/"})) << "something must remain";
  EXPECT_EQ(spellings("anthropic/anthropic/anthropic/anthropic/a").size(), 4U);
}

TEST(ModelName, AMillionIsKeptOrTakenOff) {
  EXPECT_TRUE(has_million("a[1M]"));
  EXPECT_FALSE(has_million("[1m]a"));
  EXPECT_EQ(without_million("a[1m][1M]"), "a");
  EXPECT_EQ(star_in("a-*", "a-b"), "b");
  EXPECT_EQ(star_in("a-*", "a-b[1m]"), std::nullopt);
  EXPECT_EQ(star_in("a-*[1m]", "a-b[1m]"), "b");
  EXPECT_EQ(star_in("a", "a"), "");
  EXPECT_EQ(filled("x-*-y", "s"), "x-s-y");
  EXPECT_EQ(filled("x", "s"), "x");
}

TEST(ModelName, PartsAtTheFirstSlashOrComma) {
  EXPECT_EQ(parted("a/b,c"), std::pair(std::string_view("a"), std::string_view("b,c")));
  EXPECT_EQ(parted("a, b/c"), std::pair(std::string_view("a"), std::string_view("b/c")));
  for (const auto* none : {"a", "/a", "a/", " ,a"}) EXPECT_FALSE(parted(none)) << none;
}

}  // namespace
}  // namespace penstock::policy
