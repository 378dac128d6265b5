#include "gateway/shared_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kHaiku = "claude-haiku-4-5";
constexpr const char* kShare = "share: { background: on }\n";

GatewayOptions of_workers(unsigned count) {
  GatewayOptions options;
  options.workers = count;
  return options;
}

std::string ask_haiku(bool stream, std::string_view fields = {}, std::string_view more = {}) {
  return post("/v1/messages", message_body(kHaiku, stream, more), fields);
}

/// Answers requests once it is told to.
class LateProvider {
 public:
  LateProvider() : provider_([this](Visit& visit) { answer(visit); }) {}
  ~LateProvider() { go_on.open(); }
  LateProvider(const LateProvider&) = delete;
  LateProvider& operator=(const LateProvider&) = delete;
  [[nodiscard]] std::string url() const { return provider_.url(); }
  [[nodiscard]] std::size_t asked() const { return provider_.seen().size(); }
  bool wait_for(std::size_t requests) const { return provider_.wait_for_requests(requests); }
  Gate go_on;

 private:
  void answer(Visit& visit) {
    while (const auto request = visit.request()) {
      if (!go_on.wait()) return;
      visit.send(request->body.contains(R"("stream":true)") ? stream_answer() : whole_answer(kMessage));
    }
  }
  ScriptedProvider provider_;
};

/// Does with the first request what `fails` says, and answers the others.
ScriptedProvider::Script bad_at_first(std::function<void(Visit&)> fails) {
  return [fails = std::move(fails)](Visit& visit) {
    if (visit.number() > 0) return answer_messages(visit);
    if (visit.request()) fails(visit);
  };
}

/// Clients that ask at the same time, the first of them first.
class Clients {
 public:
  explicit Clients(TestGateway& gateway) : gateway_(gateway) {}
  /// Returns when the request asks a provider, or waits for one that does.
  RawClient& send(const std::string& request) {
    clients_.push_back(std::make_unique<RawClient>(gateway_.port()));
    clients_.back()->send(request);
    EXPECT_TRUE(eventually([&] { return gateway_.inflight() == clients_.size(); }));
    gateway_.settle();
    return *clients_.back();
  }
  Clients& send(const std::string& request, int times) {
    for (int i = 0; i < times; ++i) send(request);
    return *this;
  }
  std::vector<Reply> replies() {
    std::vector<Reply> all;
    for (auto& client : clients_) all.push_back(client->reply());
    return all;
  }

 private:
  TestGateway& gateway_;
  std::vector<std::unique_ptr<RawClient>> clients_;
};

std::optional<Setback::Answered> recorded(const std::function<void(Recording&)>& play) {
  Recording recording([] {});
  play(recording);
  return recording.take();
}

TEST(Recording, keeps_good_answers_only) {
  const auto whole = recorded([](Recording& to) { to.whole(200, "a: b\r\n", "{}"); });
  ASSERT_TRUE(whole);
  EXPECT_EQ(std::tie(whole->fields, whole->body, whole->events, whole->failed), std::make_tuple("a: b\r\n", "{}", false, false));
  const auto stream = recorded([](Recording& to) {
    to.begin("a: b\r\n", "one ");
    to.more("two ");
    to.end("three");
  });
  ASSERT_TRUE(stream);
  EXPECT_EQ(std::tie(stream->fields, stream->body, stream->events), std::make_tuple("a: b\r\n", "one two three", true));
  const auto pinged = recorded([](Recording& to) { to.end("all of it"); });
  ASSERT_TRUE(pinged);
  EXPECT_EQ(std::tie(pinged->body, pinged->events), std::make_tuple("all of it", true));
  EXPECT_FALSE(recorded([](Recording& to) { to.whole(529, "", "{}"); })) << "an error";
  EXPECT_FALSE(recorded([](Recording& to) { to.begin("", "one"); })) << "cut off";
  EXPECT_FALSE(recorded([](Recording&) {})) << "nothing";
}

