#include "dialect/anthropic_request_writer.h"

#include <gtest/gtest.h>

#include "dialect/adapt.h"
#include "dialect/openai_client_for_test.h"
#include "dialect/strict_api_for_test.h"
#include "json/patch.h"

namespace penstock::dialect {
namespace {

/// The body for a Chat Completions request with these messages and further fields.
WrittenForAnthropic written(std::string_view messages, std::string_view fields = "", AnthropicOptions options = {.model = "glm-5.3"}) {
  return written_for_anthropic(R"({"model":"x","messages":[)" + std::string(messages) + "]" + std::string(fields) + "}", options);
}

/// One field of that body, as written; "" when it is not there.
std::string field_of(const WrittenForAnthropic& made, std::string_view name) {
  EXPECT_EQ(made.error, "");
  const Parsed parsed(made.body);
  const auto field = parsed.root().find(name);
  return field ? std::string(field->raw()) : "";
}

constexpr std::string_view kHi = R"({"role":"user","content":"hi"})";

std::string messages_of(std::string_view messages, AnthropicOptions options = {.model = "glm-5.3"}) {
  return field_of(written(messages, "", options), "messages");
}

TEST(AnthropicRequestWriter, TheShortestRequest) {
  EXPECT_EQ(written(kHi).body,
            R"({"model":"glm-5.3","max_tokens":32000,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]})");
}

TEST(AnthropicRequestWriter, Turns) {
  struct Row {
    std::string_view about, before, after;
  };
  for (
      const auto& [about, before, after] : std::initializer_list<Row>{
          {"neighbours of one role become one", R"({"role":"user","content":"a"},{"role":"user","content":"b"})",
           R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])"},
          {"an empty turn between two is none",
           R"({"role":"user","content":"a"},{"role":"assistant","content":""},{"role":"user","content":" \n"})",
           R"([{"role":"user","content":[{"type":"text","text":"a"}]}])"},
          {"the user speaks first", R"({"role":"assistant","content":"a"})",
           R"x([{"role":"user","content":[{"type":"text","text":"(no content)"}]},{"role":"assistant","content":[{"type":"text","text":"a"}]}])x"},
          {"instructions alone are the question", R"({"role":"system","content":"a"})",
           R"([{"role":"user","content":[{"type":"text","text":"a"}]}])"},
          {"nothing at all", R"({"role":"user","content":""})", R"x([{"role":"user","content":[{"type":"text","text":"(no content)"}]}])x"},
          {"system turns stand behind the user's",
           R"({"role":"user","content":"a"},{"role":"system","content":"b"},{"role":"user","content":"c"})",
           R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"c"}]},)"
           R"({"role":"system","content":[{"type":"text","text":"b"}]}])"},
          {"where no user spoke, they are reminders",
           R"({"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"system","content":"c"})",
           R"([{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"text","text":"b"}]},)"
           R"({"role":"user","content":[{"type":"text","text":"<system-reminder>\nc\n</system-reminder>"}]}])"},
          {"thinking without a signature goes, and alone it is no turn",
           R"({"role":"user","content":"a"},{"role":"assistant","content":null,"reasoning_content":"r"},)"
           R"({"role":"assistant","content":"b","reasoning_content":"r"})",
           R"([{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"text","text":"b"}]}])"},
      })
    EXPECT_EQ(messages_of(before), after) << about;
}

TEST(AnthropicRequestWriter, OlderModelsReadSystemTurnsAsReminders) {
  EXPECT_EQ(messages_of(R"({"role":"user","content":"a"},{"role":"system","content":"b"})", {.model = "claude-opus-4-7"}),
            R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"<system-reminder>\nb\n</system-reminder>",)"
            R"("cache_control":{"type":"ephemeral"}}]}])");
}

/// Calls of an assistant's turn by id; their results follow as given.
std::string calls(std::initializer_list<std::string_view> ids) {
  std::string out;
  for (const auto id : ids)
    out += (out.empty() ? "" : ",") + std::string(R"({"id":")") + std::string(id) +
           R"(","type":"function","function":{"name":"f","arguments":"{}"}})";
  return std::string(kHi) + R"(,{"role":"assistant","content":null,"tool_calls":[)" + out + "]}";
}
std::string result(std::string_view id, std::string_view content) {
  return R"(,{"role":"tool","tool_call_id":")" + std::string(id) + R"(","content":")" + std::string(content) + "\"}";
}
/// The messages behind the calls.
std::string behind_calls(const std::string& messages) {
  const auto all = messages_of(messages);
  const auto at = all.find(R"(]},{"role":"user","content":[{"type":"tool_result")");
  return at == std::string::npos ? all : all.substr(at + 3);
}

