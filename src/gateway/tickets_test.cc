#include "gateway/tickets.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using testing::ElementsAre;

/// Answers requests when it is told to: as many as it was told of, those first that came first.
class SlowProvider {
 public:
  SlowProvider() : provider_([this](Visit& visit) { answer(visit); }) {}
  ~SlowProvider() { let(1000); }
  SlowProvider(const SlowProvider&) = delete;
  SlowProvider& operator=(const SlowProvider&) = delete;

  void let(int count) {
    const std::lock_guard lock(mutex_);
    allowed_ += count;
    changed_.notify_all();
  }
  [[nodiscard]] std::string url() const { return provider_.url(); }
  /// The words of the requests, in their order, once that many have come.
  [[nodiscard]] std::vector<std::string> words(std::size_t count) const {
    provider_.wait_for_requests(count);
    std::vector<std::string> all;
    for (const auto& seen : provider_.seen()) {
      const auto at = seen.body.find(R"("content":")") + 11;
      all.push_back(seen.body.substr(at, seen.body.find('"', at) - at));
    }
    return all;
  }
  [[nodiscard]] std::vector<std::string> keys(std::size_t count) const {
    provider_.wait_for_requests(count);
    std::vector<std::string> all;
    for (const auto& seen : provider_.seen()) all.push_back(seen.field("x-api-key"));
    return all;
  }
  [[nodiscard]] int most_at_once() const { return most_; }

 private:
  void answer(Visit& visit) {
    while (const auto request = visit.request()) {
      for (int busy = ++busy_, most = most_; most < busy && !most_.compare_exchange_weak(most, busy);) {
      }
      const bool told = wait();
      --busy_;
      if (!told) return;
      visit.send(request->body.contains(R"("stream":true)") ? stream_answer() : whole_answer(kMessage));
    }
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    const int number = came_++;
    return changed_.wait_for(lock, kPatience, [&] { return number < allowed_; });
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  int came_ = 0, allowed_ = 0;
  std::atomic<int> busy_{0}, most_{0};
  ScriptedProvider provider_;  // its threads use what stands above
};

/// A provider of one model `m`, with what `limits` says.
std::string provider(std::string_view name, const std::string& url, std::string_view limits) {
  return fmt::format("  {}: {{ base_url: '{}', models: [ {{ id: m }} ], {} }}\n", name, url, limits);
}

std::string only(const SlowProvider& one, std::string_view limits) {
  return "providers:\n" + provider("one", one.url(), limits) + "retry: { attempts: 1 }\n";
}

std::string request_of(std::string_view session, std::string_view word, bool stream = false, std::string_view model = "one/m") {
  const auto body =
      fmt::format(R"({{"model":"{}","max_tokens":16,"stream":{},"messages":[{{"role":"user","content":"{}"}}]}})", model, stream, word);
  return post("/v1/messages", body, fmt::format("x-claude-code-session-id: {}\r\n", session));
}

/// Requests under way, one connection each.
class Crowd {
 public:
  explicit Crowd(TestGateway& gateway) : gateway_(gateway) {}
  /// Returns when the gateway has it, and has asked a provider or put it in line.
  RawClient& send(const std::string& request) {
    clients_.push_back(std::make_unique<RawClient>(gateway_.port()));
    clients_.back()->send(request);
    const auto all = clients_.size() - gone_;
    EXPECT_TRUE(eventually([&] { return gateway_.inflight() == all; }));
    gateway_.settle();
    return *clients_.back();
  }
  void leave(RawClient& client) {
    client.socket().close();
    ++gone_;
    EXPECT_TRUE(eventually([&] { return gateway_.inflight() == clients_.size() - gone_; }));
  }
  std::vector<int> statuses() {
    std::vector<int> all;
    for (auto& client : clients_)
      if (client->socket().open()) all.push_back(client->reply().status);
    return all;
  }

 private:
  TestGateway& gateway_;
  std::vector<std::unique_ptr<RawClient>> clients_;
  std::size_t gone_ = 0;
};

TEST(Standing, places_are_as_many_as_the_limit_says) {
  Standing standing("x", {});
  EXPECT_TRUE(standing.try_enter(2));
  EXPECT_TRUE(standing.try_enter(2));
  EXPECT_TRUE(standing.full(2));
  EXPECT_FALSE(standing.try_enter(2));
  EXPECT_TRUE(standing.try_enter(0)) << "no limit";
  EXPECT_FALSE(standing.full(0));
  standing.leave();
  standing.leave();
  EXPECT_TRUE(standing.try_enter(2));
}

TEST(Standing, places_are_never_more_under_contention) {
  Standing standing("x", {});
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int turn = 0; turn < 20'000; ++turn) {
        if (!standing.try_enter(2)) continue;
        const int now = ++inside;
        if (now > most) most = now;
        --inside;
        standing.leave();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 2);
  EXPECT_EQ(standing.busy(), 0U);
}

