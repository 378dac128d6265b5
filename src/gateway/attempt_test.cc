// Connections to providers: reused, found dead, never asked twice when they have spoken.
#include "gateway/attempt.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <array>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using testing::HasSubstr;

std::string request(bool stream = false) { return post("/v1/messages", message_body("claude-sonnet-5", stream)); }

TEST(gateway_attempt, connections_are_used_again) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(anthropic_at(provider.url()));
  for (int i = 0; i < 5; ++i) {
    RawClient client(gateway.port());
    EXPECT_EQ(client.ask(request(i % 2 == 1)).status, 200);
  }
  EXPECT_EQ(provider.connections(), 1U);
}

/// Serves one request; what becomes of the next on the same connection is `second`'s business.
ScriptedProvider::Script once_then(const std::function<void(Visit&)>& second) {
  return [second](Visit& visit) {
    if (visit.number() > 0) return answer_messages(visit);
    visit.request();
    visit.send(whole_answer(kMessage));
    if (visit.request()) second(visit);
  };
}

TEST(gateway_attempt, a_dead_connection_is_replaced_once) {
  for (const bool by_reset : {false, true}) {
    ScriptedProvider provider(once_then([by_reset](Visit& visit) { by_reset ? visit.reset() : visit.close(); }));
    TestGateway gateway(anthropic_at(provider.url()));
    RawClient client(gateway.port());
    EXPECT_EQ(client.ask(request()).field("x-penstock-attempts"), "1");
    const auto reply = client.ask(request());
    EXPECT_EQ(reply.body, kMessage) << reply.status;
    EXPECT_EQ(reply.field("x-penstock-attempts"), "2");
    ASSERT_EQ(provider.seen().size(), 3U);
    EXPECT_EQ(provider.seen()[1].raw, provider.seen()[2].raw);
  }
}

TEST(gateway_attempt, never_again_after_a_byte) {
  ScriptedProvider provider(once_then([](Visit& visit) { visit.send("H"); }));
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  client.ask(request());
  const auto reply = client.ask(request());
  EXPECT_EQ(reply.status, 529);
  EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
  EXPECT_EQ(provider.connections(), 1U);
}

TEST(gateway_attempt, a_fresh_connection_that_dies_is_an_error_and_no_loop) {
  for (const bool by_reset : {false, true}) {
    ScriptedProvider provider([by_reset](Visit& visit) {
      visit.request();
      by_reset ? visit.reset() : visit.close();
    });
    TestGateway gateway(anthropic_at(provider.url()));
    RawClient client(gateway.port());
    for (std::size_t turn = 1; turn <= 2; ++turn) {
      const auto reply = client.ask(request(turn == 2));
      EXPECT_EQ(reply.status, 529);
      EXPECT_THAT(reply.body, HasSubstr(R"({"type":"error","error":{"type":"overloaded_error","message":")"));
      EXPECT_THAT(reply.body, HasSubstr("(claude)"));
      EXPECT_EQ(provider.connections(), turn);
    }
  }
}

TEST(gateway_attempt, a_refused_connection_is_an_error) {
  std::string url;
  {
    const ScriptedProvider gone(answer_messages);
    url = gone.url();
  }
  TestGateway gateway(anthropic_at(url));
  RawClient client(gateway.port());
  const auto reply = client.ask(request());
  EXPECT_EQ(reply.status, 529);
  EXPECT_THAT(reply.body, HasSubstr("cannot connect to 127.0.0.1"));
}

TEST(gateway_attempt, a_connection_that_the_provider_closes_while_idle_is_not_used) {
  ScriptedProvider provider([](Visit& visit) {
    if (visit.request()) visit.send(whole_answer(kMessage));
  });
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  for (std::size_t turn = 1; turn <= 3; ++turn) {
    EXPECT_EQ(client.ask(request()).status, 200);
    EXPECT_EQ(provider.connections(), turn);
  }
}

TEST(gateway_attempt, bytes_that_nobody_asked_for_end_an_idle_connection) {
  Gate answered, spoke;
  ScriptedProvider provider([&](Visit& visit) {
    if (visit.number() > 0) return answer_messages(visit);
    visit.request();
    visit.send(whole_answer(kMessage));
    answered.wait();
    visit.send(whole_answer("{\"smuggled\":true}"));
    spoke.open();
    visit.gateway_leaves();
  });
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(request()).body, kMessage);
  answered.open();
  spoke.wait();
  gateway.settle();
  EXPECT_EQ(client.ask(request()).body, kMessage);
}

