#include "dialect/search_watch.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "dialect/events_for_test.h"
#include "dialect/stream_guard.h"

namespace penstock::dialect {
namespace {

using llm::BlockKind;
using llm::StopReason;

/// One answer to a client, made of several of a provider's.
struct Session {
  explicit Session(SearchTool tool = {}) : watch(both, std::move(tool)) {}

  /// One answer of the provider's, through a guard of its own.
  void provider(const std::vector<llm::Event>& events) {
    StreamGuard guard(watch, "call_");
    for (const auto& event : events) guard.take(event);
    guard.finish();
  }

  EventRecorder recorder;
  LegalityChecker checker;
  TwoSinks both{recorder, checker};
  SearchWatch watch;
  llm::Request request;
};

llm::Event open(std::uint32_t key, BlockKind kind, std::string_view id = "", std::string_view name = "") {
  return llm::Open{.key = key, .kind = kind, .id = {id}, .name = {name}, .raw = {}};
}
llm::Event delta(std::uint32_t key, std::string_view text) { return llm::Delta{key, {text}}; }
llm::Event count(std::uint64_t input, std::uint64_t output) {
  return llm::Count{{.input = input, .output = output, .cache_read = 1, .known = true}};
}
llm::Event end(StopReason reason) { return llm::End{reason, {}}; }
const llm::Event kBegin = llm::Begin{{"id1"}, {"m1"}};

std::string use_line(int key, const std::string& id, std::string_view query) {
  const auto number = std::to_string(key);
  return "open " + number + R"( other {"type":"server_tool_use","id":")" + id + R"(","name":"web_search","input":{}})" + "\ndelta " +
         number + R"( {\"query\":\")" + std::string(query) + "\\\"}\nclose " + number + "\n";
}
std::string block_line(int key, const std::string& block) {
  return "open " + std::to_string(key) + " other " + block + "\nclose " + std::to_string(key) + "\n";
}

const std::vector<SearchHit> kHits{{"A", "https://a.example/", "", "said"}};

TEST(SearchWatch, WhatIsKeptIsBounded) {
  LegalityChecker checker;
  SearchWatch watch(checker, {});
  StreamGuard guard(watch, "call_");
  const std::string large(1U << 20, 'x');
  for (int i = 0; i < 80; ++i) guard.take(delta(0, large));
  EXPECT_EQ(checker.objection(), "");
  EXPECT_TRUE(checker.failed());
  guard.take(end(StopReason::end_turn));
  EXPECT_EQ(checker.objection(), "");
}

TEST(SearchWatch, AnAnswerWithoutSearchPassesAsItIs) {
  const std::vector<llm::Event> events{kBegin,
                                       open(0, BlockKind::thinking),
                                       delta(0, "hm"),
                                       llm::Seal{0, {"s"}},
                                       open(1, BlockKind::text),
                                       delta(1, "so"),
                                       llm::Cite{1, {"{}"}},
                                       open(2, BlockKind::tool_call, "c1", "Read"),
                                       delta(2, "{}"),
                                       count(5, 6),
                                       end(StopReason::tool_use)};
  EventRecorder plain;
  StreamGuard guard(plain, "call_");
  for (const auto& event : events) guard.take(event);
  Session session;
  session.provider(events);
  EXPECT_EQ(session.recorder.text(), plain.text());
  EXPECT_FALSE(session.watch.wants_search());
}

TEST(SearchWatch, SearchesAndGoesOn) {
  Session session;
  session.provider({kBegin, open(0, BlockKind::text), delta(0, "Let me see."), open(1, BlockKind::tool_call, "call:1", "web_search"),
                    delta(1, R"({\"query\":)"), delta(1, R"( \" what \"})"), count(10, 2), end(StopReason::tool_use)});
  EXPECT_EQ(session.recorder.text(), "begin id1 m1\nopen 0 text\ndelta 0 Let me see.\nclose 0\n");
  ASSERT_TRUE(session.watch.wants_search());
  EXPECT_EQ(session.watch.next_query(), "what");
  session.watch.answer(found({}, kHits));
  EXPECT_EQ(session.watch.next_query(), std::nullopt);
  ASSERT_TRUE(session.watch.goes_on());
  session.watch.next_turn(session.request);
  ASSERT_EQ(session.request.messages.size(), 2U);
  EXPECT_EQ(std::get<llm::ToolCall>(session.request.messages[0].parts[1].is).id.written, "call:1");
  EXPECT_EQ(std::get<llm::ToolResult>(session.request.messages[1].parts[0].is).id.written, "call:1");
  session.provider({llm::Begin{{"id2"}, {"m1"}}, open(0, BlockKind::text), delta(0, "So."), count(20, 3), end(StopReason::end_turn)});
  EXPECT_FALSE(session.watch.wants_search());
  EXPECT_EQ(session.recorder.text(),
            "begin id1 m1\nopen 0 text\ndelta 0 Let me see.\nclose 0\n" + use_line(1, "srvtoolu_call_1", "what") +
                block_line(2, search_result_block("srvtoolu_call_1", kHits)) +
                "open 3 text\ndelta 3 So.\nclose 3\ncount input 30 output 5 read 2 write 0 thinking 0\nend end_turn\n");
  EXPECT_EQ(session.checker.objection(), "");
  EXPECT_EQ(session.watch.usage().input, 30U);
  EXPECT_EQ(session.watch.searches(), 1U);
}

const std::vector<llm::Event> kTwoSearches{kBegin,
                                           open(0, BlockKind::tool_call, "c1", "web_search"),
                                           delta(0, R"({\"query\":\"a\"})"),
                                           open(1, BlockKind::tool_call, "c2", "web_search"),
                                           delta(1, R"({\"query\":\"b\"})"),
                                           end(StopReason::tool_use)};

TEST(SearchWatch, NoMoreSearchesThanTheClientWants) {
  Session session({.name = "web_search", .max_uses = 1, .allowed = {}, .blocked = {}, .location = {}});
  session.request.tools = {{.name = {"web_search"}}};
  session.provider(kTwoSearches);
  EXPECT_EQ(session.watch.next_query(), "a");
  session.watch.answer(found({}, kHits));
  EXPECT_EQ(session.watch.next_query(), std::nullopt);
  EXPECT_TRUE(session.recorder.text().ends_with(block_line(3, search_error_block("srvtoolu_c2", "max_uses_exceeded"))));
  ASSERT_TRUE(session.watch.goes_on());
  session.watch.next_turn(session.request);
  EXPECT_EQ(session.request.tool_choice.kind, llm::ToolChoice::Kind::none);
  EXPECT_TRUE(std::get<llm::ToolResult>(session.request.messages[1].parts[1].is).is_error);
}

TEST(SearchWatch, IdsThatComeAgainAreMadeDifferent) {
  Session session;
  for (int turn = 0; turn < 2; ++turn) {
    session.provider(kTwoSearches);
    while (session.watch.next_query()) session.watch.answer(found({}, {}));
    session.watch.next_turn(session.request);
  }
  EXPECT_EQ(std::get<llm::ToolCall>(session.request.messages[2].parts[0].is).id.written, "c1_2");
  EXPECT_EQ(std::get<llm::ToolResult>(session.request.messages[3].parts[0].is).id.written, "c1_2");
  EXPECT_TRUE(session.recorder.text().contains("srvtoolu_c1_2"));
}

TEST(SearchWatch, WithoutASearchTheUserIsToldOnceAndTheTurnGoesOn) {
  Session session;
  session.provider(kTwoSearches);
  while (session.watch.next_query()) session.watch.answer(no_search_configured());
  ASSERT_TRUE(session.watch.goes_on());
  session.watch.next_turn(session.request);
  session.provider(kTwoSearches);  // one that does not listen
  EXPECT_FALSE(session.watch.wants_search());
  const auto events = session.recorder.text();
  EXPECT_TRUE(
      events.contains(block_line(1, search_error_block("srvtoolu_c1", "unavailable")) + "open 2 text\ndelta 2 Web search is not set up"));
  EXPECT_EQ(events.find("not set up"), events.rfind("not set up"));
  EXPECT_TRUE(events.ends_with("close 4\ncount input 0 output 0 read 0 write 0 thinking 0\nend end_turn\n")) << events;
  EXPECT_EQ(session.checker.objection(), "");
}

TEST(SearchWatch, TheClientsOwnCallsEndTheAnswer) {
  Session session;
  session.provider({kBegin, open(0, BlockKind::tool_call, "c1", "web_search"), delta(0, R"({\"query\":\"a\"})"),
                    open(1, BlockKind::tool_call, "c2", "Read"), delta(1, "{}"), count(1, 1), end(StopReason::tool_use)});
  ASSERT_TRUE(session.watch.wants_search());
  EXPECT_EQ(session.watch.next_query(), "a");
  session.watch.answer(found({}, kHits));
  EXPECT_EQ(session.watch.next_query(), std::nullopt);
  ASSERT_FALSE(session.watch.goes_on());
  session.watch.end();
  EXPECT_EQ(session.recorder.text(), "begin id1 m1\nopen 0 tool_call c2 Read\ndelta 0 {}\nclose 0\n" + use_line(1, "srvtoolu_c1", "a") +
                                         block_line(2, search_result_block("srvtoolu_c1", kHits)) +
                                         "count input 1 output 1 read 1 write 0 thinking 0\nend tool_use\n");
  EXPECT_EQ(session.checker.objection(), "");
}

TEST(SearchWatch, ACallOfAnAnswerThatWasCutIsLeftOut) {
  Session session;
  session.provider({kBegin, open(0, BlockKind::tool_call, "c1", "web_search"), delta(0, R"({\"que)"), end(StopReason::max_tokens)});
  EXPECT_FALSE(session.watch.wants_search());
  EXPECT_TRUE(session.recorder.text().ends_with("end max_tokens\n"));
  Session failed;
  failed.provider(
      {kBegin, open(0, BlockKind::tool_call, "c1", "web_search"), delta(0, R"({\"query\":\"a\"})"), llm::Failed{529, "t", "m"}});
  EXPECT_FALSE(failed.watch.wants_search());
  EXPECT_EQ(failed.recorder.text(), "begin id1 m1\nfailed 529 t m\n");
}

TEST(SearchWatch, QueriesThatAreNoneAreAnsweredHere) {
  Session session;
  const auto call = [](std::uint32_t key) { return open(key, BlockKind::tool_call, "", "web_search"); };
  session.provider({call(0), delta(0, R"({\"q\":\" other name \"})"), call(1), delta(1, "{}"), call(2),
                    delta(2, R"({\"query\":\")" + std::string(1001, 'x') + R"(\"})"), end(StopReason::tool_use)});
  EXPECT_EQ(session.watch.next_query(), "other name");
  session.watch.answer(search_failed("busy", "too_many_requests"));
  EXPECT_EQ(session.watch.next_query(), std::nullopt);
  const auto events = session.recorder.text();
  EXPECT_TRUE(events.contains(search_error_block("srvtoolu_call_0", "too_many_requests")));
  EXPECT_TRUE(events.contains(search_error_block("srvtoolu_call_1", "invalid_input")));
  EXPECT_TRUE(events.contains(search_error_block("srvtoolu_call_2", "query_too_long")));
}

TEST(SearchWatch, AModelThatSearchesForEverComesToAnEnd) {
  Session session({.name = "web_search", .max_uses = 1000, .allowed = {}, .blocked = {}, .location = {}});
  unsigned turns = 0;
  for (; turns < 100; ++turns) {
    session.provider(kTwoSearches);
    while (session.watch.next_query()) session.watch.answer(found({}, kHits));
    if (!session.watch.goes_on()) break;
    session.watch.next_turn(session.request);
  }
  EXPECT_EQ(turns + 1, SearchWatch::kMostTurns);
  EXPECT_EQ(session.checker.objection(), "");
  EXPECT_TRUE(session.checker.over());
}

TEST(SearchWatch, TheQueryNamesTheClientsDomains) {
  Session session({.name = "web_search", .max_uses = 5, .allowed = {"a.example"}, .blocked = {}, .location = {}});
  session.provider(kTwoSearches);
  EXPECT_EQ(session.watch.next_query(), "a site:a.example");
  EXPECT_TRUE(session.recorder.text().contains(R"({\"query\":\"a\"})"));  // the client sees what the model asked for
}

}  // namespace
}  // namespace penstock::dialect