TEST(Recording, ends_where_the_answer_grows_too_long) {
  int told = 0;
  Recording recording([&] { ++told; });
  recording.begin("", std::string(Recording::kMost, 'x'));
  EXPECT_EQ(told, 0);
  recording.more("x");
  recording.more("x");
  EXPECT_EQ(told, 1);
  recording.end({});
  EXPECT_FALSE(recording.take());
}

class OneAnswer : public testing::TestWithParam<std::tuple<unsigned, bool>> {};
INSTANTIATE_TEST_SUITE_P(gateway, OneAnswer, testing::Combine(testing::Values(1U, 2U), testing::Bool()));

TEST_P(OneAnswer, is_good_for_all_who_want_it) {
  const auto [workers, stream] = GetParam();
  LateProvider provider;
  TestGateway gateway(kShare + anthropic_at(provider.url()), of_workers(workers));
  Clients clients(gateway);
  for (int i = 0; i < 5; ++i) clients.send(ask_haiku(stream, fmt::format("x-claude-code-session-id: session-{}\r\n", i)));
  provider.go_on.open();
  std::set<std::string> ids;
  int shared = 0;
  for (const auto& reply : clients.replies()) {
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.whole) << reply.fault;
    EXPECT_EQ(reply.body, stream ? joined(kMessageEvents) : kMessage);
    EXPECT_EQ(reply.field("x-penstock-provider"), "claude");
    ids.insert(reply.field("request-id"));
    if (!reply.field("x-penstock-route").contains("(shared)")) continue;
    ++shared;
    EXPECT_EQ(reply.field("x-penstock-attempts"), "0");
  }
  EXPECT_EQ(shared, 4);
  EXPECT_EQ(ids.size(), 5U);
  EXPECT_EQ(provider.asked(), 1U);
  EXPECT_EQ(RawClient(gateway.port()).ask(ask_haiku(stream)).status, 200);
  EXPECT_EQ(provider.asked(), 2U) << "nothing is kept";
}

TEST(SharedAnswers, each_has_its_line_and_tokens_are_counted_once) {
  LateProvider provider;
  TestGateway gateway(kShare + anthropic_at(provider.url()));
  Clients clients(gateway);
  clients.send(ask_haiku(true), 3);
  provider.go_on.open();
  clients.replies();
  const auto log = gateway.log();
  const auto count = [&](std::string_view words) {
    int found = 0;
    for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("outcome=done"), 3) << log;
  EXPECT_EQ(count(" in=7 "), 1) << log;
  EXPECT_EQ(count("stop=end_turn"), 3) << log;
}

/// A request that is no equal of ask_haiku(false), or is no concern of sharing.
struct Other {
  const char* name;
  std::string request;
};
void PrintTo(const Other& other, std::ostream* out) { *out << other.name; }

class Differs : public testing::TestWithParam<Other> {};
INSTANTIATE_TEST_SUITE_P(gateway, Differs,
                         testing::Values(Other{"body", ask_haiku(false, {}, R"(,"temperature":0)")}, Other{"stream", ask_haiku(true)},
                                         Other{"token", ask_haiku(false, "x-api-key: another\r\n")},
                                         Other{"login", ask_haiku(false, "authorization: Bearer another\r\n")},
                                         Other{"beta", ask_haiku(false, "anthropic-beta: one-2026-01-01\r\n")},
                                         Other{"version", ask_haiku(false, "anthropic-version: 2023-06-01\r\n")},
                                         Other{"mode", ask_haiku(false, "x-penstock-credential-mode: rotate\r\n")},
                                         Other{"client", ask_haiku(false, "user-agent: claude-cli/2.1.328\r\n")},
                                         Other{"query", post("/v1/messages?beta=true", message_body(kHaiku, false))},
                                         Other{"path", post("/to/claude/v1/messages", message_body(kHaiku, false))}));

TEST_P(Differs, and_asks_for_itself) {
  LateProvider provider;
  TestGateway gateway(kShare + anthropic_at(provider.url()), of_workers(2));
  Clients clients(gateway);
  clients.send(ask_haiku(false));
  clients.send(GetParam().request);
  EXPECT_TRUE(provider.wait_for(2));
  provider.go_on.open();
  for (const auto& reply : clients.replies()) EXPECT_EQ(reply.status, 200);
}

