#include "dialect/anthropic_request_reader.h"

#include <gtest/gtest.h>

#include "dialect/openai_client_for_test.h"

namespace penstock::dialect {
namespace {

using llm::CacheMark;
using llm::Media;
using llm::Role;

/// A request that reads, and the body it came from.
struct Read {
  explicit Read(std::string_view body) : parsed(body) {
    auto result = read_anthropic_request(parsed.document);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    if (result) request = std::move(*result);
  }
  Parsed parsed;
  llm::Request request;

  template <typename Kind>
  const Kind& part(std::size_t message, std::size_t at) const {
    return std::get<Kind>(request.messages.at(message).parts.at(at).is);
  }
};

std::string error_of(std::string_view body) {
  const Parsed parsed(body);
  const auto result = read_anthropic_request(parsed.document);
  return result ? "" : result.error().message;
}

std::string user(std::string_view blocks) { return R"({"messages":[{"role":"user","content":[)" + std::string(blocks) + "]}]}"; }
std::string field(std::string_view json) { return "{" + std::string(json) + R"(,"messages":[]})"; }

TEST(AnthropicRequestReader, AnEscapeThatJsonDoesNotHaveIsRefused) {
  for (const std::string word : {R"(a\x41b)", R"(\u00zz)"}) {
    const auto error = error_of(R"({"max_tokens":9,"messages":[{"role":"user","content":")" + word + "\"}]}");
    EXPECT_TRUE(error.contains("is not valid JSON at byte ")) << word;
  }
}

TEST(AnthropicRequestReader, Turns) {
  const Read read(R"({"system":"be \"brief\"","messages":[{"role":"user","content":"a\nb"},{"role":"system","content":"c"},)"
                  R"({"role":"assistant","content":[{"type":"text","text":"d"}]}]})");
  EXPECT_EQ(std::get<llm::TextPart>(read.request.system.at(0).is).text.written, R"(be \"brief\")");
  EXPECT_EQ(read.request.messages.at(0).role, Role::user);
  EXPECT_EQ(read.part<llm::TextPart>(0, 0).text.written, R"(a\nb)");
  EXPECT_EQ(read.request.messages.at(1).role, Role::system);
  EXPECT_EQ(read.request.messages.at(2).role, Role::assistant);
  EXPECT_EQ(read.part<llm::TextPart>(2, 0).text.written, "d");
}

TEST(AnthropicRequestReader, Blocks) {
  const Read read(user(R"({"type":"text","text":"t","cache_control":{"type":"ephemeral"}},)"
                       R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}},)"
                       R"({"type":"image","source":{"type":"url","url":"https://x.example"}},)"
                       R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"},"title":"T","context":"C"},)"
                       R"({"type":"document","source":{"type":"content","content":[]}},)"
                       R"({"type":"thinking","thinking":"th","signature":"s"},{"type":"redacted_thinking","data":"d"},)"
                       R"({"type":"server_tool_use","id":"x","name":"web_search","input":{}})"));
  EXPECT_EQ(read.part<llm::TextPart>(0, 0).cache, CacheMark::ephemeral);
  EXPECT_EQ(read.part<llm::ImagePart>(0, 1).media.type.written, "image/png");
  EXPECT_EQ(read.part<llm::ImagePart>(0, 2).media.from, Media::From::url);
  EXPECT_EQ(read.part<llm::DocumentPart>(0, 3).media.from, Media::From::text);
  EXPECT_EQ(read.part<llm::DocumentPart>(0, 3).title.written, "T");
  EXPECT_EQ(read.part<llm::DocumentPart>(0, 3).context.written, "C");
  EXPECT_EQ(read.part<llm::OtherPart>(0, 4).type.written, "document");
  EXPECT_EQ(read.part<llm::ThinkingPart>(0, 5).signature.written, "s");
  EXPECT_TRUE(read.part<llm::ThinkingPart>(0, 6).sealed);
  EXPECT_EQ(read.part<llm::ThinkingPart>(0, 6).signature.written, "d");
  EXPECT_EQ(read.part<llm::OtherPart>(0, 7).type.written, "server_tool_use");
  EXPECT_TRUE(read.part<llm::OtherPart>(0, 7).raw.raw.starts_with(R"({"type":"server_tool_use")"));
}

TEST(AnthropicRequestReader, CallsAndResults) {
  const Read read(
      R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"x":1}},)"
      R"({"type":"tool_use","id":"b","name":"g"}]},{"role":"user","content":[)"
      R"({"type":"tool_result","tool_use_id":"a","content":"plain","is_error":true,"cache_control":{"type":"ephemeral","ttl":"1h"}},)"
      R"({"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"t"},)"
      R"({"type":"image","source":{"type":"file","file_id":"f1"}}]},{"type":"tool_result","tool_use_id":"c"}]}]})");
  EXPECT_EQ(read.part<llm::ToolCall>(0, 0).input.raw, R"({"x":1})");
  EXPECT_TRUE(read.part<llm::ToolCall>(0, 1).input.empty());
  const auto& first = read.part<llm::ToolResult>(1, 0);
  EXPECT_TRUE(first.is_error);
  EXPECT_EQ(first.cache, CacheMark::one_hour);
  EXPECT_EQ(std::get<llm::TextPart>(first.parts.at(0).is).text.written, "plain");
  const auto& second = read.part<llm::ToolResult>(1, 1);
  EXPECT_EQ(std::get<llm::ImagePart>(second.parts.at(1).is).media.from, Media::From::file);
  EXPECT_TRUE(read.part<llm::ToolResult>(1, 2).parts.empty());
}

