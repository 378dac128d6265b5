#include "policy/failure.h"

#include <gtest/gtest.h>

namespace penstock::policy {
namespace {

struct Answered {
  int status;
  std::string_view body;
  std::string_view trouble;
};

Failure answered(int status, std::string_view body) {
  Failure failure;
  failure.stage = Stage::before_content;
  failure.status = status;
  failure.text = dialect::read_error(body, "application/json");
  return failure;
}

// Bodies as providers send them (wire-reference 1.10, 3.9, 3.10, section 4).
constexpr Answered kAnswers[] = {
    {400, R"({"type":"error","error":{"type":"invalid_request_error","message":"messages: at least one message is required"}})",
     "bad_request"},
    {400, R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 213462 tokens > 200000 maximum"}})",
     "overflow"},
    {400, R"({"error":{"message":"This model's maximum context length is 131072 tokens.","code":"context_length_exceeded"}})", "overflow"},
    {413, R"({"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}})", "too_large"},
    {413, R"({"error":{"message":"Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000"}})", "too_large"},
    {429, R"({"error":{"message":"Request too large for gpt in organization on tokens per min (TPM): Limit 30000, Requested 50000."}})",
     "too_large"},
    {400, R"({"type":"error","error":{"type":"invalid_request_error","message":"context_management: Extra inputs are not permitted"}})",
     "feature_refused"},
    {422, R"({"detail":[{"loc":["body","top_k"],"msg":"Extra inputs are not permitted"}]})", "feature_refused"},
    {400, R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API"}})",
     "no_balance"},
    {401, R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})", "bad_credential"},
    {402, R"({"error":{"message":"Insufficient Balance"}})", "no_balance"},
    {403, R"({"error":{"message":"Invalid API key"}})", "bad_credential"},
    {403, R"({"error":{"type":"access_terminated_error","message":"only available for Coding Agents"}})", "forbidden"},
    {403, "<html><title>Attention Required!</title></html>", "forbidden"},
    {403, R"({"error":{"message":"This request requires more credits"}})", "no_balance"},
    {400, R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}})",
     "bad_credential"},
    {404, R"({"type":"error","error":{"type":"not_found_error","message":"model: claude-x"}})", "no_model"},
    {404, "", "no_model"},
    {404, R"({"error":{"message":"No endpoints found that support image input","code":404}})", "feature_refused"},
    {400, R"({"error":{"message":"Model Not Exist","type":"invalid_request_error"}})", "no_model"},
    {408, "", "timeout"},
    {409, R"({"type":"error","error":{"type":"conflict_error","message":"conflict"}})", "conflict"},
    {429,
     R"({"type":"error","error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your per-minute rate limit"}})",
     "rate_limited"},
    {429, "", "rate_limited"},
    {429,
     R"({"error":{"message":"You exceeded your current quota, please check your plan","type":"insufficient_quota","code":"insufficient_quota"}})",
     "no_balance"},
    {429, R"([{"error":{"code":429,"message":"You exceeded your current quota. Please retry in 26.3s.","status":"RESOURCE_EXHAUSTED"}}])",
     "rate_limited"},
    {429, R"({"error":{"message":"The engine is currently overloaded, please try again later","type":"engine_overloaded_error"}})",
     "overloaded"},
    {429, R"({"error":{"code":429,"message":"Provider returned error","metadata":{"raw":"x is temporarily rate-limited upstream."}}})",
     "overloaded"},
    {429, R"({"error":{"code":"1113","message":"Insufficient balance or no resource package. Please recharge."}})", "no_balance"},
    {500, R"({"type":"error","error":{"type":"api_error","message":"Internal server error"}})", "server_error"},
    {500, R"({"error":{"code":"1305","message":"The service may be temporarily overloaded"}})", "overloaded"},
    {500, R"({"error":{"code":500,"message":"image input is not supported - hint: you may need the mmproj","type":"server_error"}})",
     "feature_refused"},
    {502, "<html><title>502 Bad Gateway</title></html>", "server_error"},
    {503, R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})", "overloaded"},
    {504, "", "timeout"},
    {520, "", "server_error"},
    {522, "", "unreachable"},
    {526, "", "tls"},
    {529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", "overloaded"},
    {301, "", "redirect"},
    {418, "", "bad_request"},
    {400, R"({"error":{"message":"Failed to call a function.","type":"invalid_request_error","code":"tool_use_failed"}})", "malformed"},
    {400, R"({"error":{"message":"The response was filtered","code":"content_filter"}})", "refusal"},
    {400, R"({"error":{"message":"Input data may contain inappropriate content.","code":"data_inspection_failed"}})", "refusal"},
};

