#include "dialect/openai_chat_request_reader.h"

#include <gtest/gtest.h>

#include "dialect/openai_client_for_test.h"

namespace penstock::dialect {
namespace {

using llm::Media;
using llm::Role;

/// A request that reads, and the body it came from.
struct Read {
  explicit Read(std::string_view body) : parsed(body) {
    auto result = read_openai_chat_request(parsed.document);
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

/// A body with these messages and no more.
std::string with(std::string_view messages, std::string_view rest = "") {
  return R"({"model":"m","messages":[)" + std::string(messages) + "]" + std::string(rest) + "}";
}
std::string with_field(std::string_view field) { return with(R"({"role":"user","content":"hi"})", "," + std::string(field)); }

std::string error_of(const std::string& body) {
  const Parsed parsed(body);
  const auto result = read_openai_chat_request(parsed.document);
  return result ? "" : result.error().message;
}

TEST(OpenAiChatRequestReader, AnEscapeThatJsonDoesNotHaveIsRefused) {
  for (const std::string word : {R"(a\x41b)", R"(\u00zz)"}) {
    const auto body = with(R"({"role":"user","content":")" + word + "\"}");
    EXPECT_TRUE(error_of(body).contains("at byte " + std::to_string(body.find('\\')))) << error_of(body);
  }
}

TEST(OpenAiChatRequestReader, LeadingInstructionsAreTheSystemPromptAndLaterOnesTurns) {
  const Read read(with(R"({"role":"system","content":"a"},{"role":"developer","content":[{"type":"text","text":"b"}]},)"
                       R"({"role":"user","content":"c"},{"role":"system","content":"d"})"));
  ASSERT_EQ(read.request.system.size(), 2U);
  EXPECT_EQ(std::get<llm::TextPart>(read.request.system[1].is).text.written, "b");
  ASSERT_EQ(read.request.messages.size(), 2U);
  EXPECT_EQ(read.request.messages[1].role, Role::system);
  EXPECT_EQ(read.part<llm::TextPart>(1, 0).text.written, "d");
}

TEST(OpenAiChatRequestReader, TextKeepsItsEscapes) {
  const Read read(with(R"({"role":"user","content":"a\n\"b\" \u00e9"})"));
  EXPECT_EQ(read.part<llm::TextPart>(0, 0).text.written, R"(a\n\"b\" \u00e9)");
}

TEST(OpenAiChatRequestReader, ImagesComeAsBytesOrAddresses) {
  const Read read(with(R"({"role":"user","content":[)"
                       R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO+/==","detail":"low"}},)"
                       R"({"type":"image_url","image_url":{"url":"data:image\/jpeg;base64,AA\/="}},)"
                       R"({"type":"image_url","image_url":"https://x.example/a.png"}]})"));
  const auto& bytes = read.part<llm::ImagePart>(0, 0);
  EXPECT_EQ(bytes.media.from, Media::From::base64);
  EXPECT_EQ(bytes.media.type.written, "image/png");
  EXPECT_EQ(bytes.media.data.written, "iVBO+/==");
  EXPECT_EQ(bytes.detail.written, "low");
  EXPECT_EQ(read.part<llm::ImagePart>(0, 1).media.type.written, "image/jpeg");
  EXPECT_EQ(read.part<llm::ImagePart>(0, 1).media.data.written, "AA/=");
  EXPECT_EQ(read.part<llm::ImagePart>(0, 2).media.from, Media::From::url);
  EXPECT_EQ(read.part<llm::ImagePart>(0, 2).media.data.written, "https://x.example/a.png");
}

TEST(OpenAiChatRequestReader, FilesBecomeDocuments) {
  const Read read(with(R"({"role":"user","content":[)"
                       R"({"type":"file","file":{"file_data":"data:application/pdf;base64,JVBE","filename":"a.pdf"}},)"
                       R"({"type":"file","file":{"file_data":"data:text/plain;base64,aGkKInlvdSI="}},)"
                       R"({"type":"file","file":{"file_id":"file-1"}},)"
                       R"({"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]})"));
  EXPECT_EQ(read.part<llm::DocumentPart>(0, 0).media.type.written, "application/pdf");
  EXPECT_EQ(read.part<llm::DocumentPart>(0, 0).title.written, "a.pdf");
  EXPECT_EQ(read.part<llm::DocumentPart>(0, 1).media.from, Media::From::text);
  EXPECT_EQ(read.part<llm::DocumentPart>(0, 1).media.data.written, R"(hi\n\"you\")");
  EXPECT_EQ(read.part<llm::OtherPart>(0, 2).type.written, "file");
  EXPECT_EQ(read.part<llm::OtherPart>(0, 3).type.written, "input_audio");
}

TEST(OpenAiChatRequestReader, CallsAndTheirResults) {
  const Read read(
      with(R"({"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[)"
           R"({"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":\"q\\\"\\n\"}"}},)"
           R"({"id":"b","type":"function","function":{"name":"g","arguments":" "}},)"
           R"({"id":"c","type":"custom","custom":{"name":"h","input":"free"}}]},)"
           R"({"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"2"}]},)"
           R"({"role":"user","content":"and?"})"));
  ASSERT_EQ(read.request.messages.size(), 4U);
  EXPECT_EQ(read.part<llm::ToolCall>(1, 0).input.raw, R"({"x":"q\"\n"})");
  EXPECT_TRUE(read.part<llm::ToolCall>(1, 1).input.empty());
  EXPECT_EQ(read.part<llm::ToolCall>(1, 2).input.raw, R"({"input":"free"})");
  EXPECT_EQ(read.request.messages[2].role, Role::user);
  ASSERT_EQ(read.request.messages[2].parts.size(), 2U);
  EXPECT_EQ(read.part<llm::ToolResult>(2, 1).id.written, "b");
  EXPECT_EQ(std::get<llm::TextPart>(read.part<llm::ToolResult>(2, 1).parts[0].is).text.written, "2");
}

