#include "dialect/function_tools.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

SentSchema sent(std::string_view properties, std::string_view required, const ChatQuirks& quirks = {}) {
  const auto schema = R"({"type":"object","properties":{)" + std::string(properties) + R"(},"required":[)" + std::string(required) + "]}";
  return schema_to_send(schema, true, quirks);
}

TEST(FunctionTools, AStrictSchemaRequiresAllMembers) {
  const auto whole = sent(R"("a":{"type":"string"},"b":{"type":["number","null"]})", R"("a")");
  EXPECT_TRUE(whole.strict);
  EXPECT_EQ(whole.text, R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":["number","null"]}},"required":["a","b"],)"
                        R"("additionalProperties":false})");
}

/// 500 tools of a few kilobytes that would be hundreds of megabytes.
TEST(FunctionTools, TheSchemasOfOneRequestHaveABudget) {
  std::string schema = R"({"type":"object","properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{)";
  for (int i = 0; i < 40; ++i) {
    const auto next = R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"}";
    schema += "\"d" + std::to_string(i) + R"(":{"type":"object","properties":{"x":)" + next + R"(,"y":)" + next + "}},";
  }
  schema += R"("d40":{"type":"string"}}})";
  std::vector<llm::Tool> tools(500);
  for (auto& tool : tools) tool.schema = {schema};
  auto budget = budget_for(tools);
  EXPECT_EQ(budget.bytes, std::max<std::size_t>(8U << 20, 4 * 500 * schema.size()));
  std::size_t all = 0;
  for (const auto& tool : tools) all += schema_to_send(tool.schema.raw, false, {}, budget).text.size();
  EXPECT_LT(all, budget_for(tools).bytes + (2U << 20));
  std::vector<std::string> dropped;
  note_spent(budget, dropped);
  EXPECT_EQ(dropped, std::vector<std::string>{"tools.input_schema"});
  note_spent(budget_for(tools), dropped);
  EXPECT_EQ(dropped.size(), 1U);
}

/// A null for what the client may leave out would fail its own check of the answer.
TEST(FunctionTools, OptionalMembersWithoutNullAreNotStrict) {
  const auto loose = sent(R"("a":{"type":"string"},"b":{"type":"number"})", R"("a")");
  EXPECT_FALSE(loose.strict);
  EXPECT_EQ(loose.text, R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"number"}},"required":["a"]})");
  EXPECT_FALSE(sent(R"("a":{"type":"object","properties":{"b":{"enum":["x"]}},"additionalProperties":false})", R"("a")").strict);
  for (const std::string_view nullable :
       {R"({"anyOf":[{"type":"string"},{"type":"null"}]})", R"({"enum":["x",null]})", R"({"type":"string","nullable":true})",
        R"({"oneOf":[{"type":["string","null"]},{"type":"number"}]})"})
    EXPECT_TRUE(sent("\"a\":" + std::string(nullable), "").strict) << nullable;
}

TEST(FunctionTools, AProviderThatDemandsStrictSchemasGetsThem) {
  ChatQuirks demands;
  demands.schema = SchemaDialect::openai_strict;
  const auto closed = sent(R"("b":{"type":"number"})", "", demands);
  EXPECT_TRUE(closed.strict);
  EXPECT_EQ(closed.text,
            R"({"type":"object","properties":{"b":{"type":["number","null"]}},"required":["b"],"additionalProperties":false})");
  EXPECT_FALSE(schema_to_send("{}", false, demands).strict);
}

TEST(FunctionTools, WhatIsNotStrictStaysSo) {
  EXPECT_FALSE(schema_to_send(R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})", false, {}).strict);
  EXPECT_EQ(schema_to_send("", false, {}).text, R"({"type":"object","properties":{}})");
}

TEST(FunctionTools, ToolsThatAnthropicKnowsByTypeAreDescribed) {
  std::vector<std::string> dropped, names;
  const auto note = [&](const FunctionTool& function) { names.push_back(std::string(function.name)); };
  as_function({.name = {"bash"}, .type = {"bash_20250124"}}, dropped, note);
  as_function({.name = {"f"}}, dropped, note);
  as_function({.name = {"code_execution"}, .type = {"code_execution_20250522"}}, dropped, note);
  EXPECT_EQ(names, (std::vector<std::string>{"bash", "f"}));
  EXPECT_EQ(dropped, std::vector<std::string>{"tools.code_execution_20250522"});
}

}  // namespace
}  // namespace penstock::dialect
