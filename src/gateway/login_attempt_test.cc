// Requests with a login in the place of a key: fresh tokens, one refresh after a 401, and what a client hears of a login that is over.
#include "gateway/login_attempt.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "credentials/token_file.h"
#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::gateway {
namespace {

using namespace tests;
using testing::HasSubstr;
using testing::Not;

/// A login whose tokens are at-1, at-2, …, and a provider that takes only those that `good_` lists.
class LoginAttemptTest : public testing::Test {
 protected:
  LoginAttemptTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-attempt-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    login_.provider = "kimi";
    login_.path = folder_ + "/kimi.json";
    hold(3600);
  }
  ~LoginAttemptTest() override {
    refresher_.stop();
    gateway_.reset();
    std::filesystem::remove_all(folder_);
  }

  void hold(std::int64_t left, std::string_view access = "token-at-1") const {
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    credentials::store_login(login_.path, {Secret(std::string(access)), Secret("rt"), now + left, 3600, "", ""}).value();
  }
  void start(std::chrono::milliseconds ping_after = std::chrono::seconds(15), unsigned workers = 1) {
    GatewayOptions options;
    options.workers = workers;
    options.adjust = [this, ping_after](Snapshot& snapshot) {
      auto& upstream = snapshot.upstreams.front();
      upstream.key = Secret();
      upstream.auth = AuthScheme::bearer;
      upstream.login = "kimi";
      upstream.token_source = refresher_.source(login_);
      upstream.credentials.front().key = Secret();
      upstream.credentials.front().token_source = upstream.token_source;
      snapshot.ping_after = ping_after;
    };
    gateway_ = std::make_unique<TestGateway>(third_party_at(provider_.url()), options);
  }
  Reply ask(bool stream = false) {
    RawClient client(gateway_->port());
    return client.ask(post("/v1/messages", message_body("m", stream)));
  }
  [[nodiscard]] std::vector<std::string> shown() const {
    std::vector<std::string> all;
    for (const auto& seen : provider_.seen()) all.push_back(seen.field("authorization"));
    return all;
  }
  Result<net::Fetched> refresh() {
    if (slow_) gate_.wait();
    net::Fetched fetched;
    fetched.status = revoked_ ? 400 : 200;
    fetched.body =
        revoked_ ? R"({"error":"invalid_grant"})" : fmt::format(R"({{"access_token":"token-at-{}","expires_in":3600}})", ++generation_);
    ++refreshes_;
    return fetched;
  }

  std::string folder_;
  credentials::Login login_;
  std::atomic<bool> slow_ = false, revoked_ = false;
  std::atomic<int> generation_ = 1, refreshes_ = 0, good_ = 1;
  Gate gate_;
  credentials::Refresher refresher_{credentials::Outside{.fetch = [this](const net::FetchRequest&) { return refresh(); }}};
  ScriptedProvider provider_{[this](Visit& visit) {
    while (const auto seen = visit.request()) {
      const bool good = seen->field("authorization") == fmt::format("Bearer token-at-{}", good_.load());
      const bool stream = seen->body.contains(R"("stream":true)");
      if (good)
        visit.send(stream ? stream_answer() : whole_answer(kMessage));
      else
        visit.send(whole_answer(R"({"error":{"message":"bad token )" + seen->field("authorization") + "\"}}", 401));
    }
  }};
  std::unique_ptr<TestGateway> gateway_;
};

TEST_F(LoginAttemptTest, the_token_of_the_login_is_sent) {
  start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(i == 1).status, 200);
  EXPECT_THAT(shown(), testing::Each("Bearer token-at-1"));
  EXPECT_THAT(provider_.received(), Not(HasSubstr("x-api-key")));
  EXPECT_EQ(refreshes_, 0);
}

TEST_F(LoginAttemptTest, one_that_is_over_is_replaced_before_it_is_sent) {
  hold(-1);
  good_ = 2;
  start();
  const auto reply = ask();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
  EXPECT_THAT(shown(), testing::ElementsAre("Bearer token-at-2"));
  EXPECT_EQ(refreshes_, 1);
}

