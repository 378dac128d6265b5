#include "base/url.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(url, parts) {
  const auto read = [](const std::string& text) {
    const auto url = parse_url(text);
    return url ? fmt::format("{} {} {} '{}' {}", url->tls, url->host, url->port, url->path, url->host_field()) : std::string("bad");
  };
  EXPECT_EQ(read("https://API.example.com"), "true api.example.com 443 '' api.example.com");
  EXPECT_EQ(read("https://a:8443/anthropic/"), "true a 8443 '/anthropic/' a:8443");
  EXPECT_EQ(read("http://a:80"), "false a 80 '' a");
  EXPECT_EQ(read("HTTP://a:443/?q=1"), "false a 443 '/?q=1' a:443");
  EXPECT_EQ(read("http://a?q=1"), "false a 80 '?q=1' a");
  EXPECT_EQ(read("http://[::1]:8000/x"), "false ::1 8000 '/x' [::1]:8000");
  EXPECT_EQ(read("https://[::1]"), "true ::1 443 '' [::1]");
  for (const auto* bad : {"", "a", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:99999", "http://a:x", "https:///path",
                          "http://user:password@a/"})
    EXPECT_EQ(read(bad), "bad") << bad;
}

}  // namespace
}  // namespace penstock
