#include "dialect/gemini_answer_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialect/gemini_for_test.h"
#include "dialect/gemini_usage.h"

namespace penstock::dialect {
namespace {

using testing::HasSubstr;

std::string whole_with(std::string_view reason, std::string_view parts = R"({"text":"so"})") {
  return gemini_answer_events(R"({"responseId":"r1","candidates":[{"content":{"role":"model","parts":[)" + std::string(parts) +
                                  R"(]},"finishReason":")" + std::string(reason) + R"("}],"usageMetadata":{"promptTokenCount":9}})",
                              answer_options());
}

TEST(GeminiAnswer, EveryFinishReasonHasItsMeaning) {
  EXPECT_THAT(whole_with("STOP"), HasSubstr("\nend end_turn\n"));
  EXPECT_THAT(whole_with("MAX_TOKENS"), HasSubstr("\nend max_tokens\n"));
  for (const auto* reason : {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY",
                             "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"})
    EXPECT_THAT(whole_with(reason), HasSubstr("\nend refusal\n")) << reason;
  for (const auto* reason : {"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"})
    EXPECT_THAT(whole_with(reason, ""), HasSubstr("failed 529 overloaded_error the provider ended its answer with " + std::string(reason)));
  EXPECT_THAT(whole_with("MISSING_THOUGHT_SIGNATURE", ""), HasSubstr("failed 400 invalid_request_error"));
  for (const auto* reason : {"OTHER", "FINISH_REASON_UNSPECIFIED", "NO_IMAGE", "IMAGE_OTHER"}) {
    EXPECT_THAT(whole_with(reason), HasSubstr("\nend end_turn\n")) << reason;
    EXPECT_THAT(whole_with(reason, ""), HasSubstr("failed 529")) << reason;
  }
  EXPECT_THAT(whole_with("SOMETHING_NEW"), HasSubstr("\nend end_turn\n"));
}

TEST(GeminiAnswer, TheReaderSaysWhenTheFinishIsKnownAndWhenAllIsOver) {
  EventRecorder recorder;
  StreamGuard guard(recorder, "call_");
  GeminiStreamReader reader(answer_options(), guard);
  const auto take = [&](std::string_view data) { reader.take({.raw = data, .name = {}, .data = data}); };
  take(R"({"candidates":[{"content":{"parts":[{"text":"so"}]}}]})");
  EXPECT_FALSE(reader.finish_known());
  take(R"({"candidates":[{"finishReason":"STOP"}]})");
  EXPECT_TRUE(reader.finish_known());
  EXPECT_FALSE(reader.ended());
  reader.finish();
  EXPECT_TRUE(reader.ended());
}

TEST(GeminiAnswer, WithoutACodecThoughtsStayWithoutASeal) {
  auto options = answer_options();
  options.codec = nullptr;
  const auto events = gemini_answer_events(
      R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"functionCall":{"id":"c","name":"T","args":{}},)"
      R"("thoughtSignature":"YQ"}]},"finishReason":"STOP"}]})",
      options);
  EXPECT_EQ(events,
            "begin\nopen 0 thinking\ndelta 0 hm\nclose 0\nopen 1 tool_call c T\ndelta 1 {}\nclose 1\n"
            "count input 0 output 0 read 0 write 0 thinking 0\nend tool_use\n");
}

TEST(GeminiAnswer, NamesGoBackToWhatTheClientCallsThem) {
  ToolNames names(ToolNames::Form::gemini);
  const std::string mapped(names.to_provider("mcp/a b"));
  auto options = answer_options();
  options.names = &names;
  EXPECT_THAT(gemini_answer_events(R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":")" + mapped + R"("}}]}}]})", options),
              HasSubstr("tool_call call_0 mcp/a b\n"));
}

TEST(GeminiUsage, CountsAreDisjoint) {
  const auto usage = [](std::string_view text, bool cached_in_prompt = true) {
    const json::Padded padded(text);
    json::Document document;
    EXPECT_TRUE(document.index(padded.text()));
    return read_gemini_usage(document.root(), cached_in_prompt);
  };
  const auto all = usage(R"({"promptTokenCount":1000,"cachedContentTokenCount":600,"candidatesTokenCount":20,"thoughtsTokenCount":30,)"
                         R"("toolUsePromptTokenCount":50,"totalTokenCount":1100})");
  EXPECT_EQ(*all, (llm::Usage{.input = 450, .output = 50, .cache_read = 600, .thinking = 30, .known = true}));
  EXPECT_EQ(usage(R"({"promptTokenCount":100,"cachedContentTokenCount":600})", false)->input, 100U);
  EXPECT_EQ(usage(R"({"promptTokenCount":100,"cachedContentTokenCount":600})")->input, 0U);
  // Thoughts that are inside the candidates' count already, and output that only the total knows.
  EXPECT_EQ(usage(R"({"promptTokenCount":10,"candidatesTokenCount":50,"thoughtsTokenCount":30,"totalTokenCount":60})")->output, 50U);
  EXPECT_EQ(usage(R"({"promptTokenCount":10,"totalTokenCount":60})")->output, 50U);
  EXPECT_EQ(usage(R"({"promptTokenCount":10,"thoughtsTokenCount":30,"totalTokenCount":40})")->output, 30U);
  EXPECT_FALSE(usage(R"({"promptTokenCount":0,"totalTokenCount":0})"));
  EXPECT_FALSE(usage("{}"));
}

}  // namespace
}  // namespace penstock::dialect
