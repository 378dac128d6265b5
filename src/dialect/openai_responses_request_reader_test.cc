#include "dialect/openai_responses_request_reader.h"

#include <gtest/gtest.h>

#include <vector>

#include "dialect/responses_client_for_test.h"

namespace penstock::dialect {
namespace {

/// A request and the bytes that it looks at.
struct Asked {
  explicit Asked(std::string_view body) : parsed(with_own_reasoning(std::string(body))) {
    auto read = read_openai_responses_request(parsed.document, &echo);
    if (!read)
      error = read.error().message;
    else
      request = std::move(*read);
  }
  Parsed parsed;
  ResponsesEcho echo;
  llm::Request request;
  std::string error;
};

std::string error_of(std::string_view members) { return Asked(R"({"model":"m",)" + std::string(members) + "}").error; }
std::string input_error(std::string_view item) { return error_of(R"("input":[{"role":"user","content":"a"},)" + std::string(item) + "]"); }

const llm::ToolCall& call_at(const llm::Request& request, std::size_t message, std::size_t part) {
  return std::get<llm::ToolCall>(request.messages.at(message).parts.at(part).is);
}

TEST(OpenAiResponsesRequest, AnEscapeThatJsonDoesNotHaveIsRefused) {
  for (const std::string_view word : {R"(a\x41b)", R"(\u00zz)"})
    EXPECT_TRUE(error_of(R"("input":")" + std::string(word) + '"').contains("is not valid JSON at byte ")) << word;
}

TEST(OpenAiResponsesRequest, WhatIsStoredElsewhereIsRefusedInOpenAisWords) {
  EXPECT_EQ(error_of(R"("input":"a","previous_response_id":"resp_1")"),
            "Previous response with id 'resp_1' not found. Responses are not stored here: send the whole conversation in `input`.");
  EXPECT_TRUE(input_error(R"({"type":"item_reference","id":"msg_1"})").starts_with("Item with id 'msg_1' not found. "));
  EXPECT_TRUE(input_error(R"({"id":"msg_1"})").starts_with("Item with id 'msg_1' not found. "));
  EXPECT_TRUE(error_of(R"("input":"a","conversation":"conv_1")").starts_with("input: conversations"));
  EXPECT_TRUE(error_of(R"("input":"a","prompt":{"id":"p"})").starts_with("input: conversations"));
  EXPECT_TRUE(error_of(R"("input":"a","background":true)").starts_with("background: "));
  EXPECT_EQ(error_of(R"("input":"a","background":false,"previous_response_id":null,"conversation":null)"), "");
}

TEST(OpenAiResponsesRequest, ABrokenHistoryIsNamedByItsPlace) {
  EXPECT_EQ(input_error(R"({"type":"message","role":"robot","content":"a"})"),
            "input.1.role: expected system, developer, user or assistant");
  EXPECT_EQ(input_error(R"({"type":"function_call","name":"f","arguments":"{}"})"), "input.1.call_id: field required");
  EXPECT_EQ(input_error(R"({"type":"function_call","call_id":"c","arguments":"{}"})"), "input.1.name: field required");
  EXPECT_EQ(input_error(R"({"type":"function_call_output","output":"x"})"), "input.1.call_id: field required");
  EXPECT_EQ(input_error(R"({"what":1})"), "input.1.type: field required");
  EXPECT_EQ(input_error(R"({"role":"user","content":[{"type":"input_image","image_url":"data:x"}]})"),
            "input.1.content.0.image_url: expected an address or a data URL in base64");
  EXPECT_EQ(error_of(R"("input":"a","tools":[{"type":"function"}])"), "tools.0.name: field required");
  EXPECT_EQ(error_of(R"("input":"a","tools":[{"type":"namespace","name":"n","tools":[{"type":"custom"}]}])"),
            "tools.0.tools.0.name: field required");
}

TEST(OpenAiResponsesRequest, ReadsWhatHasAPlace) {
  const Asked asked(R"({"model":"m","input":"a","max_output_tokens":9,"temperature":0.5,"top_p":0.25,"stream":true,"user":"u",
    "safety_identifier":"s","prompt_cache_key":"k","service_tier":"flex","reasoning":{"effort":"xhigh"},"parallel_tool_calls":false,
    "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true}},"odd":1,"truncation":"auto"})");
  const auto& request = asked.request;
  EXPECT_EQ(request.max_tokens, 9U);
  EXPECT_EQ(request.temperature, 0.5);
  EXPECT_EQ(request.top_p, 0.25);
  EXPECT_TRUE(request.stream);
  EXPECT_EQ(request.user.written, "s");
  EXPECT_EQ(request.session.written, "k");
  EXPECT_EQ(request.service_tier.written, "flex");
  EXPECT_EQ(request.reasoning.mode, llm::Reasoning::Mode::adaptive);
  EXPECT_EQ(request.reasoning.effort, "xhigh");
  EXPECT_EQ(request.tool_choice.parallel, false);
  EXPECT_EQ(request.format.kind, llm::AnswerFormat::Kind::json_schema);
  EXPECT_EQ(request.format.name.written, "n");
  EXPECT_EQ(request.format.schema.raw, R"({"type":"object"})");
  EXPECT_EQ(request.format.strict, true);
  EXPECT_EQ(request.dropped, (std::vector<std::string>{"odd", "truncation"}));
}

TEST(OpenAiResponsesRequest, ToolsMayStandBehindTheCallsThatNameThem) {
  const Asked asked(R"({"model":"m","input":[{"role":"user","content":"a"},
    {"type":"function_call","call_id":"c","name":"spawn","namespace":"agents","arguments":"{\"a\":1}"}],
    "tools":[{"type":"function","name":"agents__spawn"},{"type":"namespace","name":"agents","tools":[{"type":"function","name":"spawn"}]}]})");
  ASSERT_EQ(asked.error, "");
  EXPECT_EQ(asked.request.tools.at(0).name.written, "agents__spawn");
  EXPECT_EQ(asked.request.tools.at(1).name.written, "agents__spawn_");
  EXPECT_EQ(call_at(asked.request, 1, 0).name.written, "agents__spawn_");
  EXPECT_EQ(call_at(asked.request, 1, 0).input.raw, R"({"a":1})");
}

TEST(OpenAiResponsesRequest, ACustomToolIsAFunctionWithOneText) {
  const Asked asked(R"({"model":"m","input":[{"type":"custom_tool_call","call_id":"c","name":"p","input":"a \"b\"\n"}],
    "tools":[{"type":"custom","name":"p","description":"d","format":{"type":"text"}}]})");
  ASSERT_EQ(asked.error, "");
  EXPECT_EQ(asked.request.tools.at(0).description.written, "d");
  EXPECT_TRUE(asked.request.tools.at(0).schema.raw.contains(R"("input":{"type":"string")"));
  EXPECT_EQ(call_at(asked.request, 0, 0).input.raw, R"({"input":"a \"b\"\n"})");
  ASSERT_NE(asked.echo.tools.find("p"), nullptr);
  EXPECT_EQ(asked.echo.tools.find("p")->form, ResponsesTool::Form::custom);
}

