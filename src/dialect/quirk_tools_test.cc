#include "dialect/quirk_tools.h"

#include <gtest/gtest.h>

#include "dialect/adapt_for_test.h"
#include "dialect/typed_tools.h"

namespace penstock::dialect {
namespace {

const std::string kCached = R"("cache_control":{"type":"ephemeral"})";

TEST(QuirkTools, Table) {
  const std::vector<Case> cases{
      {{{"tool_fields", "strip"}},
       R"({"tools":[{"name":"a","description":"d","input_schema":{},"defer_loading":true,"strict":true,"type":"custom"}]})",
       R"({"tools":[{"name":"a","description":"d","input_schema":{},"type":"custom"}]})"},
      {{{"tool_fields", "strip"}},
       R"({"tools":[{"name":"a",)" + kCached + R"(,"type":null}]})",
       R"({"tools":[{"name":"a",)" + kCached + "}]}"},
      {{{"cache_control", "strip"}},
       R"({"tools":[{"name":"a",)" + kCached + R"(,"strict":true}]})",
       R"({"tools":[{"name":"a","strict":true}]})"},
      {{{"schema", "clean"}},
       R"({"tools":[{"name":"a","input_schema":{"$schema":"x","type":"object"}}]})",
       R"({"tools":[{"name":"a","input_schema":{"type":"object"}}]})"},
      {{{"server_tools", "strip"}},
       R"({"tools":[{"name":"a"},{"type":"advisor_20260301","name":"advisor"},{"name":"b"}]})",
       R"({"tools":[{"name":"a"},{"name":"b"}]})"},
      {{{"server_tools", "strip"}},
       R"({"m":1,"tools":[{"type":"mcp_toolset","mcp_server_name":"s"}],"tool_choice":{"type":"auto"}})",
       R"({"m":1})"},
      {{{"server_tools", "strip"}},
       R"({"tools":[{"name":"a"},{"type":"web_search_20250305","name":"web_search"}],)"
       R"("tool_choice":{"type":"tool","name":"web_search"}})",
       R"({"tools":[{"name":"a"}]})"},
      {{{"server_tools", "web_search"}},
       R"({"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":8},{"type":"web_fetch_20250910"}]})",
       R"({"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":8}]})"},
      {{{"tool_fields", "strip"}},
       R"({"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":8}]})",
       R"({"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":8}]})"},
      {{{"tool_choice", "strip"}}, R"({"tools":[{"name":"a"}],"tool_choice":{"type":"any"}})", R"({"tools":[{"name":"a"}]})"},
      {{{"tool_choice", "auto_only"}},
       R"({"tool_choice":{"type":"any","disable_parallel_tool_use":true},"tools":[{"name":"a"}]})",
       R"({"tool_choice":{"type":"auto","disable_parallel_tool_use":true},"tools":[{"name":"a"}]})"},
      {{{"tool_choice", "auto_only"}},
       R"({"tools":[{"name":"a"}],"tool_choice":{"type":"tool","name":"a"}})",
       R"({"tools":[{"name":"a"}],"tool_choice":{"type":"auto"}})"},
      {{{"tool_choice", "auto_only"}},
       R"({"tools":[{"name":"a"}],"tool_choice":{"type":"none"}})",
       R"({"tools":[{"name":"a"}],"tool_choice":{"type":"none"}})"},
  };
  for (const auto& each : cases) EXPECT_EQ(adapted(each.quirks, each.before), each.after) << each.before;
}

TEST(QuirkTools, AForcedChoiceIsRelaxedOnlyWhileThinking) {
  const Named quirks{{"tool_choice", "auto_when_thinking"}};
  const auto forced = [&](const std::string& thinking, const std::string& type) {
    return adapted(quirks, R"({"tools":[{"name":"a"}])" + thinking + R"(,"tool_choice":{"type":")" + type + R"("}})").contains(R"("any")");
  };
  EXPECT_FALSE(forced(R"(,"thinking":{"type":"enabled","budget_tokens":2000})", "any"));
  EXPECT_FALSE(forced("", "any")) << "a provider may think unless told not to";
  EXPECT_TRUE(forced(R"(,"thinking":{"type":"disabled"})", "any"));
}

TEST(QuirkTools, ClientToolsBecomeFunctions) {
  for (const std::string type : {"bash_20250124", "text_editor_20250728", "memory_20250818", "computer_20251124"}) {
    const auto out = adapted(Named{{"server_tools", "strip"}}, R"({"tools":[{"type":")" + type + R"(","name":"x",)" + kCached + "}]}");
    EXPECT_TRUE(out.starts_with(R"({"tools":[{"name":"x","description":")")) << out;
    EXPECT_TRUE(out.contains(R"("input_schema":{"type":"object","properties":{)")) << out;
    EXPECT_TRUE(out.ends_with(kCached + "}]}")) << out;
    EXPECT_FALSE(out.contains(type)) << out;
  }
  const auto stripped = adapted(Named{{"server_tools", "strip"}, {"cache_control", "strip"}},
                                R"({"tools":[{"type":"bash_20250124","name":"bash",)" + kCached + "}]}");
  EXPECT_FALSE(stripped.contains("cache_control")) << stripped;
  EXPECT_FALSE(expand_typed_tool("computer_toolset_20260801", "computer"));
  EXPECT_FALSE(expand_typed_tool("bash_20250124", ""));
}

}  // namespace
}  // namespace penstock::dialect
