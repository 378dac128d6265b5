#include "dialect/long_texts.h"

#include <gtest/gtest.h>

#include <string>

#include "dialect/translation.h"
#include "json/padded.h"

namespace penstock::dialect {
namespace {

std::string joined(const LongTexts& apart, std::string_view body) {
  std::string out;
  for (const auto piece : apart.pieces(body)) out += piece;
  return out;
}

TEST(LongTexts, OnlyLongTextsOfTheSourceAreLeftOut) {
  const std::string source = std::string(LongTexts::kLong, 'a') + std::string(LongTexts::kLong, 'b');
  const std::string other(LongTexts::kLong, 'c');
  LongTexts apart(source);
  std::string body;
  apart.append(body, std::string_view(source).substr(1, LongTexts::kLong - 1));
  apart.append(body, other);
  EXPECT_EQ(apart.size(), 0U);
  EXPECT_EQ(body, source.substr(1, LongTexts::kLong - 1) + other);
  apart.append(body, std::string_view(source).substr(LongTexts::kLong));
  EXPECT_EQ(apart.size(), LongTexts::kLong);
  EXPECT_EQ(body.size(), 2 * LongTexts::kLong - 1);
}

TEST(LongTexts, StandWhereTheyWereAdded) {
  const std::string source = std::string(LongTexts::kLong, 'a') + std::string(LongTexts::kLong, 'b');
  const auto first = std::string_view(source).substr(0, LongTexts::kLong), second = std::string_view(source).substr(LongTexts::kLong);
  LongTexts apart(source);
  std::string body;
  for (const auto text : {first, second, std::string_view("-"), first, std::string_view("end"), second}) apart.append(body, text);
  EXPECT_EQ(body, "-end");
  const auto pieces = apart.pieces(body);
  ASSERT_EQ(pieces.size(), 6U);
  EXPECT_EQ(pieces[0].data(), source.data());
  EXPECT_EQ(joined(apart, body), source + "-" + std::string(first) + "end" + std::string(second));
}

TEST(LongTexts, WithoutAnyTheBodyIsOnePiece) {
  const LongTexts none;
  ASSERT_EQ(none.pieces("{}").size(), 1U);
  EXPECT_TRUE(none.pieces("").empty());
}

/// A session in which every kind of text is long.
std::string long_session() {
  const auto words = [](std::string_view kind) { return std::string(kind) + " \\n \\\"" + std::string(LongTexts::kLong, 'a') + "\\\""; };
  return R"({"model":"x","max_tokens":9,"system":[{"type":"text","text":")" + words("system") + R"("},{"type":"text","text":")" +
         words("more") + R"("}],"tools":[{"name":"Read","description":")" + words("tool") +
         R"(","input_schema":{"type":"object","properties":{"p":{"type":"string","description":")" + words("member") +
         R"("}}}}],"messages":[{"role":"user","content":")" + words("asked") + R"("},{"role":"system","content":")" + words("turn") +
         R"("},{"role":"assistant","content":[{"type":"text","text":")" + words("said") +
         R"("},{"type":"tool_use","id":"t1","name":"Read","input":{"p":")" + words("input") +
         R"("}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[{"type":"text","text":")" +
         words("result") + R"("},{"type":"text","text":")" + words("second") +
         R"("}]},{"type":"tool_result","tool_use_id":"lost","content":")" + words("orphan") +
         R"("},{"type":"document","title":"t","source":{"type":"text","media_type":"text/plain","data":")" + words("document") +
         R"("}},{"type":"text","text":")" + words("last") + R"("}]}]})";
}

/// What one dialect's provider gets, whole and with the long texts apart.
class LeftApart : public testing::TestWithParam<Api> {};

TEST_P(LeftApart, TheProviderGetsTheSameBytes) {
  const json::Padded text(long_session());
  json::Document document;
  ASSERT_TRUE(document.index(text.text()));
  const ChatQuirks chat;
  const Quirks quirks;
  const TranslationContext context{
      .client = Api::anthropic, .provider = GetParam(), .provider_name = "p", .model = "m", .quirks = &quirks, .chat = &chat};
  Translation plain(context), gathered(context);
  LongTexts apart(text.text());
  const auto whole = plain.request(document), parts = gathered.request(document, &apart);
  ASSERT_TRUE(whole && parts);
  EXPECT_EQ(joined(apart, *parts), *whole);
  EXPECT_EQ(parts->size() + apart.size(), whole->size());
  EXPECT_GT(apart.pieces(*parts).size(), 15U);
  const json::Padded written(*whole);
  EXPECT_TRUE(document.index(written.text())) << *whole;
}

INSTANTIATE_TEST_SUITE_P(Dialects, LeftApart, testing::Values(Api::openai_chat, Api::openai_responses, Api::gemini),
                         [](const auto& each) { return "To" + std::to_string(static_cast<int>(each.param)); });

/// Anthropic's dialect is read once more after it was written: nothing may be missing.
TEST(LongTexts, AnthropicsDialectIsWrittenWhole) {
  const json::Padded text(R"({"model":"x","messages":[{"role":"user","content":")" + std::string(LongTexts::kLong, 'a') + R"("}]})");
  json::Document document;
  ASSERT_TRUE(document.index(text.text()));
  const ChatQuirks chat;
  const Quirks quirks;
  Translation translation({.client = Api::openai_chat,
                           .provider = Api::anthropic,
                           .provider_name = "p",
                           .model = "m",
                           .max_output = 1,
                           .quirks = &quirks,
                           .chat = &chat});
  LongTexts apart(text.text());
  const auto written = translation.request(document, &apart);
  ASSERT_TRUE(written);
  EXPECT_EQ(apart.size(), 0U);
  EXPECT_TRUE(written->contains(std::string(LongTexts::kLong, 'a')));
}

}  // namespace
}  // namespace penstock::dialect
