// What threads share, under load: workers, counters, reloads, drains. Also run under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;

constexpr int kClients = 4, kRequests = 60;

GatewayOptions two_workers() {
  GatewayOptions options;
  options.workers = 2;
  return options;
}

/// Runs `client` in several threads and waits for them.
template <typename Client>
void in_threads(Client client) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) threads.emplace_back([&client, i] { client(i); });
  for (auto& thread : threads) thread.join();
}

TEST(GatewayThreads, requests_streams_and_reloads_at_once) {
  ScriptedProvider one(answer_messages), two(answer_messages);
  TestGateway gateway(anthropic_at(one.url()), two_workers());
  std::atomic<int> answered{0};
  std::atomic<bool> done{false};
  std::thread reloader([&] {
    for (int turn = 0; !done; ++turn) {
      gateway.reload(anthropic_at(turn % 2 ? one.url() : two.url()));
      std::this_thread::yield();
    }
  });
  in_threads([&](int number) {
    RawClient client(gateway.port());
    for (int i = 0; i < kRequests; ++i) {
      const bool stream = (number + i) % 2 == 0;
      const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", stream)));
      if (reply.body == (stream ? joined(kMessageEvents) : kMessage)) ++answered;
    }
  });
  done = true;
  reloader.join();
  EXPECT_EQ(answered, kClients * kRequests);
  EXPECT_EQ(gateway.inflight(), 0U);
}

TEST(GatewayThreads, clients_that_leave_at_any_time) {
  ScriptedProvider provider([](Visit& visit) {
    while (visit.request()) {
      visit.send(kStreamHead);
      for (const auto& event : kMessageEvents)
        if (!visit.send(chunk(event))) return;
      visit.send(kStreamEnd);
    }
  });
  TestGateway gateway(third_party_at(provider.url()), two_workers());
  in_threads([&](int number) {
    std::mt19937 random(static_cast<unsigned>(number));
    const auto request = post("/v1/messages", message_body("m", true));
    for (int i = 0; i < kRequests; ++i) {
      RawClient client(gateway.port());
      client.send(std::string_view(request).substr(0, random() % (2 * request.size())));
      std::string some;
      client.socket().receive(some, std::chrono::milliseconds(random() % 3));
      random() % 2 ? client.socket().reset() : client.socket().close();
    }
  });
  EXPECT_TRUE(eventually([&] { return gateway.inflight() == 0 && gateway.connections(0) == 0 && gateway.connections(1) == 0; }));
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(post("/v1/messages", message_body("m", true))).body, joined(kMessageEvents));
}

TEST(GatewayThreads, a_drain_while_requests_run) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(anthropic_at(provider.url()), two_workers());
  std::atomic<int> begun{0}, whole{0}, cut{0};
  in_threads([&](int number) {
    for (int i = 0; i < kRequests; ++i) {
      RawClient client(gateway.port());
      if (number == 0 && i == kRequests / 2) gateway.drain();
      ++begun;
      const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", true)));
      if (reply.whole) ++whole;
      if (!reply.whole && reply.status != 0) ++cut;
    }
  });
  EXPECT_EQ(cut, 0) << "an answer that has begun comes to its end";
  EXPECT_GT(whole, kRequests / 2);
  EXPECT_LT(whole, begun) << "connections that come while it drains are closed";
  EXPECT_EQ(gateway.inflight(), 0U);
}

TEST(GatewayThreads, connections_go_to_the_least_loaded_worker) {
  ScriptedProvider provider(answer_messages);
  TestGateway gateway(anthropic_at(provider.url()), two_workers());
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(gateway.port());
    ASSERT_EQ(clients.back().ask(get("/livez")).status, 200);
  }
  EXPECT_EQ(gateway.connections(0), 10U);
  EXPECT_EQ(gateway.connections(1), 10U);
  // Those of one worker leave; the next ones take their places.
  for (std::size_t i = 0; i < clients.size(); i += 2) clients[i].socket().close();
  EXPECT_TRUE(eventually([&] { return gateway.connections(0) + gateway.connections(1) == 10; }));
  for (std::size_t i = 0; i < clients.size(); i += 2) {
    clients[i] = RawClient(gateway.port());
    ASSERT_EQ(clients[i].ask(get("/livez")).status, 200);
  }
  EXPECT_EQ(gateway.connections(0), 10U);
  EXPECT_EQ(gateway.connections(1), 10U);
}

TEST(GatewayThreads, max_inflight_counts_all_workers) {
  Gate go_on;
  ScriptedProvider provider([&](Visit& visit) {
    while (visit.request()) {
      go_on.wait();
      visit.send(whole_answer(kMessage));
    }
  });
  TestGateway gateway("server: { max_inflight: 3 }\n" + anthropic_at(provider.url()), two_workers());
  const auto request = post("/v1/messages", message_body("claude-sonnet-5", false));
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(gateway.port());
    clients.back().send(request);
  }
  ASSERT_TRUE(provider.wait_for_requests(3));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(RawClient(gateway.port()).ask(request).status, 503);
  go_on.open();
  for (auto& client : clients) EXPECT_EQ(client.reply().status, 200);
}

TEST(GatewayThreads, an_end_in_the_middle_of_everything) {
  ScriptedProvider provider([](Visit& visit) {
    if (!visit.request()) return;
    visit.send(std::string(kStreamHead) + chunk(kMessageEvents[0]) + chunk(kMessageEvents[1]));
    visit.gateway_leaves();
  });
  std::vector<RawClient> clients;
  {
    TestGateway gateway(anthropic_at(provider.url()), two_workers());
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back(gateway.port());
      clients.back().send(post("/v1/messages", message_body("claude-sonnet-5", true)));
      if (i % 2 == 0) clients.back().until("message_start");
    }
  }
  for (auto& client : clients) EXPECT_FALSE(client.reply().whole);
}

}  // namespace
}  // namespace penstock::gateway
