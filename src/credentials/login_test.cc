#include "credentials/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>

#include "credentials/token_file.h"

namespace penstock::credentials {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A home, a server that answers what is in `answers_`, and a clock that only waiting moves.
class LoginTest : public testing::Test {
 protected:
  LoginTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-login-XXXXXX").string();
    home_ = ::mkdtemp(pattern.data());
    places_.environment = [this](const std::string& name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
    places_.home = home_;
    places_.key_folder = home_ + "/keys";
    kimi_.name = "kimi";
    kimi_.oauth =
        catalog::OAuth{"client", "https://idp/device", "https://idp/token", "", {"FIRST_HOST", "SECOND_HOST"}, ".kimi/credentials/k.json"};
  }
  ~LoginTest() override { std::filesystem::remove_all(home_); }

  void make(const std::string& name) const {
    std::filesystem::create_directories(std::filesystem::path(home_ + "/" + name).parent_path());
    store_login(home_ + "/" + name, {Secret("a"), Secret("r")}).value();
  }
  [[nodiscard]] std::string path() const { return login_for(kimi_, places_).value()->path.substr(home_.size() + 1); }
  Status log_in_now() {
    Outside outside;
    outside.fetch = [this](const net::FetchRequest& request) -> Result<net::Fetched> {
      asked_.push_back(request.url + " " + request.body);
      if (answers_.empty() || answers_.front().first == 0) {
        if (!answers_.empty()) answers_.pop_front();
        return fail(provider_error(ErrorKind::connection, "cannot connect", true));
      }
      net::Fetched fetched;
      fetched.status = answers_.front().first;
      fetched.body = answers_.front().second;
      answers_.pop_front();
      return fetched;
    };
    LoginSteps steps;
    steps.show = [this](const DeviceCode& code) { shown_ = code.user_code + " " + code.complete_url; };
    steps.clock = [this] { return now_; };
    steps.wait_until = [this](DevicePoll::Time until) {
      waited_.push_back(std::chrono::duration_cast<std::chrono::seconds>(until - now_).count());
      now_ = until;
    };
    steps.before_storing = [this] { storing_ = true; };
    return log_in(*login_for(kimi_, places_).value(), outside, steps);
  }
  std::string failure() {
    const auto done = log_in_now();
    EXPECT_FALSE(storing_);
    EXPECT_FALSE(std::filesystem::exists(home_ + "/keys/kimi.oauth.json"));
    return done ? "no failure" : done.error().message;
  }

