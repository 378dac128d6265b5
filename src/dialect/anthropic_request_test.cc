#include "dialect/anthropic_request.h"

#include <gtest/gtest.h>

#include <string>

#include "json/padded.h"

namespace penstock::dialect {
namespace {

Result<llm::Facts> facts_of(std::string_view body, Endpoint endpoint = Endpoint::messages) {
  const json::Padded text(body);
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << body;
  return inspect(document, endpoint);
}

std::string refusal(std::string_view body, Endpoint endpoint = Endpoint::messages) {
  const auto facts = facts_of(body, endpoint);
  if (facts) return "";
  EXPECT_EQ(facts.error().kind, ErrorKind::invalid_request);
  EXPECT_EQ(facts.error().fault, Fault::client);
  return facts.error().message;
}

TEST(AnthropicRequest, RefusesKeysThatAProviderMayReadOtherwise) {
  const json::Padded text(R"({"\model":"x","model":"y","messages":[{"role":"user","content":"hi"}]})");
  json::Document document;
  ASSERT_TRUE(document.index(text.text()));
  const auto facts = inspect(document);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().message, "the key at byte 1 has an escape that JSON does not have");
}

TEST(Inspect, AllFacts) {
  const std::string body = R"({
    "model": "claude-\u006fpus", "max_tokens": 32000, "stream": true,
    "system": [{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}],
    "tools": [{"name":"Read","input_schema":{"type":"object"}}, {"type":"custom","name":"b"}, {"type":"web_search_20250305","name":"web_search"}],
    "thinking": {"type":"enabled","budget_tokens":2048}, "output_config": {"effort":"high"},
    "metadata": {"user_id":"{\"device_id\":\"d\",\"session_id\":\"0a1b-2c\"}"},
    "messages": [
      {"role":"user","content":[{"type":"text","text":"x"},{"type":"image","source":{}}]},
      {"role":"system","content":"s"},
      {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"ps1.zai..x"},{"type":"redacted_thinking","data":"q"},
        {"type":"tool_use","id":"1","name":"Read","input":{"type":"image","content":[{"type":"image"}]}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[{"type":"image"},{"type":"document"}]}]}
    ]})";
  const auto facts = facts_of(body);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->model, "claude-opus");
  EXPECT_TRUE(facts->stream);
  EXPECT_EQ(facts->max_tokens, 32000U);
  EXPECT_EQ(facts->thinking, llm::Thinking::enabled);
  EXPECT_TRUE(facts->thinks());
  EXPECT_EQ(facts->thinking_budget, 2048U);
  EXPECT_EQ(facts->effort, "high");
  EXPECT_EQ(facts->session, "0a1b-2c");
  EXPECT_EQ(facts->messages, 4U);
  EXPECT_EQ(facts->system_turns, 1U);
  EXPECT_EQ(facts->tools, 3U);
  EXPECT_EQ(facts->server_tools, 1U);
  EXPECT_TRUE(facts->web_search);
  EXPECT_EQ(facts->images, 2U) << "what stands in a tool's input is the tool's own";
  EXPECT_EQ(facts->documents, 1U);
  EXPECT_EQ(facts->thinking_blocks, 2U);
  EXPECT_EQ(facts->tagged_blocks, 1U);
  EXPECT_TRUE(facts->cache_control);
  EXPECT_EQ(facts->body_bytes, body.size());
}

TEST(Inspect, TheLeastRequest) {
  const auto facts = facts_of(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->stream);
  EXPECT_FALSE(facts->max_tokens);
  EXPECT_FALSE(facts->thinks());
  EXPECT_FALSE(facts->cache_control);
  EXPECT_EQ(facts->session, "");
}

TEST(Inspect, ThinkingTypes) {
  const auto type = [](std::string_view thinking) {
    return facts_of(R"({"model":"m","messages":[{"role":"user","content":"x"}],"thinking":)" + std::string(thinking) + "}")->thinking;
  };
  EXPECT_EQ(type(R"({"type":"adaptive","display":"omitted"})"), llm::Thinking::adaptive);
  EXPECT_EQ(type(R"({"type":"disabled"})"), llm::Thinking::disabled);
  EXPECT_EQ(type(R"({"type":"between_tools"})"), llm::Thinking::between_tools);
  EXPECT_EQ(type(R"({"type":"later"})"), llm::Thinking::other);
  EXPECT_EQ(type("null"), llm::Thinking::absent);
}

struct Refusal {
  std::string_view body, message;
};
class InspectRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(InspectRefuses, InTheClientsWords) { EXPECT_EQ(refusal(GetParam().body), GetParam().message) << GetParam().body; }

