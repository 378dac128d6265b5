#include "dialect/anthropic_answer_writer.h"

#include <gtest/gtest.h>

#include <vector>

#include "dialect/openai_client_for_test.h"

namespace penstock::dialect {
namespace {

using llm::BlockKind;
using llm::Event;
using llm::StopReason;

llm::Usage usage(std::uint64_t input, std::uint64_t output, std::uint64_t read = 0, std::uint64_t write = 0, std::uint64_t thinking = 0) {
  return {.input = input, .output = output, .cache_read = read, .cache_write = write, .thinking = thinking, .known = true};
}

std::string stream_of(const std::vector<Event>& events, AnswerFrame frame = client_frame()) {
  std::string out;
  AnthropicStreamWriter writer(std::move(frame), out);
  for (const auto& event : events) writer.take(event);
  return out;
}

std::string whole_of(const std::vector<Event>& events, AnswerFrame frame = client_frame()) {
  AnthropicWholeWriter writer(std::move(frame));
  for (const auto& event : events) writer.take(event);
  const Parsed parsed(writer.body());
  return writer.body();
}

std::string sse(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}

const std::vector<Event> kOneText{llm::Begin{{"abc"}, {"their-model"}},
                                  llm::Open{.key = 0, .kind = BlockKind::text},
                                  llm::Delta{0, {R"(a\n)"}},
                                  llm::Delta{0, {"b"}},
                                  llm::Close{0},
                                  llm::Count{usage(10, 5, 3, 2, 1)},
                                  llm::End{StopReason::end_turn, {}}};

TEST(AnthropicAnswerWriter, AStreamOfText) {
  EXPECT_EQ(
      stream_of(kOneText),
      sse("message_start",
          R"({"type":"message_start","message":{"id":"msg_abc","type":"message","role":"assistant","model":"their-model","content":[],)"
          R"("stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":77,"cache_creation_input_tokens":0,)"
          R"("cache_read_input_tokens":0,"output_tokens":1}}})") +
          sse("content_block_start", R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})") +
          sse("content_block_delta", R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\n"}})") +
          sse("content_block_delta", R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"b"}})") +
          sse("content_block_stop", R"({"type":"content_block_stop","index":0})") +
          sse("message_delta",
              R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":10,)"
              R"("cache_creation_input_tokens":2,"cache_read_input_tokens":3,"output_tokens":5,)"
              R"("output_tokens_details":{"thinking_tokens":1}}})") +
          sse("message_stop", R"({"type":"message_stop"})"));
}

TEST(AnthropicAnswerWriter, TheSameAsOneMessage) {
  EXPECT_EQ(whole_of(kOneText),
            R"({"id":"msg_abc","type":"message","role":"assistant","model":"their-model","content":[{"type":"text","text":"a\nb"}],)"
            R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":2,)"
            R"("cache_read_input_tokens":3,"output_tokens":5,"output_tokens_details":{"thinking_tokens":1}}})");
}

/// Blocks of every kind in one answer.
const std::vector<Event> kAllKinds{
    llm::Begin{},
    llm::Open{.key = 0, .kind = BlockKind::thinking},
    llm::Delta{0, {"hm"}},
    llm::Seal{0, {"sig"}},
    llm::Close{0},
    llm::Open{.key = 1, .kind = BlockKind::sealed_thinking},
    llm::Seal{1, {"blob"}},
    llm::Close{1},
    llm::Open{.key = 2, .kind = BlockKind::text},
    llm::Delta{2, {"said"}},
    llm::Cite{2, {R"({"type":"x"})"}},
    llm::Cite{2, {R"({"type":"y"})"}},
    llm::Close{2},
    llm::Open{.key = 3, .kind = BlockKind::other, .raw = {R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}})"}},
    llm::Delta{3, {R"({\"query\":)"}},
    llm::Delta{3, {R"(\"q\"})"}},
    llm::Close{3},
    llm::Open{.key = 4, .kind = BlockKind::tool_call, .id = {"t1"}, .name = {"Read"}},
    llm::Delta{4, {R"({\"a\":\"x\\n\"})"}},
    llm::Close{4},
    llm::Count{usage(1, 1)},
    llm::End{StopReason::tool_use, {}}};

