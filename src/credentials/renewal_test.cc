#include "credentials/renewal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "credentials/token_file.h"

namespace penstock::credentials {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr UnixSeconds kNow = 1'800'000'000;

class RenewalTest : public testing::Test {
 protected:
  RenewalTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-renewal-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    login_.provider = "kimi";
    login_.oauth.client_id = "client";
    login_.oauth.token_url = "https://idp/token";
    login_.path = folder_ + "/k.json";
    outside_.now = [] { return std::chrono::system_clock::from_time_t(kNow); };
    outside_.fetch = [this](const net::FetchRequest& request) -> Result<net::Fetched> {
      asked_.push_back(request.body);
      if (meanwhile_) meanwhile_();
      if (status_ == 0) return fail(provider_error(ErrorKind::connection, "cannot connect"));
      net::Fetched fetched;
      fetched.status = status_;
      fetched.body = body_;
      return fetched;
    };
  }
  ~RenewalTest() override { std::filesystem::remove_all(folder_); }

  void hold(const std::string& access, const std::string& refresh, std::int64_t left) const {
    store_login(login_.path, {Secret(access), Secret(refresh), kNow + left, 900, "s", "Bearer"}).value();
  }
  [[nodiscard]] std::string held() const {
    const auto loaded = load_login(login_.path).value();
    return std::string(loaded->access.reveal()) + " " + std::string(loaded->refresh.reveal());
  }
  std::string renewed(std::string_view refused = "") {
    const auto tokens = renew(login_, refused, outside_);
    return tokens ? std::string(tokens->access.reveal()) : tokens.error().message;
  }

  std::string folder_;
  Login login_;
  Outside outside_;
  int status_ = 200;
  std::string body_ = R"({"access_token":"at-2","refresh_token":"rt-2","expires_in":900})";
  std::function<void()> meanwhile_;
  std::vector<std::string> asked_;
};

TEST_F(RenewalTest, a_fresh_token_costs_no_call) {
  hold("at-1", "rt-1", 800);
  EXPECT_EQ(renewed(), "at-1");
  EXPECT_EQ(renewed("at-0"), "at-1") << "the refused one has been replaced already";
  EXPECT_TRUE(asked_.empty());
}

TEST_F(RenewalTest, a_due_or_refused_one_is_replaced_and_stored) {
  hold("at-1", "rt-1", 400);
  EXPECT_EQ(renewed(), "at-2");
  EXPECT_EQ(asked_.back(), "client_id=client&grant_type=refresh_token&refresh_token=rt-1");
  EXPECT_EQ(held(), "at-2 rt-2");
  body_ = R"({"access_token":"at-3"})";
  EXPECT_EQ(renewed("at-2"), "at-3");
  EXPECT_EQ(held(), "at-3 rt-2") << "no new refresh token: the old one stays";
  EXPECT_EQ(load_login(login_.path).value()->scope, "s");
  EXPECT_EQ(asked_.size(), 2U);
}

TEST_F(RenewalTest, only_a_new_login_helps) {
  const auto mend = HasSubstr("log in again: penstock login kimi");
  EXPECT_THAT(renewed(), mend) << "no file";
  hold("at-1", "", -1);
  EXPECT_THAT(renewed(), mend);
  EXPECT_TRUE(asked_.empty());
  hold("at-1", "rt-1", 1);
  for (const auto& [status, body] :
       {std::pair(400, R"({"error":"invalid_grant","error_description":"revoked"})"), std::pair(401, ""), std::pair(403, "{}")}) {
    status_ = status;
    body_ = body;
    EXPECT_THAT(renewed(), mend);
    EXPECT_EQ(renew(login_, "", outside_).error().kind, ErrorKind::authentication);
  }
  EXPECT_THAT(renewed(), Not(HasSubstr("rt-1")));
  body_ = R"({"error":"invalid_grant","error_description":"rt-1 of at-1 is revoked"})";
  EXPECT_THAT(renewed(), HasSubstr("[redacted] of [redacted] is revoked"));
  EXPECT_EQ(held(), "at-1 rt-1") << "the file stays as it was";
}

TEST_F(RenewalTest, trouble_that_passes_is_told_from_trouble_that_stays) {
  hold("at-1", "rt-1", 1);
  for (const int status : {0, 429, 500, 503}) {
    status_ = status;
    EXPECT_TRUE(renew(login_, "", outside_).error().retry_safe) << status;
  }
  body_ = R"({"error":"invalid_client"})";
  status_ = 400;
  EXPECT_FALSE(renew(login_, "", outside_).error().retry_safe);
  status_ = 200;
  body_ = "<html>";
  EXPECT_EQ(renewed(), "the login to kimi could not be refreshed: its answer is not JSON");
}

