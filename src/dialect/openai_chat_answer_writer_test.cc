#include "dialect/openai_chat_answer_writer.h"

#include <gtest/gtest.h>

#include <vector>

#include "dialect/openai_client_for_test.h"

namespace penstock::dialect {
namespace {

using llm::BlockKind;
using llm::Event;
using llm::StopReason;

std::string stream_of(const std::vector<Event>& events, AnswerFrame frame = client_frame()) {
  std::string out;
  OpenAiChatStreamWriter writer(std::move(frame), out);
  for (const auto& event : events) writer.take(event);
  return out;
}

std::string whole_of(const std::vector<Event>& events, AnswerFrame frame = client_frame()) {
  OpenAiChatWholeWriter writer(std::move(frame));
  for (const auto& event : events) writer.take(event);
  const Parsed parsed(writer.body());
  return writer.body();
}

std::string chunk(std::string_view choices) {
  return R"(data: {"id":"chatcmpl-abc","object":"chat.completion.chunk","created":1793000000,"model":"m","choices":)" +
         std::string(choices) + "}\n\n";
}
std::string delta(std::string_view members) {
  return chunk(R"([{"index":0,"delta":{)" + std::string(members) + R"(},"finish_reason":null}])");
}

const llm::Usage kUsage{.input = 10, .output = 5, .cache_read = 30, .cache_write = 2, .thinking = 1, .known = true};

/// Thinking twice, words, a server's tool, and two calls.
const std::vector<Event> kAllKinds{llm::Begin{{"msg_abc"}, {"m"}},
                                   llm::Open{.key = 0, .kind = BlockKind::thinking},
                                   llm::Delta{0, {"h\\n"}},
                                   llm::Delta{0, {"m"}},
                                   llm::Seal{0, {"sig"}},
                                   llm::Close{0},
                                   llm::Open{.key = 1, .kind = BlockKind::sealed_thinking},
                                   llm::Seal{1, {"blob"}},
                                   llm::Close{1},
                                   llm::Open{.key = 2, .kind = BlockKind::thinking},
                                   llm::Delta{2, {"no seal"}},
                                   llm::Close{2},
                                   llm::Open{.key = 3, .kind = BlockKind::text},
                                   llm::Delta{3, {"said"}},
                                   llm::Cite{3, {R"({"type":"x"})"}},
                                   llm::Close{3},
                                   llm::Open{.key = 4, .kind = BlockKind::other, .raw = {R"({"type":"server_tool_use"})"}},
                                   llm::Delta{4, {"{}"}},
                                   llm::Close{4},
                                   llm::Open{.key = 5, .kind = BlockKind::tool_call, .id = {"t1"}, .name = {"Read"}},
                                   llm::Delta{5, {R"({\"a\":)"}},
                                   llm::Delta{5, {R"(1})"}},
                                   llm::Close{5},
                                   llm::Open{.key = 6, .kind = BlockKind::tool_call, .id = {"t2"}, .name = {"Glob"}},
                                   llm::Delta{6, {"{}"}},
                                   llm::Close{6},
                                   llm::Count{kUsage},
                                   llm::End{StopReason::tool_use, {}}};

constexpr std::string_view kSealed =
    R"("reasoning_details":[{"type":"reasoning.text","text":"h\nm","signature":"sig","format":"penstock-v1","index":0},)"
    R"({"type":"reasoning.encrypted","data":"blob","format":"penstock-v1","index":1}])";
constexpr std::string_view kCounts = R"("usage":{"prompt_tokens":42,"completion_tokens":5,"total_tokens":47,"prompt_tokens_details":)"
                                     R"({"cached_tokens":30,"cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":1}})";

TEST(OpenAiChatAnswerWriter, AStream) {
  EXPECT_EQ(stream_of(kAllKinds),
            delta(R"("role":"assistant","content":"")") + delta(R"("reasoning_content":"h\n")") + delta(R"("reasoning_content":"m")") +
                delta(R"("reasoning_content":"no seal")") + delta(R"("content":"said")") +
                delta(R"("tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"Read","arguments":""}}])") +
                delta(R"("tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}])") +
                delta(R"("tool_calls":[{"index":0,"function":{"arguments":"1}"}}])") +
                delta(R"("tool_calls":[{"index":1,"id":"t2","type":"function","function":{"name":"Glob","arguments":""}}])") +
                delta(R"("tool_calls":[{"index":1,"function":{"arguments":"{}"}}])") + delta(kSealed) +
                chunk(R"([{"index":0,"delta":{},"finish_reason":"tool_calls"}])") + chunk("[]," + std::string(kCounts)) +
                "data: [DONE]\n\n");
}

