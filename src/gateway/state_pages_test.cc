#include "gateway/state_pages.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using namespace std::chrono_literals;
using policy::Trouble;
using testing::HasSubstr;
using testing::Not;

constexpr auto kKey = "sk-hunter2-0123456789";

/// Provider `one` with as many keys as wanted, and a moment that is ticked by hand: it began on 2026-11-20 at noon.
class StatePages : public testing::Test {
 protected:
  void keys(unsigned count) {
    Upstream upstream;
    upstream.name = "one";
    upstream.base_url = "http://one.example";
    upstream.dialect = "anthropic";
    for (unsigned i = 0; i < count; ++i)
      upstream.credentials.push_back({Secret(kKey), nullptr, fmt::format("$KEY_{}", i), 1,
                                      std::make_shared<Standing>(fmt::format("$KEY_{}", i), policy::CooldownLimits{}), i});
    if (count > 0) upstream.key = Secret(kKey);
    snapshot_.upstreams = {upstream};
  }
  Standing& key(std::size_t index) { return *snapshot_.upstreams.front().credentials[index].standing; }
  Standing& target(const std::string& model) { return standings_.target(hash_text(model), "one", model); }
  static std::uint64_t hash_text(const std::string& text) { return std::hash<std::string>{}(text); }
  void cool(Standing& standing, Trouble trouble = Trouble::overloaded) const {
    for (int i = 0; i < 3; ++i) standing.failed(now_.steady, now_.steady, trouble, true, 0);
  }

  [[nodiscard]] std::string health(int status = 200) const {
    const auto page = health_page(snapshot_, standings_, false, true, now_);
    EXPECT_EQ(page.status, status) << page.json;
    EXPECT_THAT(page.json, Not(HasSubstr("hunter2")));
    return page.json;
  }
  [[nodiscard]] std::string targets() const {
    const auto page = targets_page(snapshot_, standings_, learned_, now_);
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.json, Not(HasSubstr("hunter2")));
    return page.json;
  }

  Snapshot snapshot_;
  Standings standings_;
  Learned learned_;
  Moment now_{policy::TimePoint(1h), std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 12h};
};

TEST_F(StatePages, who_was_never_asked_is_ready) {
  keys(1);
  EXPECT_THAT(health(), HasSubstr(R"("state":"ready","rests_until":null,"rests_seconds":null,"last_trouble":null,"last_failed":null,)"
                                  R"("targets_asked":0,"targets_resting":0,"credentials":[{"source":"$KEY_0","state":"ready")"));
  EXPECT_THAT(targets(), HasSubstr(R"({"now":"2026-11-20T12:00:00Z","targets":[],"credentials":[{"provider":"one")"));
}

TEST_F(StatePages, a_provider_cools_when_all_its_targets_do) {
  keys(1);
  cool(target("a"));
  target("b");
  EXPECT_THAT(health(), HasSubstr(R"("state":"ready","rests_until":null)")) << "the other one may be asked";
  EXPECT_THAT(health(), HasSubstr(R"("last_trouble":"overloaded","last_failed":"20)"));
  EXPECT_THAT(health(), HasSubstr(R"("targets_asked":2,"targets_resting":1)"));
  target("b").rest_for(now_.steady, 5s, Trouble::server_error);
  EXPECT_THAT(health(),
              HasSubstr(R"("state":"cooling","rests_until":"2026-11-20T12:00:05Z","rests_seconds":5,"last_trouble":"server_error")"))
      << "until the first of them is back";
  now_.steady += 6s;
  now_.calendar += 6s;
  EXPECT_THAT(health(), HasSubstr(R"("state":"ready","rests_until":null)"));
}

TEST_F(StatePages, a_provider_whose_health_checks_fail_cools_with_all_its_targets) {
  keys(1);
  auto& one = snapshot_.upstreams.front();
  snapshot_.by_name.emplace(one.name, &one);
  one.check = {"/v1/models", 30s, std::make_shared<Standing>("check", policy::CooldownLimits{})};
  EXPECT_THAT(health(), HasSubstr(R"("state":"ready","rests_until":null,"rests_seconds":null,"last_trouble":null)"));
  target("a");
  one.check->standing->rest_for(now_.steady, policy::kUntilChanged, Trouble::unreachable);
  const std::string cooling = R"("rests_until":null,"rests_seconds":null,"last_trouble":"health check: unreachable","last_failed":"20)";
  EXPECT_THAT(health(), HasSubstr(R"("state":"cooling",)" + cooling));
  EXPECT_THAT(health(), HasSubstr(R"("targets_asked":1,"targets_resting":1)"));
  EXPECT_THAT(targets(), HasSubstr(R"({"name":"one/a","provider":"one","state":"cooling","failures":0,)" + cooling));
  one.check->standing->succeeded(now_.steady, now_.steady);
  EXPECT_THAT(health(), HasSubstr(R"("state":"ready",)" + cooling)) << "what it was, beside what it is";
  EXPECT_THAT(targets(), HasSubstr(R"("state":"ready","failures":0,"rests_until":null,"rests_seconds":null,"last_trouble":null)"));
}