  std::string home_;
  std::map<std::string, std::string> variables_;
  Places places_;
  catalog::Provider kimi_;
  std::deque<std::pair<int, std::string>> answers_{
      {200,
       R"({"device_code":"dc","user_code":"UC","verification_uri":"https://idp","verification_uri_complete":"https://idp?c=UC","expires_in":60,"interval":2})"}};
  std::vector<std::string> asked_;
  std::vector<std::int64_t> waited_;
  std::string shown_;
  DevicePoll::Time now_{1000h};
  bool storing_ = false;
};

const std::pair<int, std::string> kPending{400, R"({"error":"authorization_pending"})"}, kSlowDown{400, R"({"error":"slow_down"})"};
const std::pair<int, std::string> kTokens{
    200, R"({"access_token":"at","refresh_token":"rt","expires_in":900,"scope":"s","token_type":"Bearer"})"};

TEST_F(LoginTest, the_file_of_the_providers_own_client_first) {
  EXPECT_EQ(path(), "keys/kimi.oauth.json") << "nothing is there";
  std::filesystem::create_directories(home_ + "/.kimi");
  EXPECT_EQ(path(), ".kimi/credentials/k.json") << "its own client is installed";
  make("keys/kimi.oauth.json");
  EXPECT_EQ(path(), "keys/kimi.oauth.json") << "a login that is there";
  make(".kimi/credentials/k.json");
  EXPECT_EQ(path(), ".kimi/credentials/k.json");
  kimi_.oauth->credentials_file.clear();
  EXPECT_EQ(path(), "keys/kimi.oauth.json");
  kimi_.oauth.reset();
  EXPECT_FALSE(login_for(kimi_, places_).value());
}

TEST_F(LoginTest, a_variable_names_another_host) {
  const auto url = [&] {
    const auto login = login_for(kimi_, places_);
    return login ? (*login)->oauth.device_authorization_url + " " + (*login)->oauth.token_url : login.error().message;
  };
  variables_["SECOND_HOST"] = "http://127.0.0.1:99/";
  EXPECT_EQ(url(), "http://127.0.0.1:99/device http://127.0.0.1:99/token");
  variables_["FIRST_HOST"] = "https://idp.cn";
  EXPECT_EQ(url(), "https://idp.cn/device https://idp.cn/token");
  variables_["FIRST_HOST"] = "http://idp.cn";
  EXPECT_THAT(url(), HasSubstr("FIRST_HOST must be a URL like https://host"));
}

TEST_F(LoginTest, the_whole_device_flow) {
  answers_.insert(answers_.end(), {kPending, kSlowDown, kPending, kTokens});
  const auto done = log_in_now();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(shown_, "UC https://idp?c=UC");
  EXPECT_THAT(waited_, ElementsAre(2, 2, 7, 7));
  EXPECT_EQ(asked_.front(), "https://idp/device client_id=client");
  EXPECT_EQ(asked_.back(),
            "https://idp/token client_id=client&device_code=dc&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code");
  EXPECT_TRUE(storing_);
  const auto stored = load_login(home_ + "/keys/kimi.oauth.json");
  ASSERT_TRUE(stored && *stored);
  EXPECT_EQ((*stored)->access.reveal(), "at");
  EXPECT_EQ((*stored)->refresh.reveal(), "rt");
}

TEST_F(LoginTest, a_server_in_trouble_is_waited_for) {
  answers_.insert(answers_.end(), {{0, ""}, {503, ""}, kTokens});
  EXPECT_TRUE(log_in_now());
  EXPECT_THAT(waited_, ElementsAre(2, 4, 8));
}

TEST_F(LoginTest, denied_expired_refused) {
  const auto code = answers_.front();
  answers_.push_back({400, R"({"error":"access_denied"})"});
  EXPECT_EQ(failure(), "the login to kimi failed: it was denied in the browser");
  answers_ = {code, {400, R"({"error":"expired_token","error_description":"too late"})"}};
  EXPECT_EQ(failure(), "the login to kimi failed: the code has expired; run the command again (too late)");
  answers_ = {code};
  answers_.insert(answers_.end(), 100, kPending);
  EXPECT_EQ(failure(), "the login to kimi failed: the code has expired; run the command again");
  EXPECT_GT(answers_.size(), 60U) << "60 s are 29 polls at 2 s";
  answers_ = {code, {400, R"({"error":"invalid_client","error_description":"no such client"})"}};
  EXPECT_EQ(failure(), "the login to kimi failed: no such client");
  answers_ = {{400, R"({"error":"invalid_client"})"}};
  EXPECT_EQ(failure(), "the login to kimi failed: invalid_client");
  answers_ = {};
  EXPECT_EQ(failure(), "the login to kimi failed: cannot connect");
}

TEST_F(LoginTest, logging_out_removes_every_login_and_nothing_else) {
  EXPECT_THAT(log_out(kimi_, places_).value(), IsEmpty());
  make(".kimi/credentials/k.json");
  make("keys/kimi.oauth.json");
  make("keys/other.oauth.json");
  EXPECT_THAT(log_out(kimi_, places_).value(), ElementsAre(home_ + "/.kimi/credentials/k.json", home_ + "/keys/kimi.oauth.json"));
  EXPECT_FALSE(std::filesystem::exists(home_ + "/.kimi/credentials/k.json"));
  EXPECT_TRUE(std::filesystem::exists(home_ + "/keys/other.oauth.json"));
}

}  // namespace
}  // namespace penstock::credentials
