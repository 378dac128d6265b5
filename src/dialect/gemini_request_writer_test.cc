#include "dialect/gemini_request_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialect/anthropic_answer_writer.h"
#include "dialect/gemini_for_test.h"

namespace penstock::dialect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string config_for(std::string_view fields, const NamedQuirks& named, std::uint64_t max_output = 0) {
  const auto body =
      gemini_request(R"({"messages":[{"role":"user","content":"q"}],)" + std::string(fields) + "}", chat_quirks(named), "m", max_output)
          .body;
  const auto at = body.find("\"generationConfig\":");
  return at == std::string::npos ? "" : body.substr(at + 19, body.size() - at - 20);
}

TEST(GeminiPath, VersionModelAndStream) {
  EXPECT_EQ(gemini_path("", "gemini-3.8-flash", false), "/v1beta/models/gemini-3.8-flash:generateContent");
  EXPECT_EQ(gemini_path("/", "gemini-3.8-flash", true), "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse");
  EXPECT_EQ(gemini_path("/v1beta", "m", false), "/v1beta/models/m:generateContent");
  EXPECT_EQ(gemini_path("/google/v1alpha/", "m", false), "/google/v1alpha/models/m:generateContent");
  EXPECT_EQ(gemini_path("/v1", "m", false), "/v1/models/m:generateContent");
  EXPECT_EQ(gemini_path("/v1beta2", "m", false), "/v1beta2/models/m:generateContent");
  EXPECT_EQ(gemini_path("/vertex", "m", false), "/vertex/v1beta/models/m:generateContent");
  EXPECT_EQ(gemini_path("/v", "m", false), "/v/v1beta/models/m:generateContent");
}

TEST(GeminiPath, ModelNamesAsGoogleListsThemAndOddOnes) {
  EXPECT_EQ(gemini_path("", "models/gemini-2.5-pro", false), "/v1beta/models/gemini-2.5-pro:generateContent");
  EXPECT_EQ(gemini_path("", "tunedModels/mine-1", false), "/v1beta/tunedModels/mine-1:generateContent");
  EXPECT_EQ(gemini_path("", "google/gemini:free?x#y é", false), "/v1beta/models/google%2Fgemini%3Afree%3Fx%23y%20%C3%A9:generateContent");
}

TEST(GeminiRequest, ThinkingByLevel) {
  const NamedQuirks levels{{"reasoning", "reasoning_effort"}, {"efforts", "low,medium,high"}, {"thinking_off", "lowest"}};
  const auto thinking = [&](std::string_view fields) { return config_for(fields, levels); };
  EXPECT_EQ(thinking(R"("thinking":{"type":"adaptive"})"), R"({"thinkingConfig":{"includeThoughts":true}})");
  EXPECT_EQ(thinking(R"("thinking":{"type":"adaptive"},"output_config":{"effort":"max"})"),
            R"({"thinkingConfig":{"includeThoughts":true,"thinkingLevel":"high"}})");
  EXPECT_EQ(thinking(R"("thinking":{"type":"enabled","budget_tokens":5000})"),
            R"({"thinkingConfig":{"includeThoughts":true,"thinkingLevel":"medium"}})");
  EXPECT_EQ(thinking(R"("thinking":{"type":"disabled"})"), R"({"thinkingConfig":{"thinkingLevel":"low"}})");
}