TEST(AnthropicRequestWriter, ResultsStandDirectlyBehindTheirCalls) {
  EXPECT_EQ(behind_calls(calls({"a", "b"}) + R"(,{"role":"user","content":"later"})" + result("b", "2") + result("a", "1")),
            R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"1"}]},)"
            R"({"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"2"}]},{"type":"text","text":"later"}]}])");
}

TEST(AnthropicRequestWriter, MissingAndOrphanResults) {
  EXPECT_EQ(behind_calls(calls({"a"}) + R"(,{"role":"user","content":"x"})"),
            R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"[no result]","is_error":true},)"
            R"({"type":"text","text":"x"}]}])");
  EXPECT_EQ(messages_of(std::string(kHi) + result("z", "1")),
            R"([{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"[result of an earlier tool call]"},)"
            R"({"type":"text","text":"1"}]}])");
  EXPECT_EQ(behind_calls(calls({"a"}) + result("a", "")), R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}])");
}

TEST(AnthropicRequestWriter, IdsThatAnthropicRefusesAreReplacedOnBothSides) {
  const auto all = messages_of(calls({"functions.f:0"}) + result("functions.f:0", "1") + calls({"functions.f:0", "b"}).substr(kHi.size()) +
                               result("functions.f:0", "2") + result("b", "3"));
  const Parsed parsed(all);
  std::vector<std::string> made, answered;
  for (const auto message : parsed.root().elements())
    for (const auto block : message.find("content")->elements()) {
      if (const auto id = block.find("id")) made.push_back(id->text());
      if (const auto id = block.find("tool_use_id")) answered.push_back(id->text());
    }
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(made, answered);
  EXPECT_TRUE(made[0].starts_with("functions_f_0_"));
  EXPECT_EQ(made[1], made[0] + "_2");
  EXPECT_EQ(made[2], "b");
}

TEST(AnthropicRequestWriter, Media) {
  const auto content = [](std::string_view part) { return messages_of(R"({"role":"user","content":[)" + std::string(part) + "]}"); };
  const auto block = [](std::string_view json) { return R"([{"role":"user","content":[)" + std::string(json) + "]}]"; };
  EXPECT_EQ(content(R"({"type":"image_url","image_url":{"url":"data:image/jpg;base64,AA"}})"),
            block(R"({"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AA"}})"));
  EXPECT_EQ(content(R"({"type":"image_url","image_url":{"url":"https://x.example/a"}})"),
            block(R"({"type":"image","source":{"type":"url","url":"https://x.example/a"}})"));
  EXPECT_EQ(content(R"({"type":"file","file":{"file_data":"data:application/pdf;base64,JV","filename":"a.pdf"}})"),
            block(R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JV"},"title":"a.pdf"})"));
  EXPECT_EQ(content(R"({"type":"image_url","image_url":{"url":"data:image/tiff;base64,AA"}})"),
            block(R"({"type":"text","text":"[image omitted]"})"));
  EXPECT_EQ(content(R"({"type":"input_audio","input_audio":{}})"), block(R"({"type":"text","text":"[input_audio omitted]"})"));
  EXPECT_EQ(written(R"({"role":"user","content":[{"type":"input_audio","input_audio":{}}]})").dropped,
            std::vector<std::string>{"messages.content.input_audio"});
}

TEST(AnthropicRequestWriter, ThinkingGoesBackWithItsSignature) {
  EXPECT_EQ(
      messages_of(std::string(kHi) + R"(,{"role":"assistant","content":"a","reasoning_details":[)"
                                     R"({"type":"reasoning.text","text":"t\n","signature":"s","format":"penstock-v1"},)"
                                     R"({"type":"reasoning.encrypted","data":"d","format":"penstock-v1"}]})"),
      R"([{"role":"user","content":[{"type":"text","text":"hi"}]},{"role":"assistant","content":[)"
      R"({"type":"thinking","thinking":"t\n","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"text","text":"a"}]}])");
}

