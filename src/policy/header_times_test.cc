#include "policy/header_times.h"

#include <gtest/gtest.h>

namespace penstock::policy {
namespace {

using namespace std::chrono_literals;

// 2026-11-20 12:00:00 UTC
constexpr UnixTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 12h;

struct Case {
  std::string_view text;
  std::optional<Duration> wait;
};

TEST(HeaderTimes, RetryAfter) {
  const Case cases[] = {
      {"0", 0ms},
      {"30", 30s},
      {" 7 ", 7s},
      {"0.5", 500ms},
      {"1.0001", 1001ms},  // never too early
      {"99999999999999999999", kLongestWait},
      {"Fri, 20 Nov 2026 12:00:10 GMT", 10s},
      {"Friday, 20-Nov-26 12:01:00 GMT", 60s},
      {"Fri Nov 20 13:00:00 2026", 1h},
      {"Fri Nov  6 13:00:00 2026", 0ms},  // past
      {"Wed, 01 Jan 2031 00:00:00 GMT", kLongestWait},
      {"", {}},
      {"-1", {}},
      {"1e3", {}},
      {"1.2.3", {}},
      {"soon", {}},
      {"Fri, 31 Feb 2026 12:00:10 GMT", {}},
      {"Fri, 20 Nov 2026 25:00:10 GMT", {}},
      {"Fri, 20 Nox 2026 12:00:10 GMT", {}},
      {"Fri, 20 Nov 2026 12:00:10 CET", {}},
      {"30 s", {}},
  };
  for (const auto& [text, wait] : cases) EXPECT_EQ(parse_retry_after(text, kNow), wait) << text;
}

TEST(HeaderTimes, MillisecondsComeFirst) {
  EXPECT_EQ(retry_after("250", "30", kNow), 250ms);
  EXPECT_EQ(retry_after("0.25", {}, kNow), 1ms);
  EXPECT_EQ(retry_after("x", "30", kNow), 30s);
  EXPECT_EQ(retry_after({}, "30", kNow), 30s);
  EXPECT_EQ(retry_after({}, {}, kNow), std::nullopt);
}

TEST(HeaderTimes, SpelledDurations) {
  const Case cases[] = {
      {"1s", 1s},    {"6ms", 6ms},       {"1m2.5s", 62'500ms}, {"2h45m", 165min},       {"6m0s", 6min},
      {"1d4h", 28h}, {"7.66s", 7'660ms}, {"500us", 1ms},       {"2m59.56s", 179'560ms}, {"", {}},
      {"s", {}},     {"5", {}},          {"5x", {}},           {"1m 2s", {}},           {"-1s", {}},
  };
  for (const auto& [text, wait] : cases) EXPECT_EQ(parse_spelled_duration(text), wait) << text;
}

TEST(HeaderTimes, Rfc3339) {
  EXPECT_EQ(parse_rfc3339("2026-11-20T12:00:00Z"), kNow);
  EXPECT_EQ(parse_rfc3339("2026-11-20t12:00:00.250z"), kNow + 250ms);
  EXPECT_EQ(parse_rfc3339("2026-11-20T13:30:00+01:30"), kNow);
  EXPECT_EQ(parse_rfc3339("2026-11-20T07:00:00-05:00"), kNow);
  for (const auto* text :
       {"2026-11-20", "2026-11-20T12:00:00", "2026-13-20T12:00:00Z", "2026-11-20 12:00:00Z", "2026-11-20T12:00:00+1", "T"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(HeaderTimes, ResetsInEveryForm) {
  const Case cases[] = {
      {"30", 30s},
      {"1m2.5s", 62'500ms},
      {"2026-11-20T12:00:05Z", 5s},
      {"1795176030", 30s},     // Unix seconds
      {"1795176030000", 30s},  // and milliseconds, as OpenRouter has them
      {"1795175000", 0ms},     // past
      {"Fri, 20 Nov 2026 12:00:10 GMT", 10s},
      {"never", {}},
  };
  for (const auto& [text, wait] : cases) EXPECT_EQ(parse_reset(text, kNow), wait) << text;
}

TEST(HeaderTimes, WaitsInMessages) {
  const Case cases[] = {
      {"Rate limit reached for model `x`: Limit 15000, Used 11972, Requested 4351. Please try again in 5.289s. Visit …", 5'289ms},
      {"Please try again in 6m0s.", 6min},
      {"Please try again in 20ms.", 20ms},
      {"You exceeded your current quota. Please retry in 26.337s.", 26'337ms},
      {"Too many requests, please wait 3 minutes", 3min},
      {"Retry after 30 seconds", 30s},
      {"try again in about 2 hours", 2h},
      {"Please try again in a moment", {}},
      {"Please try again later", {}},
      {"try again in 5", {}},
      {"", {}},
  };
  for (const auto& [text, wait] : cases) EXPECT_EQ(wait_in_words(text), wait) << text;
}

}  // namespace
}  // namespace penstock::policy
