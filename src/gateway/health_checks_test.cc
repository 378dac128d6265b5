// Health checks over real sockets: what is sent, and what comes of the answers. The decisions themselves: policy/checkup_test.cc.
#include "gateway/health_checks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::uint64_t kTarget = 7;

Credential key(const std::string& text) {
  return {Secret(text), nullptr, "$" + text, 1, std::make_shared<Standing>("$" + text, policy::CooldownLimits{}), 0};
}

/// A provider with two keys that is checked as often as can be.
Upstream upstream_at(std::uint16_t port) {
  Upstream upstream;
  upstream.name = "one";
  upstream.host = "127.0.0.1:" + std::to_string(port);
  upstream.path = "/api";
  upstream.origin.host = "127.0.0.1";
  upstream.origin.port = port;
  upstream.credentials = {key("k1"), key("k2")};
  upstream.key = Secret(std::string("k1"));
  upstream.check = {"/v1/models", 5ms, std::make_shared<Standing>("check", policy::CooldownLimits{})};
  return upstream;
}

std::shared_ptr<const Snapshot> snapshot_of(Upstream upstream) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->any_checked = upstream.check.has_value();
  snapshot->upstreams.push_back(std::move(upstream));
  return snapshot;
}

/// Checks run, and somebody looks at what they find.
class HealthChecksTest : public testing::Test {
 protected:
  void check(std::uint16_t port) {
    const auto upstream = upstream_at(port);
    found_ = upstream.check->standing;
    checks_.use(snapshot_of(upstream));
  }
  [[nodiscard]] bool rests() const { return found_->resting_until(net::Clock::now()).has_value(); }
  [[nodiscard]] std::optional<policy::Trouble> trouble() const { return found_->report(net::Clock::now()).last_trouble; }
  static ScriptedProvider::Script says(int status) {
    return [status](Visit& visit) {
      if (visit.request()) visit.send(whole_answer("{}", status));
    };
  }
  void cool(Standing& target) const {
    const auto now = net::Clock::now();
    for (int i = 0; i < 3; ++i) target.failed(now, now, policy::Trouble::overloaded, true, 0);
  }

  Standings standings_;
  std::shared_ptr<Standing> found_;
  HealthChecks checks_{standings_};
};

TEST_F(HealthChecksTest, TwoFailuresMakeItRestAndASuccessEndsThat) {
  ScriptedProvider provider(says(500));
  check(provider.port());
  ASSERT_TRUE(eventually([&] { return rests(); }));
  EXPECT_GE(provider.seen().size(), 2U);
  EXPECT_EQ(found_->resting_until(net::Clock::now()), policy::TimePoint::max()) << "no time ends it";
  EXPECT_EQ(trouble(), policy::Trouble::server_error);
  EXPECT_TRUE(provider.wait_for_requests(5)) << "it is checked all the same";
  provider.follow(says(200));
  EXPECT_TRUE(eventually([&] { return !rests(); }));
}

TEST_F(HealthChecksTest, OneFailureBetweenSuccessesIsNone) {
  ScriptedProvider provider([](Visit& visit) {
    if (visit.request()) visit.send(whole_answer("{}", visit.number() % 2 == 0 ? 529 : 200));
  });
  check(provider.port());
  for (std::size_t count = 1; count < 8; ++count) {
    ASSERT_TRUE(provider.wait_for_requests(count));
    EXPECT_FALSE(rests());
  }
}

TEST_F(HealthChecksTest, NoConnectionIsAFailure) {
  std::uint16_t port = 0;
  {
    const ScriptedProvider gone(says(200));
    port = gone.port();
  }
  check(port);
  EXPECT_TRUE(eventually([&] { return rests(); }));
  EXPECT_EQ(trouble(), policy::Trouble::unreachable);
}

TEST_F(HealthChecksTest, ARefusalOfTheCredentialSaysNothing) {
  ScriptedProvider provider(says(401));
  check(provider.port());
  ASSERT_TRUE(provider.wait_for_requests(4));
  EXPECT_FALSE(rests());
  provider.follow(says(500));
  ASSERT_TRUE(eventually([&] { return rests(); }));
  auto& target = standings_.target(kTarget, "one", "m");
  cool(target);
  provider.follow(says(429));
  EXPECT_TRUE(eventually([&] { return !rests(); })) << "nobody knows that it is unwell any more";
  EXPECT_TRUE(target.resting_until(net::Clock::now())) << "nor that it is well";
}

TEST_F(HealthChecksTest, RecoveryEndsTheCooldownsOfItsTargetsAndOfNobodyElse) {
  auto& own = standings_.target(kTarget, "one", "m");
  auto& other = standings_.target(kTarget + 1, "one-more", "m");
  cool(own);
  cool(other);
  ScriptedProvider provider(says(200));
  check(provider.port());
  ASSERT_TRUE(provider.wait_for_requests(3));
  EXPECT_TRUE(own.resting_until(net::Clock::now())) << "who serves the checks may fail the requests";
  provider.follow(says(500));
  ASSERT_TRUE(eventually([&] { return rests(); }));
  provider.follow(says(200));
  EXPECT_TRUE(eventually([&] { return !own.resting_until(net::Clock::now()); }));
  EXPECT_TRUE(other.resting_until(net::Clock::now()));
  own.begin(net::Clock::now());
  EXPECT_TRUE(own.resting_until(net::Clock::now())) << "for all but the probe";
}

