#include "gateway/pages.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/padded.h"
#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using testing::HasSubstr;
using testing::Not;

constexpr auto kTwoProviders =
    "providers:\n"
    "  zai: { api_key: k, base_url: 'http://127.0.0.1:9' }\n"
    "  local: { base_url: 'http://127.0.0.1:9', models: [ { id: qwen, window: 131072, max_output: 4096, display_name: Qwen } ] }\n"
    "models:\n"
    "  - { name: fast, to: local/qwen }\n"
    "  - { match: 'gpt-*', to: 'local/*' }\n";

std::vector<std::string> ids(const std::string& page) {
  const json::Padded copy(page);
  json::Document document;
  EXPECT_TRUE(document.index(copy.text())) << page;
  std::vector<std::string> found;
  for (const auto entry : document.root().find("data")->elements()) found.push_back(entry.find("id")->text());
  return found;
}

TEST(pages, models_for_the_picker_and_both_sdks) {
  TestGateway gateway(kTwoProviders);
  RawClient client(gateway.port());
  const auto reply = client.ask(get("/v1/models?limit=1000"));
  EXPECT_EQ(reply.status, 200);
  const auto listed = ids(reply.body);
  ASSERT_GE(listed.size(), 3U);
  EXPECT_THAT(listed, testing::Each(testing::ContainsRegex("^(anthropic|claude)")));
  EXPECT_THAT(listed, testing::Contains("anthropic/fast"));
  EXPECT_THAT(listed, testing::Contains("anthropic/local/qwen"));
  EXPECT_THAT(reply.body, HasSubstr(R"("object":"list","data":[)"));
  EXPECT_THAT(reply.body, HasSubstr(R"x("display_name":"Qwen (local)","created_at":")x"));
  EXPECT_THAT(reply.body, HasSubstr(R"("max_input_tokens":131072,"max_tokens":4096)"));
  EXPECT_THAT(reply.body, HasSubstr(R"("has_more":false,"first_id":"anthropic/fast","last_id":")"));
  // Every listed id routes.
  for (const auto& id : listed) EXPECT_EQ(client.ask(get("/v1/models/" + id)).status, 200) << id;
}

TEST(pages, the_list_of_one_provider) {
  TestGateway gateway(kTwoProviders);
  RawClient client(gateway.port());
  EXPECT_EQ(ids(client.ask(get("/to/local/v1/models")).body), (std::vector<std::string>{"anthropic/fast", "anthropic/local/qwen"}));
}

/// As many as nobody wants to page through: `big` with 80 models of its own and, behind them, two that only its list has.
GatewayOptions many_models() {
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) {
    for (auto& upstream : snapshot.upstreams) {
      if (upstream.name != "big") continue;
      upstream.tiers = {{"haiku", "m79"}};
      upstream.models[5].listed = "2026-11-20";
    }
  };
  return options;
}

std::string many_models_yaml() {
  std::string yaml =
      "providers:\n  zai: { api_key: k, base_url: 'http://127.0.0.1:9' }\n  big:\n    base_url: 'http://127.0.0.1:9'\n    models:\n";
  for (int i = 0; i < 80; ++i) yaml += fmt::format("      - m{}\n", i);
  return yaml + "models: [ { name: fast, to: big/m70 } ]\n";
}

std::string asked_by(const std::string& agent, const std::string& path = "/v1/models?limit=1000") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {}\r\n\r\n", path, agent);
}

