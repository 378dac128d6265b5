// One answer for requests on several workers, while clients come and go. Also run under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;

constexpr int kClients = 6, kRequests = 60;
const std::string kBody = message_body("claude-haiku-4-5", true);

std::string sharing(const std::string& url) { return "share: { background: on }\n" + anthropic_at(url); }

GatewayOptions two_workers() {
  GatewayOptions options;
  options.workers = 2;
  return options;
}

template <typename Client>
void in_threads(Client client) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) threads.emplace_back([&client, i] { client(i); });
  for (auto& thread : threads) thread.join();
}

TEST(GatewayThreads, equal_requests_of_clients_that_may_leave) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(sharing(provider.url()), two_workers());
  std::atomic<int> whole{0}, left{0};
  in_threads([&](int number) {
    std::mt19937 random(static_cast<unsigned>(number));
    for (int i = 0; i < kRequests; ++i) {
      RawClient client(gateway.port());
      client.send(post("/v1/messages", kBody));
      if (random() % 4 == 0) {
        random() % 2 ? client.socket().reset() : client.socket().close();
        ++left;
      } else if (client.reply().body == joined(kMessageEvents)) {
        ++whole;
      }
    }
  });
  EXPECT_EQ(whole + left, kClients * kRequests);
  EXPECT_TRUE(eventually([&] { return gateway.inflight() == 0; }));
}

TEST(GatewayThreads, equal_requests_that_fail_now_and_then) {
  std::atomic<int> count{0};
  ScriptedProvider provider([&](Visit& visit) {
    while (visit.request()) {
      if (++count % 3 == 0) return visit.reset();
      visit.send(stream_answer());
    }
  });
  TestGateway gateway(sharing(provider.url()), two_workers());
  std::atomic<int> answered{0};
  in_threads([&](int) {
    for (int i = 0; i < kRequests; ++i) {
      const auto reply = RawClient(gateway.port()).ask(post("/v1/messages", kBody));
      if (reply.whole && (reply.status >= 500 || reply.body == joined(kMessageEvents))) ++answered;
    }
  });
  EXPECT_EQ(answered, kClients * kRequests);
}

TEST(GatewayThreads, an_end_while_several_wait_for_one_answer) {
  for (int round = 0; round < 10; ++round) {
    ScriptedProvider provider([](Visit& visit) {
      if (visit.request()) visit.gateway_leaves();
    });
    std::vector<RawClient> clients;
    {
      TestGateway gateway(sharing(provider.url()), two_workers());
      for (unsigned i = 1; i <= 8; ++i) {
        clients.emplace_back(gateway.port());
        clients.back().send(post("/v1/messages", kBody));
        ASSERT_TRUE(eventually([&] { return gateway.inflight() == i; }));
      }
    }
    for (auto& client : clients) EXPECT_FALSE(client.reply().whole);
  }
}

}  // namespace
}  // namespace penstock::gateway
