#include "dialect/anthropic_stream.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace penstock::dialect {
namespace {

const SignatureCodec& codec() {
  static const SignatureCodec codec(SignatureCodec::Key{3});
  return codec;
}

std::string tagged(std::string_view original) { return codec().tag("zai", original); }

/// All that a client gets when `stream` passes the tap.
std::string relayed(StreamTap& tap, std::string_view stream) {
  std::string out;
  const auto use = [&](const wire::Event& event) {
    const auto other = tap.rewrite(event);
    out += other ? std::string_view(*other) : event.raw;
  };
  wire::EventScanner scanner;
  EXPECT_EQ(scanner.feed(stream, use), wire::EventScanner::Fault::none);
  return out;
}

std::string event(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}

const std::string kStart = event(
    "message_start",
    R"({"type":"message_start","message":{"id":"m","model":"glm-5.3","content":[],"usage":{"input_tokens":812,"cache_creation_input_tokens":3,"output_tokens":1}}})");
const std::string kThinking = event(
    "content_block_start", R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})");
const std::string kThought = event(
    "content_block_delta", R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"a signature_delta"}})");
const std::string kStop = event("content_block_stop", R"({"type":"content_block_stop","index":0})");
const std::string kText =
    event("content_block_start", R"({"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}})") +
    event("content_block_delta", R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"signature_delta"}})") +
    event("content_block_stop", R"({"type":"content_block_stop","index":1})");
const std::string kEnd =
    event(
        "message_delta",
        R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"input_tokens":0,"cache_read_input_tokens":640,"output_tokens":41,"output_tokens_details":{"thinking_tokens":9}}})") +
    event("message_stop", R"({"type":"message_stop"})");

std::string signature_delta(std::string_view signature) {
  return event("content_block_delta", R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":")" +
                                          std::string(signature) + "\"}}");
}

TEST(StreamTap, AnthropicsStreamPassesUnchanged) {
  StreamTap tap({});
  const auto stream = kStart + kThinking + kThought + signature_delta("EqoB") + kStop + kText + event("ping", "{}") + kEnd;
  EXPECT_EQ(relayed(tap, stream), stream);
  EXPECT_EQ(tap.usage(), (llm::Usage{.input = 812, .output = 41, .cache_read = 640, .cache_write = 3, .thinking = 9, .known = true}));
  EXPECT_EQ(tap.stop_reason(), "tool_use");
  EXPECT_EQ(tap.model(), "glm-5.3");
  EXPECT_TRUE(tap.content_begun());
  EXPECT_TRUE(tap.finished());
  EXPECT_FALSE(tap.failure());
}

TEST(StreamTap, NothingIsKnownBeforeItIsSeen) {
  StreamTap tap({});
  relayed(tap, event("ping", "{}") + kStart);
  EXPECT_FALSE(tap.content_begun());
  EXPECT_FALSE(tap.finished());
  EXPECT_EQ(tap.stop_reason(), "");
  EXPECT_EQ(tap.usage().input, 812U);
}

TEST(StreamTap, SignaturesAreTagged) {
  StreamTap tap({.codec = &codec(), .provider = "zai", .answer_model = ""});
  EXPECT_EQ(relayed(tap, kStart + kThinking + kThought + signature_delta("a\\u0062") + kStop + kText + kEnd),
            kStart + kThinking + kThought + signature_delta(tagged("ab")) + kStop + kText + kEnd);
}

TEST(StreamTap, AnEmptySignatureIsTaggedToo) {
  StreamTap tap({.codec = &codec(), .provider = "zai", .answer_model = ""});
  EXPECT_EQ(relayed(tap, kThinking + signature_delta("") + kStop), kThinking + signature_delta(tagged("")) + kStop);
}

TEST(StreamTap, ABlockWithoutASignatureGetsOne) {
  StreamTap tap({.codec = &codec(), .provider = "zai", .answer_model = ""});
  EXPECT_EQ(relayed(tap, kThinking + kThought + kStop + kText), kThinking + kThought + signature_delta(tagged("")) + kStop + kText);
}

TEST(StreamTap, ASignatureAtTheStartIsEnough) {
  StreamTap tap({.codec = &codec(), .provider = "zai", .answer_model = ""});
  const auto start = [](const std::string& signature) {
    return event("content_block_start", R"({ "index": 0, "content_block": {"type": "thinking", "signature": ")" + signature + R"("}})");
  };
  EXPECT_EQ(relayed(tap, start("xyz") + kThought + kStop), start(tagged("xyz")) + kThought + kStop);
}

TEST(StreamTap, RedactedThinkingIsTagged) {
  StreamTap tap({.codec = &codec(), .provider = "zai", .answer_model = ""});
  const auto start = [](const std::string& data) {
    return event("content_block_start",
                 R"({"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":")" + data + R"("}})");
  };
  EXPECT_EQ(relayed(tap, start("xyz") + kStop), start(tagged("xyz")) + kStop);
}

