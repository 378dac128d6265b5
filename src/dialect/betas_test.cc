#include <gtest/gtest.h>

#include <string>

#include "dialect/quirks.h"

namespace penstock::dialect {
namespace {

/// What Claude Code 2.1.328 sends (wire-reference 7).
constexpr std::string_view kSent =
    "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,mid-conversation-tool-changes-2026-07-01,"
    "thinking-token-count-2026-05-13,advanced-tool-use-2025-11-20,effort-2025-11-24";

std::string filtered(const std::map<std::string, std::string>& named, std::string_view header = kSent) {
  const auto quirks = parse_quirks(named, transparent());
  EXPECT_TRUE(quirks);
  return filter_betas(quirks.value_or(Quirks()), header);
}

TEST(Betas, AnthropicGetsThemAsTheyCame) { EXPECT_EQ(filter_betas(transparent(), "a , b,,c"), "a , b,,c"); }

TEST(Betas, AStrictProviderGetsNone) { EXPECT_EQ(filter_betas(strict(), kSent), ""); }

TEST(Betas, OnlyThoseListed) {
  EXPECT_EQ(filtered({{"betas", "effort-2025-11-24,other"}}), "effort-2025-11-24");
  EXPECT_EQ(filtered({{"betas", "other"}}), "");
}

TEST(Betas, GoWithTheirFields) {
  const auto without = [](std::string_view beta) {
    std::string left(kSent);
    const auto at = left.find(beta);
    left.erase(at, beta.size() + (at + beta.size() < left.size() ? 1 : 0));
    return left.ends_with(',') ? left.substr(0, left.size() - 1) : left;
  };
  EXPECT_EQ(filtered({{"context_management", "strip"}}), without("context-management-2025-06-27"));
  EXPECT_EQ(filtered({{"effort", "none"}}), without("effort-2025-11-24"));
  EXPECT_EQ(filtered({{"effort", "high"}}), kSent);
  EXPECT_EQ(filtered({{"tool_fields", "strip"}}), without("advanced-tool-use-2025-11-20"));
  EXPECT_EQ(filtered({{"system_turns", "to_user"}}), without("mid-conversation-tool-changes-2026-07-01"));
  EXPECT_EQ(filtered({{"output_format", "strip"}}, "x,task-budgets-2026-03-13"), "x");
}

TEST(Betas, StructuredOutputsServesTwoFields) {
  constexpr std::string_view kBeta = "structured-outputs-2025-11-13";
  EXPECT_EQ(filtered({{"output_format", "strip"}}, kBeta), kBeta);
  EXPECT_EQ(filtered({{"tool_fields", "strip"}}, kBeta), kBeta);
  EXPECT_EQ(filtered({{"tool_fields", "strip"}, {"output_format", "strip"}}, kBeta), "");
}

TEST(Betas, AListedBetaStillGoesWithItsField) { EXPECT_EQ(filtered({{"betas", "effort-2025-11-24"}, {"effort", "none"}}), ""); }

}  // namespace
}  // namespace penstock::dialect