TEST(AnthropicRequestWriter, EffortsByGeneration) {
  struct Row {
    std::string_view model, effort, thinking, config;
  };
  constexpr std::string_view kAdaptive = R"({"type":"adaptive","display":"summarized"})";
  for (const auto& [model, effort, thinking, config] : std::initializer_list<Row>{
           {"claude-opus-5-5", "high", kAdaptive, R"({"effort":"high"})"},
           {"claude-opus-5-5", "minimal", kAdaptive, R"({"effort":"low"})"},
           {"claude-opus-5-5", "none", "", R"({"effort":"low"})"},
           {"claude-opus-5", "none", R"({"type":"disabled"})", ""},
           {"claude-opus-4-8", "none", "", ""},
           {"claude-opus-4-7", "xhigh", kAdaptive, R"({"effort":"xhigh"})"},
           {"claude-sonnet-4-6", "xhigh", kAdaptive, R"({"effort":"max"})"},
           {"claude-sonnet-4-5", "low", R"({"type":"enabled","budget_tokens":2048})", ""},
           {"claude-sonnet-4-5", "minimal", R"({"type":"enabled","budget_tokens":2048})", ""},
           {"claude-3-5-sonnet-20241022", "high", "", ""},
           {"glm-5.3", "medium", R"({"type":"adaptive"})", R"({"effort":"medium"})"},
           {"glm-5.3", "none", R"({"type":"disabled"})", ""},
       }) {
    const auto made = written(kHi, R"(,"reasoning_effort":")" + std::string(effort) + "\"", {.model = model});
    EXPECT_EQ(field_of(made, "thinking"), thinking) << model << " " << effort;
    EXPECT_EQ(field_of(made, "output_config"), config) << model << " " << effort;
  }
  EXPECT_EQ(field_of(written(kHi, "", {.model = "claude-opus-5-5"}), "thinking"), "");
}

TEST(AnthropicRequestWriter, ABudgetNeedsRoomAndAnUnbrokenLoop) {
  const AnthropicOptions options{.model = "claude-sonnet-4-5"};
  const auto thinking = [&](const std::string& messages, std::string_view fields) {
    return field_of(written(messages, R"(,"reasoning_effort":"high")" + std::string(fields), options), "thinking");
  };
  EXPECT_EQ(thinking(std::string(kHi), R"(,"max_tokens":1000)"), "");
  EXPECT_EQ(thinking(std::string(kHi), R"(,"max_tokens":8000)"), R"({"type":"enabled","budget_tokens":6000})");
  EXPECT_EQ(thinking(calls({"a"}) + result("a", "1"), ""), "");
  constexpr std::string_view kTools = R"(,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required")";
  EXPECT_EQ(thinking(std::string(kHi), kTools), "");
}

TEST(AnthropicRequestWriter, LimitsOfTokens) {
  const auto limit = [](std::string_view fields, std::uint64_t most) {
    return field_of(written(kHi, fields, {.model = "m", .max_output = most}), "max_tokens");
  };
  EXPECT_EQ(limit("", 0), "32000");
  EXPECT_EQ(limit("", 128000), "64000");
  EXPECT_EQ(limit("", 8192), "8192");
  EXPECT_EQ(limit(R"(,"max_tokens":100)", 8192), "100");
  EXPECT_EQ(limit(R"(,"max_completion_tokens":100000)", 8192), "8192");
}

TEST(AnthropicRequestWriter, Sampling) {
  constexpr std::string_view kFields = R"(,"temperature":1.5,"top_p":0.9,"top_k":4)";
  const auto newest = written(kHi, kFields, {.model = "claude-opus-5-5"});
  EXPECT_EQ(newest.dropped, (std::vector<std::string>{"temperature", "top_p", "top_k"}));
  EXPECT_EQ(field_of(newest, "temperature") + field_of(newest, "top_p") + field_of(newest, "top_k"), "");
  const auto older = written(kHi, kFields, {.model = "claude-sonnet-4-5"});
  EXPECT_EQ(field_of(older, "temperature"), "1");
  EXPECT_EQ(field_of(older, "top_p"), "");
  EXPECT_EQ(field_of(older, "top_k"), "4");
  const auto other = written(kHi, kFields);
  EXPECT_EQ(field_of(other, "temperature") + field_of(other, "top_p"), "1.50.9");
  EXPECT_TRUE(written(kHi, R"(,"temperature":1)", {.model = "claude-opus-5-5"}).dropped.empty());
}

