#include "dialect/anthropic_answer_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dialect/anthropic_answer_writer.h"
#include "dialect/events_for_test.h"
#include "dialect/openai_client_for_test.h"

namespace penstock::dialect {
namespace {

std::string sse(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}
/// An event named as its type.
std::string event(std::string_view data) {
  const auto from = data.find(R"("type":")") + 8;
  return sse(data.substr(from, data.find('"', from) - from), data);
}

const std::string kStart =
    event(R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],)"
          R"("usage":{"input_tokens":12,"cache_creation_input_tokens":3,"cache_read_input_tokens":40,"output_tokens":1}}})");
const std::string kStop = event(R"({"type":"message_stop"})");
std::string stop(std::string_view reason, std::string_view usage = R"({"output_tokens":9})") {
  return event(R"({"type":"message_delta","delta":{"stop_reason":")" + std::string(reason) + R"(","stop_sequence":null},"usage":)" +
               std::string(usage) + "}") +
         kStop;
}
std::string start(int index, std::string_view block) {
  return event(R"({"type":"content_block_start","index":)" + std::to_string(index) + R"(,"content_block":)" + std::string(block) + "}");
}
std::string delta(int index, std::string_view one) {
  return event(R"({"type":"content_block_delta","index":)" + std::to_string(index) + R"(,"delta":)" + std::string(one) + "}");
}
std::string close(int index) { return event(R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}"); }

/// What the reader says of a stream, before any guard. The lines of the frame that is there each time are left out.
std::string events_of(std::string_view bytes, const AnthropicAnswerOptions& options = {}) {
  EventRecorder recorder;
  AnthropicStreamReader reader(options, recorder);
  wire::EventScanner scanner;
  scanner.feed(bytes, [&](const wire::Event& one) { reader.take(one); });
  reader.finish();
  auto out = recorder.text();
  constexpr std::string_view kFrame = "begin msg_1 claude\ncount input 12 output 1 read 40 write 3 thinking 0\n";
  return out.starts_with(kFrame) ? out.substr(kFrame.size()) : out;
}

constexpr std::string_view kEnd = "count input 12 output 9 read 40 write 3 thinking 0\n";

TEST(AnthropicAnswerReader, EveryKindOfBlock) {
  const auto stream =
      kStart + sse("ping", R"({"type":"ping"})") + start(0, R"({"type":"thinking","thinking":"","signature":""})") +
      delta(0, R"({"type":"thinking_delta","thinking":"hm\n"})") + delta(0, R"({"type":"signature_delta","signature":"sig=="})") +
      close(0) + start(1, R"({"type":"redacted_thinking","data":"blob"})") + close(1) + start(2, R"({"type":"text","text":""})") +
      delta(2, R"({"type":"text_delta","text":"a\"b"})") + delta(2, R"({"type":"citations_delta","citation":{"url":"u"}})") + close(2) +
      start(3, R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}})") +
      delta(3, R"({"type":"input_json_delta","partial_json":"{}"})") + close(3) +
      start(4, R"({"type":"web_search_tool_result","tool_use_id":"s","content":[]})") + close(4) +
      start(5, R"({"type":"tool_use","id":"t","name":"Read","input":{}})") + delta(5, R"({"type":"input_json_delta","partial_json":""})") +
      delta(5, R"({"type":"input_json_delta","partial_json":"{\"a\":"})") + delta(5, R"({"type":"input_json_delta","partial_json":"1}"})") +
      close(5) + event(R"({"type":"never_heard_of"})") + stop("tool_use");
  EXPECT_EQ(events_of(stream),
            "open 0 thinking\ndelta 0 hm\\n\nseal 0 sig==\nclose 0\nopen 1 sealed_thinking\nseal 1 blob\nclose 1\n"
            "open 2 text\ndelta 2 a\\\"b\ncite 2 {\"url\":\"u\"}\nclose 2\n"
            "open 3 other {\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":{}}\ndelta 3 {}\nclose 3\n"
            "open 4 other {\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[]}\nclose 4\n"
            "open 5 tool_call t Read\ndelta 5 {\\\"a\\\":1}\nclose 5\n" +
                std::string(kEnd) + "end tool_use\n");
}