TEST(pages, the_picker_gets_sixty_names_in_order_and_programs_get_all) {
  TestGateway gateway(many_models_yaml(), many_models());
  RawClient client(gateway.port());
  const auto all = ids(client.ask(asked_by("Anthropic/JS 1.10.0")).body);
  EXPECT_GT(all.size(), 82U);
  for (const auto* agent : {"claude-code/2.1.328", "claude-cli/2.1.197 (external, cli)"}) {
    const auto picked = ids(client.ask(asked_by(agent)).body);
    ASSERT_EQ(picked.size(), kMostPicked) << agent;
    EXPECT_EQ(picked.front(), "anthropic/fast") << "the configuration's names first";
    const auto at = [&](const std::string& id) { return std::ranges::find(picked, id) - picked.begin(); };
    EXPECT_LT(at("anthropic/zai/glm-5.3"), 6);
    EXPECT_LT(at("anthropic/big/m0"), 6) << "the default";
    EXPECT_LT(at("anthropic/big/m79"), 6) << "and the tiers";
    EXPECT_LT(at("anthropic/big/m1"), 60);
    EXPECT_EQ(at("anthropic/big/m5"), 60) << "what only a list has comes last";
  }
}

TEST(pages, patterns_are_for_the_picker) {
  TestGateway gateway(many_models_yaml() + "picker: [ 'zai/*', fast ]\n");
  RawClient client(gateway.port());
  const auto picked = ids(client.ask(asked_by("claude-code/2.1.328")).body);
  EXPECT_EQ(picked.front(), "anthropic/fast");
  EXPECT_GT(picked.size(), 1U);
  for (std::size_t i = 1; i < picked.size(); ++i) EXPECT_THAT(picked[i], testing::StartsWith("anthropic/zai/"));
  EXPECT_THAT(ids(client.ask(asked_by("curl/8")).body), testing::Contains("anthropic/big/m40"));
}

TEST(pages, one_model) {
  TestGateway gateway(kTwoProviders);
  RawClient client(gateway.port());
  EXPECT_THAT(client.ask(get("/v1/models/local%2Fqwen")).body, HasSubstr(R"("id":"local/qwen")"));
  const auto nobody = client.ask(get("/v1/models/nobody"));
  EXPECT_EQ(nobody.status, 404);
  EXPECT_THAT(nobody.body, HasSubstr(R"({"type":"error","error":{"type":"not_found_error")"));
  EXPECT_THAT(nobody.body, HasSubstr(fmt::format(R"("request_id":"{}")", nobody.field("request-id"))));
}

TEST(pages, health_says_whose_key_is_missing) {
  TestGateway gateway(kTwoProviders);
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(get("/health")).status, 200);
  gateway.reload("providers: { zai: { base_url: 'http://127.0.0.1:9' } }\n");
  const auto reply = client.ask(get("/health"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(
      reply.body,
      HasSubstr(R"({"status":"degraded","providers":{"zai":{"upstream":"http://127.0.0.1:9","dialect":"anthropic","key_present":false)"));
  EXPECT_THAT(reply.body, HasSubstr(R"("apis":["anthropic"]})"));
  gateway.reload("providers: { deepseek: { api_key: k } }\n");
  EXPECT_THAT(client.ask(get("/health")).body, HasSubstr(R"("apis":["anthropic","openai-chat"]})"));
}

TEST(pages, probes) {
  TestGateway gateway(kTwoProviders);
  RawClient client(gateway.port());
  for (const auto* path : {"/", "/api/hello", "/livez", "/readyz", "/health", "/v1/models"}) {
    EXPECT_EQ(client.ask(get(path)).status, 200) << path;
    const auto head = client.ask(fmt::format("HEAD {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path));
    EXPECT_EQ(head.status, 200) << path;
    EXPECT_THAT(head.field("content-length"), Not("0")) << path;
  }
  gateway.drain();
  EXPECT_EQ(client.ask(get("/health")).status, 503);
}

TEST(pages, what_is_not_there_and_what_takes_another_method) {
  TestGateway gateway(kTwoProviders);
  RawClient client(gateway.port());
  const auto nowhere = client.ask(get("/v2/messages"));
  EXPECT_EQ(nowhere.status, 404);
  EXPECT_THAT(nowhere.body, HasSubstr("/v2/messages"));
  const auto wrong = client.ask(get("/v1/messages"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.field("allow"), "POST");
}

}  // namespace
}  // namespace penstock::gateway
