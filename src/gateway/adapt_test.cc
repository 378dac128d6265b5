// What reaches a provider: the head under each policy, the body byte for byte.
#include "gateway/adapt.h"

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

/// Every kind of field that a client may send.
constexpr std::string_view kFields =
    "X-Penstock-Key: our-token-0123456789\r\n"
    "x-litellm-api-key: sk-client-1\r\n"
    "X-Api-Key: sk-client-2\r\n"
    "Authorization: Bearer sk-client-3\r\n"
    "Cookie: session=sk-client-4\r\n"
    "Proxy-Authorization: Basic sk-client-5\r\n"
    "Connection: keep-alive, X-Hop\r\n"
    "X-Hop: 1\r\n"
    "Keep-Alive: timeout=5\r\n"
    "TE: trailers\r\n"
    "Accept: application/json\r\n"
    "Accept-Encoding: gzip, br\r\n"
    "Content-Type: application/json\r\n"
    "Origin: http://localhost\r\n"
    "Referer: http://localhost/x\r\n"
    "User-Agent: claude-cli/2.1.197 (external, cli)\r\n"
    "X-Claude-Code-Session-Id: 1234\r\n"
    "X-Stainless-Lang: js\r\n"
    "X-Unknown: kept \xc3\xa9\r\n"
    "anthropic-version: 2026-10-21\r\n"
    "anthropic-beta: claude-code-20250219,context-1m-2025-08-07\r\n"
    "anthropic-beta: oauth-2025-04-20\r\n"
    "Anthropic-Dangerous-Direct-Browser-Access: true\r\n";

constexpr auto kToken = "auth: { tokens: [ our-token-0123456789 ] }\n";

/// The request that the provider saw.
Seen sent(const std::string& yaml, ScriptedProvider& provider, std::string_view model, std::string_view fields = kFields,
          std::string_view target = "/v1/messages?beta=true&x=%20y") {
  TestGateway gateway(kToken + yaml);
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(post(target, message_body(model, false), fields)).status, 200);
  return provider.seen().empty() ? Seen{} : provider.seen().front();
}

TEST(gateway_adapt, to_anthropic_all_passes_but_the_connections_own_and_credentials) {
  ScriptedProvider provider(answer_messages);
  const auto seen = sent(anthropic_at(provider.url()), provider, "claude-sonnet-5");
  EXPECT_EQ(seen.head, fmt::format("POST /v1/messages?beta=true&x=%20y HTTP/1.1\r\n"
                                   "host: 127.0.0.1:{}\r\n"
                                   "Accept: application/json\r\n"
                                   "Content-Type: application/json\r\n"
                                   "User-Agent: claude-cli/2.1.197 (external, cli)\r\n"
                                   "X-Claude-Code-Session-Id: 1234\r\n"
                                   "X-Stainless-Lang: js\r\n"
                                   "X-Unknown: kept \xc3\xa9\r\n"
                                   "anthropic-version: 2026-10-21\r\n"
                                   "anthropic-beta: claude-code-20250219,context-1m-2025-08-07\r\n"
                                   "anthropic-beta: oauth-2025-04-20\r\n"
                                   "Anthropic-Dangerous-Direct-Browser-Access: true\r\n"
                                   "x-api-key: sk-provider-secret\r\n"
                                   "accept-encoding: identity\r\n"
                                   "content-length: {}\r\n\r\n",
                                   provider.port(), seen.body.size()));
}

TEST(gateway_adapt, to_others_only_what_they_understand) {
  ScriptedProvider provider(answer_messages);
  const auto seen = sent(third_party_at(provider.url()), provider, "m");
  EXPECT_EQ(seen.head, fmt::format("POST /v1/messages HTTP/1.1\r\n"
                                   "host: 127.0.0.1:{}\r\n"
                                   "content-type: application/json\r\n"
                                   "accept: application/json, text/event-stream\r\n"
                                   "anthropic-version: 2023-06-01\r\n"
                                   "user-agent: claude-cli/2.1.197 (external, cli)\r\n"
                                   "x-api-key: sk-other-secret\r\n"
                                   "accept-encoding: identity\r\n"
                                   "content-length: {}\r\n\r\n",
                                   provider.port(), seen.body.size()));
}