TEST(AnthropicRequestWriter, Tools) {
  const auto made = written(
      kHi, R"(,"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"properties":{}},"strict":true}},)"
           R"({"type":"function","function":{"name":"g"}}],"tool_choice":{"type":"function","function":{"name":"f"}},)"
           R"("parallel_tool_calls":false)");
  EXPECT_EQ(field_of(made, "tools"), R"([{"name":"f","description":"d","input_schema":{"type":"object","properties":{}}},)"
                                     R"({"name":"g","input_schema":{"type":"object","properties":{}}}])");
  EXPECT_EQ(field_of(made, "tool_choice"), R"({"type":"tool","name":"f","disable_parallel_tool_use":true})");
  EXPECT_EQ(made.dropped, std::vector<std::string>{"tools.strict"});
  EXPECT_EQ(field_of(written(kHi, R"(,"tool_choice":"required")"), "tool_choice"), "");  // of nothing
}

TEST(AnthropicRequestWriter, Formats) {
  constexpr std::string_view kFormat =
      R"(,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"a":{"type":"integer","minimum":1}}}}})";
  EXPECT_EQ(
      field_of(written(kHi, kFormat, {.model = "claude-opus-5"}), "output_config"),
      R"({"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false}}})");
  const auto words = written(kHi, kFormat, {.model = "glm-5.3", .formats = false});
  EXPECT_EQ(field_of(words, "output_config"), "");
  EXPECT_TRUE(field_of(words, "system").contains(R"(JSON Schema:\n{\"type\":\"object\")"));
  EXPECT_TRUE(field_of(written(kHi, R"(,"response_format":{"type":"json_object"})"), "system").contains("one JSON object"));
}

TEST(AnthropicRequestWriter, ClaudesGetCacheMarksWhereTheClientSetNone) {
  constexpr std::string_view kMessages =
      R"({"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},)"
      R"({"role":"user","content":"c"},{"role":"assistant","content":"d"})";
  constexpr std::string_view kTools = R"(,"tools":[{"type":"function","function":{"name":"f"}}])";
  const auto marks = [](std::string_view text) {
    std::size_t count = 0;
    for (auto at = text.find("cache_control"); at != std::string::npos; at = text.find("cache_control", at + 1)) ++count;
    return count;
  };
  const auto made = written(kMessages, kTools, {.model = "claude-opus-5-5"});
  EXPECT_EQ(marks(made.body), 3U);
  EXPECT_TRUE(made.body.contains(R"({"type":"text","text":"c","cache_control":{"type":"ephemeral"}})"));
  EXPECT_EQ(marks(written(kMessages, kTools).body), 0U);
  const auto own = written(R"({"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]})",
                           kTools, {.model = "claude-opus-5-5"});
  EXPECT_EQ(marks(own.body), 1U);
  EXPECT_TRUE(own.body.contains(R"("cache_control":{"type":"ephemeral","ttl":"1h"})"));
}

TEST(AnthropicRequestWriter, TheRest) {
  const auto made = written(kHi, R"(,"stream":true,"stop":["a"," "],"user":"u","service_tier":"default")");
  EXPECT_EQ(field_of(made, "stream"), "true");
  EXPECT_EQ(field_of(made, "stop_sequences"), R"(["a"])");
  EXPECT_EQ(field_of(made, "metadata"), R"({"user_id":"u"})");
  EXPECT_EQ(field_of(made, "service_tier"), R"("standard_only")");
  EXPECT_EQ(made.dropped, std::vector<std::string>{"stop"});
  const auto tier = written(kHi, R"(,"service_tier":"flex","user":")" + std::string(300, 'x') + "\"");
  EXPECT_EQ(tier.dropped, std::vector<std::string>{"service_tier"});
  EXPECT_EQ(field_of(tier, "metadata").size(), std::string(R"({"user_id":""})").size() + 64);
}

/// What is written for Anthropic, a third party takes once its quirks have run over it: the API of 2023-06-01 as it was at first.
TEST(AnthropicRequestWriter, QuirksDoTheRest) {
  const auto made = written(
      R"({"role":"system","content":"s"},)" + calls({"a", "b"}) + result("b", "2") +
          R"(,{"role":"system","content":"note"},{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]})",
      R"(,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto","reasoning_effort":"high","user":"u",)"
      R"("service_tier":"auto","parallel_tool_calls":false)",
      {.model = "glm-5.3", .max_output = 64000});
  const Parsed parsed(made.body);
  json::Patch patch(parsed.document);
  apply(strict(), parsed.document, {.provider = "zai", .model = "glm-5.3", .max_output = 64000, .codec = &client_codec(), .facts = nullptr},
        patch);
  const Parsed adapted(patch.text());
  EXPECT_EQ(StrictApi::objection(adapted.root()), "") << adapted.text.text();
}

}  // namespace
}  // namespace penstock::dialect