TEST_F(StatePages, a_provider_is_what_the_first_of_its_keys_is_that_comes_back) {
  keys(2);
  key(0).rest_for(now_.steady, 1h, Trouble::no_balance);
  EXPECT_THAT(health(), HasSubstr(R"("state":"ready","rests_until":null)")) << "there is another key";
  EXPECT_THAT(health(), HasSubstr(R"({"source":"$KEY_0","state":"no_balance","failures":0,"rests_until":"2026-11-20T13:00:00Z")"));
  key(1).rest_for(now_.steady, 90s, Trouble::rate_limited);
  EXPECT_THAT(health(), HasSubstr(R"("state":"limited","rests_until":"2026-11-20T12:01:30Z","rests_seconds":90)"));
  key(1).rest_for(now_.steady, policy::kUntilChanged, Trouble::bad_credential);
  EXPECT_THAT(health(), HasSubstr(R"("state":"no_balance","rests_until":"2026-11-20T13:00:00Z","rests_seconds":3600)"));
  key(0).rest_for(now_.steady, policy::kUntilChanged, Trouble::bad_credential);
  EXPECT_THAT(health(), HasSubstr(R"("state":"bad_key","rests_until":null,"rests_seconds":null,"last_trouble":"bad_credential")"));
}

TEST_F(StatePages, without_a_key_nothing_else_counts) {
  keys(0);
  cool(target("a"));
  EXPECT_THAT(health(503), HasSubstr(R"("state":"no_key")"));
  snapshot_.upstreams.front().passthrough = true;
  EXPECT_THAT(health(), HasSubstr(R"("credentials":[])")) << "the client's own passes";
}

TEST_F(StatePages, nobody_else_is_told_of_providers) {
  keys(1);
  cool(target("a"));
  EXPECT_EQ(health_page(snapshot_, standings_, false, false, now_).json, R"({"status":"ok","providers":{}})");
}

TEST_F(StatePages, a_target_with_all_that_is_known) {
  keys(1);
  cool(target("vendor/m\"1"), Trouble::timeout);
  ASSERT_TRUE(target("b").try_enter(0));
  target("b").begin(now_.steady);
  learned_.change([](Lessons& all) {
    all["one/b"] = {{{"thinking_mode", "drop"}, 1'795'132'800}};
    all["two/never-asked"] = {{{"top_p", "strip"}, 1'795'132'801}};
  });
  const auto page = targets();
  EXPECT_THAT(page,
              HasSubstr(R"({"name":"one/vendor/m\"1","provider":"one","state":"cooling","failures":3,"rests_until":"2026-11-20T12:00:)"));
  EXPECT_THAT(page, HasSubstr(R"("last_trouble":"timeout","last_failed":"20)"));
  EXPECT_THAT(
      page, HasSubstr(R"("targets":[{"name":"one/b","provider":"one","state":"ready","failures":0,"rests_until":null,"rests_seconds":null,)"
                      R"("last_trouble":null,"last_failed":null,"busy":1,"used":1,)"
                      R"("learned":[{"quirk":"thinking_mode","value":"drop","since":"2026-11-20T00:00:00Z"}]})"));
  EXPECT_THAT(page, HasSubstr(R"({"name":"two/never-asked","provider":"two","state":"ready","failures":0)"));
  target("b").leave();
}

TEST_F(StatePages, what_is_left_of_a_limit) {
  keys(2);
  key(0).note({.known = true, .remaining = 0.25, .resets = now_.steady + 30s}, now_.steady);
  const auto page = targets();
  EXPECT_THAT(page, HasSubstr(R"("remaining":0.25,"full_at":"2026-11-20T12:00:30Z","full_seconds":30})"));
  EXPECT_THAT(page, HasSubstr(R"("remaining":null,"full_at":null,"full_seconds":null})"));
}

constexpr auto kOpen = "providers: { one: { base_url: 'http://127.0.0.1:9', api_key: k, models: [ m ] } }\n";

TEST(targets_route, shows_a_failure_that_was) {
  TestGateway gateway(std::string(kOpen) + "retry: { attempts: 1 }\n");
  RawClient client(gateway.port());
  EXPECT_THAT(client.ask(get("/admin/v1/targets")).body, HasSubstr(R"("targets":[])"));
  const auto body = message_body("one/m", false);
  EXPECT_NE(
      client.ask(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}", body.size(), body)).status,
      200);
  EXPECT_THAT(
      client.ask(get("/admin/v1/targets")).body,
      HasSubstr(
          R"({"name":"one/m","provider":"one","state":"ready","failures":1,"rests_until":null,"rests_seconds":null,"last_trouble":"unreachable")"));
  EXPECT_THAT(client.ask(get("/health")).body, HasSubstr(R"("last_trouble":"unreachable")"));
}

TEST(targets_route, is_for_this_machine_or_who_shows_a_token) {
  TestGateway gateway(kOpen);
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask("GET /admin/v1/targets HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 403);
  gateway.reload(std::string(kOpen) + "auth: { tokens: [ a-token-of-ours ] }\n");
  EXPECT_EQ(client.ask(get("/admin/v1/targets")).status, 401);
  EXPECT_EQ(client.ask(get("/admin/v1/targets", "x-api-key: a-token-of-ours\r\n")).status, 200);
  EXPECT_EQ(
      client.ask("POST /admin/v1/targets HTTP/1.1\r\nHost: localhost\r\nx-api-key: a-token-of-ours\r\nContent-Length: 0\r\n\r\n").status,
      405);
}

TEST(targets_route, no_page_of_another_origin_reads_it) {
  for (const auto* tokens : {"", "auth: { tokens: [ a-token-of-ours ] }\n"}) {
    TestGateway gateway(std::string(kOpen) + tokens);
    RawClient client(gateway.port());
    const auto from = [&](const std::string& origin) {
      return client.ask(get("/admin/v1/targets", "x-api-key: a-token-of-ours\r\nOrigin: " + origin + "\r\n")).status;
    };
    EXPECT_EQ(from("http://localhost"), 200) << "its own";
    for (const auto* origin : {"http://localhost:3000", "http://evil.example", "null", "localhost", "http://localhost.evil.example"})
      EXPECT_EQ(from(origin), 403) << origin;
  }
}

}  // namespace
}  // namespace penstock::gateway