TEST(AnthropicAnswerWriter, EveryKindOfBlockWhole) {
  const Parsed parsed(whole_of(kAllKinds));
  EXPECT_EQ(parsed.root().find("content")->raw(),
            R"([{"type":"thinking","thinking":"hm","signature":"sig"},{"type":"redacted_thinking","data":"blob"},)"
            R"({"type":"text","text":"said","citations":[{"type":"x"},{"type":"y"}]},)"
            R"({"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"q"}},)"
            R"({"type":"tool_use","id":"t1","name":"Read","input":{"a":"x\n"}}])");
  EXPECT_EQ(parsed.root().find("stop_reason")->text(), "tool_use");
}

TEST(AnthropicAnswerWriter, EveryKindOfBlockStreamed) {
  const auto out = stream_of(kAllKinds);
  for (const std::string_view data : {
           R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})",
           R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}})",
           R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}})",
           R"({"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"blob"}})",
           R"({"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"type":"y"}}})",
           R"({"type":"content_block_start","index":3,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}})",
           R"({"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"query\":"}})",
           R"({"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"t1","name":"Read","input":{}}})",
           R"({"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"a\":\"x\\n\"}"}})",
           R"({"type":"content_block_stop","index":4})",
       })
    EXPECT_TRUE(out.contains("data: " + std::string(data) + "\n\n")) << data;
}

TEST(AnthropicAnswerWriter, NamesAndEstimates) {
  auto frame = client_frame();
  frame.model = "asked \"for\"";
  const std::vector<Event> bare{llm::Begin{{}, {"theirs"}}, llm::Count{}, llm::End{StopReason::stop_sequence, {"END"}}};
  const auto whole = whole_of(bare, frame);
  EXPECT_TRUE(whole.contains(R"("id":"msg_made")"));
  EXPECT_TRUE(whole.contains(R"("model":"asked \"for\"")"));
  EXPECT_TRUE(whole.contains(R"("stop_reason":"stop_sequence","stop_sequence":"END")"));
  EXPECT_TRUE(whole.contains(R"("input_tokens":77)"));
  const auto stream = stream_of(bare, frame);
  EXPECT_TRUE(stream.contains(R"("model":"asked \"for\"")"));
  EXPECT_TRUE(stream.contains(R"("stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"input_tokens":77)"));
}

TEST(AnthropicAnswerWriter, ArgumentsThatWereCutStillMakeAMessage) {
  const std::vector<Event> cut{llm::Begin{},
                               llm::Open{.key = 0, .kind = BlockKind::tool_call, .id = {"t"}, .name = {"f"}},
                               llm::Delta{0, {R"({\"a\":\"b)"}},
                               llm::Close{0},
                               llm::Count{},
                               llm::End{StopReason::max_tokens, {}}};
  EXPECT_TRUE(whole_of(cut).contains(R"("input":{"a":"b"}})"));
}

TEST(AnthropicAnswerWriter, StopReasonsHaveTheirWords) {
  const std::pair<StopReason, std::string_view> rows[] = {
      {StopReason::end_turn, "end_turn"},     {StopReason::max_tokens, "max_tokens"},
      {StopReason::tool_use, "tool_use"},     {StopReason::refusal, "refusal"},
      {StopReason::pause_turn, "pause_turn"}, {StopReason::context_window, "model_context_window_exceeded"},
      {StopReason::none, "end_turn"},         {StopReason::stop_sequence, "stop_sequence"}};
  for (const auto& [reason, word] : rows) EXPECT_EQ(anthropic_stop_reason(reason), word);
}

TEST(AnthropicAnswerWriter, FailuresAreErrors) {
  const llm::Failed failed{529, "busy", "too \"many\""};
  EXPECT_EQ(stream_of({failed}),
            sse("error", R"({"type":"error","error":{"type":"overloaded_error","message":"too \"many\""},"request_id":"req_1"})"));
  AnthropicWholeWriter whole(client_frame());
  whole.take(failed);
  ASSERT_TRUE(whole.failure());
  EXPECT_EQ(client_error_of(*whole.failure()).status, 529);
  EXPECT_EQ(client_error_of({429, "", ""}).type, "rate_limit_error");
  EXPECT_EQ(client_error_of({400, "", ""}).type, "invalid_request_error");
  EXPECT_EQ(client_error_of({502, "", ""}).type, "api_error");
}

}  // namespace
}  // namespace penstock::dialect
