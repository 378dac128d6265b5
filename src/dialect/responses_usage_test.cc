#include "dialect/responses_usage.h"

#include <gtest/gtest.h>

#include "json/padded.h"

namespace penstock::dialect {
namespace {

std::optional<llm::Usage> usage(std::string_view json, bool cached_in_input = true) {
  const json::Padded text(json);
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << json;
  return read_responses_usage(document.root(), cached_in_input);
}

TEST(ResponsesUsage, CachedTokensAreApart) {
  constexpr std::string_view kGiven =
      R"({"input_tokens":900,"input_tokens_details":{"cached_tokens":640,"cache_write_tokens":10},"output_tokens":40,)"
      R"("output_tokens_details":{"reasoning_tokens":12},"total_tokens":940})";
  const llm::Usage inside{.input = 250, .output = 40, .cache_read = 640, .cache_write = 10, .thinking = 12, .known = true};
  EXPECT_EQ(usage(kGiven), inside);
  const llm::Usage beside{.input = 900, .output = 40, .cache_read = 640, .cache_write = 10, .thinking = 12, .known = true};
  EXPECT_EQ(usage(kGiven, false), beside);
}

TEST(ResponsesUsage, ReasoningThatOnlyTheTotalCounts) {
  const auto apart = usage(R"({"input_tokens":100,"output_tokens":40,"output_tokens_details":{"reasoning_tokens":60},"total_tokens":200})");
  EXPECT_EQ(apart.value_or(llm::Usage{}).output, 100U);
  const auto other = usage(R"({"input_tokens":100,"output_tokens":40,"output_tokens_details":{"reasoning_tokens":30},"total_tokens":200})");
  EXPECT_EQ(other.value_or(llm::Usage{}).output, 40U);
}

TEST(ResponsesUsage, NothingCounted) {
  for (const char* json : {"null", "{}", "[]", R"({"input_tokens":0,"output_tokens":0})", R"({"input_tokens":-5,"output_tokens":"x"})"})
    EXPECT_FALSE(usage(json)) << json;
}

}  // namespace
}  // namespace penstock::dialect