TEST(gateway_adapt, nothing_of_the_clients_credentials_reaches_a_provider) {
  for (const bool transparent : {true, false}) {
    ScriptedProvider provider(answer_messages);
    sent(transparent ? anthropic_at(provider.url()) : third_party_at(provider.url()), provider, transparent ? "claude-sonnet-5" : "m");
    EXPECT_THAT(provider.received(), Not(HasSubstr("sk-client")));
    EXPECT_THAT(provider.received(), Not(HasSubstr("our-token")));
  }
}

TEST(gateway_adapt, credentials_in_each_scheme) {
  struct Row {
    const char *entry, *name, *value;
  };
  for (const auto& [entry, name, value] :
       {Row{"api_key: sk-1", "x-api-key", "sk-1"}, Row{"api_key: sk-1, auth: bearer", "authorization", "Bearer sk-1"},
        Row{"api_key: sk-1, auth: { header: X-Team-Key }", "x-team-key", "sk-1"}, Row{"auth: none", "x-none", ""}}) {
    ScriptedProvider provider(answer_messages);
    const auto seen = sent(fmt::format("providers:\n  p: {{ base_url: '{}', {} }}\n", provider.url(), entry), provider, "p/m");
    EXPECT_EQ(seen.field(name), value) << entry;
    EXPECT_EQ(seen.has_field("x-api-key") + seen.has_field("authorization") + seen.has_field("x-team-key"), *value ? 1 : 0) << entry;
  }
}

TEST(gateway_adapt, passthrough_keeps_the_clients_own_credential_and_drops_our_token) {
  ScriptedProvider provider(answer_messages);
  const std::string yaml =
      fmt::format("providers:\n  claude: {{ catalog: anthropic, base_url: '{}', credentials: {{ mode: passthrough }} }}\n", provider.url());
  const auto seen =
      sent(yaml, provider, "claude-sonnet-5",
           "x-penstock-key: our-token-0123456789\r\nx-api-key: our-token-0123456789\r\nAuthorization: Bearer sk-ant-oat01-mine\r\n"
           "anthropic-beta: oauth-2025-04-20\r\n");
  EXPECT_EQ(seen.field("authorization"), "Bearer sk-ant-oat01-mine");
  EXPECT_EQ(seen.field("anthropic-beta"), "oauth-2025-04-20");
  EXPECT_THAT(provider.received(), Not(HasSubstr("our-token")));
}

TEST(gateway_adapt, passthrough_never_sends_our_token_as_a_bearer) {
  ScriptedProvider provider(answer_messages);
  const std::string yaml =
      fmt::format("providers:\n  claude: {{ catalog: anthropic, base_url: '{}', credentials: {{ mode: passthrough }} }}\n", provider.url());
  sent(yaml, provider, "claude-sonnet-5", "Authorization: Bearer our-token-0123456789\r\n");
  EXPECT_THAT(provider.received(), Not(HasSubstr("our-token")));
}

TEST(gateway_adapt, a_subscriptions_token_goes_as_bearer_with_its_beta) {
  struct Row {
    const char *more, *fields, *betas;
  };
  constexpr auto kOurs = "oauth-2025-04-20";
  for (const auto& [more, fields, betas] :
       {Row{"", "", kOurs}, Row{"", "anthropic-beta: a,b\r\nAnthropic-Beta: c\r\n", "a,b,c,oauth-2025-04-20"},
        Row{"", "anthropic-beta: oauth-2025-04-20, a\r\n", "oauth-2025-04-20, a"},
        Row{", headers: { anthropic-beta: team }", "anthropic-beta: a\r\n", "team,oauth-2025-04-20"}}) {
    ScriptedProvider provider(answer_messages);
    const auto yaml = fmt::format("providers:\n  claude: {{ catalog: anthropic, base_url: '{}', api_key: sk-ant-oat01-subscription{} }}\n",
                                  provider.url(), more);
    const auto seen = sent(yaml, provider, "claude-sonnet-5", fmt::format("x-penstock-key: our-token-0123456789\r\n{}", fields));
    EXPECT_EQ(seen.field("authorization"), "Bearer sk-ant-oat01-subscription");
    EXPECT_FALSE(seen.has_field("x-api-key"));
    EXPECT_EQ(seen.field("anthropic-beta"), betas);
    EXPECT_EQ(seen.head.find("nthropic-beta"), seen.head.rfind("nthropic-beta")) << "one field";
  }
}