TEST(Tickets, a_request_waits_until_its_target_has_a_place) {
  SlowProvider one;
  TestGateway gateway(only(one, "api_key: k, max_inflight: 2"));
  Crowd crowd(gateway);
  for (const char* word : {"a", "b", "c"}) crowd.send(request_of("s", word));
  EXPECT_THAT(one.words(2), testing::UnorderedElementsAre("a", "b"));
  EXPECT_TRUE(eventually([&] { return one.most_at_once() == 2; }));
  one.let(3);
  EXPECT_THAT(crowd.statuses(), ElementsAre(200, 200, 200));
  EXPECT_EQ(one.most_at_once(), 2);
}

TEST(Tickets, beyond_the_length_of_the_queue_it_is_529_at_once_and_nobodys_fault) {
  SlowProvider one;
  TestGateway gateway(only(one, "api_key: k, max_inflight: 1, queue: { length: 1, wait: 1m }"));
  Crowd crowd(gateway);
  crowd.send(request_of("s", "a"));
  crowd.send(request_of("s", "b"));
  for (int i = 0; i < 5; ++i) {
    const auto refused = RawClient(gateway.port()).ask(request_of("s", "c"));
    EXPECT_EQ(refused.status, 529);
    EXPECT_EQ(refused.field("retry-after"), "1");
    EXPECT_NE(refused.body.find("overloaded_error"), std::string::npos);
    EXPECT_NE(refused.body.find("max_inflight"), std::string::npos);
  }
  one.let(3);
  EXPECT_THAT(crowd.statuses(), ElementsAre(200, 200));
  EXPECT_EQ(RawClient(gateway.port()).ask(request_of("s", "d")).status, 200) << "the target does not rest";
  EXPECT_THAT(one.words(3), ElementsAre("a", "b", "d"));
}

TEST(Tickets, a_wait_ends_with_529) {
  SlowProvider one;
  TestGateway gateway(only(one, "api_key: k, max_inflight: 1, queue: { wait: 50ms }"));
  Crowd crowd(gateway);
  crowd.send(request_of("s", "a"));
  EXPECT_EQ(RawClient(gateway.port()).ask(request_of("s", "b")).status, 529);
  one.let(1);
  EXPECT_THAT(crowd.statuses(), ElementsAre(200));
  EXPECT_THAT(one.words(1), ElementsAre("a"));
}

TEST(Tickets, another_target_of_the_chain_comes_before_a_wait) {
  SlowProvider one, two;
  TestGateway gateway("providers:\n" + provider("one", one.url(), "api_key: k, max_inflight: 1") +
                      provider("two", two.url(), "api_key: k, max_inflight: 1") + "models: [ { name: x, to: [ one/m, two/m ] } ]\n");
  Crowd crowd(gateway);
  for (const char* word : {"a", "b", "c"}) crowd.send(request_of(word, word, false, "x"));
  EXPECT_THAT(one.words(1), ElementsAre("a"));
  EXPECT_THAT(two.words(1), ElementsAre("b"));
  one.let(2);
  two.let(1);
  EXPECT_THAT(crowd.statuses(), ElementsAre(200, 200, 200));
  EXPECT_THAT(one.words(2), ElementsAre("a", "c"));
}

TEST(Tickets, another_key_comes_before_a_wait_and_who_waits_takes_the_first_free_one) {
  SlowProvider one;
  TestGateway gateway(only(one, "credentials: { pool: [ key-1, key-2 ], max_inflight: 1 }"));
  Crowd crowd(gateway);
  for (const char* word : {"a", "b"}) crowd.send(request_of("s", word));
  EXPECT_THAT(one.keys(2), testing::UnorderedElementsAre("key-1", "key-2"));
  for (const char* word : {"c", "d"}) crowd.send(request_of("s", word));
  one.let(2);
  const auto keys = one.keys(4);
  ASSERT_EQ(keys.size(), 4U);
  EXPECT_NE(keys[2], keys[3]) << "each takes the key that was left, though affinity would give both the same";
  one.let(2);
  EXPECT_THAT(crowd.statuses(), ElementsAre(200, 200, 200, 200));
  EXPECT_EQ(one.most_at_once(), 2);
}

