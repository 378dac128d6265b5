#include "launch/model_names.h"

#include <gtest/gtest.h>

#include "config/load.h"

namespace penstock::launch {
namespace {

class ModelNamesTest : public testing::Test {
 protected:
  static config::Config parsed(std::string_view yaml, const catalog::Catalog& catalog) {
    auto config = config::parse(yaml, "penstock.yaml", {[](const std::string&) { return std::nullopt; }, catalog.names()});
    EXPECT_TRUE(config) << (config ? "" : to_text(config.error().front()));
    return config.value_or(config::Config{});
  }
  void with(std::string_view yaml) {
    config_ = parsed(yaml, catalog_);
    names_.emplace(catalog_, config_);
  }
  std::string target(std::string_view asked, std::string_view place = {}) {
    const auto found = names_->find(asked, place);
    return found ? found->provider + "/" + found->model : "";
  }
  catalog::Catalog catalog_ = catalog::builtin().value();
  config::Config config_;
  std::optional<ModelNames> names_;
};

TEST_F(ModelNamesTest, are_those_of_the_gateway) {
  with("{}");
  struct {
    std::string_view asked, place, target;
  } const cases[] = {
      {"zai/glm-5.3", "", "zai/glm-5.3"},
      {"anthropic/zai/glm-5.3[1m]", "", "zai/glm-5.3"},
      {"deepseek-v4-pro[1m]", "deepseek", "deepseek/deepseek-v4-pro"},
      {"deepseek-v4-pro", "", "deepseek/deepseek-v4-pro"},
      {"kimi-for-coding", "kimi-global", "kimi-global/kimi-for-coding"},
      {"claude-opus-5-5", "anthropic", "anthropic/claude-opus-5-5"},
      {"qwen/qwen3-coder", "openrouter", "openrouter/qwen/qwen3-coder"},
      {"zai/glm-5.3", "no-such-place", "zai/glm-5.3"},
      {"no-such-model", "", ""},
      {"", "", ""},
  };
  for (const auto& one : cases) EXPECT_EQ(target(one.asked, one.place), one.target) << one.asked << " at " << one.place;
}

TEST_F(ModelNamesTest, of_the_configuration_come_first) {
  with(R"(
providers:
  mine: { catalog: zai, api_key: k-0123456789, models: [ { id: glm-5.3, price: { input: 2, output: 8, cache_read: 0.5 } }, { id: own } ] }
models:
  - { name: fast, to: [ mine/glm-5.3-flash, deepseek/deepseek-flash ] }
  - { match: "claude-*", to: deepseek/deepseek-v4-pro }
profiles:
  work: { provider: mine }
)");
  EXPECT_EQ(target("fast"), "mine/glm-5.3-flash");
  EXPECT_EQ(target("claude-opus-9"), "deepseek/deepseek-v4-pro");
  EXPECT_EQ(target("glm-5.3"), "mine/glm-5.3");
  EXPECT_EQ(target("glm-5.3", "work"), "mine/glm-5.3") << "a profile is its provider";
  const auto price = names_->find("glm-5.3", "")->price;
  EXPECT_TRUE(price.known);
  EXPECT_EQ(price.input, 2'000'000);
  EXPECT_EQ(price.cache_read, 500'000);
  EXPECT_EQ(price.cache_write, 2'000'000) << "the input price, when none is given";
  EXPECT_FALSE(names_->find("own", "mine")->price.known);
}

TEST_F(ModelNamesTest, have_the_catalogues_prices_and_names) {
  with("{}");
  const auto found = names_->find("claude-opus-5-5", "anthropic");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->display_name, "Claude Opus 5.5");
  EXPECT_EQ(found->price.output, 20'000'000);
  EXPECT_FALSE(names_->find("kimi-for-coding", "kimi")->price.known) << "a subscription";
}

TEST_F(ModelNamesTest, where_a_base_url_leads) {
  with("providers: { company: { base_url: 'https://llm.example/anthropic', api_key: k-0123456789 } }");
  struct {
    std::string_view url;
    std::optional<std::string> place;
  } const cases[] = {
      {"", "anthropic"},
      {"https://api.anthropic.com/", "anthropic"},
      {"http://127.0.0.1:4100/to/deepseek", "deepseek"},
      {"http://127.0.0.1:4100/to/deepseek/", "deepseek"},
      {"http://127.0.0.1:4100/to/a%20b", "a b"},
      {"https://api.deepseek.com/anthropic", "deepseek"},
      {"https://llm.example/anthropic/", "company"},
      {"http://127.0.0.1:4100", std::nullopt},
      {"https://elsewhere.example", std::nullopt},
  };
  for (const auto& one : cases) EXPECT_EQ(names_->place_of(one.url), one.place) << one.url;
}

}  // namespace
}  // namespace penstock::launch
