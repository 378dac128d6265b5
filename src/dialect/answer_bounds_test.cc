// What a provider's answer may do to the gateway: memory and time are bounded, and what is not JSON is not handed on.
#include <gtest/gtest.h>

#include <chrono>

#include "dialect/anthropic_answer_reader.h"
#include "dialect/chat_for_test.h"
#include "dialect/gemini_for_test.h"
#include "dialect/responses_provider_for_test.h"

namespace penstock::dialect {
namespace {

constexpr std::string_view kFailedLarge = "failed 502 api_error the provider's answer is too large\n";
constexpr std::size_t kPiece = 1U << 20;

/// Only the last line: what came before is of no interest here, and large.
class LastFailure : public llm::EventSink {
 public:
  void take(const llm::Event& event) override {
    if (const auto* const failed = std::get_if<llm::Failed>(&event))
      text = "failed " + std::to_string(failed->status) + " " + failed->type + " " + failed->message + "\n";
    if (std::holds_alternative<llm::Open>(event)) ++opened;
    if (std::holds_alternative<llm::End>(event)) ended = true;
  }
  std::string text;
  std::size_t opened = 0;
  bool ended = false;
};

wire::Event event_of(std::string_view data) {
  wire::Event event;
  event.data = data;
  return event;
}

/// Gives the reader the same event until the answer failed, at most `most` times. What the client is told.
template <typename Reader>
std::string endless(const std::vector<std::string>& before, const std::string& event, std::size_t most) {
  LastFailure failure;
  StreamGuard guard(failure, "call_");
  Reader reader(answer_options(), guard);
  for (const auto& one : before) reader.take(event_of(one));
  for (std::size_t i = 0; i < most && !guard.done(); ++i) reader.take(event_of(event));
  return failure.text;
}

std::string chat_delta(const std::string& members) { return R"({"id":"c","choices":[{"index":0,"delta":{)" + members + "}}]}"; }

TEST(AnswerBounds, WhatChatCompletionsNeverEnds) {
  const std::string large(kPiece, 'x');
  const auto chat = [](const std::string& first, const std::string& more) {
    return endless<OpenAiChatStreamReader>({chat_delta(first)}, chat_delta(more), 80);
  };
  EXPECT_EQ(chat("", R"("reasoning_details":[{"type":"reasoning.encrypted","data":")" + large + "\"}]"), kFailedLarge);
  EXPECT_EQ(chat("", R"("reasoning_details":[{"type":"reasoning.text","text":")" + large + "\"}]"), kFailedLarge);
  EXPECT_EQ(chat("", R"("reasoning_content":")" + large + '"'), kFailedLarge);
  EXPECT_EQ(chat("", R"("tool_calls":[{"index":0,"id":"c","function":{"arguments":")" + large + "\"}}]"), kFailedLarge);
  EXPECT_EQ(chat(R"("tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\":\""}}])",
                 R"("tool_calls":[{"index":0,"function":{"arguments":")" + large + "\"}}]"),
            kFailedLarge);
  EXPECT_EQ(chat("", R"("content":")" + large + '"'), "");  // what goes out is not kept
}

TEST(AnswerBounds, WhatResponsesNeverEnds) {
  const std::string large(kPiece, 'x');
  const auto responses = [&](const std::string& event) { return endless<OpenAiResponsesStreamReader>({}, event, 80); };
  EXPECT_EQ(responses(R"({"type":"response.reasoning_summary_text.delta","item_id":"r","output_index":0,"delta":")" + large + "\"}"),
            kFailedLarge);
  EXPECT_EQ(responses(R"({"type":"response.function_call_arguments.delta","item_id":"f","output_index":0,"delta":")" + large + "\"}"),
            kFailedLarge);
}