TEST(AnthropicAnswerReader, ArgumentsThatStandInTheFirstEvent) {
  constexpr std::string_view kBlock = R"({"type":"tool_use","id":"t","name":"f","input":{"a": "x"}})";
  const std::string opened = "open 0 tool_call t f\n", ended = std::string(kEnd) + "end tool_use\n";
  EXPECT_EQ(events_of(kStart + start(0, kBlock) + close(0) + stop("tool_use")),
            opened + "delta 0 {\\\"a\\\": \\\"x\\\"}\nclose 0\n" + ended);
  EXPECT_EQ(events_of(kStart + start(0, kBlock) + stop("tool_use")),
            opened + std::string(kEnd) + "delta 0 {\\\"a\\\": \\\"x\\\"}\nend tool_use\n");
  // where pieces follow, they are the arguments
  EXPECT_EQ(
      events_of(kStart + start(0, kBlock) + delta(0, R"({"type":"input_json_delta","partial_json":"{}"})") + close(0) + stop("tool_use")),
      opened + "delta 0 {}\nclose 0\n" + ended);
}

TEST(AnthropicAnswerReader, ThirdPartiesThinkingIsTagged) {
  const AnthropicAnswerOptions options{.codec = &client_codec(), .provider = "zai"};
  const auto sealed = [&](const std::string& blocks) {
    const auto out = events_of(kStart + blocks + stop("end_turn"), options);
    const auto at = out.find("seal 0 ");
    const auto opened = at == std::string::npos ? std::nullopt : client_codec().open(out.substr(at + 7, out.find('\n', at) - at - 7));
    return opened ? opened->provider + ":" + opened->original : "none in " + out;
  };
  const auto thinking = start(0, R"({"type":"thinking","thinking":"x"})");
  EXPECT_EQ(sealed(thinking + delta(0, R"({"type":"signature_delta","signature":"a\/b"})") + close(0)), "zai:a/b");
  EXPECT_EQ(sealed(thinking + close(0)), "zai:");
  EXPECT_EQ(sealed(thinking), "zai:");  // never closed
  EXPECT_EQ(sealed(start(0, R"({"type":"redacted_thinking","data":"d"})") + close(0)), "zai:d");
}

TEST(AnthropicAnswerReader, StopReasons) {
  for (const auto& [word, reason] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"end_turn", "end_turn"},
                                                                            {"max_tokens", "max_tokens"},
                                                                            {"stop_sequence", "stop_sequence"},
                                                                            {"refusal", "refusal"},
                                                                            {"pause_turn", "pause_turn"},
                                                                            {"model_context_window_exceeded", "context_window"},
                                                                            {"compaction", "end_turn"}})
    EXPECT_EQ(events_of(kStart + stop(word)), std::string(kEnd) + "end " + std::string(reason) + "\n") << word;
  EXPECT_TRUE(events_of(kStart +
                        event(R"({"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"E\n"},"usage":{}})") +
                        kStop)
                  .ends_with("end stop_sequence E\\n\n"));
}

TEST(AnthropicAnswerReader, ZerosReplaceNoCount) {
  EXPECT_TRUE(events_of(kStart + stop("end_turn", R"({"input_tokens":0,"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}})"))
                  .contains("count input 12 output 9 read 40 write 3 thinking 4\n"));
}

TEST(AnthropicAnswerReader, TheEndWithoutItsEvents) {
  const auto until_delta = kStart + event(R"({"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":9}})");
  EXPECT_EQ(events_of(until_delta), std::string(kEnd) + "end max_tokens\n");
  EXPECT_EQ(events_of(until_delta + "data: [DONE]\n\n"), std::string(kEnd) + "end max_tokens\n");
  EXPECT_EQ(events_of(kStart), "");  // cut: the guard makes an error of it
}

