#include "credentials/refresher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>

namespace penstock::credentials {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kStart = 1'800'000'000;

/// A token endpoint whose refresh tokens are good for one call, as a function.
class RotatingServer {
 public:
  explicit RotatingServer(int life = 900) : life_(life) {}
  Result<net::Fetched> operator()(const net::FetchRequest& request) {
    const std::lock_guard lock(mutex_);
    ++calls;
    net::Fetched fetched;
    if (!failures.empty()) {
      fetched.status = failures.front();
      failures.erase(failures.begin());
      if (fetched.status == 0) return fail(provider_error(ErrorKind::connection, "cannot connect"));
      return fetched;
    }
    const auto spent = request.body.substr(request.body.rfind('=') + 1);
    const bool good = spent == fmt::format("rt-{}", generation) && !revoked;
    fetched.status = good ? 200 : 400;
    if (good) ++generation;
    fetched.body = good ? fmt::format(R"({{"access_token":"at-{0}","refresh_token":"rt-{0}","expires_in":{1}}})", generation, life_)
                        : R"({"error":"invalid_grant","error_description":"revoked"})";
    return fetched;
  }
  int calls = 0, generation = 1;
  bool revoked = false;
  std::vector<int> failures;

 private:
  std::mutex mutex_;
  int life_;
};

class RefresherTest : public testing::Test {
 protected:
  RefresherTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-refresher-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    login_.provider = "kimi";
    login_.path = folder_ + "/k.json";
    outside_.fetch = [this](const net::FetchRequest& request) { return server_(request); };
    outside_.now = [this] { return now_; };
  }
  ~RefresherTest() override { std::filesystem::remove_all(folder_); }

  void hold(int generation, std::int64_t left) const {
    store_login(login_.path,
                {Secret(fmt::format("at-{}", generation)), Secret(fmt::format("rt-{}", generation)), seconds() + left, 900, "", ""})
        .value();
  }
  [[nodiscard]] std::int64_t seconds() const { return std::chrono::system_clock::to_time_t(now_); }
  /// Seconds until the source wants to be called again.
  long work(TokenSource& source) { return std::chrono::duration_cast<std::chrono::seconds>(source.work(outside_) - now_).count(); }
  static std::string text(const TokenPtr& token) { return token ? std::string(token->access.reveal()) : "none"; }
  TokenSource::Done note() {
    return [this](const Result<TokenPtr>& result) { answers_.push_back(result ? text(*result) : result.error().message); };
  }

  std::string folder_;
  Login login_;
  RotatingServer server_;
  Outside outside_;
  TokenSource::Time now_ = std::chrono::system_clock::from_time_t(kStart);
  std::vector<std::string> answers_;
  std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
};

TEST_F(RefresherTest, refreshes_ahead_of_the_end) {
  hold(1, 900);
  TokenSource source(login_, bell_);
  EXPECT_EQ(text(source.current()), "at-1");
  EXPECT_EQ(work(source), 5) << "the file is looked at";
  EXPECT_EQ(server_.calls, 0);
  now_ += 447s;
  EXPECT_EQ(work(source), 3) << "due at half its life";
  now_ += 3s;
  work(source);
  EXPECT_EQ(server_.calls, 1);
  EXPECT_EQ(text(source.current()), "at-2");
  EXPECT_EQ(load_login(login_.path).value()->refresh.reveal(), "rt-2");
}

TEST_F(RefresherTest, all_who_ask_share_one_refresh) {
  hold(1, 900);
  TokenSource source(login_, bell_);
  const auto unfit = source.current();
  for (int i = 0; i < 3; ++i) source.renew(unfit, note());
  work(source);
  EXPECT_THAT(answers_, ElementsAre("at-2", "at-2", "at-2"));
  source.renew(unfit, note());
  work(source);
  EXPECT_EQ(answers_.back(), "at-2") << "who comes late gets what has replaced it";
  EXPECT_EQ(server_.calls, 1);
}

TEST_F(RefresherTest, another_process_was_faster) {
  hold(1, 900);
  TokenSource source(login_, bell_);
  source.renew(source.current(), note());
  hold(7, 900);
  work(source);
  EXPECT_THAT(answers_, ElementsAre("at-7"));
  EXPECT_EQ(server_.calls, 0);
}

TEST_F(RefresherTest, trouble_is_waited_out_with_1_2_4_seconds) {
  hold(1, -10);
  server_.failures = {503, 0, 429};
  TokenSource source(login_, bell_);
  source.renew(source.current(), note());
  EXPECT_EQ(work(source), 1);
  source.renew(source.current(), note());
  EXPECT_EQ(work(source), 1) << "a further request makes no further call";
  EXPECT_EQ(server_.calls, 1);
  now_ += 1s;
  EXPECT_EQ(work(source), 2);
  now_ += 2s;
  EXPECT_EQ(work(source), 4);
  EXPECT_THAT(answers_, IsEmpty());
  now_ += 4s;
  work(source);
  EXPECT_EQ(server_.calls, 4);
  EXPECT_THAT(answers_, ElementsAre("at-2", "at-2"));
}

