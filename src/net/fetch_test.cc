#include "net/fetch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/certificates.h"
#include "tests/gateway/echo_server.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::net {
namespace {

using namespace tests;
using testing::HasSubstr;

std::string at(std::uint16_t port, std::string_view path) { return fmt::format("http://127.0.0.1:{}{}", port, path); }

TEST(fetch, get_and_post) {
  EchoServer server;
  const auto got = fetch({.url = at(server.port(), "/a?b=1")});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "GET /a?b=1 0");
  EXPECT_EQ(got->header("content-length"), "12");
  EXPECT_EQ(got->header("x-not-there"), "");
  EXPECT_GT(got->connected.count(), 0);
  EXPECT_GE(got->total, got->first_byte);
  const auto posted = fetch({.method = "POST", .url = at(server.port(), ""), .headers = {{"x-a", "b"}}, .body = "12345"});
  EXPECT_EQ(posted.value().body, "POST / 5");
}

TEST(fetch, over_tls_with_a_private_ca) {
  Certificates certificates;
  const auto files = certificates.issue("DNS:localhost");
  EchoServer server({}, 4 << 20, TlsServerContext::make(files.cert, files.key).value());
  const std::string url = fmt::format("https://localhost:{}/x", server.port());
  const auto got = fetch({.url = url, .ca_file = certificates.ca_file()});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "GET /x 0");
  EXPECT_THAT(fetch({.url = url}).error().message, HasSubstr("certificate"));
}

TEST(fetch, an_answer_that_is_too_long_or_never_ends) {
  EchoServer server;
  EXPECT_EQ(fetch({.url = at(server.port(), "/long"), .most = 3}).error().kind, ErrorKind::too_large);
  ScriptedProvider silent([](Visit& visit) {
    if (visit.request()) visit.gateway_leaves();
  });
  const auto late = fetch({.url = silent.url(), .patience = std::chrono::milliseconds(60)});
  EXPECT_EQ(late.error().kind, ErrorKind::timeout);
}

TEST(fetch, what_cannot_be_asked) {
  for (const auto* url : {"", "ftp://a", "http://", "http://a/b c", "http://a/\r\nx: y"})
    EXPECT_EQ(fetch({.url = url}).error().kind, ErrorKind::config) << url;
  EXPECT_EQ(fetch({.url = "http://127.0.0.1:1/", .headers = {{"a", "b\r\nc: d"}}}).error().kind, ErrorKind::config);
  std::string gone;
  {
    ScriptedProvider provider([](Visit&) {});
    gone = provider.url();
  }
  EXPECT_EQ(fetch({.url = gone}).error().kind, ErrorKind::connection);
}

}  // namespace
}  // namespace penstock::net
