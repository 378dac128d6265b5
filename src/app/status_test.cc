#include "app/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "app/child_for_test.h"
#include "app/presence.h"
#include "json/padded.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::app {
namespace {

using namespace tests;
using testing::HasSubstr;
using testing::Not;
using State = GatewayStatus::State;

class StatusTest : public testing::Test {
 protected:
  StatusTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-status-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    question_.environment = [this](const std::string& name) {
      return name == "PENSTOCK_STATE_DIR" ? std::optional(folder_) : std::nullopt;
    };
  }
  ~StatusTest() override { std::filesystem::remove_all(folder_); }
  static Running at(const std::string& url) {
    Running one;
    one.pid = 1;
    one.urls = {url};
    one.version = "1.2.3";
    one.log_file = "/the \"log\"";
    one.started = 1000;
    return one;
  }
  /// What it says is read when it begins, so that the process is made before there are threads.
  [[nodiscard]] Child gateway() const {
    return Child([folder = folder_](Child::Pipes& parent) {
      parent.hear();
      std::string text;
      std::getline(std::ifstream(folder + "/text"), text);
      const auto presence = Presence::take(folder, text);
      parent.say('r');
      parent.hear();
    });
  }
  void begin(Child& child, const std::string& url) const {
    std::ofstream(folder_ + "/text") << to_json(at(url)) << std::endl;
    child.say('b');
    ASSERT_EQ(child.hear(), 'r');
  }
  GatewayStatus status() { return gather_status(question_).value(); }
  /// Indexed, so that what a script reads is JSON.
  static std::string checked_json(const GatewayStatus& status) {
    const auto text = to_json(status, 1090);
    const json::Padded copy(text);
    json::Document document;
    EXPECT_TRUE(document.index(copy.text())) << text;
    return text;
  }
  std::string folder_;
  StatusQuestion question_;
};

TEST_F(StatusTest, of_nobody) {
  const auto none = status();
  EXPECT_EQ(none.state, State::stopped);
  EXPECT_EQ(to_text(none, 0), "penstock is not running\n");
  EXPECT_EQ(checked_json(none), "{\"up\":false,\"state\":\"stopped\",\"providers\":{}}\n");
}

