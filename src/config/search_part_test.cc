#include <gtest/gtest.h>

#include <string>

#include "config/effective.h"
#include "config/load.h"

namespace penstock::config {
namespace {

std::expected<Config, std::vector<Fault>> parsed(std::string_view text) {
  return parse(
      text, "f.yaml",
      {.environment =
           [](const std::string& name) { return name == "KEY" ? std::optional<std::string>("BSA-0123456789abcdef") : std::nullopt; },
       .catalog_names = {}});
}

std::string faults_of(std::string_view text) {
  const auto config = parsed(text);
  if (config) return "no fault";
  std::string lines;
  for (const Fault& fault : config.error()) lines += (lines.empty() ? "" : "\n") + to_text(fault);
  return lines;
}

TEST(SearchPart, SearxngNeedsItsAddressAlone) {
  const auto search = parsed("web_search: { url: http://127.0.0.1:8888/searx/ }")->web_search;
  EXPECT_EQ(search.url, "http://127.0.0.1:8888/searx");
  EXPECT_EQ(search.kind, SearchKind::searxng);
  EXPECT_EQ(search.max_results, 8U);
  EXPECT_FALSE(search.api_key);
  EXPECT_EQ(parsed("web_search: { url: https://s.example/search }")->web_search.url, "https://s.example");
  EXPECT_EQ(parsed("server: {}")->web_search.url, "");
}

TEST(SearchPart, BraveIsKnownByItsHost) {
  const auto search = parsed("web_search: { url: https://api.search.brave.com, api_key: ${KEY}, max_results: 3 }")->web_search;
  EXPECT_EQ(search.kind, SearchKind::brave);
  EXPECT_EQ(search.api_key->reveal(), "BSA-0123456789abcdef");
  EXPECT_EQ(search.max_results, 3U);
  EXPECT_EQ(parsed("web_search: { url: https://notbrave.com }")->web_search.kind, SearchKind::searxng);
  EXPECT_EQ(parsed("web_search: { url: https://s.example, kind: brave, api_key: k }")->web_search.kind, SearchKind::brave);
}

TEST(SearchPart, AKeyWhoseVariableIsNotSetIsNone) {
  const auto search = parsed("web_search: { url: https://api.search.brave.com, api_key: ${NOPE} }")->web_search;
  EXPECT_FALSE(search.api_key);
  EXPECT_EQ(search.unset_variables, std::vector<std::string>{"NOPE"});
}

TEST(SearchPart, FaultsAreTold) {
  EXPECT_EQ(faults_of("web_search: { kind: searxng }"), "f.yaml:1:13: \"web_search\" has no url; add one");
  EXPECT_EQ(faults_of("web_search: { url: https://api.search.brave.com }"),
            "f.yaml:1:13: \"web_search\": Brave's API needs api_key; add it");
  EXPECT_NE(faults_of("web_search: { url: ftp://x }").find("f.yaml:1:20: \"web_search.url\": "), std::string::npos);
  EXPECT_NE(faults_of("web_search: { url: http://x, kind: google }").find("f.yaml:1:36: \"web_search.kind\": "), std::string::npos);
  EXPECT_NE(faults_of("web_search: { url: http://x, max_results: 0 }").find("f.yaml:1:43: \"web_search.max_results\": "),
            std::string::npos);
  EXPECT_NE(faults_of("web_search: http://x").find("must be a map"), std::string::npos);
}

TEST(SearchPart, ItsKeyIsShownMasked) {
  const auto text = effective(*parsed("web_search: { url: https://api.search.brave.com, api_key: ${KEY} }"));
  EXPECT_NE(text.find("web_search:\n  url: \"https://api.search.brave.com\"\n  kind: brave\n  api_key: \"…cdef\"\n  max_results: 8\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(effective(Config{}).find("web_search"), std::string::npos);
}

}  // namespace
}  // namespace penstock::config
