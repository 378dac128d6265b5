#include "dialect/openai_responses_facts.h"

#include <gtest/gtest.h>

#include "json/padded.h"

namespace penstock::dialect {
namespace {

Result<llm::Facts> facts_of(std::string_view body) {
  const json::Padded text(body);
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << body;
  return inspect_openai_responses(document);
}

std::string objection_to(std::string_view body) {
  const auto facts = facts_of(body);
  return facts ? "" : facts.error().message;
}

TEST(OpenAiResponsesFacts, FindsWhatDecides) {
  const auto facts = facts_of(R"({"model":"gpt\u002dx","stream":true,"max_output_tokens":7,"reasoning":{"effort":"high","summary":"auto"},
    "prompt_cache_key":"key-1","user":"someone",
    "tools":[{"type":"function","name":"f"},{"type":"custom","name":"g"},{"type":"namespace","name":"n","tools":[{"type":"function","name":"h"},
      {"type":"function","name":"i"}]},{"type":"web_search"},{"type":"file_search"}],
    "input":[{"role":"developer","content":"s"},{"type":"additional_tools","role":"developer","tools":[{"type":"function","name":"j"}]},
      {"role":"user","content":[{"type":"input_image","image_url":"u"},{"type":"input_file","file_id":"f"},{"type":"input_text","text":"t"}]},
      {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"penstock-v1.e30"},
      {"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"gAAAA"},
      {"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"u"}]},
      {"type":"message","role":"developer","content":"d"}]})");
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->model, "gpt-x");
  EXPECT_TRUE(facts->stream);
  EXPECT_EQ(facts->max_tokens, 7U);
  EXPECT_EQ(facts->thinking, llm::Thinking::adaptive);
  EXPECT_EQ(facts->effort, "high");
  EXPECT_EQ(facts->session, "key-1");
  EXPECT_EQ(facts->messages, 7U);
  EXPECT_EQ(facts->system_turns, 1U);
  EXPECT_EQ(facts->tools, 7U);
  EXPECT_EQ(facts->server_tools, 2U);
  EXPECT_TRUE(facts->web_search);
  EXPECT_EQ(facts->images, 2U);
  EXPECT_EQ(facts->documents, 1U);
  EXPECT_EQ(facts->thinking_blocks, 2U);
  EXPECT_EQ(facts->tagged_blocks, 1U);
}

TEST(OpenAiResponsesFacts, TheFirstTurnIsNoInstruction) {
  const std::string turn = R"({"role":"user","content":"x"})";
  const std::string list = R"({"model":"m","input":[{"role":"developer","content":"s"},)" + turn + "]}";
  EXPECT_EQ(facts_of(list)->first_turn.in(list), turn);
  const std::string text = R"({"model":"m","input":"hello"})";
  EXPECT_EQ(facts_of(text)->first_turn.in(text), "\"hello\"");
}

TEST(OpenAiResponsesFacts, ATextIsOneMessage) {
  const auto facts = facts_of(R"({"model":"m","input":"hello","stream":null,"reasoning":{"effort":"none"},"user":"a b"})");
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->messages, 1U);
  EXPECT_EQ(facts->thinking, llm::Thinking::disabled);
  EXPECT_EQ(facts->session.size(), 32U);  // what does not fit a log line is hashed
}

TEST(OpenAiResponsesFacts, ASearchThatMayNotAskTheWebIsNone) {
  const auto facts = facts_of(R"({"model":"m","input":"a","tools":[{"type":"web_search","external_web_access":false}]})");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->server_tools, 1U);
  EXPECT_FALSE(facts->web_search);
}

TEST(OpenAiResponsesFacts, RefusesWhatIsNoRequest) {
  EXPECT_EQ(objection_to("[]"), "the request body must be a JSON object");
  EXPECT_EQ(objection_to(R"({"input":"a"})"), "model: field required");
  EXPECT_EQ(objection_to(R"({"model":"m"})"), "input: field required");
  EXPECT_EQ(objection_to(R"({"model":"m","input":7})"), "input: expected a string or a list of items");
  EXPECT_EQ(objection_to(R"({"model":"m","input":[{"role":"user","content":"a"},7]})"), "input.1: expected an object");
  EXPECT_EQ(objection_to(R"({"model":"m","input":"a","stream":"yes"})"), "stream: expected true or false");
  EXPECT_EQ(objection_to(R"({"model":"m","input":"a","max_output_tokens":-1})"), "max_output_tokens: expected an integer of 0 or more");
  EXPECT_EQ(objection_to(R"({"model":"m","input":"a","mod\u0065l":"n"})"), "model: stands in the body twice, the second time at byte 25");
}

TEST(OpenAiResponsesFacts, AStoredConversationStandsForTheInput) {
  EXPECT_EQ(objection_to(R"({"model":"m","previous_response_id":"resp_1"})"), "");
  EXPECT_EQ(objection_to(R"({"model":"m","prompt":{"id":"pmpt_1"}})"), "");
}

}  // namespace
}  // namespace penstock::dialect