TEST(AnthropicAnswerReader, EventsWithoutNames) {
  EXPECT_EQ(
      events_of(kStart + "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"a\"}}\n\n" +
                stop("end_turn")),
      "open 0 text\ndelta 0 a\n" + std::string(kEnd) + "end end_turn\n");
}

TEST(AnthropicAnswerReader, Errors) {
  EXPECT_EQ(events_of(kStart + event(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})") + kStop),
            "failed 529 overloaded_error : Overloaded\n");
  EXPECT_EQ(
      events_of(
          kStart +
          event(R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9000 tokens > 8000 maximum"}})")),
      "failed 400 invalid_request_error prompt is too long: 9000 tokens > 8000 maximum\n");
  EXPECT_EQ(events_of(kStart + sse("content_block_delta", "{broken"), {.codec = nullptr, .provider = "p"}),
            "failed 502 api_error p sent an event that is not JSON: {broken\n");
}

// --- whole answers, and the way round

constexpr std::string_view kMessage =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"thinking","thinking":"hm\n","signature":"sig"},)"
    R"({"type":"redacted_thinking","data":"blob"},{"type":"text","text":"a\"b","citations":[{"url":"u"}]},)"
    R"({"type":"web_search_tool_result","tool_use_id":"s","content":[]},)"
    R"({"type":"tool_use","id":"t1","name":"Read","input":{"path":"x\n\"y\"","n":[1,{"z":null}]}},)"
    R"({"type":"tool_use","id":"t2","name":"Glob","input":{}}],"stop_reason":"tool_use","stop_sequence":null,)"
    R"("usage":{"input_tokens":12,"cache_creation_input_tokens":3,"cache_read_input_tokens":40,"output_tokens":9,)"
    R"("output_tokens_details":{"thinking_tokens":4}}})";

TEST(AnthropicAnswerReader, AWholeAnswerComesBackAsItWas) {
  AnthropicWholeWriter writer(client_frame());
  feed_anthropic_answer(kMessage, {}, writer);
  EXPECT_EQ(writer.body(), kMessage);
}

TEST(AnthropicAnswerReader, AWholeAnswerWrittenAsAStreamAndReadAgain) {
  std::string stream;
  AnthropicStreamWriter streams(client_frame(), stream);
  feed_anthropic_answer(kMessage, {}, streams);
  AnthropicWholeWriter writer(client_frame());
  feed_anthropic_stream(stream, {}, {}, writer);
  EXPECT_FALSE(writer.failure());
  EXPECT_EQ(writer.body(), kMessage);  // the first event's estimate of the input has given way to the count
}

TEST(AnthropicAnswerReader, AWholeAnswerThatIsAnError) {
  EventRecorder recorder;
  feed_anthropic_answer(R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})", {.codec = nullptr, .provider = "p"},
                        recorder);
  EXPECT_EQ(recorder.text(), "failed 429 rate_limit_error p: slow\n");
}

TEST(AnthropicAnswerReader, StreamsMeanTheSameInEveryCut) {
  const auto stream = kStart + start(0, R"({"type":"thinking","thinking":""})") +
                      delta(0, R"({"type":"thinking_delta","thinking":"é\u00e9"})") + close(0) +
                      start(1, R"({"type":"tool_use","id":"t","name":"f","input":{}})") +
                      delta(1, R"({"type":"input_json_delta","partial_json":"{\"a\":1}"})") + close(1) + stop("tool_use");
  const AnthropicAnswerOptions options{.codec = &client_codec(), .provider = "zai"};
  const auto whole = chat_stream_of(stream, {}, options);
  EXPECT_TRUE(whole.ends_with("data: [DONE]\n\n"));
  std::vector<std::size_t> everywhere;
  for (std::size_t at = 1; at < stream.size(); ++at) {
    ASSERT_EQ(chat_stream_of(stream, {at}, options), whole) << at;
    everywhere.push_back(at);
  }
  EXPECT_EQ(chat_stream_of(stream, everywhere, options), whole);
}

}  // namespace
}  // namespace penstock::dialect
