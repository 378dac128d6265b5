#include "dialect/search_turns.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

TEST(SearchTurns, WhatTheModelReads) {
  const auto outcome =
      found({}, {{"A", "https://a.example/", "2 days ago", "said"}, {"B", "ftp://no", "", ""}, {"", "https://b.example/", "", ""}});
  EXPECT_EQ(outcome_text("q \"x\"", outcome),
            "Pages found for \"q \"x\"\":\n\n1. A\nhttps://a.example/\n2 days ago\nsaid\n\n2. \nhttps://b.example/");
  EXPECT_EQ(outcome_text("q", found({}, {})), "The search for \"q\" found nothing.");
}

TEST(SearchTurns, ItsSizeIsBounded) {
  const std::string ae = "ä";
  std::string longest;
  for (int i = 0; i < 50'000; ++i) longest += ae;
  const auto text = outcome_text(longest, found({}, {{longest, "https://a.example/" + longest, longest, longest}}));
  EXPECT_LT(text.size(), 4000U);
  EXPECT_EQ(text.find('\xC3', text.size() - 1), std::string::npos);  // no half character at the end
}

TEST(SearchTurns, AFailureSaysWhatToMend) {
  const auto outcome = no_search_configured();
  EXPECT_EQ(outcome.error_code, "unavailable");
  EXPECT_TRUE(outcome.advice.contains("`web_search.url` in penstock.yaml"));
  EXPECT_TRUE(outcome_text("q", outcome).contains(outcome.advice));
  EXPECT_EQ(no_search_configured("web_search.api_key: the variable K is not set").advice,
            "Web search is not ready in Penstock: web_search.api_key: the variable K is not set.");
  EXPECT_TRUE(search_failed("the engine is busy", "too_many_requests").advice.empty());
}

TEST(SearchTurns, AppendsTheTurnAndItsResults) {
  llm::Request request;
  request.tools = {{.name = {"web_search"}}};
  request.tool_choice = {llm::ToolChoice::Kind::named, {"web_search"}, {}};
  const std::vector<SaidBlock> said{
      {.kind = llm::BlockKind::thinking, .text = "hm", .seal = "ps1.x"},
      {.kind = llm::BlockKind::sealed_thinking, .seal = "data"},
      {.kind = llm::BlockKind::text, .text = "let me \\\"see\\\""},
      {.kind = llm::BlockKind::tool_call, .id = "c1", .name = "web_search", .text = "{\\\"query\\\":\\\"q\\\"}"},
      {.kind = llm::BlockKind::tool_call, .id = "c2", .name = "web_search", .text = "broken"}};
  const std::vector<SearchResultText> results{{"c1", "line 1\n\"2\"", false}, {"c2", "bad", true}};
  add_search_turn(request, said, results, false);
  ASSERT_EQ(request.messages.size(), 2U);
  const auto& parts = request.messages[0].parts;
  ASSERT_EQ(parts.size(), 5U);
  EXPECT_EQ(request.messages[0].role, llm::Role::assistant);
  EXPECT_EQ(std::get<llm::ThinkingPart>(parts[0].is).signature.written, "ps1.x");
  EXPECT_TRUE(std::get<llm::ThinkingPart>(parts[1].is).sealed);
  EXPECT_EQ(std::get<llm::TextPart>(parts[2].is).text.written, "let me \\\"see\\\"");
  EXPECT_EQ(std::get<llm::ToolCall>(parts[3].is).input.raw, R"({"query":"q"})");
  EXPECT_EQ(std::get<llm::ToolCall>(parts[4].is).input.raw, "{}");
  const auto& answers = request.messages[1].parts;
  EXPECT_EQ(request.messages[1].role, llm::Role::user);
  const auto& first = std::get<llm::ToolResult>(answers[0].is);
  EXPECT_EQ(first.id.written, "c1");
  EXPECT_EQ(std::get<llm::TextPart>(first.parts[0].is).text.written, "line 1\\n\\\"2\\\"");
  EXPECT_FALSE(first.is_error);
  EXPECT_TRUE(std::get<llm::ToolResult>(answers[1].is).is_error);
  // A forced choice would be forced for ever.
  EXPECT_EQ(request.tool_choice.kind, llm::ToolChoice::Kind::automatic);
}

TEST(SearchTurns, TheLastTurnSearchesNoMore) {
  llm::Request request;
  request.tools = {{.name = {"web_search"}}};
  add_search_turn(request, {}, {}, true);
  EXPECT_EQ(request.tool_choice.kind, llm::ToolChoice::Kind::none);
  llm::Request with_tools;
  with_tools.tools = {{.name = {"web_search"}}, {.name = {"Read"}}};
  add_search_turn(with_tools, {}, {}, true);
  EXPECT_EQ(with_tools.tool_choice.kind, llm::ToolChoice::Kind::absent);
}

}  // namespace
}  // namespace penstock::dialect
