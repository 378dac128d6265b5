#include "gateway/whole_as_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/padded.h"
#include "tests/gateway/raw_client.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using testing::HasSubstr;

TEST(whole_as_stream, each_kind_of_block) {
  const auto stream = whole_as_stream(
      "{\"id\":\"m\",\r\n \"type\":\"message\",\"role\":\"assistant\",\"content\":["
      R"({"type":"thinking","thinking":"Hm \"so\"","signature":"sig="},{"type":"text","text":"Hi\n"},{"type":"tool_use","id":"t","name":"Read","input":{"a":[1, "\"\\"]}},)"
      R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"web_search_tool_result","tool_use_id":"s","content":[]},{"type":"redacted_thinking","data":"x"}],)"
      R"("stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":4}})");
  const auto events = events_of(stream);
  EXPECT_TRUE(ends_well(stream));
  json::Document document;
  for (const auto& event : events) {
    const json::Padded copy(event.data);
    ASSERT_TRUE(document.index(copy.text())) << event.data;
    EXPECT_EQ(document.root().find("type")->text(), event.name);
  }
  EXPECT_EQ(
      events.front().data,
      R"({"type":"message_start","message":{"id":"m",   "type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,)"
      R"("usage":{"input_tokens":3,"output_tokens":4}}})");
  EXPECT_THAT(stream, HasSubstr(R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm \"so\""}})"));
  EXPECT_THAT(stream, HasSubstr(R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig="}})"));
  EXPECT_THAT(stream, HasSubstr(R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi\n"}})"));
  EXPECT_THAT(
      stream,
      HasSubstr(R"({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"Read","input":{}}})"));
  EXPECT_THAT(stream, HasSubstr(R"("partial_json":"{\"a\":[1, \"\\\"\\\\\"]}")"));
  EXPECT_THAT(
      stream,
      HasSubstr(
          R"({"type":"content_block_start","index":4,"content_block":{"type":"web_search_tool_result","tool_use_id":"s","content":[]}})"));
  EXPECT_THAT(stream, HasSubstr(R"("delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":3,"output_tokens":4})"));
}

TEST(whole_as_stream, what_is_missing_is_made_up) {
  const auto stream = whole_as_stream(R"({"type":"message"})");
  EXPECT_EQ(names_of(events_of(stream)), "message_start message_delta message_stop");
  EXPECT_THAT(stream, HasSubstr(R"("stop_reason":"end_turn")"));
}

TEST(whole_as_stream, what_is_no_json_is_nothing) { EXPECT_EQ(whole_as_stream("no"), ""); }

}  // namespace
}  // namespace penstock::gateway
