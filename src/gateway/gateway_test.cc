// The gateway's stages, each through real sockets: who may ask, where a request goes, what is refused and how.
#include "gateway/gateway.h"

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
using testing::MatchesRegex;
using testing::Not;

TEST(gateway, a_whole_answer) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages?beta=true", message_body("claude-sonnet-5", false)));
  EXPECT_TRUE(reply.whole) << reply.fault;
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, kMessage);
  EXPECT_EQ(reply.field("content-type"), "application/json");
  EXPECT_EQ(reply.field("x-penstock-provider"), "claude");
  EXPECT_EQ(reply.field("x-penstock-model"), "claude-sonnet-5");
  EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
  EXPECT_EQ(reply.field("x-penstock-route"), "model id");
  EXPECT_THAT(reply.field("request-id"), MatchesRegex("req_[0-9a-f]{24}"));
  ASSERT_EQ(provider.seen().size(), 1U);
  EXPECT_THAT(provider.seen().front().head, testing::StartsWith("POST /v1/messages?beta=true HTTP/1.1\r\n"));
  EXPECT_EQ(provider.seen().front().body, message_body("claude-sonnet-5", false));
}

TEST(gateway, a_streamed_answer) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_TRUE(reply.whole) << reply.fault;
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, joined(kMessageEvents));
  EXPECT_EQ(reply.field("content-type"), "text/event-stream; charset=utf-8");
}

// ---- who may ask

constexpr auto kTokens = "auth: { tokens: [ token-one-0123456789, token-two-0123456789 ] }\n";

TEST(gateway_authenticate, a_token_in_any_of_the_fields) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(kTokens + anthropic_at(provider.url()));
  RawClient client(gateway.port());
  const auto ask = [&](std::string_view fields) {
    return client.ask(post("/v1/messages", message_body("claude-sonnet-5", false), fields)).status;
  };
  for (const auto* field :
       {"x-api-key: token-one-0123456789\r\n", "X-Api-Key: token-two-0123456789\r\n", "authorization: Bearer token-one-0123456789\r\n",
        "Authorization: bearer token-two-0123456789\r\n", "x-penstock-key: token-one-0123456789\r\n",
        "x-litellm-api-key: token-one-0123456789\r\n", "x-litellm-api-key: Bearer token-two-0123456789\r\n",
        "x-api-key: wrong\r\nauthorization: Bearer token-one-0123456789\r\n"})
    EXPECT_EQ(ask(field), 200) << field;
  for (const auto* field : {"", "x-api-key:\r\n", "x-api-key: token-one\r\n", "x-api-key: token-one-0123456789x\r\n",
                            "authorization: Basic token-one-0123456789\r\n", "authorization: Bearer\r\n",
                            "cookie: token-one-0123456789\r\n", "x-api-key: TOKEN-ONE-0123456789\r\n"}) {
    RawClient stranger(gateway.port());
    EXPECT_EQ(stranger.ask(post("/v1/messages", message_body("claude-sonnet-5", false), field)).status, 401) << field;
  }
  EXPECT_EQ(provider.seen().size(), 8U);
  EXPECT_THAT(provider.received(), Not(HasSubstr("token-")));
}

TEST(gateway_authenticate, a_stranger_gets_anthropics_401) {
  TestGateway gateway(kTokens + anthropic_at("http://127.0.0.1:9"));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_THAT(
      reply.body,
      MatchesRegex(R"(\{"type":"error","error":\{"type":"authentication_error","message":"[^"]+"\},"request_id":"req_[0-9a-f]+"\})"));
  EXPECT_THAT(reply.body, HasSubstr(reply.field("request-id")));
  EXPECT_FALSE(reply.keep_alive) << "its body was not read";
}

TEST(gateway_authenticate, probes_need_no_token_and_the_rest_does) {
  TestGateway gateway(kTokens + anthropic_at("http://127.0.0.1:9"));
  for (const auto* path : {"/", "/api/hello", "/livez", "/readyz", "/health"}) {
    RawClient client(gateway.port());
    EXPECT_EQ(client.ask(get(path)).status, 200) << path;
  }
  for (const auto* path : {"/v1/models", "/v1/models/claude-sonnet-5", "/nowhere"}) {
    RawClient client(gateway.port());
    EXPECT_EQ(client.ask(get(path)).status, 401) << path;
  }
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(get("/health")).body, R"({"status":"ok","providers":{}})");
  EXPECT_THAT(client.ask(get("/health", "x-api-key: token-one-0123456789\r\n")).body, HasSubstr(R"("claude":{"upstream":)"));
}