TEST_F(LoginAttemptTest, a_refused_one_is_replaced_once_and_sent_again) {
  good_ = 2;
  start();
  for (const bool stream : {true, false}) {
    const auto reply = ask(stream);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.field("x-penstock-attempts"), stream ? "2" : "1");
    if (stream) EXPECT_TRUE(ends_well(reply.body));
  }
  EXPECT_EQ(refreshes_, 1);
  const auto seen = provider_.seen();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].body, seen[1].body);
  EXPECT_THAT(gateway_->log(), HasSubstr("attempts=2"));
}

TEST_F(LoginAttemptTest, a_provider_that_refuses_every_token_causes_no_flood) {
  good_ = 99;
  start();
  for (int i = 0; i < 3; ++i) {
    const auto reply = ask();
    EXPECT_EQ(reply.status, 502);
    EXPECT_EQ(reply.field("x-should-retry"), "false");
    EXPECT_THAT(reply.body,
                HasSubstr("the provider other refuses its login (401: bad token Bearer ***). Log in again: penstock login kimi"));
  }
  EXPECT_EQ(refreshes_, 1);
  EXPECT_EQ(provider_.seen().size(), 4U);
}

TEST_F(LoginAttemptTest, a_login_that_is_over_is_said_clearly_until_there_is_a_new_one) {
  hold(-1);
  revoked_ = true;
  start();
  for (const bool stream : {false, true}) {
    const auto reply = ask(stream);
    EXPECT_EQ(reply.status, 502);
    EXPECT_EQ(reply.field("x-should-retry"), "false");
    EXPECT_THAT(reply.body, HasSubstr("log in again: penstock login kimi"));
  }
  EXPECT_EQ(refreshes_, 1);
  EXPECT_EQ(provider_.connections(), 0U);
  RawClient client(gateway_->port());
  const auto health = client.ask(get("/health"));
  EXPECT_EQ(health.status, 503);
  EXPECT_THAT(health.body, HasSubstr(R"("state":"login_needed")"));
  hold(3600, "token-at-5");
  good_ = 5;
  EXPECT_EQ(ask().status, 200);
  EXPECT_EQ(client.ask(get("/health")).status, 200);
}

TEST_F(LoginAttemptTest, a_stream_is_kept_alive_while_a_refresh_lasts) {
  hold(-1);
  good_ = 2;
  slow_ = true;
  start(std::chrono::milliseconds(10));
  RawClient client(gateway_->port());
  client.send(post("/v1/messages", message_body("m", true)));
  EXPECT_EQ(client.head().status, 200);
  EXPECT_THAT(client.until("ping"), HasSubstr("event: ping"));
  gate_.open();
  EXPECT_THAT(client.until("message_stop"), HasSubstr("message_stop"));
}

TEST_F(LoginAttemptTest, a_client_that_leaves_does_not_stay_behind) {
  hold(-1);
  slow_ = true;
  start();
  {
    RawClient client(gateway_->port());
    client.send(post("/v1/messages", message_body("m", false)));
    EXPECT_TRUE(eventually([&] { return gateway_->inflight() == 1; }));
    gateway_->settle();
  }
  EXPECT_TRUE(eventually([&] { return gateway_->inflight() == 0; }));
  gate_.open();
  refresher_.stop();  // waits for the refresh, whose answer nobody wants any more
  EXPECT_EQ(refreshes_, 1);
  gateway_->settle();
  EXPECT_THAT(gateway_->log(), HasSubstr("outcome=\"client left\""));
}

TEST_F(LoginAttemptTest, a_gateway_that_ends_drops_those_who_wait) {
  hold(-1);
  slow_ = true;
  start();
  RawClient client(gateway_->port());
  client.send(post("/v1/messages", message_body("m", true)));
  EXPECT_TRUE(eventually([&] { return gateway_->inflight() == 1; }));
  gateway_->settle();
  gate_.open();
  refresher_.stop();  // before the workers, as the program does
  gateway_.reset();
}

/// Requests of several workers share the refresh.
TEST_F(LoginAttemptTest, ThreadsShareOneRefresh) {
  hold(-1);
  good_ = 2;
  slow_ = true;
  start(std::chrono::seconds(15), 3);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<RawClient>(gateway_->port()));
    clients.back()->send(post("/v1/messages", message_body("m", false)));
  }
  EXPECT_TRUE(eventually([&] { return gateway_->inflight() == 50; }));
  gate_.open();
  for (auto& client : clients) EXPECT_EQ(client->reply().status, 200);
  EXPECT_EQ(refreshes_, 1);
}

}  // namespace
}  // namespace penstock::gateway
