#include "dialect/search_tool.h"

#include <gtest/gtest.h>

#include "dialect/anthropic_request_reader.h"
#include "dialect/chat_for_test.h"
#include "json/padded.h"

namespace penstock::dialect {
namespace {

/// A request of an Anthropic client's, and the text that it views.
struct Read {
  explicit Read(std::string_view body) : text(body) {
    EXPECT_TRUE(document.index(text.text())) << body;
    auto read = read_anthropic_request(document);
    EXPECT_TRUE(read) << body;
    if (read) request = std::move(*read);
  }
  json::Padded text;
  json::Document document;
  llm::Request request;
};

/// What Claude Code's WebSearch asks (wire-reference 1.7).
constexpr std::string_view kClaudeCode =
    R"({"messages":[{"role":"user","content":"Perform a web search for the query: x"}],"tools":[{"type":"web_search_20250305",)"
    R"("name":"web_search","allowed_domains":["docs.example","blog.example/en/*"],"blocked_domains":["bad.docs.example"],"max_uses":8,)"
    R"("user_location":{"type":"approximate","city":"Köln","country":"DE"}}],"tool_choice":{"type":"tool","name":"web_search"}})";

TEST(SearchTool, IsOwnOnlyWhereTheProviderHasNone) {
  const Read with(kClaudeCode), without(R"({"tools":[{"name":"web_search","input_schema":{}}]})");
  EXPECT_TRUE(needs_own_search(with.request, false));
  EXPECT_FALSE(needs_own_search(with.request, true));
  EXPECT_FALSE(needs_own_search(without.request, false));
}

TEST(SearchTool, BecomesAFunction) {
  Read read(kClaudeCode);
  const auto tool = offer_search(read.request);
  EXPECT_EQ(tool, (SearchTool{"web_search", 8, {"docs.example", "blog.example/en/*"}, {"bad.docs.example"}, "Köln, DE"}));
  ASSERT_EQ(read.request.tools.size(), 1U);
  const auto& function = read.request.tools.front();
  EXPECT_TRUE(function.type.empty());
  EXPECT_EQ(function.name.written, "web_search");
  EXPECT_TRUE(function.description.written.ends_with("The user is in Köln, DE."));
  const json::Padded schema(function.schema.raw);
  json::Document document;
  ASSERT_TRUE(document.index(schema.text()));
  EXPECT_TRUE(document.root().find("properties")->find("query"));
  EXPECT_EQ(read.request.tool_choice.kind, llm::ToolChoice::Kind::named);
  EXPECT_EQ(read.request.tool_choice.name.written, "web_search");
}

TEST(SearchTool, LeavesTheClientsNamesAlone) {
  Read read(R"({"tools":[{"name":"web_search","input_schema":{}},{"name":"web_search_2","input_schema":{}},)"
            R"({"type":"web_search_20260209","name":"web_search"},{"type":"web_search_20250305","name":"web_search"}],"messages":[]})");
  const auto tool = offer_search(read.request);
  EXPECT_EQ(tool, (SearchTool{.name = "web_search_3", .max_uses = 10, .allowed = {}, .blocked = {}, .location = {}}));
  ASSERT_EQ(read.request.tools.size(), 3U);
  EXPECT_EQ(read.request.tools[2].name.written, "web_search_3");
}

TEST(SearchTool, OpenAiClientsSayTheSameInOtherWords) {
  Read read(R"({"tools":[{"type":"web_search","filters":{"allowed_domains":["a.example"]}}],"messages":[]})");
  EXPECT_EQ(offer_search(read.request).allowed, std::vector<std::string>{"a.example"});
}

TEST(SearchTool, WhatIsSearchedForIsInTheLastWords) {
  const auto query = [](std::string_view messages) {
    return search_query_of(Read(R"({"messages":[)" + std::string(messages) + "]}").request);
  };
  EXPECT_EQ(query(R"({"role":"user","content":"Perform a web search for the query: who \"is\" it"})"), "who \"is\" it");
  EXPECT_EQ(
      query(R"({"role":"user","content":"first"},{"role":"assistant","content":"no"},{"role":"user","content":[{"type":"text","text":"a"},)"
            R"({"type":"text","text":"b"},{"type":"tool_result","tool_use_id":"t"}]})"),
      "b");
  EXPECT_EQ(query(R"({"role":"user","content":")" + std::string(1000, 'x') + R"("})").size(), 300U);
  EXPECT_EQ(query(R"({"role":"assistant","content":"no"})"), "");
}

std::string written_history(std::string_view messages) {
  Read read(R"({"tools":[{"type":"web_search_20250305","name":"web_search"}],"messages":[)" + std::string(messages) + "]}");
  offer_search(read.request);
  const ChatQuirks quirks;
  ToolNames names;
  std::vector<std::string> dropped;
  const auto body = write_openai_chat_request(
      read.request, {.model = "m", .max_output = 0, .provider = "p", .codec = nullptr, .quirks = &quirks, .names = &names}, dropped);
  const auto begin = body.find("\"messages\":") + 11;
  return body.substr(begin, body.find(",\"tools\":") - begin);
}

constexpr std::string_view kUse = R"({"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"q"}})";
constexpr std::string_view kResult =
    R"({"type":"web_search_tool_result","tool_use_id":"s1","content":[{"type":"web_search_result","url":"u","title":"t",)"
    R"("encrypted_content":"pw1-d29yZHM"}]})";
constexpr std::string_view kWrittenCall =
    R"("tool_calls":[{"id":"s1","type":"function","function":{"name":"web_search","arguments":"{\"query\":\"q\"}"}}]})";
constexpr std::string_view kWrittenResult = R"({"role":"tool","tool_call_id":"s1","content":"u\nt\nwords"})";

std::string assistant(std::initializer_list<std::string_view> blocks) {
  std::string out;
  for (const auto block : blocks) out += (out.empty() ? "" : ",") + std::string(block);
  return R"({"role":"assistant","content":[)" + out + "]}";
}

TEST(SearchTool, EarlierSearchesBecomeCallsAndResults) {
  const auto history = written_history(R"({"role":"user","content":"a"},)" +
                                       assistant({R"({"type":"text","text":"b"})", kUse, kResult, R"({"type":"text","text":"c"})"}) +
                                       R"(,{"role":"user","content":"d"})");
  EXPECT_EQ(history, R"([{"role":"user","content":"a"},{"role":"assistant","content":"b",)" + std::string(kWrittenCall) + "," +
                         std::string(kWrittenResult) + R"(,{"role":"assistant","content":"c"},{"role":"user","content":"d"}])");
}

TEST(SearchTool, ResultsStandBeforeThoseOfTheClient) {
  const auto history = written_history(R"({"role":"user","content":"a"},)" +
                                       assistant({R"({"type":"tool_use","id":"t1","name":"Read","input":{}})", kUse, kResult}) +
                                       R"(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"file"}]})");
  EXPECT_TRUE(history.ends_with(R"({"role":"tool","tool_call_id":"t1","content":"file"},)" + std::string(kWrittenResult) + "]")) << history;
}

TEST(SearchTool, ASearchAtTheEndOfAHistoryHasItsResult) {
  EXPECT_TRUE(written_history(assistant({kUse, kResult})).ends_with(std::string(kWrittenResult) + "]"));
}

TEST(SearchTool, ASearchWithoutItsResultIsWords) {
  const auto history = written_history(assistant({kUse}) + R"(,{"role":"user","content":"d"})");
  EXPECT_EQ(history, R"([{"role":"assistant","content":"[web search: q]\n"},{"role":"user","content":"d"}])");
}

TEST(SearchTool, QueriesNameTheDomains) {
  SearchTool tool;
  EXPECT_EQ(engine_query(tool, "how"), "how");
  tool.allowed = {"a.example"};
  EXPECT_EQ(engine_query(tool, "how"), "how site:a.example");
  tool.allowed = {"a.example", "https://b.example/x/*"};
  tool.blocked = {"c.example"};
  EXPECT_EQ(engine_query(tool, "how"), "how (site:a.example OR site:b.example) -site:c.example");
}

TEST(SearchTool, PagesOfOtherDomainsAreLeftOut) {
  SearchTool tool;
  EXPECT_TRUE(is_wanted(tool, "https://a.example/"));
  EXPECT_FALSE(is_wanted(tool, "javascript:alert(1)"));
  tool.allowed = {"A.example", "b.example/docs/*"};
  tool.blocked = {"no.a.example"};
  EXPECT_TRUE(is_wanted(tool, "https://a.example"));
  EXPECT_TRUE(is_wanted(tool, "http://www.a.example/x?y"));
  EXPECT_FALSE(is_wanted(tool, "https://no.a.example/"));
  EXPECT_FALSE(is_wanted(tool, "https://evil-a.example/"));
  EXPECT_FALSE(is_wanted(tool, "https://a.example.evil/"));
  EXPECT_TRUE(is_wanted(tool, "https://b.example/docs/1"));
  EXPECT_FALSE(is_wanted(tool, "https://b.example/blog"));
}

}  // namespace
}  // namespace penstock::dialect