TEST(gateway_authenticate, when_open_only_for_who_means_us) {
  TestGateway gateway("server: { hosts: [ Gate.Example ] }\n" + anthropic_at("http://127.0.0.1:9"));
  const auto ask = [&](std::string_view fields) {
    RawClient client(gateway.port());
    return client.ask(fmt::format("GET /v1/models HTTP/1.1\r\n{}\r\n", fields)).status;
  };
  for (const auto* ours :
       {"Host: localhost\r\n", "Host: LOCALHOST:4100\r\n", "Host: 127.0.0.1:1\r\n", "Host: [::1]:4100\r\n", "Host: gate.example\r\n",
        "Host: localhost.\r\n", "Host: localhost\r\nOrigin: http://localhost:8080\r\n", "Host: localhost\r\nOrigin: http://127.0.0.1\r\n"})
    EXPECT_EQ(ask(ours), 200) << ours;
  for (const auto* foreign :
       {"Host: evil.example\r\n", "Host: localhost.evil.example\r\n", "Host: 127.0.0.1.evil.example:4100\r\n", "Host: 10.0.0.1\r\n",
        "Host: localhost\r\nOrigin: https://evil.example\r\n", "Host: localhost\r\nOrigin: null\r\n",
        "Host: localhost\r\nOrigin: localhost\r\n", "Host: localhost\r\nOrigin: https://localhost.evil.example\r\n"})
    EXPECT_EQ(ask(foreign), 403) << foreign;
}

TEST(gateway_authenticate, with_tokens_any_host_will_do) {
  TestGateway gateway(kTokens + anthropic_at("http://127.0.0.1:9"));
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask("GET /v1/models HTTP/1.1\r\nHost: gateway.company\r\nx-api-key: token-one-0123456789\r\n\r\n").status, 200);
}

// ---- what is refused

TEST(gateway, an_unknown_model_names_near_ones) {
  TestGateway gateway(anthropic_at("http://127.0.0.1:9"));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonet-5", true)));
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr(R"("type":"not_found_error")"));
  EXPECT_THAT(reply.body, HasSubstr("claude-sonnet-5"));
  EXPECT_TRUE(reply.keep_alive);
}

TEST(gateway, a_missing_key_says_which_and_is_not_retried) {
  TestGateway gateway("providers:\n  claude: { catalog: anthropic, base_url: http://127.0.0.1:9 }\n");
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_EQ(reply.status, 502);
  EXPECT_EQ(reply.field("x-should-retry"), "false");
  EXPECT_THAT(reply.body, HasSubstr("ANTHROPIC_API_KEY"));
}

TEST(gateway, bodies_that_are_no_request) {
  TestGateway gateway(anthropic_at("http://127.0.0.1:9"));
  RawClient client(gateway.port());
  for (const auto* body : {"", "[]", "{", "hello", R"({"model":"claude-sonnet-5")", R"({"model":1,"messages":[]})",
                           R"({"model":"a","model":"b","messages":[]})", R"({"model":"claude-sonnet-5\r\nx-evil: 1","messages":[]})",
                           "{\"model\":\"\xff\"}"}) {
    const auto reply = client.ask(post("/v1/messages", body));
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.body, testing::StartsWith(R"({"type":"error","error":{"type":"invalid_request_error","message":")")) << body;
  }
}

TEST(gateway, a_name_cannot_write_into_the_answers_head) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(fmt::format("providers:\n  any: {{ base_url: {}, auth: none }}\n", provider.url()));
  RawClient client(gateway.port());
  for (const auto* name : {R"(any/a\r\nx-evil: 1)", R"(any/\u0000)", R"(any/a\u007f)"})
    EXPECT_EQ(client.ask(post("/v1/messages", message_body(name, false))).status, 400);
  const auto reply = client.ask(post("/v1/messages", message_body(R"(any/m\u00e9)", false)));
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(provider.seen().back().body, HasSubstr("m\xc3\xa9"));
}