TEST_F(HealthChecksTest, WhatIsUnderWayIsGivenUpByAReloadAndAtTheEnd) {
  Gate left[2];
  ScriptedProvider provider([&](Visit& visit) {
    if (visit.request() && visit.gateway_leaves() && visit.number() < 2) left[visit.number()].open();
  });
  check(provider.port());
  ASSERT_TRUE(provider.wait_for_requests(1));
  check(provider.port());
  EXPECT_TRUE(left[0].wait());
  ASSERT_TRUE(provider.wait_for_requests(2));
  checks_.stop();
  EXPECT_TRUE(left[1].wait());
  EXPECT_FALSE(trouble()) << "what was given up has not failed";
}

TEST_F(HealthChecksTest, AReloadWithoutTheCheckEndsIt) {
  Gate left;
  ScriptedProvider provider([&](Visit& visit) {
    if (visit.request() && visit.gateway_leaves()) left.open();
  });
  check(provider.port());
  ASSERT_TRUE(provider.wait_for_requests(1));
  auto without = upstream_at(provider.port());
  without.check.reset();
  checks_.use(snapshot_of(without));
  EXPECT_TRUE(left.wait());
  checks_.stop();
  EXPECT_EQ(provider.seen().size(), 1U);
}

TEST_F(HealthChecksTest, WhoHasNoCredentialIsNotAsked) {
  ScriptedProvider silent(says(200)), asked(says(200));
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->upstreams = {upstream_at(silent.port()), upstream_at(asked.port())};
  auto& keyless = snapshot->upstreams.front();
  keyless.key = Secret();
  keyless.credentials = {key("")};
  snapshot->any_checked = true;
  checks_.use(snapshot);
  ASSERT_TRUE(asked.wait_for_requests(3));
  EXPECT_EQ(silent.connections(), 0U);
}

TEST(CheckedStanding, IsTheSameAfterAReloadAndAnotherForAnotherAddress) {
  Standings standings;
  const auto now = net::Clock::now();
  const auto before = standings.checked("one", "https://a/v1/models");
  before->rest_for(now, policy::kUntilChanged, policy::Trouble::timeout);
  EXPECT_EQ(standings.checked("one", "https://a/v1/models"), before);
  EXPECT_FALSE(standings.checked("one", "https://b/v1/models")->resting_until(now));
  EXPECT_FALSE(standings.checked("two", "https://a/v1/models")->resting_until(now));
}

TEST(UnwellProvider, IsAskedOnlyWhenNobodyElseIsLeft) {
  ScriptedProvider first(answer_messages), second(answer_messages);
  const auto row = [](const char* name, const ScriptedProvider& at, const char* more) {
    return fmt::format("  {}: {{ base_url: '{}', api_key: k, models: [ {{ id: m }} ]{} }}\n", name, at.url(), more);
  };
  std::shared_ptr<Standing> found;
  GatewayOptions options;
  options.adjust = [&](Snapshot& snapshot) { found = snapshot.find("first")->check->standing; };
  TestGateway gateway("affinity: none\nmodels: [ { name: work, to: [ first/m, second/m ] } ]\nproviders:\n" +
                          row("first", first, ", health_check: { path: /v1/models }") + row("second", second, ""),
                      options);
  RawClient client(gateway.port());
  const auto who = [&](std::string_view model) {
    const auto reply = client.ask(post("/v1/messages", message_body(model, false)));
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
    return reply.field("x-penstock-provider");
  };
  const auto now = net::Clock::now();
  EXPECT_EQ(who("work"), "first");
  found->rest_for(now, policy::kUntilChanged, policy::Trouble::unreachable);
  EXPECT_EQ(who("work"), "second");
  EXPECT_EQ(who("first/m"), "first") << "there is no other";
  found->succeeded(now, now);
  EXPECT_EQ(who("work"), "first");
}

TEST(CheckHead, IsARequestLikeTheProvidersOthers) {
  auto upstream = upstream_at(80);
  upstream.headers = {{"x-team", "blue"}, {"user-agent", "mine"}};
  const auto head = check_head(upstream, {});
  EXPECT_THAT(head, StartsWith("GET /api/v1/models HTTP/1.1\r\nhost: 127.0.0.1:80\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nx-api-key: k1\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nanthropic-version: 2023-06-01\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nx-team: blue\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nuser-agent: mine\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("user-agent: penstock")));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST(CheckHead, ShowsTheFirstCredentialThatDoesNotRest) {
  auto upstream = upstream_at(80);
  const policy::TimePoint now = policy::TimePoint() + 1h;
  upstream.auth = AuthScheme::bearer;
  upstream.credentials[0].standing->rest_for(now, 60s, policy::Trouble::rate_limited);
  EXPECT_THAT(check_head(upstream, now), HasSubstr("\r\nauthorization: Bearer k2\r\n"));
  upstream.credentials[1].standing->rest_for(now, 60s, policy::Trouble::rate_limited);
  EXPECT_THAT(check_head(upstream, now), HasSubstr("\r\nauthorization: Bearer k1\r\n"));
  upstream.auth = AuthScheme::header;
  upstream.auth_header = "x-goog-api-key";
  EXPECT_THAT(check_head(upstream, now), HasSubstr("\r\nx-goog-api-key: k1\r\n"));
  upstream.auth = AuthScheme::none;
  EXPECT_THAT(check_head(upstream, now), Not(HasSubstr("k1")));
}

TEST_F(HealthChecksTest, TheEndMayComeBeforeTheBeginning) {
  ScriptedProvider provider(says(200));
  for (int round = 0; round < 20; ++round) {
    check(provider.port());
    check(provider.port());
    checks_.stop();
  }
}

}  // namespace
}  // namespace penstock::gateway