TEST(gateway_adapt, configured_fields_replace_the_clients) {
  for (const bool transparent : {true, false}) {
    ScriptedProvider provider(answer_messages);
    const auto yaml = fmt::format(
        "providers:\n  p: {{ {}base_url: '{}', api_key: k, headers: {{ X-Unknown: ours, User-Agent: team, Anthropic-Version: '2024-01-01' "
        "}} }}\n",
        transparent ? "catalog: anthropic, " : "", provider.url());
    const auto seen = sent(yaml, provider, "p/claude-sonnet-5");
    EXPECT_EQ(seen.field("x-unknown"), "ours");
    EXPECT_EQ(seen.field("user-agent"), "team");
    EXPECT_EQ(seen.field("anthropic-version"), "2024-01-01");
    EXPECT_THAT(seen.head, Not(HasSubstr("claude-cli")));
    EXPECT_THAT(seen.head, Not(HasSubstr("2026-10-21")));
  }
}

TEST(gateway_adapt, base_urls_with_a_path_and_a_v1) {
  struct Row {
    const char *suffix, *path;
  };
  for (const auto& [suffix, path] :
       {Row{"", "/v1/messages"}, Row{"/", "/v1/messages"}, Row{"/v1", "/v1/messages"}, Row{"/v1/", "/v1/messages"},
        Row{"/anthropic", "/anthropic/v1/messages"}, Row{"/anthropic/v1/", "/anthropic/v1/messages"}}) {
    ScriptedProvider provider(answer_messages);
    const auto seen = sent(fmt::format("providers:\n  p: {{ base_url: '{}{}', api_key: k }}\n", provider.url(), suffix), provider, "p/m");
    EXPECT_THAT(seen.head, testing::StartsWith(fmt::format("POST {} HTTP/1.1\r\n", path))) << suffix;
  }
}

TEST(gateway_adapt, to_anthropic_the_body_changes_in_the_models_name_alone) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(anthropic_at(provider.url()) + "models: [ { name: fast, to: claude/claude-haiku-5 } ]\n");
  const std::string_view rest = R"( ,"max_tokens" : 1.60e1,
    "metadata":{"user_id":"u"},"unknown_\u00e9":[1e400, {"a":[]}],"thinking":{"type":"adaptive"},"context_management":{"edits":[]},
    "system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1","cache_control":{"type":"ephemeral"}}],
    "messages":[{"role":"system","content":"s"},{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"EqQB/="}]}] , "stream":false }   )";
  const auto with = [&](std::string_view model) { return fmt::format("\n {{ \"model\" :\t\"{}\"{}", model, rest); };
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(post("/v1/messages", with("fast"))).status, 200);
  EXPECT_EQ(provider.seen().at(0).body, with("claude-haiku-5"));
  EXPECT_EQ(client.ask(post("/v1/messages", with("claude-sonnet-5"))).status, 200);
  EXPECT_EQ(provider.seen().at(1).body, with("claude-sonnet-5"));
  EXPECT_EQ(client.ask(post("/to/claude/v1/messages", with("claude-via-claude/claude-sonnet-5[1m]"))).status, 200);
  EXPECT_EQ(provider.seen().at(2).body, with("claude-sonnet-5"));
}

TEST(gateway_adapt, a_large_body_arrives_whole) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  for (const std::size_t size : {15'000U, 16'384U, 65'536U, 1'000'000U, 9'000'000U}) {
    const auto body = message_body("claude-sonnet-5", false, fmt::format(R"(, "x": "{}")", std::string(size, 'z')));
    EXPECT_EQ(client.ask(post("/v1/messages", body)).status, 200);
    EXPECT_TRUE(provider.seen().back().body == body) << size;
  }
}

}  // namespace
}  // namespace penstock::gateway