TEST(gateway, a_body_over_the_bound_is_413) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway("server: { max_body: 1KiB }\n" + anthropic_at(provider.url()));
  const auto body = message_body("claude-sonnet-5", false, R"(, "x": ")" + std::string(2000, 'x') + '"');
  for (const auto& request :
       {post("/v1/messages", body),
        "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body) + "0\r\n\r\n"}) {
    RawClient client(gateway.port());
    const auto reply = client.ask(request);
    EXPECT_EQ(reply.status, 413);
    EXPECT_THAT(reply.body, testing::StartsWith(R"({"type":"error","error":{"type":"request_too_large","message":")"));
    EXPECT_TRUE(client.closed());
  }
  EXPECT_EQ(provider.connections(), 0U);
}

TEST(gateway, a_slow_body_is_408) {
  GatewayOptions options;
  options.limits.body_idle = std::chrono::milliseconds(60);
  TestGateway gateway(anthropic_at("http://127.0.0.1:9"), options);
  RawClient client(gateway.port());
  client.send("POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_EQ(client.reply().status, 408);
  EXPECT_TRUE(client.closed());
}

TEST(gateway, beyond_max_inflight_is_503_at_once) {
  Gate go_on;
  ScriptedProvider provider([&](Visit& visit) {
    while (visit.request()) {
      go_on.wait();
      visit.send(whole_answer(kMessage));
    }
  });
  TestGateway gateway("server: { max_inflight: 2 }\n" + anthropic_at(provider.url()));
  const auto request = post("/v1/messages", message_body("claude-sonnet-5", false));
  RawClient one(gateway.port()), two(gateway.port()), three(gateway.port());
  one.send(request);
  two.send(request);
  ASSERT_TRUE(provider.wait_for_requests(2));
  const auto reply = three.ask(request);
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.field("retry-after"), "1");
  EXPECT_THAT(reply.body, HasSubstr(R"("type":"overloaded_error")"));
  go_on.open();
  EXPECT_EQ(one.reply().status, 200);
  EXPECT_EQ(two.reply().status, 200);
  RawClient again(gateway.port());
  EXPECT_EQ(again.ask(request).status, 200);
}

// ---- counting

TEST(gateway_count_tokens, is_forwarded_where_the_provider_can) {
  ScriptedProvider provider(whole_answer(R"({"input_tokens":42})"));
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages/count_tokens?beta=true", message_body("claude-sonnet-5", false)));
  EXPECT_EQ(reply.body, R"({"input_tokens":42})");
  EXPECT_THAT(provider.seen().at(0).head, testing::StartsWith("POST /v1/messages/count_tokens?beta=true HTTP/1.1\r\n"));
}

TEST(gateway_count_tokens, is_estimated_elsewhere) {
  ScriptedProvider provider(whole_answer("{}", 404));
  TestGateway gateway(third_party_at(provider.url()));
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages/count_tokens", message_body("m", false)));
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, MatchesRegex(R"(\{"input_tokens":[1-9][0-9]*\})"));
  EXPECT_EQ(provider.connections(), 0U);
}

TEST(gateway_count_tokens, a_404_is_remembered) {
  ScriptedProvider provider(whole_answer("{}", 404));
  TestGateway gateway(
      fmt::format("providers:\n  other: {{ base_url: {}, api_key: k, count_tokens: true, models: [ {{ id: m }} ] }}\n", provider.url()));
  RawClient client(gateway.port());
  for (int turn = 0; turn < 3; ++turn) {
    const auto reply = client.ask(post("/v1/messages/count_tokens", message_body("m", false)));
    EXPECT_THAT(reply.body, MatchesRegex(R"(\{"input_tokens":[1-9][0-9]*\})"));
  }
  EXPECT_EQ(provider.seen().size(), 1U);
}

TEST(gateway_count_tokens, a_provider_that_is_away_is_no_reason_not_to_answer) {
  TestGateway gateway("providers:\n  other: { base_url: http://127.0.0.1:9, api_key: k, count_tokens: true, models: [ { id: m } ] }\n");
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(post("/v1/messages/count_tokens", message_body("m", false))).status, 200);
}

// ---- reload and drain

TEST(gateway, a_reload_serves_the_next_request) {
  ScriptedProvider before(answer_messages), after(answer_messages);
  TestGateway gateway(anthropic_at(before.url()));
  RawClient client(gateway.port());
  client.ask(post("/v1/messages", message_body("claude-sonnet-5", false)));
  gateway.reload(anthropic_at(after.url()));
  client.ask(post("/v1/messages", message_body("claude-sonnet-5", false)));
  EXPECT_EQ(before.seen().size(), 1U);
  EXPECT_EQ(after.seen().size(), 1U);
}

TEST(gateway, draining_answers_say_close) {
  TestGateway gateway(anthropic_at("http://127.0.0.1:9"));
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(get("/readyz")).status, 200);
  gateway.drain();
  const auto reply = client.ask(get("/readyz"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_FALSE(reply.keep_alive);
  EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace penstock::gateway
