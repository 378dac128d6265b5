#include "dialect/openai_responses_answer_reader.h"

#include <gtest/gtest.h>

#include "dialect/responses_provider_for_test.h"

namespace penstock::dialect {
namespace {

wire::Event event(std::string_view data) {
  wire::Event out;
  out.data = data;
  return out;
}

TEST(OpenAiResponsesAnswerReader, NothingFollowsTheEnd) {
  EventRecorder recorder;
  OpenAiResponsesStreamReader reader(answer_options(), recorder);
  reader.take(event(R"({"type":"response.output_text.delta","delta":"a"})"));
  EXPECT_FALSE(reader.ended());
  EXPECT_FALSE(reader.finish_known());
  reader.take(event(R"({"type":"response.completed","response":{"status":"completed"}})"));
  EXPECT_TRUE(reader.ended());
  EXPECT_TRUE(reader.finish_known());
  const auto before = recorder.text();
  for (const char* more :
       {R"({"type":"response.output_text.delta","delta":"b"})", R"({"type":"error","message":"x"})", "no JSON", "[DONE]"})
    reader.take(event(more));
  reader.finish();
  EXPECT_EQ(recorder.text(), before);
}

TEST(OpenAiResponsesAnswerReader, NamesAreTheClientsAgain) {
  ToolNames names;
  const std::string sent(names.to_provider("mcp.read"));
  ASSERT_NE(sent, "mcp.read");
  auto options = answer_options();
  options.names = &names;
  const auto events = events_of_response(
      R"({"output":[{"type":"function_call","call_id":"c1","name":")" + sent + R"(","arguments":"{}"}],"status":"completed"})", options);
  EXPECT_TRUE(events.contains("open 0 tool_call c1 mcp.read")) << events;
}

TEST(OpenAiResponsesAnswerReader, WithoutACodecNothingIsSealed) {
  auto options = answer_options();
  options.codec = nullptr;
  const auto events =
      events_of_response(R"({"output":[{"type":"reasoning","id":"r","summary":[],"encrypted_content":"gA"},)"
                         R"({"type":"reasoning","id":"s","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gA"},)"
                         R"({"type":"message","content":[{"type":"output_text","text":"a"}]}],"status":"completed"})",
                         options);
  EXPECT_EQ(events,
            "begin\nopen 0 thinking\ndelta 0 hm\nclose 0\nopen 1 text\ndelta 1 a\nclose 1\n"
            "count input 0 output 0 read 0 write 0 thinking 0\nend end_turn\n");
}

TEST(OpenAiResponsesAnswerReader, AnAnswerWithoutAStatusIsComplete) {
  EXPECT_TRUE(events_of_response(R"({"output":[]})", answer_options()).ends_with("end end_turn\n"));
}

TEST(OpenAiResponsesAnswerReader, WhatIsNoAnswerFails) {
  for (const char* body : {"[]", "null", "{}", R"({"output":null})", R"({"output":{}})", R"({"error":"x"})", R"({"status":"completed"})"})
    EXPECT_TRUE(events_of_response(body, answer_options()).starts_with("failed ")) << body;
}

/// Members of any kind in any place are passed over.
TEST(OpenAiResponsesAnswerReader, OddShapesDoNoHarm) {
  for (const char* odd : {"null", "1", "\"x\"", "[]", "{}", "[1]", R"({"a":[]})"})
    for (const char* type : {"response.created", "response.output_item.added", "response.output_item.done", "response.output_text.delta",
                             "response.output_text.annotation.added", "response.reasoning_summary_text.delta", "response.refusal.done",
                             "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.completed"}) {
      std::string data = R"({"type":")" + std::string(type) + '"';
      for (const char* member :
           {"item", "response", "delta", "text", "annotation", "arguments", "output_index", "item_id", "content_index"})
        data += ",\"" + std::string(member) + "\":" + odd;
      const auto events = events_of_responses_stream("data: " + data + "}\n\ndata: [DONE]\n\n", answer_options());
      EXPECT_FALSE(events.empty()) << data;
    }
}

}  // namespace
}  // namespace penstock::dialect
