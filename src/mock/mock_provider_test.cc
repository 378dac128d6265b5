#include "mock/mock_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/padded.h"
#include "tests/gateway/raw_client.h"

namespace penstock::mock {
namespace {

using namespace tests;
using testing::HasSubstr;

Script answer_to(std::string_view body) {
  const json::Padded copy(body);
  json::Document document;
  EXPECT_TRUE(document.index(copy.text())) << body;
  return answer(document);
}

std::string stream_of(const Script& script) {
  std::string all;
  for (const auto& event : script.events) all += event;
  return all;
}

constexpr std::string_view kRest =
    R"(,"max_tokens":9,"messages":[{"role":"user","content":"one two \"three\""}],"tools":[{"name":"Read"}]})";

Script model(std::string_view name) { return answer_to(R"({"model":")" + std::string(name) + '"' + std::string(kRest)); }

TEST(mock, echo_says_the_last_user_text_again) {
  const auto script = model("echo");
  EXPECT_EQ(script.status, 200);
  EXPECT_THAT(script.body, HasSubstr(R"("content":[{"type":"text","text":"one two \"three\""}])"));
  EXPECT_TRUE(ends_well(stream_of(script)));
  EXPECT_THAT(stream_of(script), HasSubstr(R"("text":"one ")"));
  EXPECT_THAT(stream_of(script), HasSubstr(R"("text":"\"three\"")"));
}

TEST(mock, blocks_and_silence_are_answered_too) {
  EXPECT_THAT(
      answer_to(
          R"({"model":"echo","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"tool_result","content":"b"}]}]})")
          .body,
      HasSubstr(R"("text":"a\nb")"));
  EXPECT_THAT(answer_to(R"({"model":"echo","messages":[]})").body, HasSubstr("Hello from the mock provider."));
}

TEST(mock, scripts_by_name) {
  EXPECT_EQ(names_of(events_of(stream_of(model("thinking")))),
            "message_start content_block_start content_block_delta content_block_delta content_block_stop content_block_start "
            "content_block_delta "
            "content_block_delta content_block_delta content_block_stop message_delta message_stop");
  EXPECT_THAT(model("tool").body,
              HasSubstr(R"("content":[{"type":"tool_use","id":"toolu_mock","name":"Read","input":{}}],"stop_reason":"tool_use")"));
  EXPECT_THAT(
      answer_to(
          R"({"model":"tool","messages":[{"role":"user","content":[{"type":"tool_result","content":"found"}]}],"tools":[{"name":"Read"}]})")
          .body,
      HasSubstr(R"("text":"found")"));
  EXPECT_EQ(model("error-529").status, 529);
  EXPECT_THAT(model("error-529").body, HasSubstr("overloaded_error"));
  EXPECT_EQ(model("error-200").status, 200) << "no failure: echoes";
  EXPECT_THAT(model("overflow").body, HasSubstr("prompt is too long: 213462 tokens > 200000 maximum"));
  EXPECT_TRUE(model("cut").cut);
}

TEST(mock, every_answer_is_json) {
  json::Document document;
  for (const auto* name : {"echo", "thinking", "tool", "overflow", "error-500", "cut", R"(a\"b)"}) {
    const auto script = model(name);
    const json::Padded body(script.body);
    EXPECT_TRUE(document.index(body.text())) << script.body;
    for (const auto& event : events_of(stream_of(script))) {
      const json::Padded data(event.data);
      EXPECT_TRUE(document.index(data.text())) << event.data;
    }
  }
}

}  // namespace
}  // namespace penstock::mock