TEST(OpenAiChatAnswerWriter, TheUsageChunkComesOnlyWhenAskedFor) {
  auto frame = client_frame();
  frame.stream_usage = false;
  EXPECT_FALSE(stream_of(kAllKinds, frame).contains("usage"));
  EXPECT_TRUE(stream_of(kAllKinds, frame).ends_with("data: [DONE]\n\n"));
}

TEST(OpenAiChatAnswerWriter, AWholeCompletion) {
  EXPECT_EQ(
      whole_of(kAllKinds),
      R"({"id":"chatcmpl-abc","object":"chat.completion","created":1793000000,"model":"m","choices":[{"index":0,"message":)"
      R"({"role":"assistant","content":"said","refusal":null,"reasoning_content":"h\nmno seal",)" +
          std::string(kSealed) +
          R"(,"tool_calls":[{"id":"t1","type":"function","function":{"name":"Read","arguments":"{\"a\":1}"}},)"
          R"({"id":"t2","type":"function","function":{"name":"Glob","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],)" +
          std::string(kCounts) + "}");
}

TEST(OpenAiChatAnswerWriter, ContentIsNullOnlyBesideCalls) {
  const std::vector<Event> call{llm::Begin{}, llm::Open{.key = 0, .kind = BlockKind::tool_call, .id = {"t"}, .name = {"f"}},
                                llm::Delta{0, {"{}"}}, llm::Close{0}, llm::End{StopReason::tool_use, {}}};
  EXPECT_TRUE(whole_of(call).contains(R"("content":null,"refusal":null,"tool_calls")"));
  EXPECT_TRUE(whole_of({llm::Begin{}, llm::End{StopReason::refusal, {}}})
                  .contains(R"("content":"","refusal":null},"logprobs":null,"finish_reason":"content_filter")"));
}

TEST(OpenAiChatAnswerWriter, NamesAndEstimates) {
  auto frame = client_frame();
  frame.model = "asked";
  const auto whole = whole_of({llm::Begin{{}, {"theirs"}}, llm::End{StopReason::end_turn, {}}}, frame);
  EXPECT_TRUE(whole.contains(R"("id":"chatcmpl-made")"));
  EXPECT_TRUE(whole.contains(R"("model":"asked")"));
  EXPECT_TRUE(whole.contains(R"("prompt_tokens":77,"completion_tokens":0,"total_tokens":77)"));
}

TEST(OpenAiChatAnswerWriter, FinishReasons) {
  const std::pair<StopReason, std::string_view> rows[] = {{StopReason::end_turn, "stop"},       {StopReason::stop_sequence, "stop"},
                                                          {StopReason::pause_turn, "stop"},     {StopReason::none, "stop"},
                                                          {StopReason::max_tokens, "length"},   {StopReason::context_window, "length"},
                                                          {StopReason::tool_use, "tool_calls"}, {StopReason::refusal, "content_filter"}};
  for (const auto& [reason, word] : rows) EXPECT_EQ(openai_finish_reason(reason), word);
}

TEST(OpenAiChatAnswerWriter, FailuresEndTheStream) {
  EXPECT_EQ(stream_of({llm::Failed{529, "", "busy"}}),
            "data: {\"error\":{\"message\":\"busy\",\"type\":\"server_error\",\"param\":null,\"code\":\"server_overloaded\"}}\n\n");
  OpenAiChatWholeWriter whole(client_frame());
  whole.take(llm::Failed{429, "", "slow down"});
  ASSERT_TRUE(whole.failure());
  EXPECT_EQ(whole.failure()->message, "slow down");
}

}  // namespace
}  // namespace penstock::dialect
