#include "policy/limits.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace penstock::policy {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow = TimePoint() + 1000h;
// 2026-11-20 12:00:00 UTC
constexpr UnixTime kUnixNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 12h;

Limits read(std::vector<wire::Field> fields) { return read_limits(fields, kNow, kUnixNow); }

TEST(Limits, NothingToldIsNothingKnown) {
  const auto limits = read({{"content-type", "text/event-stream"}, {"request-id", "req_1"}, {"retry-after", "3"}, {"x-request-id", "1"}});
  EXPECT_FALSE(limits.known);
  EXPECT_FALSE(limits.near_end(kNow));
  EXPECT_EQ(limits.plan, PlanStatus::none);
}

TEST(Limits, AnthropicPerMinute) {
  const auto limits = read({{"anthropic-ratelimit-requests-limit", "50"},
                            {"anthropic-ratelimit-requests-remaining", "49"},
                            {"anthropic-ratelimit-requests-reset", "2026-11-20T12:00:01Z"},
                            {"Anthropic-RateLimit-Input-Tokens-Limit", "40000"},
                            {"Anthropic-RateLimit-Input-Tokens-Remaining", "400"},
                            {"Anthropic-RateLimit-Input-Tokens-Reset", "2026-11-20T12:00:42Z"}});
  EXPECT_TRUE(limits.known);
  EXPECT_DOUBLE_EQ(limits.remaining, 0.01);
  EXPECT_EQ(limits.resets, kNow + 42s);
  EXPECT_TRUE(limits.near_end(kNow));
  EXPECT_FALSE(limits.near_end(kNow + 42s)) << "full again";
  EXPECT_FALSE(limits.near_end(kNow, 0.005));
  EXPECT_EQ(limits.spent_until(kNow), std::nullopt) << "something is left";
}

TEST(Limits, Plans) {
  const auto plan = [](std::string_view status, std::string_view five_hours) {
    return read({{"anthropic-ratelimit-unified-status", status},
                 {"anthropic-ratelimit-unified-reset", "1795179600"},
                 {"anthropic-ratelimit-unified-representative-claim", "five_hour"},
                 {"anthropic-ratelimit-unified-5h-status", status},
                 {"anthropic-ratelimit-unified-5h-utilization", five_hours},
                 {"anthropic-ratelimit-unified-5h-reset", "1795179600"},
                 {"anthropic-ratelimit-unified-7d-utilization", "0.25"},
                 {"anthropic-ratelimit-unified-7d-reset", "1795600000"},
                 {"anthropic-ratelimit-unified-7d-sonnet-utilization", "1.0"},
                 {"anthropic-ratelimit-unified-overage-utilization", "1.0"},
                 {"anthropic-ratelimit-unified-overage-status", "rejected"}});
  };
  auto limits = plan("allowed", "0.42");
  EXPECT_EQ(limits.plan, PlanStatus::allowed);
  EXPECT_DOUBLE_EQ(limits.remaining, 0.58);
  EXPECT_EQ(limits.plan_resets, kNow + 1h);
  EXPECT_FALSE(limits.near_end(kNow));

  limits = plan("allowed_warning", "0.99");
  EXPECT_EQ(limits.plan, PlanStatus::warning);
  EXPECT_TRUE(limits.near_end(kNow));
  EXPECT_EQ(limits.spent_until(kNow), std::nullopt);

  limits = plan("rejected", "1.04");
  EXPECT_EQ(limits.plan, PlanStatus::rejected);
  EXPECT_EQ(limits.remaining, 0);
  EXPECT_EQ(limits.spent_until(kNow), kNow + 1h);
  EXPECT_EQ(limits.spent_until(kNow + 1h), std::nullopt);

  limits = plan("allowed", "1.2");  // overage pays
  EXPECT_EQ(limits.spent_until(kNow), std::nullopt);
  EXPECT_TRUE(limits.near_end(kNow)) << "others first all the same";
  EXPECT_TRUE(names_plan_limits(limits));
}

