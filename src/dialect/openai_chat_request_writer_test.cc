#include "dialect/openai_chat_request_writer.h"

#include <gtest/gtest.h>

#include "dialect/chat_for_test.h"

namespace penstock::dialect {
namespace {

/// What the request says beside model and messages; `fields` of an Anthropic request.
std::string fields(std::string_view fields, const NamedQuirks& quirks) {
  const auto body =
      written_request(R"({"messages":[{"role":"user","content":"q"}],)" + std::string(fields) + "}", chat_quirks(quirks)).body;
  constexpr std::string_view kStart = R"({"model":"m","messages":[{"role":"user","content":"q"}])";
  EXPECT_TRUE(body.starts_with(kStart)) << body;
  return body.substr(kStart.size());
}

TEST(OpenAiChatRequestWriter, Thinking) {
  struct Case {
    std::string_view fields;
    NamedQuirks quirks;
    std::string_view expected;
  };
  constexpr std::string_view kOff = R"("thinking":{"type":"disabled"})", kHigh = R"("output_config":{"effort":"high"})";
  constexpr std::string_view kBudget = R"("thinking":{"type":"enabled","budget_tokens":5000})",
                             kAdaptive = R"("thinking":{"type":"adaptive"})";
  const NamedQuirks effort{{"reasoning", "reasoning_effort"}, {"efforts", "none,low,high"}},
      always{{"reasoning", "reasoning_effort"}, {"efforts", "low,high"}};
  const NamedQuirks both{{"reasoning", "thinking_type_and_effort"}, {"efforts", "low,high,max"}, {"thinking_off", "lowest"}};
  const NamedQuirks object{{"reasoning", "reasoning_object"}, {"efforts", "low,high"}}, no_levels{{"reasoning", "reasoning_object"}};
  const NamedQuirks qwen{{"reasoning", "enable_thinking"}}, kwargs{{"reasoning", "chat_template_kwargs"}};
  const NamedQuirks groq{{"reasoning", "groq"}, {"efforts", "none"}};
  NamedQuirks silent = effort;
  silent["thinking_off"] = "omit";
  const Case cases[] = {
      {kHigh, {}, "}"},
      {kOff, effort, R"(,"reasoning_effort":"none"})"},
      {kHigh, effort, R"(,"reasoning_effort":"high"})"},
      {kAdaptive, effort, "}"},
      {kBudget, effort, R"(,"reasoning_effort":"high"})"},
      {kOff, silent, "}"},
      {kOff, always, R"(,"reasoning_effort":"low"})"},
      {kOff, both, R"(,"thinking":{"type":"enabled"},"reasoning_effort":"low"})"},
      {kAdaptive, both, R"(,"thinking":{"type":"enabled"}})"},
      {kOff, object, R"(,"reasoning":{"enabled":false}})"},
      {kHigh, object, R"(,"reasoning":{"effort":"high"}})"},
      {kAdaptive, object, R"(,"reasoning":{"enabled":true}})"},
      {kBudget, no_levels, R"(,"reasoning":{"max_tokens":5000}})"},
      {kOff, qwen, R"(,"enable_thinking":false})"},
      {kBudget, qwen, R"(,"enable_thinking":true,"thinking_budget":5000})"},
      {kHigh, kwargs, R"(,"chat_template_kwargs":{"enable_thinking":true}})"},
      {kHigh, groq, R"(,"reasoning_format":"parsed"})"},
      {kOff, groq, R"(,"reasoning_format":"parsed","reasoning_effort":"none"})"},
  };
  for (const auto& [given, quirks, expected] : cases) EXPECT_EQ(fields(given, quirks), expected) << given;
}

TEST(OpenAiChatRequestWriter, ToolChoice) {
  constexpr std::string_view kTools = R"("tools":[{"name":"T","input_schema":{}}],)";
  constexpr std::string_view kWritten =
      R"(,"tools":[{"type":"function","function":{"name":"T","parameters":{"type":"object","properties":{}}}}])";
  struct Case {
    std::string_view choice;
    NamedQuirks quirks;
    std::string_view expected;
  };
  const NamedQuirks careful{{"tool_choice", "auto_when_thinking"}, {"reasoning", "thinking_type"}};
  const Case cases[] = {
      {R"("tool_choice":{"type":"auto"})", {}, R"(,"tool_choice":"auto"})"},
      {R"("tool_choice":{"type":"any"})", {}, R"(,"tool_choice":"required"})"},
      {R"("tool_choice":{"type":"none"})", {}, R"(,"tool_choice":"none"})"},
      {R"("tool_choice":{"type":"tool","name":"T"})", {}, R"(,"tool_choice":{"type":"function","function":{"name":"T"}}})"},
      {R"("tool_choice":{"type":"tool","name":"gone"})", {}, R"(,"tool_choice":"auto"})"},
      {R"("tool_choice":{"type":"any"})", {{"tool_choice", "auto_only"}}, R"(,"tool_choice":"auto"})"},
      {R"("tool_choice":{"type":"any"})", {{"tool_choice", "strip"}}, "}"},
      {R"("tool_choice":{"type":"any"},"thinking":{"type":"adaptive"})", careful,
       R"(,"tool_choice":"auto","thinking":{"type":"enabled"}})"},
      {R"("tool_choice":{"type":"any"})", careful, R"(,"tool_choice":"required","thinking":{"type":"disabled"}})"},
      {R"("tool_choice":{"type":"auto","disable_parallel_tool_use":true})",
       {{"parallel_tools", "keep"}},
       R"(,"tool_choice":"auto","parallel_tool_calls":false})"},
      {R"("max_tokens":5)", {{"max_tokens_field", "max_completion_tokens"}}, R"(,"max_completion_tokens":5})"},
  };
  for (const auto& [choice, quirks, expected] : cases)
    EXPECT_EQ(fields(std::string(kTools) + std::string(choice), quirks), std::string(kWritten) + std::string(expected)) << choice;
}

TEST(OpenAiChatRequestWriter, KeysAndLimits) {
  llm::Request request;
  request.session = {"session-1"};
  request.user = {"me"};
  request.max_tokens = 100;
  request.temperature = 0;
  request.messages.push_back({llm::Role::user, {{llm::TextPart{{"q"}}}}});
  auto quirks = chat_quirks({{"cache_key", "prompt_cache_key"}, {"user", "user"}, {"temperature", "(0..1]"}});
  ToolNames names;
  std::vector<std::string> dropped;
  const OpenAiChatOptions options{.model = "a\"b", .max_output = 64, .provider = "p", .quirks = &quirks, .names = &names};
  EXPECT_EQ(write_openai_chat_request(request, options, dropped),
            R"({"model":"a\"b","messages":[{"role":"user","content":"q"}],"max_tokens":64,"temperature":0.01,)"
            R"("user":"2744ccd10c7533bd736ad890f9dd5cab2adb27b07d500b9493f29cdc420cb2e0","prompt_cache_key":"session-1"})");
  EXPECT_TRUE(dropped.empty());
  const std::string long_session(65, 's');
  request.session = {long_session};
  EXPECT_FALSE(write_openai_chat_request(request, options, dropped).contains(long_session));
}

/// A request's names come back from the answer as the client knows them.
TEST(OpenAiChatRequestWriter, NamesComeBack) {
  ToolNames names;
  const auto body = written_request(R"({"messages":[],"tools":[{"name":"a.b","input_schema":{}}]})", ChatQuirks(), "m", 0, &names).body;
  const auto at = body.find("\"name\":\"") + 8;
  const auto provider_name = body.substr(at, body.find('"', at) - at);
  ASSERT_NE(provider_name, "a.b");
  auto options = answer_options();
  options.names = &names;
  const auto events = events_of_answer(R"({"id":"1","model":"m","choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":")" +
                                           provider_name + R"(","arguments":"{}"}}]}}]})",
                                       options);
  EXPECT_TRUE(events.contains("tool_call c a.b\n")) << events;
}

