#include "dialect/responses_reasoning.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

TEST(ResponsesReasoning, ComesBackByteForByte) {
  const std::string text = R"(Hm. \"quoted\" \u00e9\ud83d\ude00 é\n)", seal = R"(Eo+C/w==)";
  const auto closed = close_reasoning(text, seal, false);
  EXPECT_TRUE(closed.starts_with(kOwnReasoning));
  EXPECT_EQ(closed.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."), std::string::npos);
  llm::Request request;
  const auto opened = open_reasoning(closed, request);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->text.written, text);
  EXPECT_EQ(opened->signature.written, seal);
  EXPECT_FALSE(opened->sealed);
}

TEST(ResponsesReasoning, SealedThinkingHasNoText) {
  llm::Request request;
  const auto opened = open_reasoning(close_reasoning("", "blob", true), request);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->sealed);
  EXPECT_EQ(opened->signature.written, "blob");
}

TEST(ResponsesReasoning, WhatIsNotOursStaysClosed) {
  llm::Request request;
  for (const std::string text : {"", "gAAAAABo", "penstock-v1.", "penstock-v1.!", "penstock-v1.e30", "penstock-v1.bm8", "penstock-v2.e30"})
    EXPECT_FALSE(open_reasoning(text, request)) << text;
  auto cut = close_reasoning("text", "seal", false);
  cut.resize(cut.size() - 2);
  EXPECT_FALSE(open_reasoning(cut, request));
}

}  // namespace
}  // namespace penstock::dialect