TEST(OpenAiChatRequestReader, TheOlderFunctionCallsGetIds) {
  const Read read(with(R"({"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},)"
                       R"({"role":"function","name":"f","content":"1"},)"
                       R"({"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},)"
                       R"({"role":"function","name":"f","content":"2"})",
                       R"(,"functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":{"name":"f"})"));
  EXPECT_EQ(read.part<llm::ToolCall>(0, 0).id, read.part<llm::ToolResult>(1, 0).id);
  EXPECT_EQ(read.part<llm::ToolCall>(2, 0).id, read.part<llm::ToolResult>(3, 0).id);
  EXPECT_NE(read.part<llm::ToolCall>(0, 0).id, read.part<llm::ToolCall>(2, 0).id);
  EXPECT_EQ(read.request.tools.at(0).schema.raw, R"({"type":"object"})");
  EXPECT_EQ(read.request.tool_choice.kind, llm::ToolChoice::Kind::named);
}

TEST(OpenAiChatRequestReader, SealsComeBackFromOurOwnDetailsOnly) {
  const Read read(with(R"({"role":"assistant","content":"x","reasoning_content":"last piece","reasoning_details":[)"
                       R"({"type":"reasoning.text","text":"all of it","signature":"sig","format":"penstock-v1","index":0},)"
                       R"({"type":"reasoning.encrypted","data":"blob","format":"penstock-v1","index":1}]},)"
                       R"({"role":"assistant","content":"y","reasoning":"plain","reasoning_details":[)"
                       R"({"type":"reasoning.text","text":"theirs","signature":"other","format":"anthropic-claude-v1"}]},)"
                       R"({"role":"assistant","content":"z","refusal":"no"})"));
  EXPECT_EQ(read.part<llm::ThinkingPart>(0, 0).text.written, "all of it");
  EXPECT_EQ(read.part<llm::ThinkingPart>(0, 0).signature.written, "sig");
  EXPECT_TRUE(read.part<llm::ThinkingPart>(0, 1).sealed);
  EXPECT_EQ(read.part<llm::ThinkingPart>(0, 1).signature.written, "blob");
  EXPECT_EQ(read.part<llm::ThinkingPart>(1, 0).text.written, "plain");
  EXPECT_TRUE(read.part<llm::ThinkingPart>(1, 0).signature.empty());
  EXPECT_EQ(read.part<llm::TextPart>(2, 1).text.written, "no");
}

TEST(OpenAiChatRequestReader, Tools) {
  const Read read(
      with_field(R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}},)"
                 R"({"type":"function","function":{"name":"g"}},{"type":"custom","custom":{"name":"h"}},{"type":"mcp"}],)"
                 R"("parallel_tool_calls":false,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required",)"
                 R"("tools":[{"type":"function","function":{"name":"g"}}]}})"));
  ASSERT_EQ(read.request.tools.size(), 1U);  // f is not allowed now
  EXPECT_EQ(read.request.tools[0].name.written, "g");
  EXPECT_EQ(read.request.tool_choice.kind, llm::ToolChoice::Kind::any);
  EXPECT_EQ(read.request.tool_choice.parallel, false);
  EXPECT_EQ(read.request.dropped, (std::vector<std::string>{"tools.custom", "tools.mcp"}));
  const Read strict(with_field(R"("tools":[{"type":"function","function":{"name":"f","strict":true}}],"tool_choice":"none")"));
  EXPECT_EQ(strict.request.tools[0].strict, true);
  EXPECT_EQ(strict.request.tool_choice.kind, llm::ToolChoice::Kind::none);
}