/// What a provider said about its reasoning returns to it as it was, through the client's thinking blocks.
TEST(OpenAiChatRequestWriter, ReasoningGoesRound) {
  constexpr std::string_view kDetails =
      R"([{"type":"reasoning.text","signature":"c2ln","index":0,"text":"Let me \"see\"."},{"type":"reasoning.encrypted","data":"eA==","index":1}])";
  constexpr std::string_view kExtra = R"({"google":{"thought_signature":"abc"}})";
  const std::string message = R"({"reasoning":"Let me \"see\".","reasoning_details":)" + std::string(kDetails) +
                              R"(,"content":"So.","tool_calls":[{"id":"c1","function":{"name":"T","arguments":"{}"},"extra_content":)" +
                              std::string(kExtra) + "}]}";
  const auto events = events_of_answer(R"({"id":"1","model":"m","choices":[{"message":)" + message + "}]}", answer_options());
  const auto payload = [&](std::string_view seal) {
    const auto at = events.find(seal) + seal.size();
    auto text = events.substr(at, events.find('\n', at) - at);
    std::ranges::replace(text, '"', '\'');
    return "\"tag:p:" + text + '"';
  };
  const auto history = R"({"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"Let me \"see\".","signature":)" +
                       payload("seal 0 p ") + R"(},{"type":"text","text":"So."},{"type":"thinking","thinking":"","signature":)" +
                       payload("seal 2 p ") + R"(},{"type":"tool_use","id":"c1","name":"T","input":{}}]}]})";
  const auto body = written_request(history, chat_quirks({{"reasoning_back", "always"}, {"reasoning_field", "reasoning_details"}})).body;
  EXPECT_TRUE(body.contains("\"reasoning_details\":" + std::string(kDetails))) << body;
  EXPECT_TRUE(body.contains("\"extra_content\":" + std::string(kExtra))) << body;
}

TEST(OpenAiChatRequestWriter, AssistantsRunTogether) {
  const auto body =
      written_request(
          R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"},)"
          R"({"type":"tool_use","id":"1","name":"T","input":{}}]},{"role":"assistant","content":[)"
          R"({"type":"tool_use","id":"2","name":"T","input":{}}]},{"role":"user","content":[)"
          R"({"type":"tool_result","tool_use_id":"1","content":"x"},{"type":"tool_result","tool_use_id":"2","content":"y"}]}]})",
          ChatQuirks())
          .body;
  EXPECT_TRUE(body.contains(R"({"role":"tool","tool_call_id":"1","content":"x"},{"role":"tool","tool_call_id":"2","content":"y"}])"))
      << body;
  EXPECT_EQ(body.find("no result"), std::string::npos);
}

}  // namespace
}  // namespace penstock::dialect