TEST(GeminiRequest, ThinkingByBudget) {
  const auto thinking = [](std::string_view fields, std::string_view off) {
    return config_for(fields, {{"reasoning", "reasoning_effort"}, {"thinking_off", std::string(off)}});
  };
  EXPECT_EQ(thinking(R"("thinking":{"type":"adaptive"})", "say"), R"({"thinkingConfig":{"includeThoughts":true,"thinkingBudget":-1}})");
  EXPECT_EQ(thinking(R"("thinking":{"type":"enabled","budget_tokens":5000})", "say"),
            R"({"thinkingConfig":{"includeThoughts":true,"thinkingBudget":5000}})");
  EXPECT_EQ(thinking(R"("thinking":{"type":"enabled","budget_tokens":100})", "say"),
            R"({"thinkingConfig":{"includeThoughts":true,"thinkingBudget":512}})");
  EXPECT_EQ(thinking(R"("thinking":{"type":"enabled","budget_tokens":64000})", "say"),
            R"({"thinkingConfig":{"includeThoughts":true,"thinkingBudget":24576}})");
  EXPECT_EQ(thinking(R"("thinking":{"type":"adaptive"},"output_config":{"effort":"low"})", "say"),
            R"({"thinkingConfig":{"includeThoughts":true,"thinkingBudget":4096}})");
  EXPECT_EQ(thinking(R"("thinking":{"type":"disabled"})", "say"), R"({"thinkingConfig":{"thinkingBudget":0}})");
  EXPECT_EQ(thinking(R"("thinking":{"type":"disabled"})", "lowest"), R"({"thinkingConfig":{"thinkingBudget":512}})");
  EXPECT_EQ(thinking(R"("thinking":{"type":"disabled"})", "omit"), "");
}

TEST(GeminiRequest, NothingIsSaidOfThinkingToAModelWithoutIt) { EXPECT_EQ(config_for(R"("thinking":{"type":"adaptive"})", {}), ""); }

TEST(GeminiRequest, LimitsAndSampling) {
  EXPECT_EQ(config_for(R"("max_tokens":128000)", {}, 65000), R"({"maxOutputTokens":65000})");
  EXPECT_EQ(config_for(R"("max_tokens":100,"temperature":0.5,"top_p":0.9,"top_k":40)", {{"top_k", "keep"}}),
            R"({"maxOutputTokens":100,"temperature":0.5,"topP":0.9,"topK":40})");
  EXPECT_EQ(config_for(R"("temperature":2.5)", {{"temperature", "0..2"}}), R"({"temperature":2})");
  EXPECT_EQ(config_for(R"("stop_sequences":["a","b","c","d","e","f"])", {{"stop_sequences", "keep"}}),
            R"({"stopSequences":["a","b","c","d","e"]})");
}

TEST(GeminiRequest, SchemasGoByTheFieldThatTheyFit) {
  const std::string_view request =
      R"({"messages":[{"role":"user","content":"q"}],"tools":[{"name":"T","input_schema":{"type":"object","properties":)"
      R"({"a":{"type":["string","null"]}},"additionalProperties":false}}]})";
  EXPECT_THAT(gemini_request(request, chat_quirks({{"schema", "gemini"}})).body,
              HasSubstr(R"({"name":"T","parameters":{"type":"object","properties":{"a":{"type":"string","nullable":true}}}})"));
  EXPECT_THAT(gemini_request(request, chat_quirks({{"schema", "openai"}})).body,
              HasSubstr(R"({"name":"T","parametersJsonSchema":{"type":"object","properties":{"a":{"type":["string","null"]}})"));
}

TEST(GeminiRequest, LongNamesAreMappedInCallsResponsesAndDeclarations) {
  const std::string name(70, 'n');
  ToolNames names(ToolNames::Form::gemini);
  const auto body =
      gemini_request(R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"c",)"
                     R"("name":")" +
                         name +
                         R"(","input":{}}]},{"role":"user","content":[{"type":"tool_result",)"
                         R"("tool_use_id":"c","content":"r"}]}],"tools":[{"name":")" +
                         name + R"(","input_schema":{}}]})",
                     chat_quirks({}), "m", 0, &names)
          .body;
  const std::string mapped(names.to_provider(name));
  EXPECT_EQ(mapped.size(), 64U);
  EXPECT_THAT(body, HasSubstr(R"("functionCall":{"id":"c","name":")" + mapped));
  EXPECT_THAT(body, HasSubstr(R"("functionResponse":{"id":"c","name":")" + mapped));
  EXPECT_THAT(body, HasSubstr(R"("functionDeclarations":[{"name":")" + mapped));
  EXPECT_THAT(body, Not(HasSubstr(name)));
}

/// The model's turn as it comes back to the provider that made it: answer, client, request.
std::string round_trip(std::string_view parts, const NamedQuirks& named = {{"call_signatures", "google"}}, std::string_view model = "m") {
  AnthropicWholeWriter writer({.model = "m", .request_id = "r"});
  StreamGuard guard(writer, "toolu_");
  const json::Padded answer(R"({"candidates":[{"content":{"role":"model","parts":[)" + std::string(parts) +
                            R"(]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":1}})");
  json::Document document;
  EXPECT_TRUE(document.index(answer.text()));
  read_gemini_answer(document, answer_options(), guard);
  guard.finish();
  const json::Padded message(writer.body());
  EXPECT_TRUE(document.index(message.text()));
  const std::string content(document.root().find("content")->raw());
  const auto body = gemini_request(R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":)" + content + "}]}",
                                   chat_quirks(named), model)
                        .body;
  const json::Padded again(body);
  EXPECT_TRUE(document.index(again.text()));
  for (const auto turn : document.root().find("contents")->elements())
    if (turn.find("role")->equals("model")) return std::string(turn.find("parts")->raw());
  return "";
}

