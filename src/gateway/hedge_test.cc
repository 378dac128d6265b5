// Two targets for one background request, through real sockets: who is heard, who is given up, and what is thought of both afterwards.
#include "gateway/hedge.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kSoon = "hedge: { background: 20ms }\naffinity: none\n";

/// Targets one/m, two/m, three/m behind the name `a-haiku`, which is for background requests, and `a-sonnet`, which is not.
std::string targets_at(std::initializer_list<const ScriptedProvider*> providers, std::string_view more = kSoon, std::string_view row = {}) {
  static constexpr std::array kNames{"one", "two", "three"};
  std::string rows, list;
  std::size_t index = 0;
  for (const auto* provider : providers) {
    const auto* name = kNames.at(index++);
    rows += fmt::format("  {}: {{ base_url: '{}', api_key: key-of-{}, models: [ {{ id: m, window: 9000, max_output: 100 }} ]{} }}\n", name,
                        provider->url(), name, row);
    list += fmt::format("{}{}/m", list.empty() ? "" : ", ", name);
  }
  return fmt::format("{}models:\n  - {{ name: a-haiku, to: [ {} ] }}\n  - {{ name: a-sonnet, to: [ {} ] }}\nproviders:\n{}", more, list,
                     list, rows);
}

std::string request(bool stream, std::string_view name = "a-haiku") { return post("/v1/messages", message_body(name, stream)); }
std::string answer(bool stream) { return stream ? stream_answer() : whole_answer(kMessage); }
std::string failure(int status) { return whole_answer(R"({"type":"error","error":{"type":"api_error","message":"it broke"}})", status); }

/// Says nothing; opens `arrived` when it is asked, and `left` when the gateway gives it up.
struct Silent {
  Gate arrived, left;
  ScriptedProvider provider{[this](Visit& visit) {
    if (!visit.request()) return;
    arrived.open();
    if (visit.gateway_leaves()) left.open();
  }};
};

/// Answers its first request when it is told to, and notes when it is asked.
struct Waiting {
  explicit Waiting(std::string answer)
      : provider([this, answer](Visit& visit) {
          if (!visit.request()) return;
          arrived.open();
          go_on.wait();
          visit.send(answer);
          sent.open();
          visit.gateway_leaves();
        }) {}
  Gate arrived, go_on, sent;
  ScriptedProvider provider;
};

std::string state_of(TestGateway& gateway, std::string_view target) {
  RawClient client(gateway.port());
  const std::string page = client.ask(get("/admin/v1/targets")).body;
  const auto begin = page.find(fmt::format(R"({{"name":"{}")", target));
  return begin == std::string::npos ? page : page.substr(begin, page.find("\"used\"", begin) - begin);
}

TEST(hedge, a_silent_target_is_given_up_for_one_that_answers) {
  for (const bool stream : {false, true}) {
    Silent silent;
    ScriptedProvider quick(answer_messages);
    TestGateway gateway(targets_at({&silent.provider, &quick}));
    RawClient client(gateway.port());
    const auto reply = client.ask(request(stream));
    EXPECT_TRUE(reply.whole) << reply.fault;
    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.body, HasSubstr("msg_"));
    EXPECT_EQ(reply.field("x-penstock-provider"), "two");
    EXPECT_EQ(reply.field("x-penstock-attempts"), "2");
    EXPECT_EQ(reply.field("x-penstock-route"), "name a-haiku (hedged)");
    EXPECT_TRUE(silent.left.wait()) << "its connection is closed";
    EXPECT_EQ(quick.seen().at(0).field("x-api-key"), "key-of-two");
    for (const auto* name : {"one/m", "two/m"})
      EXPECT_THAT(state_of(gateway, name), AllOf(HasSubstr(R"("state":"ready")"), HasSubstr(R"("failures":0)"), HasSubstr(R"("busy":0)")));
    EXPECT_THAT(gateway.log(), AllOf(HasSubstr("outcome=done"), HasSubstr("provider=two"), HasSubstr("attempts=2")));
  }
}

TEST(hedge, the_first_is_heard_when_it_answers_before_the_second) {
  for (const bool stream : {false, true}) {
    Waiting first(answer(stream));
    Silent second;
    TestGateway gateway(targets_at({&first.provider, &second.provider}));
    RawClient client(gateway.port());
    client.send(request(stream));
    ASSERT_TRUE(second.arrived.wait());
    first.go_on.open();
    const auto reply = client.reply();
    EXPECT_TRUE(reply.whole) << reply.fault;
    EXPECT_EQ(reply.field("x-penstock-provider"), "one");
    EXPECT_EQ(reply.field("x-penstock-attempts"), "2");
    EXPECT_EQ(reply.field("x-penstock-route"), "name a-haiku");
    EXPECT_TRUE(second.left.wait());
    EXPECT_THAT(state_of(gateway, "two/m"), AllOf(HasSubstr(R"("failures":0)"), HasSubstr(R"("busy":0)")));
  }
}