TEST(Limits, OpenAiAndThoseLikeIt) {
  const auto limits = read({{"x-ratelimit-limit-requests", "14400"},
                            {"x-ratelimit-remaining-requests", "14370"},
                            {"x-ratelimit-reset-requests", "2m59.56s"},
                            {"x-ratelimit-limit-tokens", "18000"},
                            {"x-ratelimit-remaining-tokens", "0"},
                            {"x-ratelimit-reset-tokens", "7.66s"}});
  EXPECT_EQ(limits.remaining, 0);
  EXPECT_EQ(limits.resets, kNow + 7660ms);
  EXPECT_EQ(limits.spent_until(kNow), kNow + 7660ms);
  EXPECT_EQ(limits.spent_until(kNow + 8s), std::nullopt);
}

TEST(Limits, WordsInTheMiddle) {  // Mistral
  const auto limits = read({{"x-ratelimit-limit-req-minute", "60"}, {"x-ratelimit-remaining-req-minute", "15"}});
  EXPECT_DOUBLE_EQ(limits.remaining, 0.25);
  EXPECT_EQ(limits.resets, std::nullopt);
}

TEST(Limits, WithoutAName) {
  auto limits = read({{"X-RateLimit-Limit", "20"}, {"X-RateLimit-Remaining", "5"}, {"X-RateLimit-Reset", "1795176042000"}});  // OpenRouter
  EXPECT_DOUBLE_EQ(limits.remaining, 0.25);
  EXPECT_EQ(limits.resets, kNow + 42s);
  limits = read({{"RateLimit-Limit", "100"}, {"RateLimit-Remaining", "1"}, {"RateLimit-Reset", "30"}});
  EXPECT_DOUBLE_EQ(limits.remaining, 0.01);
  EXPECT_EQ(limits.resets, kNow + 30s);
  limits = read({{"ratelimit-policy", R"("default";q=100;w=60, "day";q=1000;w=86400)"}, {"ratelimit", R"("default";r=50;t=30)"}});
  EXPECT_DOUBLE_EQ(limits.remaining, 0.5);
  EXPECT_EQ(limits.resets, kNow + 30s);
  limits = read({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "10"}});
  EXPECT_EQ(limits.spent_until(kNow), kNow + 10s) << "nothing is nothing, of whatever limit";
}

TEST(Limits, NumbersThatAreNone) {
  for (const auto& [limit, remaining] :
       {std::pair{"-1", "-1"}, {"-1", "0"}, {"0", "0"}, {"x", "y"}, {"", ""}, {"10", "abc"}, {"10", "nan"}, {"inf", "0"}, {"10", "inf"}}) {
    const auto limits =
        read({{"x-ratelimit-limit-tokens", limit}, {"x-ratelimit-remaining-tokens", remaining}, {"x-ratelimit-reset-tokens", "0"}});
    EXPECT_EQ(limits.spent_until(kNow), std::nullopt) << limit << ' ' << remaining;
    EXPECT_FALSE(limits.near_end(kNow)) << limit << ' ' << remaining;
  }
}

TEST(Limits, ManyWindowsAndAnyBytes) {
  std::vector<std::string> names, values;
  std::mt19937_64 random(6);
  for (int i = 0; i < 100; ++i) {
    names.push_back((i % 2 == 0 ? "x-ratelimit-remaining-" : "anthropic-ratelimit-") + std::to_string(i));
    std::string value;
    for (auto length = random() % 12; length > 0; --length) value += static_cast<char>(random() % 256);
    values.push_back(value);
  }
  std::vector<wire::Field> fields;
  for (std::size_t i = 0; i < names.size(); ++i) fields.push_back({names[i], values[i]});
  for (const auto* name : {"x-ratelimit-", "ratelimit", "ratelimit-", "anthropic-ratelimit-unified", "x-ratelimit---", "a", ""})
    fields.push_back({name, values[random() % values.size()]});
  const auto limits = read_limits(fields, kNow, kUnixNow);
  EXPECT_GE(limits.remaining, 0);
  EXPECT_LE(limits.remaining, 1);
}

}  // namespace
}  // namespace penstock::policy