TEST(SharedAnswers, only_of_background_requests_and_only_when_asked_for) {
  for (const auto& [share, model] : {std::pair(std::string(kShare), "claude-sonnet-5"), std::pair(std::string(), "claude-haiku-4-5")}) {
    LateProvider provider;
    TestGateway gateway(share + anthropic_at(provider.url()));
    Clients clients(gateway);
    clients.send(post("/v1/messages", message_body(model, false)), 2);
    EXPECT_TRUE(provider.wait_for(2)) << model;
    provider.go_on.open();
    for (const auto& reply : clients.replies()) EXPECT_EQ(reply.status, 200);
  }
}

TEST(SharedAnswers, a_new_configuration_asks_anew) {
  LateProvider provider;
  TestGateway gateway(kShare + anthropic_at(provider.url()));
  Clients clients(gateway);
  clients.send(ask_haiku(false));
  gateway.reload(kShare + anthropic_at(provider.url()));
  clients.send(ask_haiku(false));
  EXPECT_TRUE(provider.wait_for(2));
  provider.go_on.open();
  for (const auto& reply : clients.replies()) EXPECT_EQ(reply.status, 200);
}

/// What the first of five gets; the others get the message.
Reply first_of_five(bool stream, const std::function<void(Visit&)>& fails) {
  Gate go_on;
  ScriptedProvider provider(bad_at_first([&](Visit& visit) {
    go_on.wait();
    fails(visit);
  }));
  TestGateway gateway(kShare + anthropic_at(provider.url()), of_workers(2));
  Clients clients(gateway);
  clients.send(ask_haiku(stream), 5);
  EXPECT_TRUE(provider.wait_for_requests(1));
  EXPECT_EQ(provider.seen().size(), 1U);
  go_on.open();
  auto replies = clients.replies();
  for (std::size_t i = 1; i < replies.size(); ++i) {
    EXPECT_TRUE(replies[i].whole) << replies[i].fault;
    EXPECT_EQ(replies[i].body, stream ? joined(kMessageEvents) : kMessage);
    EXPECT_THAT(replies[i].field("x-penstock-route"), Not(HasSubstr("shared")));
  }
  EXPECT_EQ(provider.seen().size(), 5U);
  return std::move(replies.front());
}

TEST(SharedAnswers, failures_are_not_shared) {
  const std::string overloaded = R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";
  EXPECT_EQ(first_of_five(false, [&](Visit& visit) { visit.send(whole_answer(overloaded, 529)); }).status, 529);
  EXPECT_EQ(first_of_five(true, [&](Visit& visit) { visit.send(whole_answer(overloaded, 529)); }).status, 529);
  EXPECT_GE(first_of_five(false, [](Visit& visit) { visit.reset(); }).status, 500);
  const auto begun = std::string(kStreamHead) + chunk(kMessageEvents[0] + kMessageEvents[1] + kMessageEvents[2]);
  EXPECT_THAT(first_of_five(true, [&](Visit& visit) { visit.send(begun); }).body, HasSubstr("event: error")) << "cut off";
  EXPECT_THAT(first_of_five(true, [&](Visit& visit) { visit.send(begun + chunk("event: error\ndata: " + overloaded + "\n\n")); }).body,
              HasSubstr("overloaded_error"));
}

TEST(SharedAnswers, when_the_first_client_leaves_the_others_ask) {
  ScriptedProvider provider(bad_at_first([](Visit& visit) { visit.gateway_leaves(); }));
  TestGateway gateway(kShare + anthropic_at(provider.url()), of_workers(2));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (unsigned i = 1; i <= 5; ++i) {
    clients.push_back(std::make_unique<RawClient>(gateway.port()));
    clients.back()->send(ask_haiku(true));
    ASSERT_TRUE(eventually([&] { return gateway.inflight() == i; }));
    gateway.settle();
  }
  clients.front()->socket().close();
  for (std::size_t i = 1; i < clients.size(); ++i) EXPECT_EQ(clients[i]->reply().body, joined(kMessageEvents));
  EXPECT_EQ(provider.seen().size(), 5U);
}

