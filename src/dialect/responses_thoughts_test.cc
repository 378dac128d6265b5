#include "dialect/responses_thoughts.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "json/padded.h"

namespace penstock::dialect {
namespace {

const SignatureCodec& codec() {
  static const SignatureCodec one(SignatureCodec::Key{7});
  return one;
}

std::string payload_of(std::string_view item, std::string_view model, std::string_view text) {
  const json::Padded padded(item);
  json::Document document;
  EXPECT_TRUE(document.index(padded.text())) << item;
  return reasoning_payload(document.root(), model, text);
}

std::optional<std::string> restored(std::string_view signature, std::string_view text, std::string_view model,
                                    std::string_view provider = "p", const SignatureCodec* with = &codec()) {
  const OpenAiChatOptions options{.model = model, .provider = provider, .codec = with};
  return restored_reasoning({.text = {text}, .signature = {signature}}, options);
}

TEST(ResponsesThoughts, AnItemComesBackAsItWas) {
  struct Case {
    std::string_view item, text;
  };
  const Case cases[] = {
      {R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a \"b\""}],"encrypted_content":"gA=="})", R"(a \"b\")"},
      {R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gA"})", ""},
      {R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"gA"})",
       R"(a\n\nb)"},
      {R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"short"}],"content":[{"type":"reasoning_text","text":"long"}]})",
       "long"},
      {R"({"type":"reasoning","summary":[],"encrypted_content":"gA"})", ""},
  };
  for (const auto& [item, text] : cases) {
    const auto payload = payload_of(item, "m", text);
    EXPECT_EQ(restored(codec().tag("p", payload), text, "m"), item) << payload;
  }
}

TEST(ResponsesThoughts, TextThatTheBlockHasIsNotKeptTwice) {
  const auto payload =
      payload_of(R"({"id":"rs_1","summary":[{"type":"summary_text","text":"said"}],"encrypted_content":"gA"})", "m", "said");
  EXPECT_EQ(payload, R"(r{"model":"m","id":"rs_1","summary":[{"type":"summary_text"}],"encrypted_content":"gA"})");
}

TEST(ResponsesThoughts, WhatNobodyCouldReadAgainIsNothing) {
  EXPECT_EQ(payload_of(R"({"id":"rs_1","summary":[{"type":"summary_text","text":"x"}]})", "m", "x"), "");
  EXPECT_EQ(payload_of(R"({"id":"rs_1","summary":[],"content":null,"encrypted_content":null})", "m", ""), "");
  EXPECT_EQ(payload_of(R"("no item")", "m", ""), "");
}

TEST(ResponsesThoughts, OnlyItsOwnModelGetsIt) {
  const auto tag = codec().tag("p", R"(r{"model":"m","id":"rs_1","summary":[],"encrypted_content":"gA"})");
  EXPECT_TRUE(restored(tag, "", "m"));
  EXPECT_FALSE(restored(tag, "", "n"));
  EXPECT_FALSE(restored(tag, "", "m", "q"));
  EXPECT_FALSE(restored(tag, "", "m", "p", nullptr));
  const SignatureCodec other(SignatureCodec::Key{8});
  EXPECT_FALSE(restored(tag, "", "m", "p", &other));
  EXPECT_FALSE(restored("EqQBCgYx", "", "m"));
  for (const char* payload : {"", "r", "r{", R"({"model":"m"})", R"([{"type":"reasoning.encrypted"}])"})
    EXPECT_FALSE(restored(codec().tag("p", payload), "", "m")) << payload;
}

}  // namespace
}  // namespace penstock::dialect