TEST(hedge, one_that_answers_in_time_is_asked_alone) {
  ScriptedProvider first(answer_messages), second(answer_messages);
  TestGateway gateway(targets_at({&first, &second}, "hedge: { background: 1h }\n"));
  RawClient client(gateway.port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(request(i == 1)).field("x-penstock-attempts"), "1");
  EXPECT_EQ(first.connections(), 1U);
  EXPECT_EQ(second.connections(), 0U);
}

/// The first answers after a ping, which comes long after the time of a hedge.
void expect_no_hedge(std::string_view more, std::string_view name, std::string_view members = {}) {
  Waiting first(stream_answer());
  ScriptedProvider second(answer_messages);
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) { snapshot.ping_after = milliseconds(80); };
  TestGateway gateway(targets_at({&first.provider, &second}, more), options);
  RawClient client(gateway.port());
  client.send(post("/v1/messages", message_body(name, true, members)));
  EXPECT_THAT(client.until("ping"), HasSubstr("ping"));
  first.go_on.open();
  EXPECT_THAT(client.until("message_stop"), HasSubstr("message_stop"));
  EXPECT_EQ(second.connections(), 0U);
  EXPECT_THAT(gateway.log(), AllOf(HasSubstr("provider=one"), Not(HasSubstr("attempts"))));
}

TEST(hedge, without_the_key_nothing_of_it_happens) { expect_no_hedge("affinity: none\n", "a-haiku"); }
TEST(hedge, is_for_background_requests_only) { expect_no_hedge(kSoon, "a-sonnet"); }
TEST(hedge, is_not_for_web_searches) {
  expect_no_hedge(kSoon, "a-haiku", R"(, "tools": [{"type":"web_search_20250305","name":"web_search"}])");
}

TEST(hedge, a_single_target_has_no_second) {
  Waiting only(whole_answer(kMessage));
  TestGateway gateway(targets_at({&only.provider}));
  RawClient client(gateway.port());
  client.send(request(false));
  ASSERT_TRUE(only.arrived.wait());
  only.go_on.open();
  EXPECT_EQ(client.reply().field("x-penstock-attempts"), "1");
}

TEST(hedge, when_the_first_fails_the_second_goes_on_alone) {
  for (const bool stream : {false, true}) {
    Waiting first(failure(500)), second(answer(stream));
    TestGateway gateway(targets_at({&first.provider, &second.provider}));
    RawClient client(gateway.port());
    client.send(request(stream));
    ASSERT_TRUE(second.arrived.wait());
    first.go_on.open();
    ASSERT_TRUE(first.sent.wait());
    gateway.settle();
    second.go_on.open();
    const auto reply = client.reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.field("x-penstock-provider"), "two");
    EXPECT_EQ(reply.field("x-penstock-attempts"), "2");
    EXPECT_EQ(first.provider.seen().size(), 1U);
    EXPECT_EQ(second.provider.seen().size(), 1U);
    EXPECT_THAT(state_of(gateway, "one/m"), AllOf(HasSubstr(R"("failures":1)"), HasSubstr(R"("last_trouble":"server_error")")));
    EXPECT_THAT(state_of(gateway, "two/m"), HasSubstr(R"("failures":0)"));
    EXPECT_THAT(gateway.log(), HasSubstr("outcome=done"));
  }
}

TEST(hedge, when_the_second_fails_the_first_goes_on_alone) {
  for (const int status : {529, 0}) {
    Waiting first(whole_answer(kMessage));
    ScriptedProvider second([&](Visit& visit) {
      if (!visit.request()) return;
      if (status != 0) return void(visit.send(failure(status)));
      visit.reset();
    });
    TestGateway gateway(targets_at({&first.provider, &second}));
    RawClient client(gateway.port());
    client.send(request(false));
    ASSERT_TRUE(second.wait_for_requests(1));
    EXPECT_TRUE(eventually([&] { return state_of(gateway, "two/m").contains(R"("failures":1)"); })) << "it is noted";
    first.go_on.open();
    const auto reply = client.reply();
    EXPECT_EQ(reply.field("x-penstock-provider"), "one");
    EXPECT_EQ(reply.field("x-penstock-attempts"), "2");
    EXPECT_THAT(state_of(gateway, "one/m"), HasSubstr(R"("failures":0)"));
  }
}

