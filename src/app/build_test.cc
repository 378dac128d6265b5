#include "app/build.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace penstock::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(base_url, parts) {
  const auto read = [](const std::string& url) {
    const auto parsed = parse_base_url(url);
    return parsed ? fmt::format("{} {} {} '{}' {}", parsed->tls, parsed->host, parsed->port, parsed->path, parsed->host_field())
                  : std::string("bad");
  };
  EXPECT_EQ(read("https://API.example.com"), "true api.example.com 443 '' api.example.com");
  EXPECT_EQ(read("https://a:8443/anthropic/"), "true a 8443 '/anthropic' a:8443");
  EXPECT_EQ(read("http://a:80"), "false a 80 '' a");
  EXPECT_EQ(read("HTTP://a:443"), "false a 443 '' a:443");
  EXPECT_EQ(read("http://[::1]:8000/x"), "false ::1 8000 '/x' [::1]:8000");
  EXPECT_EQ(read("https://[::1]"), "true ::1 443 '' [::1]");
  for (const auto* bad : {"", "a", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:99999", "http://a:x", "https:///path"})
    EXPECT_EQ(read(bad), "bad") << bad;
}

/// What the gateway would have of this configuration and environment.
class BuildTest : public testing::Test {
 protected:
  Built build(const std::string& yaml, std::map<std::string, std::string> variables = {}, std::uint16_t mock_port = 0) {
    const auto variable = [variables](const std::string& name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    const auto config = config::parse(yaml, "t.yaml", {variable, catalog_.names()});
    EXPECT_TRUE(config) << config::to_text(config.error().front());
    auto built = build_snapshot(*config, {&catalog_, {variable, "", "/nowhere"}, nullptr, mock_port});
    EXPECT_TRUE(built) << built.error().message;
    return *built;
  }
  static std::vector<std::string> names(const Built& built) {
    std::vector<std::string> all;
    for (const auto& upstream : built.snapshot->upstreams) all.push_back(upstream.name);
    return all;
  }
  const catalog::Catalog catalog_ = catalog::builtin().value();
};

TEST_F(BuildTest, without_a_file_every_provider_with_a_key) {
  EXPECT_THAT(names(build("")), IsEmpty());
  EXPECT_THAT(names(build("", {{"ZAI_API_KEY", "k"}, {"DEEPSEEK_API_KEY", "k"}})), ElementsAre("deepseek", "zai"));
  EXPECT_THAT(names(build("", {}, 4000)), ElementsAre("mock"));
}

TEST_F(BuildTest, a_file_says_which) {
  const auto built = build("providers: { zai: { api_key: k }, deepseek: { enabled: false } }\n", {{"KIMI_API_KEY", "k"}});
  EXPECT_THAT(names(built), ElementsAre("zai"));
  EXPECT_EQ(built.snapshot->upstreams.front().key_source, "configuration");
}

TEST_F(BuildTest, targets_name_providers_too) {
  EXPECT_THAT(names(build("models: [ { name: fast, to: zai/glm-5.3-flash } ]\n")), ElementsAre("zai"));
  EXPECT_THAT(names(build("providers: { zai: { api_key: k } }\ndefault_model: deepseek/deepseek-flash\n")), ElementsAre("zai", "deepseek"));
}

TEST_F(BuildTest, the_mock_hides_beside_others) {
  const auto built = build("providers: { zai: { api_key: k } }\n", {}, 4000);
  EXPECT_THAT(names(built), ElementsAre("zai", "mock"));
  EXPECT_FALSE(built.snapshot->find("mock")->visible);
  EXPECT_EQ(built.snapshot->find("mock")->origin.port, 4000);
  EXPECT_EQ(built.snapshot->find("nobody"), nullptr);
}

TEST_F(BuildTest, keys_from_the_environment_and_none) {
  const auto with = build("providers: { zai: {} }\n", {{"ZAI_API_KEY", "from-environment"}});
  EXPECT_EQ(with.snapshot->upstreams.front().key.reveal(), "from-environment");
  EXPECT_EQ(with.snapshot->upstreams.front().key_source, "$ZAI_API_KEY");
  const auto without = build("providers: { zai: {} }\n");
  EXPECT_FALSE(without.snapshot->upstreams.front().has_credential());
  EXPECT_EQ(without.snapshot->upstreams.front().key_variable, "ZAI_API_KEY");
  const auto own = build("providers: { local: { base_url: 'http://127.0.0.1:1' } }\n");
  EXPECT_EQ(own.snapshot->upstreams.front().auth, gateway::AuthScheme::none) << "a server of one's own needs none";
}

TEST_F(BuildTest, proxies_for_https_alone_and_as_told) {
  const std::map<std::string, std::string> variables{{"HTTPS_PROXY", "http://proxy:3128"}, {"NO_PROXY", "api.z.ai"}};
  const auto proxied = [&](const std::string& entry) {
    const auto built = build("providers: { p: { " + entry + " } }\n", variables);
    return built.snapshot->upstreams.front().origin.proxy ? built.snapshot->upstreams.front().origin.proxy->host : "";
  };
  EXPECT_EQ(proxied("base_url: 'https://a'"), "proxy");
  EXPECT_EQ(proxied("base_url: 'http://a'"), "");
  EXPECT_EQ(proxied("base_url: 'https://api.z.ai'"), "");
  EXPECT_EQ(proxied("base_url: 'https://a', proxy: none"), "");
  EXPECT_EQ(proxied("base_url: 'https://a', proxy: 'http://own:1'"), "own");
}

TEST_F(BuildTest, only_anthropic_itself_is_transparent) {
  const auto built = build(
      "providers: { claude: { catalog: anthropic, api_key: k }, zai: { api_key: k }, anthropic-like: { base_url: 'http://127.0.0.1:1' } "
      "}\n");
  EXPECT_TRUE(built.snapshot->find("claude")->transparent);
  EXPECT_FALSE(built.snapshot->find("zai")->transparent);
  EXPECT_FALSE(built.snapshot->find("anthropic-like")->transparent);
  EXPECT_EQ(built.snapshot->find("claude")->quirks, dialect::transparent());
}

TEST_F(BuildTest, models_of_the_file_lie_over_the_catalogues) {
  const auto built = build("providers: { zai: { api_key: k, models: [ { id: glm-5.3, window: 7 }, { id: new-one, max_output: 9 } ] } }\n");
  const auto* zai = built.snapshot->find("zai");
  ASSERT_TRUE(zai->find("glm-5.3"));
  EXPECT_EQ(zai->find("glm-5.3")->window, 7U);
  EXPECT_GT(zai->find("glm-5.3")->max_output, 0U) << "the rest stays";
  ASSERT_TRUE(zai->find("new-one"));
  EXPECT_EQ(zai->find("new-one")->max_output, 9U);
  EXPECT_GT(zai->models.size(), 2U);
}

TEST_F(BuildTest, a_quirk_that_nobody_knows_names_its_provider) {
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  auto config = config::parse("providers: { zai: { api_key: k } }\n", "t.yaml", {none, catalog_.names()}).value();
  config.providers.front().quirks["thinkin"] = "drop";
  const auto built = build_snapshot(config, {&catalog_, {none, "", "/nowhere"}, nullptr, 0});
  ASSERT_FALSE(built);
  EXPECT_THAT(built.error().message, HasSubstr("providers.zai: "));
}

}  // namespace
}  // namespace penstock::app
