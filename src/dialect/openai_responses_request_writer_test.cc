#include "dialect/openai_responses_request_writer.h"

#include <gtest/gtest.h>

#include "dialect/responses_provider_for_test.h"

namespace penstock::dialect {
namespace {

/// What the request says behind its input; `fields` of an Anthropic request.
std::string fields(std::string_view fields, const NamedQuirks& quirks, std::uint64_t max_output = 0) {
  const auto body = written_for_responses(R"({"messages":[{"role":"user","content":"q"}],)" + std::string(fields) + "}",
                                          chat_quirks(quirks), "m", max_output)
                        .body;
  constexpr std::string_view kStart =
      R"({"model":"m","store":false,"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"q"}]}])";
  EXPECT_TRUE(body.starts_with(kStart)) << body;
  return body.substr(kStart.size());
}

TEST(OpenAiResponsesRequestWriter, Thinking) {
  struct Case {
    std::string_view fields;
    NamedQuirks quirks;
    std::string_view reasoning;
  };
  constexpr std::string_view kOff = R"("thinking":{"type":"disabled"})", kMax = R"("output_config":{"effort":"max"})";
  constexpr std::string_view kBudget = R"("thinking":{"type":"enabled","budget_tokens":5000})",
                             kAdaptive = R"("thinking":{"type":"adaptive"})";
  const NamedQuirks all{{"reasoning", "reasoning_effort"}, {"efforts", "none,low,medium,high"}},
      always{{"reasoning", "reasoning_effort"}, {"efforts", "low,high"}}, unknown{{"reasoning", "reasoning_effort"}};
  NamedQuirks silent = all, lowest = all, brief = all;
  silent["thinking_off"] = "omit";
  lowest["thinking_off"] = "lowest";
  brief["thinking_fields"] = R"({"summary":"concise"})";
  const Case cases[] = {
      {kOff, all, R"({"effort":"none"})"},
      {kMax, all, R"({"effort":"high","summary":"auto"})"},
      {kBudget, all, R"({"effort":"medium","summary":"auto"})"},
      {kAdaptive, all, R"({"summary":"auto"})"},
      {kOff, silent, R"({"summary":"auto"})"},
      {kOff, lowest, R"({"effort":"low","summary":"auto"})"},
      {kOff, always, R"({"effort":"low","summary":"auto"})"},
      {kMax, unknown, R"({"summary":"auto"})"},
      {kMax, brief, R"({"effort":"high","summary":"concise"})"},
  };
  for (const auto& [given, quirks, reasoning] : cases)
    EXPECT_EQ(fields(given, quirks), R"(,"reasoning":)" + std::string(reasoning) + R"(,"include":["reasoning.encrypted_content"]})")
        << given;
  EXPECT_EQ(fields(kMax, {}), "}");
}

TEST(OpenAiResponsesRequestWriter, TheLimitIsAtLeast16) {
  EXPECT_EQ(fields(R"("max_tokens":1)", {}), R"(,"max_output_tokens":16})");
  EXPECT_EQ(fields(R"("max_tokens":500)", {}, 200), R"(,"max_output_tokens":200})");
  EXPECT_EQ(fields(R"("max_tokens":500)", {}), R"(,"max_output_tokens":500})");
}

TEST(OpenAiResponsesRequestWriter, ServiceTier) {
  EXPECT_EQ(fields(R"("service_tier":"auto")", {}), "}");
  EXPECT_EQ(fields(R"("service_tier":"standard_only")", {}), R"(,"service_tier":"default"})");
  const auto odd = written_for_responses(R"({"messages":[{"role":"user","content":"q"}],"service_tier":"golden"})", chat_quirks({}));
  EXPECT_EQ(odd.dropped, std::vector<std::string>{"service_tier"});
  EXPECT_FALSE(odd.body.contains("golden"));
}

TEST(OpenAiResponsesRequestWriter, ToolChoice) {
  constexpr std::string_view kTools = R"("tools":[{"name":"T","input_schema":{}}],)";
  constexpr std::string_view kWritten =
      R"(,"tools":[{"type":"function","name":"T","parameters":{"type":"object","properties":{}},"strict":false}])";
  struct Case {
    std::string_view choice;
    NamedQuirks quirks;
    std::string_view expected;
  };
  const Case cases[] = {
      {R"("tool_choice":{"type":"auto"})", {}, R"(,"tool_choice":"auto"})"},
      {R"("tool_choice":{"type":"any"})", {}, R"(,"tool_choice":"required"})"},
      {R"("tool_choice":{"type":"none"})", {}, R"(,"tool_choice":"none"})"},
      {R"("tool_choice":{"type":"tool","name":"T"})", {}, R"(,"tool_choice":{"type":"function","name":"T"}})"},
      {R"("tool_choice":{"type":"tool","name":"gone"})", {}, R"(,"tool_choice":"auto"})"},
      {R"("tool_choice":{"type":"any"})", {{"tool_choice", "auto_only"}}, R"(,"tool_choice":"auto"})"},
      {R"("tool_choice":{"type":"any"})", {{"tool_choice", "strip"}}, "}"},
      {R"("tool_choice":{"type":"auto","disable_parallel_tool_use":true})",
       {{"parallel_tools", "keep"}},
       R"(,"tool_choice":"auto","parallel_tool_calls":false})"},
  };
  for (const auto& [choice, quirks, expected] : cases)
    EXPECT_EQ(fields(std::string(kTools) + std::string(choice), quirks), std::string(kWritten) + std::string(expected)) << choice;
  EXPECT_EQ(fields(R"("tools":[],"tool_choice":{"type":"any"})", {}), "}");
}

TEST(OpenAiResponsesRequestWriter, KeysThatAreTooLongAreHashed) {
  ChatQuirks quirks;
  quirks.cache_key = "prompt_cache_key";
  llm::Request request;
  const std::string key(65, 'k');
  std::vector<std::string> dropped;
  ToolNames names;
  const OpenAiChatOptions options{.model = "m", .quirks = &quirks, .names = &names};
  request.session = {key};
  EXPECT_FALSE(write_openai_responses_request(request, options, dropped).contains(key));
  request.session = {std::string_view(key).substr(1)};
  EXPECT_TRUE(write_openai_responses_request(request, options, dropped).contains(R"("prompt_cache_key":")" + key.substr(1) + '"'));
}

/// The tag that a client is given opens at the provider as the item it was.
TEST(OpenAiResponsesRequestWriter, WhatAnAnswerSealedComesBack) {
  constexpr std::string_view kItem =
      R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"I see."}],"encrypted_content":"gAAA"})";
  const json::Padded answer(R"({"output":[)" + std::string(kItem) +
                            R"(,{"type":"function_call","call_id":"c1","name":"T","arguments":"{}"}]})");
  json::Document document;
  ASSERT_TRUE(document.index(answer.text()));
  EventRecorder recorder;
  read_openai_responses_answer(document, answer_options(), recorder);
  const auto events = recorder.text();
  const auto tag = events.substr(events.find(kTagPrefix), events.find('\n', events.find(kTagPrefix)) - events.find(kTagPrefix));
  const auto body =
      written_for_responses(R"({"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"I see.","signature":")" + tag +
                                R"("},{"type":"tool_use","id":"c1","name":"T","input":{}}]}]})",
                            chat_quirks({}))
          .body;
  EXPECT_TRUE(body.contains(kItem)) << events << body;
}

}  // namespace
}  // namespace penstock::dialect
