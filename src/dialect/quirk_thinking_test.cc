#include "dialect/quirk_thinking.h"

#include <gtest/gtest.h>

#include "dialect/adapt_for_test.h"

namespace penstock::dialect {
namespace {

Effort only(std::initializer_list<unsigned> levels) {
  Effort effort{.keep = false, .levels = 0};
  for (const auto level : levels) effort.levels |= 1U << level;
  return effort;
}

TEST(QuirkThinking, EffortGoesUpFirst) {
  EXPECT_EQ(nearest_effort(only({2, 4}), "low"), "high");
  EXPECT_EQ(nearest_effort(only({2, 4}), "high"), "high");
  EXPECT_EQ(nearest_effort(only({2, 4}), "xhigh"), "max");
  EXPECT_EQ(nearest_effort(only({0, 2}), "max"), "high");
  EXPECT_EQ(nearest_effort(only({0}), "some later word"), "low");
  EXPECT_EQ(nearest_effort(only({}), "high"), "");
}

TEST(QuirkThinking, BudgetsLeaveRoom) {
  EXPECT_EQ(thinking_budget("low", 0), 2048U);
  EXPECT_EQ(thinking_budget("", 0), 16384U);
  EXPECT_EQ(thinking_budget("max", 64000), 32000U);
  EXPECT_EQ(thinking_budget("max", 32000), 24000U);
  EXPECT_EQ(thinking_budget("high", 1024), std::nullopt);
  EXPECT_EQ(thinking_budget("high", 1025), 1024U);
  for (std::uint64_t max_tokens = 1025; max_tokens < 50000; max_tokens += 7) {
    const auto budget = thinking_budget("max", max_tokens);
    ASSERT_TRUE(budget && *budget >= 1024 && *budget < max_tokens) << max_tokens;
  }
}

TEST(QuirkThinking, EnabledOnly) {
  const Named quirks{{"thinking_mode", "enabled_only"}};
  const auto field = [&](std::string_view thinking, std::string_view rest = "") {
    return adapted_for_others(quirks, "{\"thinking\":" + std::string(thinking) + std::string(rest) + "}");
  };
  EXPECT_EQ(field(R"({"type":"adaptive","display":"omitted"})"), R"({"thinking":{"type":"enabled","budget_tokens":16384}})");
  EXPECT_EQ(field(R"({"type":"between_tools"})"), R"({"thinking":{"type":"enabled","budget_tokens":16384}})");
  EXPECT_EQ(field(R"({"type":"adaptive"})", R"(,"output_config":{"effort":"low"},"max_tokens":32000)"),
            R"({"thinking":{"type":"enabled","budget_tokens":2048},"output_config":{"effort":"low"},"max_tokens":32000})");
  EXPECT_EQ(field(R"({"type":"adaptive"})", R"(,"max_tokens":1000)"), R"({"max_tokens":1000})");
  EXPECT_EQ(field(R"({"type":"enabled","budget_tokens":5000,"display":null,"block_binding":1})"),
            R"({"thinking":{"type":"enabled","budget_tokens":5000}})");
  EXPECT_EQ(field(R"({"type":"enabled","budget_tokens":31999})", R"(,"max_tokens":8000)"),
            R"({"thinking":{"type":"enabled","budget_tokens":6000},"max_tokens":8000})");
  EXPECT_EQ(field(R"({"type":"disabled","display":null})"), R"({"thinking":{"type":"disabled"}})");
  EXPECT_EQ(field("null"), "{}");
  EXPECT_EQ(adapted_for_others(quirks, R"({"max_tokens":9000})"), R"({"max_tokens":9000})");
}

TEST(QuirkThinking, OtherModes) {
  const auto field = [](const std::string& mode, std::string_view body) { return adapted_for_others({{"thinking_mode", mode}}, body); };
  EXPECT_EQ(field("any", R"({"thinking":{"type":"adaptive","display":"omitted"}})"), R"({"thinking":{"type":"adaptive"}})");
  EXPECT_EQ(field("any", R"({"thinking":{"type":"between_tools"}})"), R"({"thinking":{"type":"adaptive"}})");
  EXPECT_EQ(adapted({{"thinking_mode", "any"}}, R"({"thinking":{"type":"between_tools","display":1}})"),
            R"({"thinking":{"type":"between_tools","display":1}})");
  EXPECT_EQ(field("drop", R"({"thinking":{"type":"adaptive"},"x":1})"), R"({"x":1})");
  EXPECT_EQ(field("adaptive_only", R"({"thinking":{"type":"enabled","budget_tokens":5000}})"),
            R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"medium"}})");
  EXPECT_EQ(field("adaptive_only", R"({"thinking":{"type":"enabled","budget_tokens":40000},"output_config":{"effort":"low"}})"),
            R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}})");
  EXPECT_EQ(field("adaptive_only", R"({"thinking":{"type":"enabled","budget_tokens":40000},"output_config":{"effort":null}})"),
            R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"max"}})");
  EXPECT_EQ(field("adaptive_only", R"({"thinking":{"type":"disabled"}})"), R"({"thinking":{"type":"disabled"}})");
  EXPECT_EQ(field("force_enabled", R"({"thinking":{"type":"disabled"},"max_tokens":4000})"),
            R"({"thinking":{"type":"enabled","budget_tokens":3000},"max_tokens":4000})");
  EXPECT_EQ(field("force_enabled", R"({"a":1})"), R"({"a":1,"thinking":{"type":"enabled","budget_tokens":16384}})");
}

