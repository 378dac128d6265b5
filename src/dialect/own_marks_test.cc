#include "dialect/own_marks.h"

#include <gtest/gtest.h>

#include "dialect/adapt_for_test.h"
#include "dialect/anthropic_request.h"
#include "dialect/openai_client_for_test.h"
#include "dialect/translation.h"
#include "dialect/web_search.h"

namespace penstock::dialect {
namespace {

std::string cut(Api api, std::string_view body, const ChatQuirks& quirks = {}) {
  const Parsed parsed(body);
  json::Patch patch(parsed.document);
  cut_own_reasoning(api, parsed.document, quirks, patch);
  return patch.text();
}

TEST(OwnMarks, ReasoningItemsOfOthersDoNotGoToOpenAi) {
  const auto input = [](std::string_view items) { return R"({"model":"m","input":[)" + std::string(items) + "]}"; };
  const std::string own = R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"penstock-v1.eyJ9"})";
  const std::string theirs = R"({"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"gAAAAAB"})";
  const std::string said = R"({"role":"user","content":"penstock-v1. in words"})";
  EXPECT_EQ(cut(Api::openai_responses, input(own + "," + theirs + "," + said)), input(theirs + "," + said));
  const auto untouched = input(theirs + "," + said);
  EXPECT_EQ(cut(Api::openai_responses, untouched), untouched);
  EXPECT_EQ(cut(Api::openai_responses, R"({"input":"words"})"), R"({"input":"words"})");
}

TEST(OwnMarks, APassingBodyIsFreeOfThem) {
  const ChatQuirks quirks;
  TranslationContext context;
  context.client = context.provider = Api::openai_responses;
  context.model = "gpt";
  context.chat = &quirks;
  const Parsed body(R"({"model":"m","input":[{"type":"reasoning","encrypted_content":"penstock-v1.e30"},{"role":"user","content":"q"}]})");
  EXPECT_EQ(Translation(context).request(body.document).value_or(""), R"({"model":"gpt","input":[{"role":"user","content":"q"}]})");
  context.marked = false;
  EXPECT_EQ(Translation(context).request(body.document)->size(), body.document.text().size() + 2) << "only the name";
}

TEST(OwnMarks, DetailsOfOthersDoNotGoToChatProviders) {
  const auto messages = [](std::string_view fields) {
    return R"({"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"a")" + std::string(fields) + "}]}";
  };
  const auto own = messages(
      R"(,"reasoning_content":"t","reasoning_details":[{"type":"reasoning.text","text":"t","signature":"s","format":"penstock-v1","index":0}])");
  EXPECT_EQ(cut(Api::openai_chat, own), messages(""));
  ChatQuirks demands;
  demands.reasoning_back = ChatQuirks::ReasoningBack::always;
  EXPECT_EQ(cut(Api::openai_chat, own, demands), messages(R"(,"reasoning_content":"")"));
  const auto theirs =
      messages(R"(,"reasoning_content":"t","reasoning_details":[{"type":"reasoning.text","format":"anthropic-claude-v1"}])");
  EXPECT_EQ(cut(Api::openai_chat, theirs), theirs);
}

std::string turn(const std::string& blocks) { return R"({"messages":[{"role":"assistant","content":[)" + blocks + "]}]}"; }

/// Blocks of a search, as a client returns them.
std::string search(std::string_view id, std::string_view encrypted) {
  return search_use_block(id, "mills") + R"(,{"type":"web_search_tool_result","tool_use_id":")" + std::string(id) +
         R"(","content":[{"type":"web_search_result","url":"https://m.example","title":"Mill","encrypted_content":")" +
         std::string(encrypted) + R"("}]})";
}

TEST(OwnMarks, SearchesOfOthersAreTextForAnthropic) {
  const auto own = search("srvtoolu_1", "pw1-V2hlZWxz"), theirs = search("srvtoolu_2", "EqgfCioIARgB");
  const std::string cited = R"({"type":"text","text":"See.","citations":[{"type":"web_search_result_location","encrypted_index":""}]})";
  const std::string words = R"({"type":"text","text":"[web search: mills]"},{"type":"text","text":"https://m.example\nMill\nWheels"})";
  EXPECT_EQ(adapted(transparent(), turn(own + "," + theirs + "," + cited)),
            turn(words + "," + theirs + R"(,{"type":"text","text":"See.","citations":[]})"));
  EXPECT_EQ(adapted(transparent(), turn(theirs + "," + cited)), turn(theirs + "," + cited));
}

TEST(OwnMarks, InspectionTellsOfSearchesToo) {
  const auto tagged = [](const std::string& encrypted) {
    const Parsed body(R"({"model":"m",)" + turn(search("srvtoolu_1", encrypted)).substr(1));
    return inspect(body.document, Endpoint::messages)->tagged_blocks;
  };
  EXPECT_EQ(tagged("pw1-V2hlZWxz"), 1U);
  EXPECT_EQ(tagged("EqgfCioIARgB"), 0U);
}

}  // namespace
}  // namespace penstock::dialect
