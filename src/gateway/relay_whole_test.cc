// Whole answers and errors: passed as they are, translated, or replaced by an error; never half of one.
#include "gateway/relay_whole.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Asks once; the provider answers with these bytes and closes.
Reply answered(bool transparent, bool stream, const std::string& bytes, const std::string& more_yaml = "") {
  ScriptedProvider provider([&](Visit& visit) {
    if (visit.request()) visit.send(bytes);
  });
  TestGateway gateway((transparent ? anthropic_at(provider.url()) : third_party_at(provider.url())) + more_yaml);
  RawClient client(gateway.port());
  return client.ask(post("/v1/messages", message_body(transparent ? "claude-sonnet-5" : "m", stream)));
}

TEST(gateway_whole, cut_anywhere_it_is_an_error) {
  const std::string answer = whole_answer(kMessage),
                    in_chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk(kMessage) + "0\r\n\r\n";
  for (const bool stream : {false, true}) {
    for (const auto& all : {answer, in_chunks}) {
      std::size_t at = 0;
      ScriptedProvider provider([&](Visit& visit) {
        if (visit.request()) visit.send(all.substr(0, at));
      });
      TestGateway gateway(third_party_at(provider.url()));
      for (at = 0; at < all.size(); at += 3) {
        RawClient client(gateway.port());
        const auto reply = client.ask(post("/v1/messages", message_body("m", stream)));
        ASSERT_TRUE(reply.whole) << reply.fault << " cut at " << at;
        ASSERT_EQ(reply.status, 529) << at;
        ASSERT_THAT(reply.body, StartsWith(R"({"type":"error","error":{"type":"overloaded_error")"));
      }
    }
  }
}

TEST(gateway_whole, until_close_a_cut_json_is_an_error) {
  const auto reply = answered(false, false, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + kMessage.substr(0, 100));
  EXPECT_EQ(reply.status, 502) << reply.body;
  EXPECT_EQ(answered(false, false, "HTTP/1.1 200 OK\r\n\r\n" + kMessage).body, kMessage);
}

TEST(gateway_whole, anthropics_errors_pass_byte_for_byte) {
  const std::string body =
      R"({ "type":"error", "error":{"type":"rate_limit_error","message":"\u00e9 slow  down","details":{"x":1}} , "request_id":"req_011" })";
  for (const int status : {400, 402, 403, 404, 413, 429, 500, 529}) {
    for (const bool stream : {false, true}) {
      const auto reply =
          answered(true, stream,
                   whole_answer(body, status,
                                "content-type: application/json; x=y\r\nrequest-id: req_011\r\nRetry-After: 7\r\nx-should-retry: false\r\n"
                                "anthropic-ratelimit-requests-remaining: 0\r\n"));
      EXPECT_EQ(reply.status, status);
      EXPECT_EQ(reply.body, body);
      EXPECT_EQ(reply.field("content-type"), "application/json; x=y");
      EXPECT_EQ(reply.field("request-id"), "req_011");
      EXPECT_EQ(reply.field("retry-after"), "7");
      EXPECT_EQ(reply.field("x-should-retry"), "false");
      EXPECT_EQ(reply.field("anthropic-ratelimit-requests-remaining"), "") << "it is the credential's, not the client's";
    }
  }
}

TEST(gateway_whole, a_providers_401_is_not_the_clients) {
  const auto refusal = whole_answer(R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})", 401);
  for (const bool transparent : {true, false}) {
    const auto reply = answered(transparent, false, refusal);
    EXPECT_EQ(reply.status, 502);
    EXPECT_THAT(reply.body, HasSubstr("refuses its key"));
    EXPECT_EQ(reply.field("x-should-retry"), "false");
  }
}

TEST(gateway_whole, unless_it_was_the_clients_own_credential) {
  const std::string body = R"({"type":"error","error":{"type":"authentication_error","message":"OAuth token has expired"}})";
  ScriptedProvider provider(whole_answer(body, 401));
  TestGateway gateway(fmt::format("providers:\n  claude: {{ catalog: anthropic, base_url: '{}', credentials: {{ mode: passthrough }} }}\n",
                                  provider.url()));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", false), "authorization: Bearer mine\r\n"));
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.body, body);
}