TEST(Failure, Answers) {
  for (const auto& [status, body, trouble] : kAnswers) EXPECT_EQ(name(recognise(answered(status, body))), trouble) << status << ' ' << body;
}

TEST(Failure, ErrorsInsideA200) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", "overloaded"},
      {R"({"type":"error","error":{"type":"api_error","message":"Internal server error"}})", "server_error"},
      {R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})", "rate_limited"},
      {R"({"error":{"code":502,"message":"Provider disconnected"}})", "server_error"},
      {R"({"error":{"code":429,"message":"Rate limited"}})", "rate_limited"},
      {R"({"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}})", "no_balance"},
      {R"({"base_resp":{"status_code":2013,"status_msg":"invalid params, context window exceeds limit"}})", "overflow"},
      {R"({"error":{"message":"something"}})", "server_error"},
  };
  for (const auto& [body, trouble] : cases) {
    Failure failure = answered(200, body);
    failure.inside = Inside::error;
    EXPECT_EQ(name(recognise(failure)), trouble) << body;
  }
}

TEST(Failure, AnswersThatAreNone) {
  const std::pair<Inside, Trouble> cases[] = {{Inside::refusal, Trouble::refusal},
                                              {Inside::empty, Trouble::empty},
                                              {Inside::malformed, Trouble::malformed},
                                              {Inside::cut, Trouble::reset}};
  for (const auto& [inside, trouble] : cases) {
    Failure failure = answered(200, "");
    failure.inside = inside;
    EXPECT_EQ(recognise(failure), trouble);
  }
}

TEST(Failure, Connections) {
  struct Case {
    Stage stage;
    ErrorKind kind;
    Trouble trouble;
  };
  const Case cases[] = {
      {Stage::connect, ErrorKind::connection, Trouble::unreachable},
      {Stage::connect, ErrorKind::timeout, Trouble::unreachable},
      {Stage::tls, ErrorKind::connection, Trouble::unreachable},
      {Stage::tls, ErrorKind::protocol, Trouble::tls},
      {Stage::send, ErrorKind::connection, Trouble::reset},
      {Stage::first_byte, ErrorKind::timeout, Trouble::timeout},
      {Stage::first_byte, ErrorKind::connection, Trouble::reset},
      {Stage::head, ErrorKind::connection, Trouble::reset},
      {Stage::head, ErrorKind::protocol, Trouble::malformed},
      {Stage::before_content, ErrorKind::timeout, Trouble::timeout},
      {Stage::connect, ErrorKind::cancelled, Trouble::cancelled},
      {Stage::connect, ErrorKind::config, Trouble::ours},
      {Stage::connect, ErrorKind::authentication, Trouble::bad_credential},
  };
  for (const auto& [stage, kind, trouble] : cases) {
    Failure failure;
    failure.stage = stage;
    failure.kind = kind;
    EXPECT_EQ(name(recognise(failure)), name(trouble)) << static_cast<int>(stage) << ' ' << static_cast<int>(kind);
  }
}

TEST(Failure, PlanLimitsAreToldFromThrottling) {
  Failure failure = answered(429, R"({"type":"error","error":{"type":"rate_limit_error","message":"limit"}})");
  failure.plan_limits = true;
  EXPECT_EQ(recognise(failure), Trouble::plan_limit);
  failure.plan_limits = false;
  failure.should_retry = false;  // a spend cap
  EXPECT_EQ(recognise(failure), Trouble::plan_limit);
  failure.should_retry = true;
  EXPECT_EQ(recognise(failure), Trouble::rate_limited);
}

TEST(Failure, WordlessRefusalOfAFullWindow) {
  Failure failure = answered(400, "");
  EXPECT_EQ(recognise(failure), Trouble::bad_request);
  failure.window_share = 0.89;
  EXPECT_EQ(recognise(failure), Trouble::bad_request);
  failure.window_share = 0.9;
  EXPECT_EQ(recognise(failure), Trouble::overflow);
  failure.status = 429;
  EXPECT_EQ(recognise(failure), Trouble::rate_limited);
}

TEST(Failure, ARepairThatDidNotHelpIsABadRequest) {
  Failure failure =
      answered(400, R"({"error":{"message":"Unsupported parameter: 'parallel_tool_calls' is not supported with this model."}})");
  failure.quirks = QuirkSet::chat;
  EXPECT_EQ(recognise(failure), Trouble::feature_refused);
  failure.repaired = {{"parallel_tools", "strip"}};
  EXPECT_EQ(recognise(failure), Trouble::bad_request);
}

}  // namespace
}  // namespace penstock::policy
