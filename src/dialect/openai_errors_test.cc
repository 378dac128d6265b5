#include "dialect/openai_errors.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

TEST(OpenAiErrors, StatusTypeAndCode) {
  struct Row {
    int status, openai;
    std::string_view type, code;
  };
  for (const auto& [status, openai, type, code] : std::initializer_list<Row>{
           {400, 400, "invalid_request_error", ""},
           {401, 401, "authentication_error", "invalid_api_key"},
           {402, 429, "insufficient_quota", "insufficient_quota"},
           {403, 403, "permission_error", ""},
           {413, 413, "invalid_request_error", "request_too_large"},
           {422, 422, "invalid_request_error", ""},
           {429, 429, "rate_limit_error", "rate_limit_exceeded"},
           {500, 500, "server_error", ""},
           {502, 502, "server_error", ""},
           {503, 503, "server_error", ""},
           {504, 504, "timeout_error", ""},
           {529, 503, "server_error", "server_overloaded"},
       }) {
    const auto said = openai_error({.status = status, .type = "x", .message = "words"});
    EXPECT_EQ(said.status, openai) << status;
    EXPECT_EQ(said.type, type) << status;
    EXPECT_EQ(said.code, code) << status;
    EXPECT_EQ(said.message, "words") << status;
  }
}

TEST(OpenAiErrors, AFullContextIsKnownByItsCode) {
  const auto said =
      openai_error({.status = 400, .type = "invalid_request_error", .message = "prompt is too long: 210000 tokens > 200000 maximum"});
  EXPECT_EQ(said.code, "context_length_exceeded");
  EXPECT_EQ(said.param, "messages");
  EXPECT_EQ(
      said.message,
      "This model's maximum context length is 200000 tokens. However, your messages resulted in 210000 tokens. Please reduce the length "
      "of the messages.");
  EXPECT_EQ(openai_error({.status = 400, .message = "prompt is too long"}).code, "context_length_exceeded");
  EXPECT_EQ(openai_error({.status = 400, .message = "input length and `max_tokens` exceed context limit: 1 + 2 > 2, decrease"}).code,
            "context_length_exceeded");
  EXPECT_EQ(openai_error({.status = 429, .message = "prompt is too long"}).code, "rate_limit_exceeded");
}

TEST(OpenAiErrors, ModelsAndFieldsAreNamed) {
  EXPECT_EQ(openai_error({.status = 404, .message = "no model is called x"}).code, "model_not_found");
  EXPECT_EQ(openai_error({.status = 404, .message = "no such path"}).code, "");
  EXPECT_EQ(openai_error({.status = 400, .message = "messages.3.content.0.image_url.url: field required"}).param,
            "messages.3.content.0.image_url.url");
  EXPECT_EQ(openai_error({.status = 400, .message = "a provider said: no"}).param, "");
}

TEST(OpenAiErrors, Bodies) {
  const ClientError error{.status = 400, .type = "invalid_request_error", .message = "n: \"two\"\xff"};
  EXPECT_EQ(openai_error_body(error),
            "{\"error\":{\"message\":\"n: \\\"two\\\"\xef\xbf\xbd\",\"type\":\"invalid_request_error\",\"param\":\"n\",\"code\":null}}");
  EXPECT_EQ(openai_error_event(error), "data: " + openai_error_body(error) + "\n\n");
}

TEST(OpenAiErrors, AStreamOfResponsesEndsTwice) {
  const ClientError full{.status = 400, .type = "invalid_request_error", .message = "prompt is too long: 2 tokens > 1 maximum"};
  const auto event = openai_responses_error_event(full);
  EXPECT_TRUE(event.starts_with("event: error\ndata: {\"type\":\"error\",\"sequence_number\":0,\"code\":\"context_length_exceeded\","));
  EXPECT_TRUE(event.contains(openai_error_body(full).substr(1) + "\n\nevent: response.failed\n"));
  EXPECT_TRUE(event.contains(R"("status":"failed","error":{"code":"context_length_exceeded","message":"This model's maximum)"));
  EXPECT_TRUE(
      openai_responses_error_event(full, R"({"id":"resp_1"})", 7).ends_with("\"sequence_number\":8,\"response\":{\"id\":\"resp_1\"}}\n\n"));
  EXPECT_EQ(openai_response_error({.status = 500, .message = "x"}), R"({"code":"server_error","message":"x"})");
}

TEST(OpenAiErrors, WhatIsNotStoredIsNotFound) {
  const auto error =
      openai_error({.status = 400, .message = "Previous response with id 'resp_1' not found. Responses are not stored here."});
  EXPECT_EQ(error.code, "previous_response_not_found");
  EXPECT_EQ(error.param, "previous_response_id");
  EXPECT_EQ(error.status, 400);
}

}  // namespace
}  // namespace penstock::dialect