TEST(Tickets, sessions_take_turns) {
  SlowProvider one;
  TestGateway gateway(only(one, "api_key: k, max_inflight: 1"));
  Crowd crowd(gateway);
  for (const char* word : {"a1", "a2", "a3", "a4"}) crowd.send(request_of("a", word));
  for (const char* word : {"b1", "b2"}) crowd.send(request_of("b", word));
  one.let(6);
  EXPECT_THAT(crowd.statuses(), ElementsAre(200, 200, 200, 200, 200, 200));
  EXPECT_THAT(one.words(6), ElementsAre("a1", "a2", "b1", "a3", "b2", "a4"));
}

TEST(Tickets, who_leaves_gives_up_its_place_in_line_or_its_ticket) {
  SlowProvider one;
  TestGateway gateway(only(one, "api_key: k, max_inflight: 1"));
  Crowd crowd(gateway);
  auto& first = crowd.send(request_of("s", "a"));
  auto& second = crowd.send(request_of("s", "b"));
  crowd.send(request_of("s", "c"));
  crowd.leave(second);
  crowd.leave(first);
  EXPECT_THAT(one.words(2), ElementsAre("a", "c"));
  one.let(2);
  EXPECT_THAT(crowd.statuses(), ElementsAre(200));
}

TEST(Tickets, the_client_of_a_stream_gets_pings_while_it_waits) {
  SlowProvider one;
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) { snapshot.ping_after = std::chrono::milliseconds(20); };
  TestGateway gateway(only(one, "api_key: k, max_inflight: 1"), options);
  Crowd crowd(gateway);
  crowd.send(request_of("s", "a"));
  auto& waits = crowd.send(request_of("s", "b", true));
  EXPECT_NE(waits.until("event: ping").find("200 OK"), std::string::npos);
  EXPECT_THAT(one.words(1), ElementsAre("a"));
  one.let(2);
  EXPECT_NE(waits.until("message_stop").find("message_stop"), std::string::npos);
}

TEST(Tickets, a_place_that_another_worker_leaves_is_noticed) {
  SlowProvider one;
  TestGateway gateway(only(one, "api_key: k, max_inflight: 1, queue: { length: 9, wait: 1m }"), {.workers = 2});
  Crowd crowd(gateway);
  for (const char* word : {"a", "b", "c", "d"}) crowd.send(request_of(word, word));
  EXPECT_EQ(gateway.connections(0), 2U);
  one.let(4);
  EXPECT_THAT(crowd.statuses(), ElementsAre(200, 200, 200, 200));
  EXPECT_EQ(one.most_at_once(), 1);
}

TEST(Tickets, the_limit_holds_under_load_and_everybody_is_served) {
  constexpr int kClients = 6, kRequests = 40;
  SlowProvider one;
  one.let(kClients * kRequests);
  TestGateway gateway(only(one, "credentials: { pool: [ key-1, key-2 ], max_inflight: 1 }, max_inflight: 3, queue: { wait: 1m }"),
                      {.workers = 2});
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i)
    threads.emplace_back([&, i] {
      RawClient client(gateway.port());
      for (int turn = 0; turn < kRequests; ++turn)
        if (client.ask(request_of(std::to_string(i), "x", turn % 2 == 0)).status == 200) ++served;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(served, kClients * kRequests);
  EXPECT_LE(one.most_at_once(), 2);
  EXPECT_TRUE(eventually([&] { return gateway.inflight() == 0; }));
}

TEST(Tickets, an_end_while_requests_wait) {
  SlowProvider one;
  TestGateway gateway(only(one, "api_key: k, max_inflight: 1"));
  Crowd crowd(gateway);
  for (const char* word : {"a", "b", "c"}) crowd.send(request_of("s", word));
  gateway.on_worker(0, [](net::Worker&, Gateway& of_worker) { of_worker.stop_running(); });
  EXPECT_THAT(crowd.statuses(), testing::Each(testing::Ge(500)));
  EXPECT_THAT(one.words(1), ElementsAre("a"));
}

TEST(Tickets, a_worker_that_goes_while_requests_wait) {
  SlowProvider one;
  TestGateway gateway(only(one, "api_key: k, max_inflight: 1"));
  Crowd crowd(gateway);
  for (const char* word : {"a", "b", "c"}) crowd.send(request_of("s", word));
  gateway.stop();
  EXPECT_THAT(one.words(1), ElementsAre("a"));
}

}  // namespace
}  // namespace penstock::gateway
