#include "dialect/openai_chat_facts.h"

#include <gtest/gtest.h>

#include "json/padded.h"

namespace penstock::dialect {
namespace {

Result<llm::Facts> facts_of(std::string_view body) {
  const json::Padded text(body);
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << body;
  return inspect_openai_chat(document);
}

TEST(OpenAiChatFacts, FindsWhatDecides) {
  const auto facts = facts_of(R"({"model":"gpt\u002dx","stream":true,"max_tokens":5,"max_completion_tokens":7,"reasoning_effort":"high",
    "prompt_cache_key":"key-1","user":"someone","tools":[{"type":"function","function":{"name":"f"}},{"type":"web_search_preview"}],
    "messages":[{"role":"system","content":"s"},
      {"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}},{"type":"file","file":{}},{"type":"text","text":"t"}]},
      {"role":"assistant","content":"a","reasoning_content":"r","reasoning_details":[{"type":"reasoning.text","signature":"ps1.a.b.c"}]},
      {"role":"developer","content":"d"}]})");
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->model, "gpt-x");
  EXPECT_TRUE(facts->stream);
  EXPECT_EQ(facts->max_tokens, 7U);
  EXPECT_EQ(facts->thinking, llm::Thinking::adaptive);
  EXPECT_EQ(facts->effort, "high");
  EXPECT_EQ(facts->session, "key-1");
  EXPECT_EQ(facts->messages, 4U);
  EXPECT_EQ(facts->system_turns, 1U);
  EXPECT_EQ(facts->tools, 2U);
  EXPECT_EQ(facts->server_tools, 1U);
  EXPECT_TRUE(facts->web_search);
  EXPECT_EQ(facts->images, 1U);
  EXPECT_EQ(facts->documents, 1U);
  EXPECT_EQ(facts->thinking_blocks, 1U);
  EXPECT_EQ(facts->tagged_blocks, 1U);
  EXPECT_FALSE(facts->cache_control);
}

TEST(OpenAiChatFacts, TheFirstTurnIsNoInstruction) {
  const std::string turn = R"({"role":"user","content":"x"})";
  const std::string body = R"({"model":"m","messages":[{"role":"system","content":"s"},)" + turn + R"(,{"role":"user","content":"y"}]})";
  const auto facts = facts_of(body);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->first_turn.in(body), turn);
}

TEST(OpenAiChatFacts, NullIsAbsent) {
  const auto facts = facts_of(R"({"model":"m","stream":null,"max_tokens":null,"tools":null,"reasoning_effort":null,
    "messages":[{"role":"assistant","content":null}]})");
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_FALSE(facts->stream);
  EXPECT_EQ(facts->max_tokens, std::nullopt);
  EXPECT_EQ(facts->thinking, llm::Thinking::absent);
  EXPECT_EQ(facts->session, "");
}

TEST(OpenAiChatFacts, SessionsFitALogLine) {
  const auto session = [](std::string_view fields) {
    const auto facts = facts_of(R"({"model":"m","messages":[{"role":"user","content":"x"}],)" + std::string(fields) + "}");
    return facts ? facts->session : "refused";
  };
  EXPECT_EQ(session(R"("user":"u.1")"), "u.1");
  EXPECT_EQ(session(R"("user":"u","prompt_cache_key":"k")"), "k");
  EXPECT_EQ(session(R"("user":"user_1_account_2_session_0f-1")"), "0f-1");
  EXPECT_EQ(session(R"("user":"line\nend")").size(), 32U);
  EXPECT_NE(session(R"("user":"line\nend")"), session(R"("user":"line\nother")"));
}

TEST(OpenAiChatFacts, RefusesWhatWouldBeReadTwoWays) {
  const std::string_view good = R"("model":"m","messages":[{"role":"user","content":"x"}])";
  const auto error_of = [](const std::string& body) {
    const auto facts = facts_of(body);
    return facts ? "" : facts.error().message;
  };
  const std::pair<std::string, std::string_view> rows[] = {
      {"[]", "the request body must be a JSON object"},
      {R"({"messages":[{"role":"user"}]})", "model: field required"},
      {R"({"model":"m"})", "messages: field required"},
      {R"({"model":"m","messages":[]})", "messages: at least one message is required"},
      {R"({"model":"m","messages":[{"content":"x"}]})", "messages.0.role: field required"},
      {R"({"model":"m","messages":[{"role":"user","content":{}}]})", "messages.0.content: expected a string or a list of parts"},
      {R"({"model":7,"messages":[]})", "model: expected the name of a model"},
      {"{" + std::string(good) + R"(,"stream":"yes"})", "stream: expected true or false"},
      {"{" + std::string(good) + R"(,"max_tokens":-1})", "max_tokens: expected an integer of 0 or more"},
  };
  for (const auto& [body, message] : rows) EXPECT_EQ(error_of(body), message) << body;
  for (const std::string_view field : {R"("model":"n")", R"("mod\u0065l":"n")", R"("messages":[])", R"("user":"a","user":"b")"})
    EXPECT_TRUE(error_of("{" + std::string(good) + "," + std::string(field) + "}").contains("stands in the body twice")) << field;
}

}  // namespace
}  // namespace penstock::dialect
