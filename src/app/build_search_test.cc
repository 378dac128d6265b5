#include "app/build_search.h"

#include <gtest/gtest.h>

#include <map>

namespace penstock::app {
namespace {

config::Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

config::WebSearch at(std::string url) {
  config::WebSearch search;
  search.url = std::move(url);
  return search;
}

TEST(BuildSearch, Searxng) {
  auto search = at("http://[::1]:8888/searx");
  search.max_results = 3;
  const auto backend = build_search_backend(search, environment({{"HTTPS_PROXY", "http://proxy:1"}}));
  ASSERT_TRUE(backend);
  EXPECT_EQ(backend->api, gateway::SearchApi::searxng);
  EXPECT_EQ(backend->host, "[::1]:8888");
  EXPECT_EQ(backend->path, "/searx");
  EXPECT_EQ(backend->max_results, 3U);
  EXPECT_FALSE(backend->origin.proxy);  // only https goes through it
  EXPECT_FALSE(backend->origin.key.empty());
}

TEST(BuildSearch, BraveThroughAProxy) {
  auto search = at("https://api.search.brave.com");
  search.kind = config::SearchKind::brave;
  search.api_key = Secret("k");
  const auto backend = build_search_backend(search, environment({{"https_proxy", "http://proxy:3128"}}));
  ASSERT_TRUE(backend);
  EXPECT_EQ(backend->api, gateway::SearchApi::brave);
  EXPECT_EQ(backend->origin.port, 443);
  EXPECT_EQ(backend->origin.proxy->host, "proxy");
  EXPECT_EQ(backend->key.reveal(), "k");
  EXPECT_FALSE(build_search_backend(search, environment({{"HTTPS_PROXY", "socks5://x"}})));
}

TEST(BuildSearch, BraveNeedsItsKey) {
  auto search = at("https://api.search.brave.com");
  search.kind = config::SearchKind::brave;
  search.unset_variables = {"BRAVE_KEY"};
  EXPECT_EQ(build_search_backend(search, environment({})).error().message, "web_search.api_key: the variable BRAVE_KEY is not set");
}

}  // namespace
}  // namespace penstock::app