TEST(OpenAiChatRequestReader, Fields) {
  const Read read(with_field(R"("max_completion_tokens":9,"max_tokens":5,"temperature":0.5,"top_p":0.9,"stop":["a","b"],"stream":true,)"
                             R"("stream_options":{"include_usage":true},"user":"u","safety_identifier":"s","prompt_cache_key":"k",)"
                             R"("service_tier":"flex","reasoning_effort":"high","n":1,"seed":4,"logprobs":null,"logit_bias":{})"));
  EXPECT_EQ(read.request.max_tokens, 9U);
  EXPECT_EQ(read.request.temperature, 0.5);
  EXPECT_EQ(read.request.stop.size(), 2U);
  EXPECT_TRUE(read.request.stream && read.request.stream_usage);
  EXPECT_EQ(read.request.user.written, "s");
  EXPECT_EQ(read.request.session.written, "k");
  EXPECT_EQ(read.request.service_tier.written, "flex");
  EXPECT_EQ(read.request.reasoning.mode, llm::Reasoning::Mode::adaptive);
  EXPECT_EQ(read.request.reasoning.effort, "high");
  EXPECT_EQ(read.request.dropped, (std::vector<std::string>{"seed", "logit_bias"}));
  EXPECT_FALSE(Read(with_field(R"("stream":true)")).request.stream_usage);
}

TEST(OpenAiChatRequestReader, Reasoning) {
  using Mode = llm::Reasoning::Mode;
  struct Row {
    std::string_view field;
    Mode mode;
    std::string_view effort;
    std::uint64_t budget;
  };
  for (const auto& [field, mode, effort, budget] : std::initializer_list<Row>{
           {R"("reasoning_effort":"none")", Mode::off, "none", 0},
           {R"("reasoning_effort":null)", Mode::absent, "", 0},
           {R"("reasoning":{"effort":"low"})", Mode::adaptive, "low", 0},
           {R"("reasoning":{"max_tokens":5000})", Mode::budget, "", 5000},
           {R"("reasoning":{"enabled":false})", Mode::off, "", 0},
       }) {
    const Read read(with_field(field));
    EXPECT_EQ(read.request.reasoning.mode, mode) << field;
    EXPECT_EQ(read.request.reasoning.effort, effort) << field;
    EXPECT_EQ(read.request.reasoning.budget, budget) << field;
  }
}

TEST(OpenAiChatRequestReader, Formats) {
  using Kind = llm::AnswerFormat::Kind;
  EXPECT_EQ(Read(with_field(R"("response_format":{"type":"text"})")).request.format.kind, Kind::text);
  EXPECT_EQ(Read(with_field(R"("response_format":{"type":"json_object"})")).request.format.kind, Kind::json_object);
  const Read read(
      with_field(R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}})"));
  EXPECT_EQ(read.request.format.kind, Kind::json_schema);
  EXPECT_EQ(read.request.format.schema.raw, R"({"type":"object"})");
  EXPECT_EQ(read.request.format.strict, true);
}

TEST(OpenAiChatRequestReader, ErrorsNameThePath) {
  const std::string_view call = R"({"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"a","function":)";
  const auto after = [&](std::string_view rest) { return with(std::string(call) + std::string(rest) + "}]}"); };
  const std::pair<std::string, std::string_view> rows[] = {
      {after(R"({"name":"f","arguments":"{\"x\":"})"), "messages.1.tool_calls.0.function.arguments: expected the text of a JSON object"},
      {after(R"({"name":"f","arguments":"[1]"})"), "messages.1.tool_calls.0.function.arguments: expected the text of a JSON object"},
      {after(R"({"arguments":"{}"})"), "messages.1.tool_calls.0.function.name: field required"},
      {with(R"({"role":"robot","content":"x"})"), "messages.0.role: expected system, developer, user, assistant or tool"},
      {with(R"({"role":"tool","content":"x"})"), "messages.0.tool_call_id: field required"},
      {with(R"({"role":"user","content":7})"), "messages.0.content: expected a string or a list of parts"},
      {with(R"({"role":"user","content":[{"type":"image_url"}]})"), "messages.0.content.0.image_url.url: field required"},
      {with(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,abc"}}]})"),
       "messages.0.content.0.image_url.url: expected an address or a data URL in base64"},
      {with_field(R"("n":2)"), "n: only one answer at a time can be given; ask again for more"},
      {with_field(R"("tools":[{"type":"function"}])"), "tools.0.function: field required"},
      {with_field(R"("tools":[{"type":"function","function":{}}])"), "tools.0.function.name: field required"},
  };
  for (const auto& [body, message] : rows) EXPECT_EQ(error_of(body), message) << body;
}

}  // namespace
}  // namespace penstock::dialect
