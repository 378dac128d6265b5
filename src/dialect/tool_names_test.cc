#include "dialect/tool_names.h"

#include <gtest/gtest.h>

#include <set>

namespace penstock::dialect {
namespace {

TEST(ToolNames, LegalNamesStay) {
  ToolNames names;
  for (const auto* name : {"Read", "mcp__server__do-it", "7up"}) {
    EXPECT_EQ(names.to_provider(name), name);
    EXPECT_EQ(names.to_client(name), name);
  }
  const std::string most(64, 'a');
  EXPECT_EQ(names.to_provider(most), most);
}

TEST(ToolNames, OthersAreShortenedAndComeBack) {
  ToolNames names;
  std::set<std::string> seen;
  for (const auto& name : {std::string(65, 'a'), std::string(66, 'a'), std::string("a.b"), std::string("a:b"), std::string("a b"),
                           std::string("\xc3\xa9t\xc3\xa9"), std::string(R"(say \"hi\")"), std::string()}) {
    const std::string made(names.to_provider(name));
    EXPECT_EQ(names.to_provider(name), made) << "always the same";
    EXPECT_LE(made.size(), 64U);
    EXPECT_EQ(made.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"), std::string::npos) << made;
    EXPECT_EQ(names.to_client(made), name);
    EXPECT_TRUE(seen.insert(made).second) << made;
  }
  EXPECT_EQ(names.to_provider(std::string(70, 'b')).substr(0, 56), std::string(55, 'b') + "_");
  EXPECT_EQ(ToolNames().to_provider("a.b"), names.to_provider("a.b"));
}

TEST(ToolNames, EscapesDoNotMakeAnotherName) {
  ToolNames names;
  EXPECT_EQ(names.to_provider(R"(\u0052ead)"), "Read");
  EXPECT_EQ(names.to_client("Read"), "Read");
  const std::string made(names.to_provider("\xc3\xa9"));
  EXPECT_EQ(names.to_provider(R"(\u00e9)"), made);
}

TEST(ToolNames, Gemini) {
  ToolNames names(ToolNames::Form::gemini);
  EXPECT_EQ(names.to_provider("a.b:c"), "a.b:c");
  const std::string made(names.to_provider("7up"));
  EXPECT_TRUE(made.starts_with("_7up_")) << made;
  EXPECT_EQ(names.to_client(made), "7up");
}

TEST(ToolNames, CallIds) {
  EXPECT_EQ(call_id_in_form("toolu_01 odd", CallIdForm::any), "toolu_01 odd");
  EXPECT_EQ(call_id_in_form("a1B2c3D4e", CallIdForm::mistral9), "a1B2c3D4e");
  const auto nine = call_id_in_form("toolu_01AbCd", CallIdForm::mistral9);
  EXPECT_EQ(nine.size(), 9U);
  EXPECT_EQ(nine, call_id_in_form("toolu_01AbCd", CallIdForm::mistral9));
  EXPECT_NE(nine, call_id_in_form("toolu_01AbCe", CallIdForm::mistral9));
  EXPECT_EQ(nine.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), std::string::npos);
  EXPECT_EQ(call_id_in_form("toolu_01AbCd", CallIdForm::max40), "toolu_01AbCd");
  EXPECT_EQ(call_id_in_form(std::string(41, 'x'), CallIdForm::max40).size(), 37U);
  EXPECT_EQ(call_id_in_form("functions.Read:0", CallIdForm::max40).size(), 37U);
}

}  // namespace
}  // namespace penstock::dialect
