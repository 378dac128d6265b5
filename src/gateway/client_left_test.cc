// A client that goes away takes its request at the provider with it, at once: tokens cost money.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kAtOnce{100};

/// Where the answer stands when the client leaves.
enum class Stage { before_the_head, before_the_body, in_the_middle, in_a_whole_answer };

/// How long after the client's leaving the gateway closes its connection to the provider.
milliseconds time_to_abort(Stage stage, bool by_reset) {
  Gate arrived;
  std::promise<TestClock::time_point> left;
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    if (stage == Stage::in_a_whole_answer) visit.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{");
    if (stage != Stage::before_the_head && stage != Stage::in_a_whole_answer) visit.send(kStreamHead);
    if (stage == Stage::in_the_middle) visit.send(chunk(kMessageEvents[0]) + chunk(kMessageEvents[1]));
    arrived.open();
    if (visit.gateway_leaves()) left.set_value(TestClock::now());
  });
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  client.send(post("/v1/messages", message_body("claude-sonnet-5", stage != Stage::in_a_whole_answer)));
  arrived.wait();
  if (stage == Stage::in_the_middle) client.until("message_start");
  gateway.settle();  // the gateway has read what was sent
  const auto before = TestClock::now();
  by_reset ? client.socket().reset() : client.socket().close();
  auto when = left.get_future();
  if (when.wait_for(std::chrono::seconds(5)) != std::future_status::ready) return milliseconds::max();
  const auto took = std::chrono::duration_cast<milliseconds>(when.get() - before);
  EXPECT_TRUE(eventually([&] { return gateway.inflight() == 0; }));
  EXPECT_THAT(gateway.log(), HasSubstr("outcome=\"client left\""));
  return took;
}

class ClientLeaves : public testing::TestWithParam<Stage> {};
INSTANTIATE_TEST_SUITE_P(gateway, ClientLeaves,
                         testing::Values(Stage::before_the_head, Stage::before_the_body, Stage::in_the_middle, Stage::in_a_whole_answer));

TEST_P(ClientLeaves, and_the_provider_is_left_within_100_ms) {
  for (const bool by_reset : {false, true}) {
    // A busy machine may take a thread away for a while: the best of three counts.
    milliseconds best = milliseconds::max();
    for (int attempt = 0; attempt < 3 && best > kAtOnce; ++attempt) best = std::min(best, time_to_abort(GetParam(), by_reset));
    EXPECT_LE(best, kAtOnce) << "by_reset " << by_reset;
  }
}

/// A listening socket whose backlog is full: the kernel answers no further connection, so a connect hangs.
class FullBacklog {
 public:
  FullBacklog() {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&name), size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
    for (int i = 0; i < 4; ++i) {
      fillers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(fillers_.back(), reinterpret_cast<sockaddr*>(&name), size);
    }
  }
  ~FullBacklog() {
    for (const int filler : fillers_) ::close(filler);
    ::close(listener_);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  int listener_;
  std::vector<int> fillers_;
  std::uint16_t port_ = 0;
};

TEST(gateway_connect, a_client_that_leaves_while_connecting_ends_the_attempt) {
  const FullBacklog nowhere;
  TestGateway gateway(anthropic_at(nowhere.url()));
  RawClient client(gateway.port());
  client.send(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_TRUE(eventually([&] { return gateway.inflight() == 1; }));
  client.socket().close();
  EXPECT_TRUE(eventually([&] { return gateway.inflight() == 0; }));
  EXPECT_THAT(gateway.log(), HasSubstr("outcome=\"client left\""));
}

TEST(gateway_connect, a_provider_that_does_not_take_the_connection_is_a_timeout) {
  const FullBacklog nowhere;
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) { snapshot.upstreams.front().connect_timeout = milliseconds(60); };
  TestGateway gateway(anthropic_at(nowhere.url()), options);
  RawClient client(gateway.port());
  const auto reply = client.ask(post("/v1/messages", message_body("claude-sonnet-5", true)));
  EXPECT_EQ(reply.status, 504);
  EXPECT_THAT(reply.body, HasSubstr("took too long"));
}

TEST(gateway_memory, a_client_that_does_not_read_holds_the_provider_back) {
  constexpr std::size_t kAll = 100UL << 20;
  const std::string event =
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" +
      std::string(8000, 'x') + "\"}}\n\n";
  std::atomic<std::size_t> sent{0};
  std::atomic<bool> held_back{false};
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(std::string(kStreamHead) + chunk(kMessageEvents[0]) + chunk(kMessageEvents[1]));
    const std::string one = chunk(event);
    while (sent < kAll) {
      std::string_view rest = one;
      const auto begun = TestClock::now();
      while (!rest.empty()) {
        const auto put = visit.socket().send_some(rest);
        rest.remove_prefix(put);
        if (put == 0 && TestClock::now() - begun > milliseconds(300)) {
          held_back = true;
          return;
        }
      }
      sent += one.size();
    }
  });
  TestGateway gateway(anthropic_at(provider.url()));
  RawClient client(gateway.port());
  client.socket().shrink_receive_buffer();
  client.send(post("/v1/messages", message_body("claude-sonnet-5", true)));
  client.until("message_start");
  const auto before = resident_bytes();
  EXPECT_TRUE(eventually([&] { return held_back.load(); }));
  EXPECT_LT(sent, 32U << 20) << "what the sockets hold, and no more";
  // A build with AddressSanitizer keeps what was freed for a while.
  EXPECT_LT(resident_bytes(), before + (24U << 20));
}

}  // namespace
}  // namespace penstock::gateway