TEST(GeminiRoundTrip, SignaturesReturnOnTheirParts) {
  const auto call = [](std::string_view id, std::string_view signature) {
    return R"({"functionCall":{"id":")" + std::string(id) + R"(","name":"Read","args":{"a":1}})" +
           (signature.empty() ? "" : R"(,"thoughtSignature":")" + std::string(signature) + '"') + "}";
  };
  // Calls alone, with the text before them, and with thoughts, which stay away.
  EXPECT_EQ(round_trip(call("c1", "AB+/c2ln\\u003d\\u003d")), "[" + call("c1", "AB+/c2ln\\u003d\\u003d") + "]");
  const auto two = call("c1", "c2ln") + "," + call("c2", "");
  EXPECT_EQ(round_trip(two), "[" + two + "]");
  EXPECT_EQ(round_trip(R"({"text":"I look."},)" + two), R"([{"text":"I look."},)" + two + "]");
  EXPECT_EQ(round_trip(R"({"text":"hm","thought":true},)" + two), "[" + two + "]");
  EXPECT_EQ(round_trip(call("c1", "YQ") + "," + call("c2", "Yg")), "[" + call("c1", "YQ") + "," + call("c2", "Yg") + "]");
  // On a text, on an empty one in front of something, and on a thought.
  EXPECT_EQ(round_trip(R"({"text":"so","thoughtSignature":"c2ln"})"), R"([{"text":"so","thoughtSignature":"c2ln"}])");
  EXPECT_EQ(round_trip(R"({"text":"","thoughtSignature":"YQ"},)" + two), R"([{"text":"","thoughtSignature":"YQ"},)" + two + "]");
  EXPECT_EQ(round_trip(R"({"text":"hm","thought":true,"thoughtSignature":"YQ"},{"text":"so","thoughtSignature":"Yg"})"),
            R"([{"text":"hm","thought":true,"thoughtSignature":"YQ"},{"text":"so","thoughtSignature":"Yg"}])");
}

TEST(GeminiRoundTrip, AnotherModelGetsNoForeignSignature) {
  const std::string_view call = R"({"functionCall":{"id":"c1","name":"Read","args":{}},"thoughtSignature":"c2ln"})";
  EXPECT_EQ(round_trip(call, {{"call_signatures", "google"}}, "m2"),
            R"([{"functionCall":{"id":"c1","name":"Read","args":{}},"thoughtSignature":"skip_thought_signature_validator"}])");
  EXPECT_EQ(round_trip(call, {}, "m2"), R"([{"functionCall":{"id":"c1","name":"Read","args":{}}}])");
}

TEST(GeminiRoundTrip, ASignatureBehindTheLastTextIsNotWorthAThinkingBlockAtTheEnd) {
  EXPECT_EQ(round_trip(R"({"text":"so"},{"text":"","thoughtSignature":"YQ"})"), R"([{"text":"so"}])");
}

}  // namespace
}  // namespace penstock::dialect
