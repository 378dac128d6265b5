#include "config/values.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace penstock::config {
namespace {

TEST(Values, DurationsNeedAUnit) {
  EXPECT_EQ(parse_duration("500ms").value().count(), 500);
  EXPECT_EQ(parse_duration("10s").value().count(), 10'000);
  EXPECT_EQ(parse_duration("2m").value().count(), 120'000);
  EXPECT_EQ(parse_duration("1h").value().count(), 3'600'000);
  EXPECT_EQ(parse_duration("1d").value().count(), 86'400'000);
  EXPECT_EQ(parse_duration("0").value().count(), 0);
  for (const auto* text : {"", "10", "s", "-1s", "1.5s", "1m30s", "10 parsecs", "99999999999999999999s", "9999999d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Values, SizesAreBytesOrHaveAUnit) {
  EXPECT_EQ(parse_size("1024").value(), 1024U);
  EXPECT_EQ(parse_size("10MB").value(), 10'000'000U);
  EXPECT_EQ(parse_size("64MiB").value(), 64U << 20);
  EXPECT_EQ(parse_size("1 gib").value(), 1U << 30);
  for (const auto* text : {"", "MiB", "-1", "1.5MB", "1TB", "99999999999999999999", "18446744073709551615GiB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Values, NumbersAreDecimal) {
  EXPECT_DOUBLE_EQ(parse_number("0.0036").value(), 0.0036);
  EXPECT_DOUBLE_EQ(parse_number("3").value(), 3);
  for (const auto* text : {"", ".5", "-1", "1e3", "nan", "inf", "1,5", "1 "}) EXPECT_FALSE(parse_number(text)) << text;
}

TEST(Values, BooleansHaveSixWords) {
  for (const auto* text : {"true", "Yes", "ON"}) EXPECT_TRUE(parse_boolean(text).value()) << text;
  for (const auto* text : {"false", "No", "OFF"}) EXPECT_FALSE(parse_boolean(text).value()) << text;
  for (const auto* text : {"", "1", "tru"}) EXPECT_FALSE(parse_boolean(text)) << text;
}

TEST(Values, ListenAddresses) {
  const std::vector<std::pair<std::string, ListenAddress>> good{{"127.0.0.1:4100", {"127.0.0.1", 4100}},
                                                                {":4200", {"127.0.0.1", 4200}},
                                                                {"4300", {"127.0.0.1", 4300}},
                                                                {"localhost:1", {"localhost", 1}},
                                                                {"localhost", {"localhost", 4100}},
                                                                {"[::1]:4100", {"::1", 4100}},
                                                                {"[::]", {"::", 4100}},
                                                                {"0.0.0.0:0", {"0.0.0.0", 0}},
                                                                {"gw.example.org:443", {"gw.example.org", 443}},
                                                                {"gateway:443", {"gateway", 443}},
                                                                {"gw.example.org", {"gw.example.org", 4100}}};
  for (const auto& [text, address] : good) EXPECT_EQ(parse_listen(text).value(), address) << text;
  for (const auto* text :
       {"", ":", "a:", "a:b", "a:65536", "::1", "[::1", "[::1]4", "[::1]:", "[x]:1", "a b:1", "*:4100", "http://a:1", "nonsense"})
    EXPECT_FALSE(parse_listen(text)) << text;
}

TEST(Values, ABaseUrlIsNotThatOfOneCall) {
  for (const auto* call : {"/chat/completions", "/responses"})
    for (const auto* base : {"http://h", "http://h/v1", "https://h/api/v4"}) {
      const auto url = parse_base_url(std::string(base) + call + "/");
      ASSERT_FALSE(url) << base << call;
      EXPECT_EQ(url.error(), "the URL ends in " + std::string(call) + ", which is added to each request; write it without");
    }
  EXPECT_EQ(parse_base_url("http://h/responses-proxy").value(), "http://h/responses-proxy");
}

TEST(Values, OnlyThisMachineReachesLoopback) {
  for (const auto* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost", "LocalHost"}) EXPECT_TRUE(is_loopback({host, 1})) << host;
  for (const auto* host : {"0.0.0.0", "::", "10.0.0.1", "127.example.org", "localhost.example.org"})
    EXPECT_FALSE(is_loopback({host, 1})) << host;
}

TEST(Values, AddressesPrintAsTheyAreRead) {
  EXPECT_EQ(to_text(ListenAddress{"::1", 80}), "[::1]:80");
  EXPECT_EQ(to_text(ListenAddress{"localhost", 80}), "localhost:80");
}

TEST(Values, BaseUrlsAreNormalised) {
  const std::vector<std::pair<std::string, std::string>> good{{"https://api.example.org", "https://api.example.org"},
                                                              {"https://api.example.org/", "https://api.example.org"},
                                                              {"https://api.example.org/v1", "https://api.example.org"},
                                                              {"https://api.example.org/v1/", "https://api.example.org"},
                                                              {"https://api.example.org/v1/messages", "https://api.example.org"},
                                                              {"https://api.example.org/anthropic//", "https://api.example.org/anthropic"},
                                                              {"HTTP://Example.Org:8000/Path/v1", "http://example.org:8000/Path"},
                                                              {"http://[::1]:8000", "http://[::1]:8000"},
                                                              {"https://api.example.org/av1", "https://api.example.org/av1"}};
  for (const auto& [text, url] : good) EXPECT_EQ(parse_base_url(text).value(), url) << text;
  for (const auto* text : {"", "example.org", "ftp://a", "https://", "https:///x", "https://a?b", "https://a#b", "https://u:secret@a",
                           "https://a b", "https://a:0", "https://a:99999", "https://a:", "https://[::1", "http://a:b", "http://::1/"})
    EXPECT_FALSE(parse_base_url(text)) << text;
}

TEST(Values, AUrlFaultNeverRepeatsThePassword) {
  for (const auto* text : {"https://u:hunter2@a", "ftp://u:hunter2@a", "https://a/hunter2 x", "https://hunter2!/"}) {
    EXPECT_FALSE(parse_base_url(text)) << text;
    EXPECT_FALSE(parse_base_url(text).error().contains("hunter2")) << text;
  }
  EXPECT_FALSE(parse_proxy("socks://u:hunter2@a:1").error().contains("hunter2"));
}

TEST(Values, Proxies) {
  EXPECT_EQ(parse_proxy("none").value(), "none");
  EXPECT_EQ(parse_proxy("http://proxy.example.org:3128/").value(), "http://proxy.example.org:3128");
  EXPECT_EQ(parse_proxy("http://u:p@proxy.example.org:3128").value(), "http://u:p@proxy.example.org:3128");
  for (const auto* text : {"", "proxy:3128", "https://a:1", "http://", "http://a:1/path", "http://a b"})
    EXPECT_FALSE(parse_proxy(text)) << text;
}

TEST(Values, TargetsAreProviderAndModel) {
  const auto target = parse_target("openrouter/anthropic/claude-opus-5.5").value();
  EXPECT_EQ(target.provider, "openrouter");
  EXPECT_EQ(target.model, "anthropic/claude-opus-5.5");
  EXPECT_EQ(parse_target("claude/*").value().model, "*");
  for (const auto* text : {"", "glm", "/glm", "zai/", "za i/x", "zai/a b", "*/x", "zai/*-*"}) EXPECT_FALSE(parse_target(text)) << text;
}

TEST(Values, HeaderNamesThatAreOursAreRefused) {
  EXPECT_EQ(header_name_fault("x-team"), "");
  EXPECT_EQ(header_name_fault("anthropic-workspace-id"), "");
  for (const auto* name :
       {"", "x team", "x:y", "x\ny", "Host", "CONTENT-LENGTH", "transfer-encoding", "connection", "Authorization", "x-api-key"})
    EXPECT_NE(header_name_fault(name), "") << name;
}

TEST(Values, HeaderValuesHoldNoLineBreak) {
  EXPECT_TRUE(is_header_value("blue, \xc3\xa9"));
  EXPECT_FALSE(is_header_value("a\r\nx-evil: 1"));
  EXPECT_TRUE(is_secret_text("sk-ant-1"));
  EXPECT_FALSE(is_secret_text("sk ant"));
  EXPECT_FALSE(is_secret_text("sk\n"));
}

TEST(Values, ShownTextIsShortAndPrintable) {
  EXPECT_EQ(shown("a\n\"b\""), R"("a\n\"b\"")");
  EXPECT_EQ(shown("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_LT(shown(std::string(5000, 'x')).size(), 100U);
}

TEST(Values, SuggestionsAreNearOrNotThere) {
  EXPECT_EQ(suggestion("portt", {"listen", "port"}), "; did you mean \"port\"?");
  EXPECT_EQ(suggestion("xyzzy", {"listen", "port"}), "");
  EXPECT_EQ(suggestion("a", {"zai"}), "");
}

TEST(Values, OnlyVariablesThatAreKnownToBeHarmlessAreShown) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"ANTHROPIC_AUTH_TOKEN", "abcdefghijklmnopqrstuvwx", false},
      {"DB_PASSWD", "hunter2", false},
      {"DSN", "postgres://u:p@h/db", false},
      {"HTTPS_PROXY", "http://h:1", false},
      {"ANTHROPIC_CUSTOM_HEADERS", "x: y", false},
      {"ANTHROPIC_BASE_URL", "http://u:p@h", false},
      {"ANTHROPIC_BASE_URL", "http://127.0.0.1:4100/to/zai", true},
      {"ANTHROPIC_DEFAULT_OPUS_MODEL_NAME", "GLM 5.3", true},
      {"ANYTHING", "1.5", true},
      {"ANYTHING", "on", true},
      {"ANYTHING", "", true},
  };
  for (const auto& [name, value, plain] : cases) EXPECT_EQ(shown_variable(name, value) == value, plain) << name << "=" << value;
}

}  // namespace
}  // namespace penstock::config