TEST(AnthropicRequestReader, Tools) {
  const Read read(field(
      R"("tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"}},)"
      R"({"type":"custom","name":"g","input_schema":{}},{"type":"web_search_20250305","name":"web_search","max_uses":2}],)"
      R"("tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true})"));
  ASSERT_EQ(read.request.tools.size(), 3U);
  EXPECT_EQ(read.request.tools[0].schema.raw, R"({"type":"object"})");
  EXPECT_EQ(read.request.tools[0].strict, true);
  EXPECT_EQ(read.request.tools[0].cache, CacheMark::ephemeral);
  EXPECT_TRUE(read.request.tools[1].type.empty());
  EXPECT_EQ(read.request.tools[2].type.written, "web_search_20250305");
  EXPECT_TRUE(read.request.tools[2].raw.raw.contains("max_uses"));
  EXPECT_EQ(read.request.tool_choice.kind, llm::ToolChoice::Kind::named);
  EXPECT_EQ(read.request.tool_choice.name.written, "f");
  EXPECT_EQ(read.request.tool_choice.parallel, false);
}

TEST(AnthropicRequestReader, Choices) {
  using Kind = llm::ToolChoice::Kind;
  const auto kind = [](std::string_view json) { return Read(field(R"("tool_choice":)" + std::string(json))).request.tool_choice.kind; };
  EXPECT_EQ(kind(R"({"type":"auto"})"), Kind::automatic);
  EXPECT_EQ(kind(R"({"type":"any"})"), Kind::any);
  EXPECT_EQ(kind(R"({"type":"none"})"), Kind::none);
  EXPECT_EQ(kind("null"), Kind::absent);
}

TEST(AnthropicRequestReader, Fields) {
  const Read read(
      field(R"("model":"m","max_tokens":9,"temperature":0.5,"top_p":0.25,"top_k":3,"stop_sequences":["a","b"],"stream":true,)"
            R"("metadata":{"user_id":"u"},"service_tier":"auto","cache_control":{"type":"ephemeral"},"container":"c","mcp_servers":null)"));
  EXPECT_EQ(read.request.max_tokens, 9U);
  EXPECT_EQ(read.request.temperature, 0.5);
  EXPECT_EQ(read.request.top_p, 0.25);
  EXPECT_EQ(read.request.top_k, 3U);
  ASSERT_EQ(read.request.stop.size(), 2U);
  EXPECT_EQ(read.request.stop[1].written, "b");
  EXPECT_TRUE(read.request.stream);
  EXPECT_TRUE(read.request.stream_usage);
  EXPECT_EQ(read.request.user.written, "u");
  EXPECT_EQ(read.request.service_tier.written, "auto");
  EXPECT_EQ(read.request.dropped, std::vector<std::string>{"container"});
}

TEST(AnthropicRequestReader, FieldsThatAreNullAreAbsent) {
  const Read read(field(R"("tools":null,"thinking":null,"output_config":{"effort":null,"format":null},"context_management":null)"));
  EXPECT_EQ(read.request.reasoning.mode, llm::Reasoning::Mode::absent);
  EXPECT_EQ(read.request.reasoning.effort, "");
  EXPECT_TRUE(read.request.dropped.empty());
}

TEST(AnthropicRequestReader, Thinking) {
  using Mode = llm::Reasoning::Mode;
  struct Row {
    std::string_view json;
    Mode mode;
    std::uint64_t budget;
    std::string_view effort;
  };
  for (const auto& [json, mode, budget, effort] : std::initializer_list<Row>{
           {R"("thinking":{"type":"enabled","budget_tokens":4000})", Mode::budget, 4000, ""},
           {R"("thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"})", Mode::adaptive, 0, "xhigh"},
           {R"("thinking":{"type":"disabled"})", Mode::off, 0, ""},
           {R"("thinking":{"type":"between_tools"})", Mode::adaptive, 0, ""},
           {R"("output_config":{"effort":"low"})", Mode::absent, 0, "low"},
       }) {
    const Read read(field(json));
    EXPECT_EQ(read.request.reasoning.mode, mode) << json;
    EXPECT_EQ(read.request.reasoning.budget, budget) << json;
    EXPECT_EQ(read.request.reasoning.effort, effort) << json;
  }
}

TEST(AnthropicRequestReader, FormatsInBothSpellings) {
  for (const std::string_view json : {R"("output_config":{"format":{"type":"json_schema","schema":{"a":1}}})",
                                      R"("output_format":{"type":"json_schema","schema":{"a":1}})"}) {
    const Read read(field(json));
    EXPECT_EQ(read.request.format.kind, llm::AnswerFormat::Kind::json_schema) << json;
    EXPECT_EQ(read.request.format.schema.raw, R"({"a":1})") << json;
  }
}

TEST(AnthropicRequestReader, ErrorsNameThePath) {
  const std::pair<std::string, std::string_view> rows[] = {
      {user(R"({"type":"text","text":"x"},{"type":"tool_use","id":"a"})"), "messages.0.content.1.tool_use.name: field required"},
      {user(R"({"type":"tool_result","content":"x"})"), "messages.0.content.0.tool_result.tool_use_id: field required"},
      {user(R"({"type":"image","source":{"type":"carrier_pigeon"}})"), "messages.0.content.0.image.source: expected base64, url or file"},
      {user(R"({"type":"tool_result","tool_use_id":"a","content":[{"type":"image"}]})"),
       "messages.0.content.0.image.source: expected base64, url or file"},
  };
  for (const auto& [body, message] : rows) EXPECT_EQ(error_of(body), message) << body;
}

}  // namespace
}  // namespace penstock::dialect
