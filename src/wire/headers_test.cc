#include "wire/headers.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::wire {
namespace {

TEST(headers, hop_by_hop) {
  for (const auto* name : {"Connection", "keep-alive", "TE", "Trailer", "Transfer-Encoding", "UPGRADE", "HTTP2-Settings",
                           "Proxy-Connection", "proxy-authorization", "Proxy-Authenticate"})
    EXPECT_TRUE(is_hop_by_hop(name)) << name;
  for (const auto* name : {"", "host", "content-length", "proxy", "proxied-by", "x-proxy-a", "trailer2", "tea", "date"})
    EXPECT_FALSE(is_hop_by_hop(name)) << name;
}

TEST(headers, named_in_connection) {
  const std::vector<Field> fields = {{"Host", "a"}, {"connection", "close , X-One"}, {"X-One", "1"}, {"Connection", ",x-two,"}};
  EXPECT_TRUE(is_named_in_connection(fields, "x-one"));
  EXPECT_TRUE(is_named_in_connection(fields, "X-Two"));
  EXPECT_FALSE(is_named_in_connection(fields, "x-three"));
  EXPECT_FALSE(is_named_in_connection(fields, "one"));
  EXPECT_FALSE(is_named_in_connection({}, "x-one"));
}

TEST(headers, client_credentials) {
  for (const auto* name : {"Authorization", "X-Api-Key", "Cookie", "x-penstock-key", "x-litellm-api-key", "Proxy-Authorization"})
    EXPECT_TRUE(is_client_credential(name)) << name;
  for (const auto* name : {"", "x-api-keys", "set-cookie", "authorisation", "anthropic-version"})
    EXPECT_FALSE(is_client_credential(name)) << name;
}

TEST(headers, rewritten) {
  for (const auto* name : {"Host", "Content-Length", "Expect", "Accept-Encoding"}) EXPECT_TRUE(is_rewritten(name)) << name;
  for (const auto* name : {"", "accept", "content-type", "x-host"}) EXPECT_FALSE(is_rewritten(name)) << name;
}

TEST(headers, tokens) {
  EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
  EXPECT_FALSE(is_token(""));
  for (const char c : std::string_view("\"(),/:;<=>?@[\\]{} \t\r\n\0\x7f\x80\xff", 25))
    EXPECT_FALSE(is_token(std::string("a") + c)) << int(c);
}

TEST(headers, lists) {
  EXPECT_TRUE(list_has("close", "Close"));
  EXPECT_TRUE(list_has("a,\tCLOSE , b", "close"));
  EXPECT_TRUE(list_has("a,close", "close"));
  EXPECT_FALSE(list_has("closed, not-close, clo se", "close"));
  EXPECT_FALSE(list_has("", "close"));
}

}  // namespace
}  // namespace penstock::wire
