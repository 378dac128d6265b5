#include "dialect/web_search.h"

#include <gtest/gtest.h>

#include <vector>

#include "dialect/anthropic_answer_writer.h"
#include "dialect/events_for_test.h"
#include "dialect/stream_guard.h"

namespace penstock::dialect {
namespace {

const std::vector<SearchHit> kHits{{"A \"title\"", "https://a.example/?q=1", "2 days ago", "words\nof ä"},
                                   {"B", "https://b.example/", "", ""}};

TEST(WebSearch, IsKnownByItsTypeOfAnyDate) {
  llm::Request request;
  request.tools = {{.name = {"web_search"}}, {.name = {"bash"}, .type = {"bash_20250124"}}};
  EXPECT_EQ(find_web_search(request), nullptr);  // a function of that name is the client's own
  request.tools.push_back({.name = {"web_search"}, .type = {"web_search_20260209"}});
  EXPECT_EQ(find_web_search(request), &request.tools.back());
  EXPECT_TRUE(is_web_search({.type = {"web_search_preview"}}));
  EXPECT_FALSE(is_web_search({.type = {"web_fetch_20250910"}}));
}

TEST(WebSearch, BlocksOfASearch) {
  EXPECT_EQ(search_use_block("s1", "what \"is\""),
            R"({"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"what \"is\""}})");
  EXPECT_EQ(search_result_block("s1", kHits),
            R"({"type":"web_search_tool_result","tool_use_id":"s1","content":[)"
            R"({"type":"web_search_result","url":"https://a.example/?q=1","title":"A \"title\"","page_age":"2 days ago",)"
            R"("encrypted_content":"pw1-d29yZHMKb2Ygw6Q"},)"
            R"({"type":"web_search_result","url":"https://b.example/","title":"B","page_age":null,"encrypted_content":"pw1-"}]})");
  EXPECT_EQ(search_result_block("s1", {}), R"({"type":"web_search_tool_result","tool_use_id":"s1","content":[]})");
  EXPECT_EQ(search_error_block("s1", "unavailable"), R"({"type":"web_search_tool_result","tool_use_id":"s1",)"
                                                     R"("content":{"type":"web_search_tool_result_error","error_code":"unavailable"}})");
  EXPECT_EQ(search_citation("https://a.example/", "A", "said"),
            R"({"type":"web_search_result_location","url":"https://a.example/","title":"A","cited_text":"said","encrypted_index":""})");
}

TEST(WebSearch, TextsComeBackFromTheHistory) {
  EXPECT_EQ(open_search_text("pw1-d29yZHMKb2Ygw6Q"), "words\nof ä");
  EXPECT_EQ(open_search_text("pw1-"), "");
  EXPECT_EQ(open_search_text("EqgfCioIARgBIiQ"), std::nullopt);  // Anthropic's own
  EXPECT_EQ(open_search_text("pw1-!"), std::nullopt);
  EXPECT_EQ(open_search_text("pw1-_w"), "\xEF\xBF\xBD");  // a forged one does no harm
}

TEST(WebSearch, AnAnswerWithASearchIsWhatAnthropicSends) {
  std::string out;
  AnthropicStreamWriter writer({.id = "msg_1", .model = "m", .estimated_input = 1, .request_id = "r"}, out);
  LegalityChecker checker;
  TwoSinks both(writer, checker);
  StreamGuard guard(both, "toolu_");
  guard.take(llm::Open{.key = 0, .kind = llm::BlockKind::text});
  guard.take(llm::Delta{0, {"Let me see."}});
  emit_search(guard, 1, "s1", "q", kHits);
  emit_search_use(guard, 3, "s2", "r");
  emit_block(guard, 4, search_error_block("s2", "max_uses_exceeded"));
  guard.take(llm::Open{.key = 5, .kind = llm::BlockKind::text});
  guard.take(llm::Delta{5, {"So."}});
  guard.take(llm::Cite{5, {search_citation("u", "t", "c")}});
  guard.take(llm::End{});
  EXPECT_EQ(checker.objection(), "");
  EXPECT_TRUE(out.contains(R"("index":1,"content_block":{"type":"server_tool_use","id":"s1","name":"web_search","input":{}}})"));
  EXPECT_TRUE(out.contains(R"("index":1,"delta":{"type":"input_json_delta","partial_json":"{\"query\":\"q\"}"}})"));
  EXPECT_TRUE(out.contains(R"("index":2,"content_block":{"type":"web_search_tool_result","tool_use_id":"s1","content":[{"type":)"));
  EXPECT_TRUE(out.contains(R"("index":4,"content_block":{"type":"web_search_tool_result","tool_use_id":"s2","content":{"type":)"));
  EXPECT_TRUE(out.contains(R"("index":5,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location")"));
  EXPECT_TRUE(out.contains(R"("stop_reason":"end_turn")"));
}

TEST(WebSearch, AWholeAnswerHoldsTheQuery) {
  AnthropicWholeWriter writer({.id = "msg_1", .model = "m", .request_id = "r"});
  StreamGuard guard(writer, "toolu_");
  emit_search(guard, 0, "s1", "the query", kHits);
  guard.take(llm::End{});
  EXPECT_TRUE(writer.body().contains(search_use_block("s1", "the query"))) << writer.body();
  EXPECT_TRUE(writer.body().contains(search_result_block("s1", kHits)));
}

}  // namespace
}  // namespace penstock::dialect