TEST(gateway_attempt, redirects_are_never_followed) {
  const ScriptedProvider elsewhere(answer_messages);
  for (const int status : {301, 302, 303, 307, 308}) {
    ScriptedProvider provider(whole_answer("", status, fmt::format("location: {}/v1/messages\r\n", elsewhere.url())));
    TestGateway gateway(anthropic_at(provider.url()));
    RawClient client(gateway.port());
    const auto reply = client.ask(request());
    EXPECT_EQ(reply.status, 502);
    EXPECT_THAT(reply.body, HasSubstr(R"("type":"api_error","message":"the provider claude redirects)"));
    EXPECT_FALSE(reply.has_field("location"));
  }
  EXPECT_EQ(elsewhere.connections(), 0U);
}

TEST(gateway_attempt, an_answer_before_the_whole_request_was_read_counts) {
  ScriptedProvider provider([](Visit& visit) {
    visit.head();
    visit.send(whole_answer(R"({"type":"error","error":{"type":"request_too_large","message":"no"}})", 413, "connection: close\r\n"));
    visit.socket().shutdown_write();
    visit.gateway_leaves();
  });
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  const std::string padding = R"(, "x": ")" + std::string(8 << 20, 'x') + '"';
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", false, padding)));
  EXPECT_EQ(reply.status, 413) << reply.fault << reply.body;
}

TEST(gateway_attempt, a_silent_provider_is_a_timeout) {
  ScriptedProvider provider([](Visit& visit) {
    visit.request();
    visit.gateway_leaves();
  });
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) { snapshot.upstreams.front().first_byte_timeout = std::chrono::milliseconds(60); };
  TestGateway gateway(anthropic_at(provider.url()), options);
  RawClient client(gateway.port());
  for (const bool stream : {false, true}) {
    const auto reply = client.ask(request(stream));
    EXPECT_EQ(reply.status, 504);
    EXPECT_THAT(reply.body, HasSubstr("timeout_error"));
  }
}

/// Whether the resolver gives `address` for localhost, and the machine can use it.
bool localhost_is(const char* address) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (::getaddrinfo("localhost", nullptr, &hints, &found) != 0) return false;
  bool holds = false;
  for (const auto* entry = found; entry; entry = entry->ai_next) {
    std::array<char, 64> text{};
    ::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
    holds = holds || std::string_view(text.data()) == address;
  }
  ::freeaddrinfo(found);
  return holds;
}

TEST(gateway_attempt, a_provider_of_either_family_is_reached) {
  for (const auto& [address, url] : {std::pair("127.0.0.1", "http://127.0.0.1:{}"), std::pair("::1", "http://[::1]:{}")}) {
    ScriptedProvider provider(answer_messages, nullptr, address);
    TestGateway gateway(anthropic_at(fmt::format(fmt::runtime(url), provider.port())));
    RawClient client(gateway.port());
    EXPECT_EQ(client.ask(request()).status, 200) << address;
    EXPECT_EQ(provider.seen().at(0).field("host"), fmt::format(fmt::runtime(url), provider.port()).substr(7));
  }
}

TEST(gateway_attempt, either_family_of_localhost_will_do) {
  if (!localhost_is("127.0.0.1") || !localhost_is("::1")) GTEST_SKIP() << "localhost has one family only on this machine";
  for (const char* address : {"127.0.0.1", "::1"}) {
    ScriptedProvider provider(answer_messages, nullptr, address);
    TestGateway gateway(anthropic_at(fmt::format("http://localhost:{}", provider.port())));
    RawClient client(gateway.port());
    EXPECT_EQ(client.ask(request()).status, 200) << address;
  }
}

TEST(gateway_attempt, a_name_that_nobody_knows_is_an_error) {
  TestGateway gateway(anthropic_at("http://no-such-name.invalid"));
  RawClient client(gateway.port());
  const auto reply = client.ask(request());
  EXPECT_EQ(reply.status, 529);
  EXPECT_THAT(reply.body, HasSubstr("cannot resolve no-such-name.invalid"));
}

}  // namespace
}  // namespace penstock::gateway