TEST(gateway_whole, others_errors_speak_anthropics_language) {
  struct Row {
    int status;
    std::string_view body;
    int client_status;
    std::string_view type, words;
  };
  const Row rows[] = {
      {400, R"({"error":{"message":"This model's maximum context length is 1000 tokens. However, your messages resulted in 2345 tokens"}})",
       400, "invalid_request_error", "prompt is too long: 2345 tokens > 1000 maximum"},
      {429, R"({"error":{"code":"1302","message":"slow"}})", 429, "rate_limit_error", "slow"},
      {500, "<html><body>oops</body></html>", 500, "api_error", "other"},
      {503, "", 529, "overloaded_error", "other"},
      {404, R"({"detail":"Not Found"})", 404, "not_found_error", "Not Found"},
  };
  for (const auto& row : rows) {
    const auto reply = answered(false, true, whole_answer(row.body, row.status, "retry-after: 3\r\n"));
    EXPECT_EQ(reply.status, row.client_status) << row.body << reply.body;
    EXPECT_THAT(reply.body, StartsWith(fmt::format(R"({{"type":"error","error":{{"type":"{}","message":")", row.type)));
    EXPECT_THAT(reply.body, HasSubstr(std::string(row.words)));
    EXPECT_EQ(reply.field("content-type"), "application/json");
  }
}

TEST(gateway_whole, a_404_that_names_no_model_says_where_to_look) {
  const auto hint = HasSubstr("look at providers.other.base_url, and at providers.other.dialect, which is anthropic");
  for (const auto* body : {R"({"detail":"Not Found"})", "404 page not found", "<html><title>Not found</title></html>", ""})
    EXPECT_THAT(answered(false, false, whole_answer(body, 404)).body, hint) << body;
  for (const auto* body :
       {R"({"error":{"message":"The model `x` does not exist"}})", R"({"error":{"code":"model_not_found","message":"no"}})"})
    EXPECT_THAT(answered(false, false, whole_answer(body, 404)).body, testing::Not(hint)) << body;
  EXPECT_THAT(answered(true, false, whole_answer(R"({"detail":"Not Found"})", 404)).body, testing::Not(hint))
      << "Anthropic's own words pass";
}

TEST(gateway_whole, an_error_under_200_is_an_error) {
  for (const auto* body :
       {"", "<html>no</html>", R"({"error":{"message":"busy"}})", R"({"base_resp":{"status_code":1002,"status_msg":"limit"}})"}) {
    for (const bool stream : {false, true}) {
      const auto reply = answered(false, stream, whole_answer(body));
      EXPECT_GE(reply.status, 400) << body;
      EXPECT_THAT(reply.body, StartsWith(R"({"type":"error")"));
    }
  }
}

TEST(gateway_whole, fields_that_pass_and_fields_that_stay) {
  const auto reply = answered(
      true, false,
      whole_answer(kMessage, 200,
                   "Content-Type: application/json\r\nSet-Cookie: a=b\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nAlt-Svc: h3\r\n"
                   "Strict-Transport-Security: max-age=1\r\nx-penstock-provider: lie\r\nanthropic-ratelimit-unified-status: allowed\r\n"
                   "anthropic-ratelimit-tokens-limit: 9\r\nX-Unknown: kept\r\nanthropic-organization-id: o\r\nServer: theirs\r\n"));
  for (const auto* name : {"set-cookie", "x-hop", "keep-alive", "alt-svc", "strict-transport-security",
                           "anthropic-ratelimit-unified-status", "anthropic-ratelimit-tokens-limit", "connection"})
    EXPECT_FALSE(reply.has_field(name)) << name;
  EXPECT_EQ(reply.field("x-unknown"), "kept");
  EXPECT_EQ(reply.field("anthropic-organization-id"), "o");
  EXPECT_EQ(reply.field("x-penstock-provider"), "claude");
}

TEST(gateway_whole, plan_limits_pass_to_whom_they_belong) {
  ScriptedProvider provider(whole_answer(kMessage, 200, "anthropic-ratelimit-unified-status: allowed\r\n"));
  TestGateway gateway(fmt::format("providers:\n  claude: {{ catalog: anthropic, base_url: '{}', credentials: {{ mode: passthrough }} }}\n",
                                  provider.url()));
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(post("/v1/messages", message_body("claude-sonnet-5", false))).field("anthropic-ratelimit-unified-status"),
            "allowed");
}

TEST(gateway_whole, a_model_answers_under_the_name_that_the_configuration_wants) {
  EXPECT_THAT(answered(false, false, whole_answer(kMessage), "answers: { model: asked }\n").body, HasSubstr(R"("model":"m")"));
  EXPECT_EQ(answered(false, false, whole_answer(kMessage), "answers: { model: provider }\n").body, kMessage);
  EXPECT_THAT(answered(false, true, stream_answer(), "answers: { model: asked }\n").body, HasSubstr(R"("model":"m")"));
}

TEST(gateway_whole, interim_answers_are_skipped) {
  const auto reply =
      answered(false, false, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + whole_answer(kMessage));
  EXPECT_EQ(reply.body, kMessage);
  EXPECT_FALSE(reply.has_field("link"));
}

TEST(gateway_whole, interim_answers_without_end_are_refused) {
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "HTTP/1.1 102 Processing\r\nx: " + std::string(100, 'x') + "\r\n\r\n";
  EXPECT_EQ(answered(false, false, many + whole_answer(kMessage)).status, 502);
}

TEST(gateway_whole, a_protocol_switch_is_refused) {
  EXPECT_EQ(answered(true, false, "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n").status, 502);
}

}  // namespace
}  // namespace penstock::gateway
