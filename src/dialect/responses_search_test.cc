#include "dialect/responses_search.h"

#include <gtest/gtest.h>

#include "dialect/events_for_test.h"
#include "json/padded.h"

namespace penstock::dialect {
namespace {

struct Parsed {
  explicit Parsed(std::string_view json) : text(json) { EXPECT_TRUE(document.index(text.text())) << json; }
  json::Padded text;
  json::Document document;
};

std::string events_of(std::string_view item) {
  const Parsed parsed(item);
  EventRecorder recorder;
  const bool said = emit_search_call(parsed.document.root(), 3, recorder);
  EXPECT_EQ(said, !recorder.text().empty());
  return recorder.text();
}

TEST(ResponsesSearch, SourcesAreHits) {
  const auto events = events_of(
      R"({"id":"ws_1","status":"completed","action":{"type":"search","query":"mills","sources":[{"type":"url","url":"https://e.org"},{"url":""}]}})");
  EXPECT_TRUE(events.starts_with(R"(open 3 other {"type":"server_tool_use","id":"srvtoolu_ws_1","name":"web_search")")) << events;
  EXPECT_TRUE(events.contains(R"(delta 3 {\"query\":\"mills\"})"));
  EXPECT_TRUE(events.contains(R"(open 4 other {"type":"web_search_tool_result","tool_use_id":"srvtoolu_ws_1","content":[{)"));
  EXPECT_TRUE(events.contains(R"("url":"https://e.org","title":"https://e.org")"));
}

TEST(ResponsesSearch, AFailureIsSaid) {
  EXPECT_TRUE(events_of(R"({"id":"ws_1","status":"failed","action":{"query":"q"}})").contains(R"("error_code":"unavailable")"));
}

TEST(ResponsesSearch, WhatIsNoSearchSaysNothing) {
  for (const char* item : {"{}", R"({"action":null})", R"({"action":{"type":"open_page","url":"https://e.org"}})",
                           R"({"action":{"type":"find_in_page","pattern":"x","url":"https://e.org"}})"})
    EXPECT_EQ(events_of(item), "") << item;
}

TEST(ResponsesSearch, Citations) {
  const auto cited = [](std::string_view json) { return citation_of(Parsed(json).document.root()); };
  constexpr std::string_view kExpected =
      R"({"type":"web_search_result_location","url":"https://e.org","title":"A \"b\"","cited_text":"","encrypted_index":""})";
  EXPECT_EQ(cited(R"({"type":"url_citation","url":"https://e.org","title":"A \"b\"","start_index":0})"), kExpected);
  EXPECT_EQ(cited(R"({"type":"url_citation","url_citation":{"url":"https://e.org","title":"A \"b\""}})"), kExpected);
  EXPECT_EQ(cited(R"({"type":"file_citation","url":"https://e.org"})"), "");
  EXPECT_EQ(cited(R"({"type":"url_citation"})"), "");
  EXPECT_EQ(cited("[]"), "");
}

}  // namespace
}  // namespace penstock::dialect
