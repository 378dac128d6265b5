#include "dialect/gemini_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace penstock::dialect {
namespace {

using testing::HasSubstr;

constexpr ErrorContext kContext{.provider = "gemini", .model = "m", .window = 1'048'576};

ClientError translated(int status, std::string_view body, std::optional<std::string_view> header = {}) {
  return translate_gemini({.status = status, .body = body, .content_type = "application/json", .retry_after = header}, kContext);
}

std::string quota(std::string_view id, std::string_view delay) {
  return R"([{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.",)"
         R"("status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":")" +
         std::string(id) + R"("}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" + std::string(delay) + "\"}]}}]";
}

TEST(GeminiErrors, AMinutesLimitIsWaitedFor) {
  const auto error = translated(429, quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "34.074824224s"));
  EXPECT_EQ(error.status, 429);
  EXPECT_EQ(error.type, "rate_limit_error");
  EXPECT_EQ(error.retry_after, "35");
  EXPECT_EQ(error.should_retry, std::nullopt);
}

TEST(GeminiErrors, ADaysLimitIsNot) {
  const auto error = translated(429, quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "9s"));
  EXPECT_EQ(error.retry_after, "9");
  EXPECT_EQ(error.should_retry, false);
}

TEST(GeminiErrors, AHeaderCountsMoreThanTheBody) { EXPECT_EQ(translated(429, quota("PerMinute", "9s"), "3").retry_after, "3"); }

TEST(GeminiErrors, AnOverloadSaysWhenToComeBackToo) {
  const auto error = translated(503, R"({"error":{"code":503,"message":"The model is overloaded. Please try again later.",)"
                                     R"("status":"UNAVAILABLE","details":[{"retryDelay":"2s"}]}})");
  EXPECT_EQ(error.status, 529);
  EXPECT_EQ(error.type, "overloaded_error");
  EXPECT_EQ(error.retry_after, "2");
}

TEST(GeminiErrors, OtherErrorsStayAsTheyAre) {
  const auto overflow = translated(400, R"({"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of )"
                                        R"(tokens allowed (1048576).","status":"INVALID_ARGUMENT"}})");
  EXPECT_EQ(overflow.status, 400);
  EXPECT_EQ(overflow.message, "prompt is too long: 1200000 tokens > 1048576 maximum");
  const auto key = translated(400, R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":)"
                                   R"("INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID","retryDelay":"5s"}]}})");
  EXPECT_EQ(key.status, 502);
  EXPECT_EQ(key.retry_after, std::nullopt);
  EXPECT_EQ(
      translated(404, R"({"error":{"code":404,"message":"models/x is not found for API version v1beta","status":"NOT_FOUND"}})").status,
      404);
  EXPECT_EQ(translated(500, "<html>").status, 500);
}

TEST(GeminiErrors, BrokenDelaysAreNone) {
  for (const auto* delay : {"", "s", "5", "-1s", "nans", "1e99s", "5 s", "1m"})
    EXPECT_EQ(read_gemini_details(quota("PerMinute", delay)).retry_delay, std::nullopt) << delay;
  EXPECT_EQ(read_gemini_details(quota("PerMinute", "0s")).retry_delay, 0U);
  for (const auto* body : {"", "[]", "[1]", "{", R"({"error":"words"})", R"({"error":{"details":{}}})", R"({"error":{"details":[3]}})"})
    EXPECT_EQ(read_gemini_details(body).retry_delay, std::nullopt) << body;
}

}  // namespace
}  // namespace penstock::dialect
