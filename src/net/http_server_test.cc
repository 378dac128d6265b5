// The server's side of HTTP/1.1 through real sockets: order, bounds, timeouts, peers that misbehave.
#include "net/http_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/echo_server.h"
#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"

namespace penstock::net {
namespace {

using namespace tests;
using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(http_server, a_connection_serves_request_after_request) {
  EchoServer server;
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.ask(get("/a")).body, "GET /a 0");
    EXPECT_EQ(client.ask(post("/b", "12345")).body, "POST /b 5");
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST(http_server, pipelined_requests_are_answered_in_order) {
  EchoServer server;
  RawClient client(server.port());
  std::string all;
  for (int i = 0; i < 200; ++i)
    all += i % 2 ? get(fmt::format("/{}", i)) : post(fmt::format("/{}", i), std::string(static_cast<std::size_t>(i), 'x'));
  client.send(all);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(client.reply().body, i % 2 ? fmt::format("GET /{} 0", i) : fmt::format("POST /{} {}", i, i));
}

TEST(http_server, expect_100_continue_is_answered_before_the_body) {
  EchoServer server;
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.head().status, 100);
  EXPECT_EQ(client.ask("hi").body, "POST / 2");
}

TEST(http_server, a_body_that_came_with_its_head_needs_no_100) {
  EchoServer server;
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(client.head().status, 200);
}

TEST(http_server, a_refused_body_gets_no_100) {
  EchoServer server({}, 10);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(client.head().status, 413);
}

TEST(http_server, head_gets_the_length_without_the_body) {
  EchoServer server;
  RawClient client(server.port());
  const auto reply = client.ask("HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reply.field("content-length"), "11");
  EXPECT_EQ(client.ask(get("/next")).body, "GET /next 0");
}

TEST(http_server, http_1_0_closes_unless_it_says_otherwise) {
  EchoServer server;
  RawClient closing(server.port()), staying(server.port());
  EXPECT_FALSE(closing.ask("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(closing.closed());
  EXPECT_EQ(staying.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").field("connection"), "keep-alive");
  EXPECT_EQ(staying.ask("GET /2 HTTP/1.0\r\n\r\n").body, "GET /2 0");
}

TEST(http_server, an_oversized_head_is_431_and_the_end) {
  EchoServer server;
  RawClient client(server.port());
  const auto reply = client.ask("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(reply.status, 431);
  EXPECT_THAT(reply.body, HasSubstr(R"({"type":"error","error":{"type":"invalid_request_error","message":"HTTP: )"));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(server.service().refusals(), std::vector{431});
}

TEST(http_server, a_refusal_is_read_by_a_client_that_is_still_sending) {
  EchoServer server({}, 1000);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + std::string(500'000, 'x'));
  EXPECT_EQ(client.reply().status, 413);
  EXPECT_TRUE(client.closed());
}

TEST(http_server, a_chunked_body_over_the_bound_is_refused_as_it_passes_it) {
  EchoServer server({}, 1000);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x'));
  EXPECT_EQ(client.reply().status, 413);
}

TEST(http_server, a_slow_head_is_told_so) {
  ServerLimits limits;
  limits.head = milliseconds(60);
  EchoServer server(limits);
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(client.reply().status, 408);
  EXPECT_TRUE(client.closed());
}

TEST(http_server, bytes_now_and_then_do_not_prolong_a_head) {
  ServerLimits limits;
  limits.head = milliseconds(150);
  EchoServer server(limits);
  RawClient client(server.port());
  const auto begun = TestClock::now();
  client.send("GET / HTTP/1.1\r\n");
  std::string answer;
  while (answer.empty() && TestClock::now() - begun < kPatience) {
    client.send("X: y\r\n");
    client.socket().receive(answer, milliseconds(20));
  }
  EXPECT_THAT(answer, HasSubstr("408"));
}

TEST(http_server, a_slow_body_is_given_up) {
  ServerLimits limits;
  limits.body_idle = milliseconds(60);
  EchoServer server(limits);
  for (const auto* framing : {"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    RawClient client(server.port());
    client.send(std::string("POST / HTTP/1.1\r\nHost: a\r\n") + framing);
    EXPECT_EQ(client.reply().status, 408) << framing;
    EXPECT_TRUE(client.closed());
  }
}

TEST(http_server, a_body_that_trickles_is_given_up_too) {
  ServerLimits limits;
  limits.body_idle = milliseconds(100);
  limits.body_rate = 1 << 20;
  EchoServer server(limits);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  std::string answer;
  const auto begun = TestClock::now();
  while (answer.empty() && TestClock::now() - begun < kPatience) {
    client.send("x");
    client.socket().receive(answer, milliseconds(20));
  }
  EXPECT_THAT(answer, HasSubstr("408"));
}

TEST(http_server, an_idle_connection_ends_silently) {
  ServerLimits limits;
  limits.idle = milliseconds(60);
  EchoServer server(limits);
  RawClient fresh(server.port()), used(server.port());
  EXPECT_EQ(used.ask(get("/")).status, 200);
  EXPECT_TRUE(used.closed());
  EXPECT_TRUE(fresh.closed());
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
}

TEST(http_server, peers_that_go_away_leave_nothing_behind) {
  EchoServer server;
  for (const std::string_view part :
       {"", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"}) {
    for (int way = 0; way < 3; ++way) {
      RawClient client(server.port());
      client.send(part);
      if (way == 0) client.socket().close();
      if (way == 1) client.socket().reset();
      if (way == 2) {
        client.socket().shutdown_write();
        EXPECT_EQ(client.reply().status, part.ends_with("\r\n\r\n") ? 200 : 0) << part;
      }
    }
  }
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
}

TEST(http_server, many_connections_at_once) {
  EchoServer server;
  std::vector<RawClient> clients;
  for (int i = 0; i < 200; ++i) clients.emplace_back(server.port());
  for (auto& client : clients) client.send(get("/"));
  for (auto& client : clients) EXPECT_EQ(client.reply().body, "GET / 0");
}

TEST(http_server, reasons_are_named) {
  EXPECT_EQ(reason(404), "Not Found");
  EXPECT_EQ(reason(529), "Overloaded");
  EXPECT_EQ(reason(299), "Status");
}

}  // namespace
}  // namespace penstock::net