INSTANTIATE_TEST_SUITE_P(Fields, InspectRefuses,
                         testing::Values(Refusal{"[]", "the request body must be a JSON object"},
                                         Refusal{"null", "the request body must be a JSON object"}, Refusal{"{}", "model: field required"},
                                         Refusal{R"({"model":"m"})", "messages: field required"},
                                         Refusal{R"({"model":""})", "model: expected the name of a model"},
                                         Refusal{R"({"model":1})", "model: expected the name of a model"},
                                         Refusal{R"({"model":"m","stream":"yes"})", "stream: expected true or false"},
                                         Refusal{R"({"model":"m","max_tokens":-1})", "max_tokens: expected an integer of 0 or more"},
                                         Refusal{R"({"model":"m","max_tokens":1.5})", "max_tokens: expected an integer of 0 or more"},
                                         Refusal{R"({"model":"m","max_tokens":"1"})", "max_tokens: expected an integer of 0 or more"}));

INSTANTIATE_TEST_SUITE_P(Messages, InspectRefuses,
                         testing::Values(Refusal{R"({"model":"m","messages":{}})", "messages: expected an array"},
                                         Refusal{R"({"model":"m","messages":[]})", "messages: at least one message is required"},
                                         Refusal{R"({"model":"m","messages":["x"]})", "messages.0: expected an object"},
                                         Refusal{R"({"model":"m","messages":[{"role":"user","content":"x"},{"content":"x"}]})",
                                                 "messages.1.role: field required"},
                                         Refusal{R"({"model":"m","messages":[{"role":1}]})", "messages.0.role: expected a string"},
                                         Refusal{R"({"model":"m","messages":[{"role":"user","content":1}]})",
                                                 "messages.0.content: expected a string or an array of content blocks"},
                                         Refusal{R"({"model":"m","messages":[{"role":"user","content":["x"]}]})",
                                                 "messages.0.content: a content block must be an object"}));

INSTANTIATE_TEST_SUITE_P(
    Duplicates, InspectRefuses,
    testing::Values(Refusal{R"({"model":"m","model":"n"})", "model: stands in the body twice, the second time at byte 13"},
                    Refusal{R"({"mod\u0065l":"m","model":"n"})", "model: stands in the body twice, the second time at byte 18"},
                    Refusal{R"({"model":"m","tools":[],"tools":[]})", "tools: stands in the body twice, the second time at byte 24"},
                    Refusal{R"({"model":"m","context_management":0,"context\u005fmanagement":0})",
                            "context_management: stands in the body twice, the second time at byte 36"}));

TEST(Inspect, EachDecidingFieldOnce) {
  for (const std::string name : {"model", "stream", "messages", "system", "tools", "tool_choice", "max_tokens", "thinking", "output_config",
                                 "metadata", "context_management"}) {
    const std::string value = name == "model" ? "\"m\"" : name == "stream" ? "true" : name == "max_tokens" ? "1" : R"([{"role":"user"}])";
    const auto member = "\"" + name + "\":" + value;
    EXPECT_TRUE(refusal("{" + member + "," + member + "}").starts_with(name + ": stands in the body twice")) << name;
  }
  EXPECT_EQ(refusal(R"({"model":"m","x":1,"x":2,"messages":[{"role":"user"}]})"), "");
}

TEST(Inspect, ModelNamesAreBounded) {
  const auto body = [](const std::string& name) { return R"({"messages":[{"role":"user"}],"model":")" + name + "\"}"; };
  EXPECT_EQ(refusal(body(std::string(256, 'm'))), "");
  EXPECT_EQ(refusal(body(std::string(257, 'm'))), "model: the name is too long");
  EXPECT_EQ(refusal(body(std::string(100'000, 'm'))), "model: the name is too long");
}

TEST(Inspect, CountTokensMayHaveNoMessages) {
  EXPECT_EQ(refusal(R"({"model":"m"})", Endpoint::count_tokens), "");
  EXPECT_EQ(refusal(R"({"messages":[{"role":"user"}]})", Endpoint::count_tokens), "model: field required");
}

TEST(Inspect, Sessions) {
  EXPECT_EQ(session_of(R"({"session_id" : "a-1","x":2})"), "a-1");
  EXPECT_EQ(session_of("user_ff_account__session_12ab-34"), "12ab-34");
  EXPECT_EQ(session_of("user_ff"), "");
  EXPECT_EQ(session_of(R"({"session_id":7})"), "");
  EXPECT_EQ(session_of(R"({"session_id":"a b"})"), "");
  EXPECT_EQ(session_of("user_session_a\nb"), "");
  EXPECT_EQ(session_of("x_session_" + std::string(129, 'a')), "");
  EXPECT_EQ(session_of(""), "");
}

}  // namespace
}  // namespace penstock::dialect
