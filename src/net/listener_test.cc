#include "net/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/certificates.h"
#include "tests/gateway/echo_server.h"
#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::net {
namespace {

using namespace tests;
using testing::HasSubstr;

TEST(listener_tls, requests_pipelines_and_large_bodies) {
  Certificates certificates;
  const auto files = certificates.issue("DNS:localhost");
  EchoServer server({}, 4 << 20, TlsServerContext::make(files.cert, files.key).value());
  auto socket = PeerSocket::connect(server.port());
  ASSERT_TRUE(socket.connect_tls(certificates.client(), "localhost"));
  RawClient client(std::move(socket));
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(client.ask(post("/large", std::string(3 << 20, 'x'))).body, "POST /large 3145728");
    client.send(get("/1") + post("/2", "body") + get("/3"));  // one record: the socket itself holds nothing of the last two
    for (const auto* wanted : {"GET /1 0", "POST /2 4", "GET /3 0"}) EXPECT_EQ(client.reply().body, wanted);
  }
  client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  EXPECT_EQ(client.reply().status, 400);
  EXPECT_TRUE(client.closed());
}

TEST(listener_tls, a_stream_and_a_client_that_leaves) {
  Certificates certificates;
  const auto files = certificates.issue("DNS:localhost");
  Gate left;
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(stream_answer());
    if (!visit.request()) return;
    visit.send(std::string(kStreamHead) + chunk(kMessageEvents[0]) + chunk(kMessageEvents[1]));
    if (visit.gateway_leaves()) left.open();
  });
  GatewayOptions options;
  options.tls = TlsServerContext::make(files.cert, files.key).value();
  TestGateway gateway(anthropic_at(provider.url()), options);
  auto socket = PeerSocket::connect(gateway.port());
  ASSERT_TRUE(socket.connect_tls(certificates.client(), "localhost"));
  RawClient client(std::move(socket));
  const auto request = post("/v1/messages", message_body("claude-sonnet-5", true));
  EXPECT_EQ(client.ask(request).body, joined(kMessageEvents));
  client.send(request);
  client.until("message_start");
  client.socket().close();
  EXPECT_TRUE(left.wait());
}

TEST(listener_tls, who_speaks_no_tls_is_left) {
  Certificates certificates;
  const auto files = certificates.issue("DNS:localhost");
  EchoServer server({}, 1000, TlsServerContext::make(files.cert, files.key).value());
  RawClient plain(server.port());
  EXPECT_FALSE(plain.ask(get("/")).whole);
  RawClient silent(server.port());
  silent.socket().close();
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
  EXPECT_TRUE(server.service().heard().empty());
}

TEST(listener_tls, files_that_do_not_fit_are_named) {
  Certificates certificates;
  const auto one = certificates.issue("DNS:a"), two = certificates.issue("DNS:b");
  EXPECT_TRUE(TlsServerContext::make(one.cert, one.key));
  EXPECT_THAT(TlsServerContext::make(one.cert, two.key).error().message, HasSubstr(two.key));
  EXPECT_THAT(TlsServerContext::make("/nowhere.pem", one.key).error().message, HasSubstr("/nowhere.pem"));
  EXPECT_THAT(TlsServerContext::make(one.key, one.key).error().message, HasSubstr(one.key));
  EXPECT_THAT(TlsClientContext::make("/nowhere.pem").error().message, HasSubstr("/nowhere.pem"));
}

TEST(listener, an_address_that_is_taken_or_nobodys_is_told) {
  const EchoServer server;
  asio::io_context control(1);
  Listener listener(control, {}, {});
  EXPECT_THAT(listener.listen("127.0.0.1", server.port()).error().message,
              testing::ContainsRegex("is taken by [^ ]+ \\(process [0-9]+\\); choose"));
  EXPECT_THAT(listener.listen("192.0.2.1", 0).error().message, HasSubstr("cannot listen on 192.0.2.1"));
  EXPECT_THAT(listener.listen("no-such-name.invalid", 0).error().message, HasSubstr("cannot listen on no-such-name.invalid"));
}

}  // namespace
}  // namespace penstock::net