TEST_F(RenewalTest, a_client_without_our_lock_may_have_been_faster) {
  hold("at-1", "rt-1", 1);
  status_ = 400;
  body_ = R"({"error":"invalid_grant"})";
  meanwhile_ = [this] { hold("at-9", "rt-9", 900); };
  EXPECT_EQ(renewed(), "at-9");
}

TEST_F(RenewalTest, the_file_is_read_again_under_the_lock) {
  hold("at-1", "rt-1", 1);
  auto lock = std::make_unique<LoginLock>(LoginLock::take(login_.path, {}).value());
  // The other process ends its refresh while we wait: nothing is left to do for us.
  outside_.give_up = [&] {
    hold("at-9", "rt-9", 900);
    lock.reset();
    return false;
  };
  EXPECT_EQ(renewed(), "at-9");
  EXPECT_TRUE(asked_.empty());
}

TEST_F(RenewalTest, a_command_waits_trouble_out) {
  hold("at-1", "rt-1", -1);
  std::vector<std::int64_t> pauses;
  const auto patiently = [&] {
    const auto tokens = renew_patiently(login_, outside_, [&](std::chrono::seconds pause) {
      pauses.push_back(pause.count());
      if (pauses.size() == 2) status_ = 200;
    });
    return tokens ? std::string(tokens->access.reveal()) : tokens.error().message;
  };
  status_ = 503;
  EXPECT_EQ(patiently(), "at-2");
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{1, 2}));
  hold("at-1", "rt-1", -1);
  status_ = 500;
  EXPECT_THAT(patiently(), HasSubstr("HTTP 500"));
  EXPECT_EQ(pauses.size(), 5U);
  hold("at-1", "rt-1", 100);
  EXPECT_EQ(patiently(), "at-1") << "due, but not over";
  status_ = 401;
  EXPECT_EQ(patiently(), "at-1");
  hold("at-1", "rt-1", -1);
  EXPECT_THAT(patiently(), HasSubstr("penstock login kimi"));
  EXPECT_EQ(pauses.size(), 8U) << "a login that is over is not asked for again";
}

/// No file takes a byte while this lives, as on a full disk.
class FullDisk {
 public:
  FullDisk() : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(RenewalTest, what_cannot_be_stored_is_kept_and_stored_later) {
  hold("at-1", "rt-1", 1);
  Unstored unstored;
  const auto again = [&](std::string_view refused) {
    const auto tokens = renew(login_, refused, outside_, unstored);
    return tokens ? std::string(tokens->access.reveal()) : tokens.error().message;
  };
  {
    const FullDisk full;
    EXPECT_EQ(again(""), "at-2");
    EXPECT_EQ(held(), "at-1 rt-1");
    body_ = R"({"access_token":"at-3","refresh_token":"rt-3","expires_in":900})";
    EXPECT_EQ(again("at-2"), "at-3");
    EXPECT_THAT(asked_.back(), HasSubstr("refresh_token=rt-2")) << "the file's is spent";
  }
  EXPECT_EQ(again(""), "at-3");
  EXPECT_EQ(asked_.size(), 2U);
  EXPECT_EQ(held(), "at-3 rt-3");
  EXPECT_FALSE(unstored);
}

TEST_F(RenewalTest, what_was_kept_gives_way_to_a_new_login) {
  hold("at-1", "rt-1", 1);
  Unstored unstored;
  {
    const FullDisk full;
    ASSERT_TRUE(renew(login_, "", outside_, unstored));
  }
  hold("at-9", "rt-9", 900);
  EXPECT_EQ(renew(login_, "", outside_, unstored)->access.reveal(), "at-9");
  EXPECT_FALSE(unstored);
  EXPECT_EQ(held(), "at-9 rt-9");
}

TEST_F(RenewalTest, what_cannot_be_stored_is_used_all_the_same) {
  hold("at-1", "rt-1", 1);
  meanwhile_ = [this] {
    std::filesystem::remove(login_.path);
    std::filesystem::create_directory(login_.path);  // nothing can be renamed over a folder
  };
  EXPECT_EQ(renewed(), "at-2");
}

}  // namespace
}  // namespace penstock::credentials