TEST(hedge, when_both_fail_the_course_goes_on) {
  Waiting first(failure(500));
  ScriptedProvider second(failure(529)), third(answer_messages);
  TestGateway gateway(targets_at({&first.provider, &second, &third}));
  RawClient client(gateway.port());
  client.send(request(false));
  EXPECT_TRUE(eventually([&] { return state_of(gateway, "two/m").contains(R"("failures":1)"); }));
  first.go_on.open();
  const auto reply = client.reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-provider"), "three");
  EXPECT_EQ(reply.field("x-penstock-route"), "name a-haiku (fallback)");
  EXPECT_THAT(state_of(gateway, "one/m"), HasSubstr(R"("failures":1)"));
}

TEST(hedge, a_second_that_answers_and_breaks_is_a_setback_of_its_own) {
  Silent silent;
  ScriptedProvider second([](Visit& visit) {
    if (!visit.request()) return;
    visit.send(visit.number() == 0 ? "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{" : whole_answer(kMessage));
    if (visit.number() == 0) visit.close();
  });
  TestGateway gateway(targets_at({&silent.provider, &second}));
  RawClient client(gateway.port());
  const auto reply = client.ask(request(false));
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.field("x-penstock-provider"), "two");
  EXPECT_EQ(reply.field("x-penstock-attempts"), "3");
  EXPECT_TRUE(silent.provider.wait_for_requests(1));
  EXPECT_EQ(silent.provider.seen().size(), 1U);
  EXPECT_THAT(state_of(gateway, "one/m"), HasSubstr(R"("failures":0)"));
}

TEST(hedge, places_are_given_back) {
  Silent silent;
  ScriptedProvider quick(answer_messages);
  TestGateway gateway(targets_at({&silent.provider, &quick}, kSoon, ", max_inflight: 1"));
  for (std::size_t turn = 1; turn <= 3; ++turn) {
    RawClient client(gateway.port());
    EXPECT_EQ(client.ask(request(false)).field("x-penstock-provider"), "two");
    EXPECT_TRUE(silent.provider.wait_for_requests(turn)) << "the first one has a place again";
  }
  EXPECT_EQ(quick.seen().size(), 3U);
}

TEST(hedge, a_full_target_is_no_second) {
  Silent first;
  Waiting busy(whole_answer(kMessage));
  ScriptedProvider third(answer_messages);
  TestGateway gateway(targets_at({&first.provider, &busy.provider, &third}, kSoon, ", max_inflight: 1"));
  RawClient holder(gateway.port()), client(gateway.port());
  holder.send(post("/v1/messages", message_body("two/m", false)));
  ASSERT_TRUE(busy.arrived.wait());
  EXPECT_EQ(client.ask(request(false)).field("x-penstock-provider"), "three");
  busy.go_on.open();
  EXPECT_EQ(holder.reply().status, 200);
  EXPECT_EQ(busy.provider.seen().size(), 1U);
}

TEST(hedge, the_session_stays_with_who_answered) {
  Silent silent;
  ScriptedProvider quick(answer_messages);
  TestGateway gateway(targets_at({&silent.provider, &quick}, "hedge: { background: 500ms }\n"));
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(request(false)).field("x-penstock-provider"), "two");
  const auto reply = client.ask(request(false));
  EXPECT_EQ(reply.field("x-penstock-provider"), "two");
  EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
  EXPECT_TRUE(silent.provider.wait_for_requests(1));
  EXPECT_EQ(silent.provider.seen().size(), 1U);
}

TEST(hedge, a_second_of_another_dialect_is_translated) {
  const std::string chat = R"({"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",)"
                           R"("message":{"role":"assistant","content":"said in another way"}}],)"
                           R"("usage":{"prompt_tokens":5,"completion_tokens":4,"total_tokens":9}})";
  Silent silent;
  ScriptedProvider other(whole_answer(chat));
  const auto yaml = fmt::format(
      "{}models:\n  - {{ name: a-haiku, to: [ one/m, two/m ] }}\nproviders:\n"
      "  one: {{ base_url: '{}', api_key: key-of-one, models: [ {{ id: m }} ] }}\n"
      "  two: {{ base_url: '{}', dialect: openai-chat, api_key: key-of-two, models: [ {{ id: m }} ] }}\n",
      kSoon, silent.provider.url(), other.url());
  TestGateway gateway(yaml);
  RawClient client(gateway.port());
  for (const bool stream : {false, true}) {
    const auto reply = client.ask(request(stream));
    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.body, AllOf(HasSubstr("in another way"), HasSubstr(R"("type":"text")")));
    if (stream) EXPECT_TRUE(ends_well(reply.body)) << reply.body;
  }
  EXPECT_THAT(other.seen().at(0).body, HasSubstr(R"("role":"user")"));
  EXPECT_THAT(other.seen().at(0).head, HasSubstr("/chat/completions HTTP/1.1\r\n"));
  EXPECT_THAT(gateway.log(), HasSubstr("out=4"));
}