TEST(AnswerBounds, ItemsAndPartsOfResponses) {
  for (const std::string place : {R"("output_index":0,"content_index":)", R"("content_index":0,"output_index":)"}) {
    LastFailure failure;
    StreamGuard guard(failure, "call_");
    OpenAiResponsesStreamReader reader(answer_options(), guard);
    for (int i = 0; i < 10'000; ++i)
      reader.take(event_of(R"({"type":"response.output_text.delta",)" + place + std::to_string(i) + R"(,"delta":"y"})"));
    EXPECT_EQ(failure.text, kFailedLarge) << place;
    EXPECT_LT(failure.opened, 5'000U);
  }
}

/// Searched for one by one, these take minutes.
TEST(AnswerBounds, ManyCallsTakeTimeInProportion) {
  constexpr std::size_t kMany = 100'000;
  const auto begin = std::chrono::steady_clock::now();
  LastFailure failure;
  StreamGuard guard(failure, "call_");
  OpenAiChatStreamReader reader(answer_options(), guard);
  for (std::size_t i = 0; i < kMany; ++i) {
    const auto number = std::to_string(i);
    reader.take(event_of(chat_delta(R"("tool_calls":[{"index":)" + number + R"(,"id":"c)" + number +
                                    R"(","function":{"name":"f","arguments":"{\"a\":1}"}}])")));
    guard.take(llm::Delta{1'000'000, {"}"}});  // more for a block that nobody knows
  }
  reader.take(event_of("[DONE]"));
  EXPECT_EQ(failure.text, "");
  EXPECT_TRUE(failure.ended);
  EXPECT_GE(failure.opened, kMany);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST(AnswerBounds, BlocksThatStayOpen) {
  LastFailure failure;
  StreamGuard guard(failure, "call_");
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    guard.take(llm::Open{.key = i, .kind = llm::BlockKind::tool_call, .id = {}, .name = {"f"}});
    guard.take(llm::Delta{i, {"{"}});
  }
  EXPECT_EQ(failure.text, kFailedLarge);

  LastFailure of_anthropic;
  StreamGuard second(of_anthropic, "call_");
  AnthropicStreamReader reader({nullptr, "p"}, second);
  for (int i = 0; i < 10'000; ++i)
    reader.take(
        event_of(R"({"type":"content_block_start","index":)" + std::to_string(i) + R"(,"content_block":{"type":"text","text":"a"}})"));
  EXPECT_EQ(of_anthropic.text, kFailedLarge);
}

/// Ten kilobytes that fifty thousand entries name.
TEST(AnswerBounds, CitationsOfGeminiDoNotMultiply) {
  std::string indexes = "0";
  for (int i = 0; i < 50'000; ++i) indexes += ",0";
  const auto events = gemini_answer_events(
      R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q"],)"
      R"("groundingChunks":[{"web":{"uri":"https://a.example/","title":"t"}}],"groundingSupports":[{"segment":{"text":")" +
          std::string(10'000, 'w') + R"("},"groundingChunkIndices":[)" + indexes + "]}]}}]}",
      answer_options());
  EXPECT_LT(events.size(), 8U << 20);
  EXPECT_TRUE(events.ends_with("end end_turn\n"));
}

TEST(AnswerBounds, AnEscapeThatJsonDoesNotHaveFails) {
  for (const std::string word : {R"(a\x41b)", R"(\u00zz)"}) {
    const auto is_refused = [&](const std::string& events) {
      EXPECT_TRUE(events.contains("failed 502 api_error ")) << events;
      EXPECT_FALSE(events.contains("\ndelta ")) << events;
    };
    const auto chat = chat_delta(R"("content":")" + word + '"');
    is_refused(events_of_stream("data: " + chat + "\n\n", answer_options()));
    is_refused(events_of_answer(R"({"choices":[{"message":{"content":")" + word + "\"}}]}", answer_options()));
    const auto candidate = R"({"candidates":[{"content":{"parts":[{"text":")" + word + "\"}]}}]}";
    is_refused(stream_events<GeminiStreamReader>("data: " + candidate + "\n\n", answer_options(), {}));
    is_refused(gemini_answer_events(candidate, answer_options()));
    is_refused(stream_events<OpenAiResponsesStreamReader>(R"(data: {"type":"response.output_text.delta","delta":")" + word + "\"}\n\n",
                                                          answer_options(), {}));
    is_refused(events_of_response(
        R"({"output":[{"type":"message","content":[{"type":"output_text","text":")" + word + R"("}]}],"status":"completed"})",
        answer_options()));
    const json::Padded body(R"({"content":[{"type":"text","text":")" + word + "\"}]}");
    json::Document document;
    ASSERT_TRUE(document.index(body.text()));
    is_refused(guarded_events([&](StreamGuard& guard) { read_anthropic_answer(document, {nullptr, "p"}, guard); }));
    is_refused(guarded_events([&](StreamGuard& guard) {
      AnthropicStreamReader reader({nullptr, "p"}, guard);
      const auto data = R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":")" + word + "\"}}";
      reader.take(event_of(data));
    }));
  }
}

}  // namespace
}  // namespace penstock::dialect