TEST(OpenAiResponsesRequest, OwnReasoningComesBackInItsPlace) {
  const Asked asked(
      R"({"model":"m","input":[{"role":"user","content":"a"},{"type":"reasoning","id":"r","summary":[],"encrypted_content":"own:Hm.:sig"},
    {"type":"reasoning","id":"r","summary":[],"encrypted_content":"gAAA"},{"role":"assistant","content":"b"}]})");
  const auto& parts = asked.request.messages.at(1).parts;
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(std::get<llm::ThinkingPart>(parts[0].is).text.written, "Hm.");
  EXPECT_EQ(std::get<llm::ThinkingPart>(parts[0].is).signature.written, "sig");
}

TEST(OpenAiResponsesRequest, ChoicesNameWhatTheProviderKnows) {
  const auto choice = [](std::string_view written) {
    Asked asked(R"({"model":"m","input":"a","tools":[{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"}]},
      {"type":"web_search"}],"tool_choice":)" +
                std::string(written) + "}");
    return std::pair(asked.request.tool_choice.kind, std::string(asked.request.tool_choice.name.written));
  };
  using Kind = llm::ToolChoice::Kind;
  EXPECT_EQ(choice(R"("auto")"), std::pair(Kind::automatic, std::string()));
  EXPECT_EQ(choice(R"("required")"), std::pair(Kind::any, std::string()));
  EXPECT_EQ(choice(R"("none")"), std::pair(Kind::none, std::string()));
  EXPECT_EQ(choice(R"({"type":"function","name":"f","namespace":"n"})"), std::pair(Kind::named, std::string("n__f")));
  EXPECT_EQ(choice(R"({"type":"web_search_preview"})"), std::pair(Kind::named, std::string("web_search")));
  EXPECT_EQ(choice(R"({"type":"function","name":"nobody"})"), std::pair(Kind::absent, std::string()));
}

TEST(OpenAiResponsesRequest, TheAnswerRepeatsFields) {
  const Asked asked(R"({"model":"m","input":"a","metadata":{"k":"v"},"temperature":1,"top_p":null})");
  EXPECT_TRUE(asked.echo.fields.contains(R"("metadata":{"k":"v"})"));
  EXPECT_TRUE(asked.echo.fields.contains(R"("temperature":1,)"));
  EXPECT_TRUE(asked.echo.fields.contains(R"("top_p":null)"));
  EXPECT_EQ(Asked(R"({"model":"m","input":"a"})").echo.fields, ResponsesEcho().fields);
  EXPECT_TRUE(Asked("{\"model\":\"m\",\"input\":\"a\",\"metadata\":{\r\n\"k\":\"v\"}}").echo.fields.contains(R"("metadata":{  "k":"v"})"));
}

}  // namespace
}  // namespace penstock::dialect