TEST(hedge, a_client_that_leaves_takes_both_with_it) {
  Silent first, second;
  TestGateway gateway(targets_at({&first.provider, &second.provider}));
  RawClient client(gateway.port());
  client.send(request(true));
  ASSERT_TRUE(second.arrived.wait());
  client.socket().close();
  EXPECT_TRUE(first.left.wait());
  EXPECT_TRUE(second.left.wait());
  EXPECT_TRUE(eventually([&] { return gateway.inflight() == 0; }));
  EXPECT_THAT(state_of(gateway, "one/m"), AllOf(HasSubstr(R"("failures":0)"), HasSubstr(R"("busy":0)")));
  EXPECT_THAT(state_of(gateway, "two/m"), AllOf(HasSubstr(R"("failures":0)"), HasSubstr(R"("busy":0)")));
  EXPECT_THAT(gateway.log(), HasSubstr("outcome=\"client left\""));
}

TEST(hedge, pings_go_on_when_the_first_has_failed) {
  Waiting first(failure(500)), second(stream_answer());
  GatewayOptions options;
  options.adjust = [](Snapshot& snapshot) { snapshot.ping_after = milliseconds(60); };
  TestGateway gateway(targets_at({&first.provider, &second.provider}), options);
  RawClient client(gateway.port());
  client.send(request(true));
  ASSERT_TRUE(second.arrived.wait());
  first.go_on.open();
  ASSERT_TRUE(first.sent.wait());
  gateway.settle();
  EXPECT_THAT(client.until("ping"), HasSubstr("ping"));
  EXPECT_THAT(client.until("ping"), HasSubstr("ping"));
  second.go_on.open();
  const std::string all = client.until("message_stop");
  EXPECT_THAT(all, AllOf(HasSubstr("message_start"), HasSubstr("message_stop")));
}

TEST(hedge, a_gateway_that_stops_gives_up_both) {
  Silent first, second;
  TestGateway gateway(targets_at({&first.provider, &second.provider}));
  RawClient client(gateway.port());
  client.send(request(false));
  ASSERT_TRUE(second.arrived.wait());
  gateway.on_worker(0, [](net::Worker&, Gateway& one) { one.stop_running(); });
  const auto reply = client.reply();
  EXPECT_THAT(reply.body, HasSubstr("stopping"));
  EXPECT_TRUE(first.left.wait());
  EXPECT_TRUE(second.left.wait());
}

/// The threads end in the middle of it: nothing is left behind, which the sanitizers see.
TEST(hedge, a_worker_that_ends_drops_both) {
  for (const bool first_fails : {false, true}) {
    Waiting first(failure(500));
    Silent second;
    TestGateway gateway(targets_at({&first.provider, &second.provider}));
    RawClient client(gateway.port());
    client.send(request(true));
    ASSERT_TRUE(second.arrived.wait());
    if (first_fails) first.go_on.open();
    if (first_fails) ASSERT_TRUE(first.sent.wait());
    gateway.settle();
    gateway.stop();
    first.go_on.open();
    EXPECT_TRUE(second.left.wait());
  }
}

TEST(hedge, a_failure_of_another_target_leads_on_and_blames_nobody_else) {
  policy::Judgement judgement{.retry_same = policy::Again::yes,
                              .other_credential = true,
                              .whole_provider = true,
                              .counts = true,
                              .spends_credential = true,
                              .wait = std::chrono::seconds(5)};
  const auto made = of_another(judgement);
  EXPECT_TRUE(made.fallback);
  EXPECT_EQ(made.retry_same, policy::Again::last);
  EXPECT_FALSE(made.other_credential || made.whole_provider || made.spends_credential || made.wait);
  const auto final = of_another(policy::Judgement{});
  EXPECT_FALSE(final.fallback);
  EXPECT_EQ(final.retry_same, policy::Again::no);
}

}  // namespace
}  // namespace penstock::gateway