TEST(StreamTap, TheModelIsNamedAsAsked) {
  StreamTap tap({.codec = nullptr, .provider = "", .answer_model = "my \"glm\""});
  const auto out = relayed(tap, kStart + kEnd);
  EXPECT_TRUE(out.contains(R"("model":"my \"glm\"","content":[])")) << out;
  EXPECT_EQ(tap.model(), "glm-5.3");
}

TEST(StreamTap, IdsAndCommentsSurviveARewrite) {
  StreamTap tap({.codec = nullptr, .provider = "", .answer_model = "m"});
  EXPECT_EQ(relayed(tap, ": note\nid: 7\nevent: message_start\ndata:{\"message\":{\"model\":\"x\"}}\r\n\r\n"),
            ": note\nid: 7\nevent: message_start\ndata:{\"message\":{\"model\":\"m\"}}\r\n\r\n");
}

TEST(StreamTap, DataOfSeveralLines) {
  StreamTap tap({.codec = nullptr, .provider = "", .answer_model = "m"});
  EXPECT_EQ(relayed(tap, "event: message_start\ndata: {\"message\":\ndata: {\"model\":\"x\"}}\n\n"),
            "event: message_start\ndata: {\"message\": {\"model\":\"m\"}}\n\n");
}

TEST(StreamTap, NamelessEventsAreNamedByTheirType) {
  StreamTap tap({.codec = &codec(), .provider = "zai", .answer_model = ""});
  const std::string stream =
      "data: {\"index\":0,\"type\":\"content_block_start\",\"content_block\":{\"type\":\"thinking\"}}\n\n"
      "data: { \"type\" : \"content_block_delta\",\"index\":0,\"delta\":{}}\n\n"
      "data: {\"type\":\"content_block_stop\",\n"
      "data: \"index\":0}\n\n"
      "data: [DONE]\n\n";
  EXPECT_EQ(relayed(tap, stream),
            "event: content_block_start\ndata: {\"index\":0,\"type\":\"content_block_start\",\"content_block\":{\"type\":\"thinking\"}}\n\n"
            "event: content_block_delta\ndata: { \"type\" : \"content_block_delta\",\"index\":0,\"delta\":{}}\n\n" +
                signature_delta(tagged("")) + "event: content_block_stop\ndata: {\"type\":\"content_block_stop\", \"index\":0}\n\n" +
                "data: [DONE]\n\n");
}

TEST(StreamTap, ErrorsAreNoted) {
  const auto failure = [](std::string_view data) {
    StreamTap tap({});
    const auto bytes = event("error", data);
    EXPECT_EQ(relayed(tap, bytes), bytes);
    return *tap.failure();
  };
  const auto usual = failure(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
  EXPECT_EQ(usual.type, "overloaded_error");
  EXPECT_EQ(usual.message, "Overloaded");
  EXPECT_EQ(failure(R"({"message":"flat"})").message, "flat");
  EXPECT_EQ(failure("no JSON").message, "no JSON");
}

TEST(StreamTap, FaultyDataIsRelayed) {
  StreamTap tap({.codec = &codec(), .provider = "zai", .answer_model = "m"});
  for (const std::string_view data :
       {"{", "[]", "null", "{\"message\":1}", "{\"content_block\":3,\"index\":\"x\"}", "{\"delta\":[],\"usage\":1}"})
    for (const std::string_view name :
         {"message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"})
      EXPECT_EQ(relayed(tap, event(name, data)), event(name, data));
}

constexpr std::string_view kWhole =
    R"({"id":"m","model":"glm","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"thinking","thinking":"u"},)"
    R"({"type":"thinking","signature":""},{"type":"redacted_thinking","data":"d"},{"type":"text","text":"x"}],"stop_reason":"end_turn",)"
    R"("usage":{"input_tokens":5,"output_tokens":6}})";

TEST(StreamTap, AWholeAnswerIsReadAndTagged) {
  StreamTap tap({.codec = &codec(), .provider = "zai", .answer_model = "asked"});
  std::string body(kWhole);
  EXPECT_TRUE(tap.rewrite_whole(body));
  EXPECT_EQ(body, R"({"id":"m","model":"asked","content":[{"type":"thinking","thinking":"t","signature":")" + tagged("s") +
                      R"("},{"type":"thinking","thinking":"u","signature":")" + tagged("") + R"("},{"type":"thinking","signature":")" +
                      tagged("") + R"("},{"type":"redacted_thinking","data":")" + tagged("d") +
                      R"("},{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":6}})");
  EXPECT_EQ(tap.usage(), (llm::Usage{.input = 5, .output = 6, .known = true}));
  EXPECT_EQ(tap.stop_reason(), "end_turn");
  EXPECT_EQ(tap.model(), "glm");
  EXPECT_TRUE(tap.finished());
}

TEST(StreamTap, AWholeAnswerOfAnthropicIsUntouched) {
  StreamTap tap({});
  std::string body(kWhole);
  EXPECT_FALSE(tap.rewrite_whole(body));
  EXPECT_EQ(body, kWhole);
  EXPECT_EQ(tap.usage().output, 6U);
}

TEST(StreamTap, AWholeErrorIsNoted) {
  StreamTap tap({.codec = &codec(), .provider = "zai", .answer_model = "asked"});
  std::string body = R"({"type":"error","error":{"type":"api_error","message":"no"}})";
  EXPECT_FALSE(tap.rewrite_whole(body));
  EXPECT_EQ(tap.failure()->message, "no");
  EXPECT_FALSE(tap.finished());
  std::string page = "<html>";
  EXPECT_FALSE(tap.rewrite_whole(page));
  EXPECT_EQ(page, "<html>");
}

}  // namespace
}  // namespace penstock::dialect