TEST_F(StatusTest, of_one_that_answers) {
  auto child = gateway();
  ScriptedProvider provider([](Visit& visit) {
    if (const auto request = visit.request())
      visit.send(whole_answer(R"({"status":"degraded","providers":{"zai":{"upstream":"https://a","dialect":"anthropic","key_present":true,)"
                              R"("key_source":"ZAI_API_KEY","state":"ready","rests_until":null,"rests_seconds":null,)"
                              R"("last_trouble":"timeout"},)"
                              R"("kimi":{"upstream":"https://b","key_present":false}}})"));
  });
  begin(child, provider.url());
  question_.token = Secret("a-client-token");
  const auto seen = status();
  EXPECT_TRUE(seen.up()) << seen.problem;
  EXPECT_THAT(provider.seen().at(0).head, HasSubstr("a-client-token"));
  const auto text = to_text(seen, 1090);
  EXPECT_THAT(text, HasSubstr("penstock 1.2.3 is running at " + provider.url() + "\n"));
  EXPECT_THAT(text, HasSubstr("process:       " + std::to_string(child.pid()) + ", for 1 min\n"));
  EXPECT_THAT(text, HasSubstr("health:        degraded\n"));
  EXPECT_THAT(text, testing::ContainsRegex("zai +https://a +key from ZAI_API_KEY\n"));
  EXPECT_THAT(text, testing::ContainsRegex("kimi +https://b +no key\n"));
  const auto json = checked_json(seen);
  EXPECT_THAT(json, HasSubstr("\"up\":true,\"state\":\"running\""));
  EXPECT_THAT(json, HasSubstr("\"uptime_seconds\":90"));
  EXPECT_THAT(text, Not(HasSubstr("timeout"))) << "that is over";
  EXPECT_THAT(json, HasSubstr(R"("zai":{"upstream":"https://a","key_present":true,"key_source":"ZAI_API_KEY","state":"ready",)"
                              R"("rests_until":null,"rests_seconds":null,"last_trouble":"timeout"})"));
  EXPECT_THAT(json, HasSubstr(R"("key_present":false,"key_source":"","state":null,)")) << "an older gateway says nothing of it";
  for (const auto& shown : {text, json}) EXPECT_THAT(shown, Not(HasSubstr("a-client-token")));
}

TEST_F(StatusTest, of_providers_that_rest) {
  auto child = gateway();
  ScriptedProvider provider([](Visit& visit) {
    if (const auto request = visit.request())
      visit.send(whole_answer(R"({"status":"ok","providers":{"zai":{"upstream":"https://a","key_present":true,"key_source":"K",)"
                              R"("state":"limited","rests_until":"2026-11-20T12:02:10Z","rests_seconds":130,)"
                              R"("last_trouble":"rate_limited"},)"
                              R"("own":{"upstream":"https://b","key_present":true,"key_source":"","state":"cooling","rests_until":null,)"
                              R"("rests_seconds":null,"last_trouble":"health check: unreachable"},)"
                              R"("bare":{"upstream":"https://c","key_present":false,"state":"no_key","rests_until":null}}})"));
  });
  begin(child, provider.url());
  const auto seen = status();
  const auto text = to_text(seen, 1090);
  EXPECT_THAT(text, testing::ContainsRegex("key from K\n +limited, back in 2 min; last trouble: rate_limited\n"));
  EXPECT_THAT(text, testing::ContainsRegex("https://b [^\n]*\n +cooling; last trouble: health check: unreachable\n"));
  EXPECT_THAT(text, Not(HasSubstr("no_key"))) << "its line says so";
  const auto json = checked_json(seen);
  EXPECT_THAT(json, HasSubstr(R"("state":"limited","rests_until":"2026-11-20T12:02:10Z","rests_seconds":130,)"
                              R"("last_trouble":"rate_limited")"));
  EXPECT_THAT(json, HasSubstr(R"("state":"cooling","rests_until":null,"rests_seconds":null,)"
                              R"("last_trouble":"health check: unreachable")"));
}

TEST_F(StatusTest, of_one_that_does_not_answer) {
  auto child = gateway();
  begin(child, "http://127.0.0.1:1");
  const auto seen = status();
  EXPECT_EQ(seen.state, State::silent);
  EXPECT_FALSE(seen.up());
  EXPECT_THAT(to_text(seen, 1090), HasSubstr("does not answer at http://127.0.0.1:1/health"));
  EXPECT_THAT(checked_json(seen), HasSubstr("\"state\":\"not answering\""));
}

TEST_F(StatusTest, of_one_that_died) {
  std::ofstream(folder_ + "/gateway.json") << to_json(at("http://127.0.0.1:1"));
  const auto seen = status();
  EXPECT_EQ(seen.state, State::died);
  EXPECT_THAT(to_text(seen, 0), HasSubstr("ended without a word"));
  EXPECT_THAT(to_text(seen, 0), HasSubstr("log:           /the \"log\"\n"));
  EXPECT_THAT(checked_json(seen), Not(HasSubstr("\"pid\"")));
}

TEST_F(StatusTest, of_a_port_that_another_has) {
  const ScriptedProvider other([](Visit&) {});
  question_.listen = {{"127.0.0.1", 0}, {"127.0.0.1", other.port()}};
  const auto seen = status();
  EXPECT_EQ(seen.state, State::port_taken);
  ASSERT_TRUE(seen.holder);
  EXPECT_EQ(seen.holder->pid, ::getpid());
  EXPECT_THAT(to_text(seen, 0), HasSubstr("(process " + std::to_string(::getpid()) + ")"));
  EXPECT_THAT(checked_json(seen), HasSubstr("\"port\":{\"address\":\"127.0.0.1:" + std::to_string(other.port()) + "\""));
}

TEST(status, durations) {
  EXPECT_EQ(duration_text(59), "59 s");
  EXPECT_EQ(duration_text(3599), "59 min");
  EXPECT_EQ(duration_text(7800), "2 h 10 min");
  EXPECT_EQ(duration_text(86400 * 4 + 3 * 3600), "4 d 3 h");
}

}  // namespace
}  // namespace penstock::app