TEST(SharedAnswers, one_who_waits_may_leave) {
  LateProvider provider;
  TestGateway gateway(kShare + anthropic_at(provider.url()), of_workers(2));
  Clients clients(gateway);
  clients.send(ask_haiku(false));
  {
    RawClient leaves(gateway.port());
    leaves.send(ask_haiku(false));
    ASSERT_TRUE(eventually([&] { return gateway.inflight() == 2; }));
    gateway.settle();
  }
  ASSERT_TRUE(eventually([&] { return gateway.inflight() == 1; }));
  clients.send(ask_haiku(false));
  provider.go_on.open();
  for (const auto& reply : clients.replies()) EXPECT_EQ(reply.body, kMessage);
  EXPECT_EQ(provider.asked(), 1U);
  EXPECT_THAT(gateway.log(), HasSubstr("outcome=\"client left\""));
}

TEST(SharedAnswers, who_waits_hears_that_we_are_there) {
  LateProvider provider;
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) { snapshot.ping_after = milliseconds(5); };
  TestGateway gateway(kShare + anthropic_at(provider.url()), std::move(options));
  Clients clients(gateway);
  clients.send(ask_haiku(true));
  RawClient& waits = clients.send(ask_haiku(true));
  EXPECT_EQ(waits.head().status, 200);
  EXPECT_THAT(waits.until("event: ping"), HasSubstr("event: ping"));
  provider.go_on.open();
  EXPECT_THAT(waits.until("message_stop"), HasSubstr("event: message_start"));
  EXPECT_EQ(provider.asked(), 1U);
}

TEST(SharedAnswers, a_long_answer_is_not_waited_for) {
  Gate begin, go_on;
  ScriptedProvider provider(bad_at_first([&](Visit& visit) {
    const std::string text(64 * 1024, 'x');
    const std::string delta =
        "event: content_block_delta\n"
        R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" +
        text + "\"}}\n\n";
    visit.send(std::string(kStreamHead) + chunk(kMessageEvents[0] + kMessageEvents[1]));
    begin.wait();  // the second one has to wait for this answer, while it is short
    for (std::size_t sent = 0; sent <= Recording::kMost; sent += delta.size()) visit.send(chunk(delta));
    go_on.wait();
    visit.send(chunk(kMessageEvents[4] + kMessageEvents[5] + kMessageEvents[6]) + std::string(kStreamEnd));
  }));
  TestGateway gateway(kShare + anthropic_at(provider.url()), of_workers(2));
  Clients clients(gateway);
  RawClient& first = clients.send(ask_haiku(true));
  RawClient& second = clients.send(ask_haiku(true));
  begin.open();
  std::thread reader([&] { EXPECT_TRUE(first.reply().whole); });
  EXPECT_EQ(second.reply().body, joined(kMessageEvents)) << "while the first one still goes on";
  go_on.open();
  reader.join();
}

TEST(SharedAnswers, who_has_waited_for_half_of_its_time_asks) {
  LateProvider provider;
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) { snapshot.deadline = milliseconds(400); };
  TestGateway gateway(kShare + anthropic_at(provider.url()), std::move(options));
  Clients clients(gateway);
  clients.send(ask_haiku(false), 2);
  EXPECT_TRUE(provider.wait_for(2));
  provider.go_on.open();
  for (const auto& reply : clients.replies()) EXPECT_EQ(reply.body, kMessage);
}

TEST(SharedAnswers, when_we_stop_all_are_told) {
  LateProvider provider;
  TestGateway gateway(kShare + anthropic_at(provider.url()), of_workers(2));
  Clients clients(gateway);
  clients.send(ask_haiku(false), 4);
  for (std::size_t worker : {0U, 1U}) gateway.on_worker(worker, [](net::Worker&, Gateway& one) { one.stop_running(); });
  for (const auto& reply : clients.replies()) {
    EXPECT_GE(reply.status, 500);
    EXPECT_TRUE(reply.whole) << reply.fault;
  }
  EXPECT_TRUE(eventually([&] { return gateway.inflight() == 0; }));
}

}  // namespace
}  // namespace penstock::gateway