TEST_F(RefresherTest, lasting_trouble_is_told_and_does_not_end_the_login) {
  hold(1, 100);
  server_.failures = {500, 500, 500, 500};
  TokenSource source(login_, bell_);
  for (const auto pause : {0s, 1s, 2s, 4s}) {
    now_ += pause;
    work(source);
  }
  EXPECT_EQ(server_.calls, 4);
  EXPECT_FALSE(source.login_needed());
  EXPECT_EQ(text(source.current()), "at-1") << "it is good for a while yet";
  now_ += 29s;
  work(source);
  EXPECT_EQ(server_.calls, 4) << "quiet for 30 s";
  now_ += 1s;
  work(source);
  EXPECT_EQ(server_.calls, 5);
  EXPECT_EQ(text(source.current()), "at-2");

  server_.failures = {500, 500, 500, 500};
  source.renew(source.current(), note());
  for (const auto pause : {0s, 1s, 2s, 4s}) {
    now_ += pause;
    work(source);
  }
  EXPECT_THAT(answers_, ElementsAre("the login to kimi could not be refreshed: HTTP 500"));
}

TEST_F(RefresherTest, a_login_that_is_over_stays_over_until_the_file_changes) {
  hold(1, -10);
  server_.revoked = true;
  TokenSource source(login_, bell_);
  source.renew(source.current(), note());
  work(source);
  source.renew(source.current(), note());
  work(source);
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_THAT(answers_.back(), HasSubstr("log in again: penstock login kimi"));
  EXPECT_EQ(server_.calls, 1) << "a dead refresh token is shown once";
  EXPECT_TRUE(source.login_needed());
  hold(20, 900);
  work(source);
  EXPECT_FALSE(source.login_needed()) << "a new login";
  EXPECT_EQ(text(source.current()), "at-20");
}

TEST_F(RefresherTest, logging_out_ends_the_use_of_its_token) {
  hold(1, 900);
  TokenSource source(login_, bell_);
  std::filesystem::remove(login_.path);
  source.renew(nullptr, note());
  work(source);
  EXPECT_EQ(text(source.current()), "none");
  EXPECT_TRUE(source.login_needed());
  EXPECT_THAT(answers_, ElementsAre(HasSubstr("penstock login kimi")));
}

TEST_F(RefresherTest, a_new_token_that_is_refused_too_is_not_replaced_at_once) {
  now_ = std::chrono::system_clock::now();
  hold(1, 900);
  TokenSource source(login_, bell_);
  source.renew(source.current(), note());
  work(source);
  source.distrust(source.current());
  source.renew(source.current(), note());
  work(source);
  EXPECT_THAT(answers_, ElementsAre("at-2", "at-2"));
  EXPECT_EQ(server_.calls, 1);
  now_ += 60s;
  source.renew(source.current(), note());
  work(source);
  EXPECT_EQ(server_.calls, 2) << "the doubt passes";
}

TEST_F(RefresherTest, nobody_waits_for_a_refresher_that_has_ended) {
  hold(1, 900);
  TokenSource source(login_, bell_);
  source.renew(source.current(), note());
  source.close();
  source.renew(source.current(), note());
  TokenSource without(login_);
  without.renew(without.current(), note());
  EXPECT_EQ(text(without.current()), "at-1");
  EXPECT_THAT(answers_, ElementsAre(HasSubstr("stopping"), HasSubstr("stopping"), HasSubstr("stopping")));
}

TEST_F(RefresherTest, a_reload_keeps_the_source) {
  hold(1, 900);
  Refresher refresher(outside_);
  auto source = refresher.source(login_);
  EXPECT_EQ(refresher.source(login_), source);
  auto other = login_;
  other.oauth.token_url = "https://elsewhere/token";
  EXPECT_NE(refresher.source(other), source);
  refresher.stop();
  EXPECT_NE(refresher.source(other), nullptr) << "after the end, too";
}

/// Many threads and several refreshers (as many processes would) on one file, whose refresh tokens are good for one call each.
TEST(RefresherThreads, exactly_one_refresh) {
  std::string pattern = (std::filesystem::temp_directory_path() / "penstock-refresher-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  Login login;
  login.provider = "kimi";
  login.path = folder + "/k.json";
  store_login(login.path, {Secret("at-1"), Secret("rt-1"), 1, 900, "", ""}).value();
  RotatingServer server;
  Outside outside;
  outside.fetch = [&](const net::FetchRequest& request) { return server(request); };
  const auto expired = std::make_shared<const Token>(Token{Secret("at-1"), 1});
  std::atomic<int> good = 0, left = 150;
  std::promise<void> all;
  {
    Refresher refreshers[] = {Refresher(outside), Refresher(outside), Refresher(outside)};
    std::vector<std::shared_ptr<TokenSource>> sources;
    for (auto& refresher : refreshers) sources.push_back(refresher.source(login));
    std::vector<std::thread> threads;
    for (int i = 0; i < 10; ++i)
      threads.emplace_back([&] {
        for (int asked = 0; asked < 15; ++asked)
          sources[static_cast<std::size_t>(asked) % 3]->renew(expired, [&](const Result<TokenPtr>& token) {
            if (token && (*token)->access.reveal() == "at-2") ++good;
            if (--left == 0) all.set_value();
          });
      });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(all.get_future().wait_for(30s), std::future_status::ready);
  }
  std::filesystem::remove_all(folder);
  EXPECT_EQ(good, 150);
  EXPECT_EQ(server.calls, 1);
}

}  // namespace
}  // namespace penstock::credentials