TEST(QuirkThinking, AddedEffortIsClampedToo) {
  const Named quirks{{"thinking_mode", "adaptive_only"}, {"effort", "high,max"}};
  EXPECT_EQ(adapted_for_others(quirks, R"({"thinking":{"type":"enabled","budget_tokens":2000}})"),
            R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}})");
  EXPECT_EQ(adapted_for_others({{"thinking_mode", "adaptive_only"}, {"effort", "none"}},
                               R"({"thinking":{"type":"enabled","budget_tokens":2000}})"),
            R"({"thinking":{"type":"adaptive"}})");
}

TEST(QuirkThinking, OutputConfig) {
  const std::vector<Case> cases{
      {{{"effort", "high,max"}}, R"({"output_config":{"effort":"medium"}})", R"({"output_config":{"effort":"high"}})"},
      {{{"effort", "none"}}, R"({"output_config":{"effort":"medium","format":{}}})", R"({"output_config":{"format":{}}})"},
      {{{"effort", "none"}, {"unknown_fields", "strip"}}, R"({"output_config":{"effort":"medium"}})", "{}"},
      {{{"effort", "high"}}, R"({"output_config":{"effort":null}})", R"({"output_config":{}})"},
      {{{"output_format", "strip"}},
       R"({"output_config":{"effort":"low","format":{},"task_budget":{}}})",
       R"({"output_config":{"effort":"low"}})"},
      {{{"unknown_fields", "strip"}},
       R"({"output_config":{"effort":"low","format":{},"later":1}})",
       R"({"output_config":{"effort":"low","format":{}}})"},
      {{{"unknown_fields", "strip"}}, R"({"output_config":null})", "{}"},
  };
  for (const auto& each : cases) EXPECT_EQ(adapted(each.quirks, each.before), each.after) << each.before;
}

TEST(QuirkThinking, MaxTokens) {
  EXPECT_EQ(adapted({{"max_tokens_limit", "8192"}}, R"({"max_tokens":32000})"), R"({"max_tokens":8192})");
  EXPECT_EQ(adapted({{"max_tokens_limit", "8192"}}, R"({"max_tokens":100})"), R"({"max_tokens":100})");
  EXPECT_EQ(adapted(strict(), R"({"max_tokens":32000})", "", 4096), R"({"max_tokens":4096})");
  EXPECT_EQ(adapted(strict(), R"({"max_tokens":32000,"thinking":{"type":"adaptive"}})", "", 4096),
            R"({"max_tokens":4096,"thinking":{"type":"enabled","budget_tokens":3072}})");
  EXPECT_EQ(adapted(transparent(), R"({"max_tokens":32000})", "", 4096), R"({"max_tokens":32000})");
}

}  // namespace
}  // namespace penstock::dialect
