#include "credentials/oauth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace penstock::credentials {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using State = DevicePoll::State;

constexpr UnixSeconds kNow = 1'800'000'000;

constexpr std::string_view kDevice =
    R"({"device_code":"dc_x","user_code":"WDJB-MJHT","verification_uri":"https://idp/device",)"
    R"("verification_uri_complete":"https://idp/device?user_code=WDJB-MJHT","expires_in":900,"interval":7})";

std::string with(std::string_view text, std::string_view from, std::string_view to) {
  std::string changed(text);
  EXPECT_NE(changed.find(from), std::string::npos) << from;
  return changed.replace(changed.find(from), from.size(), to);
}

TEST(oauth_forms, are_url_encoded) {
  EXPECT_EQ(device_form("a b&c", ""), "client_id=a%20b%26c");
  EXPECT_EQ(device_form("c", "read write"), "client_id=c&scope=read%20write");
  EXPECT_EQ(poll_form("c", "d=e"), "client_id=c&device_code=d%3De&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code");
  EXPECT_EQ(refresh_form("c", "r+/\xc3\xa9"), "client_id=c&grant_type=refresh_token&refresh_token=r%2B%2F%C3%A9");
}

TEST(oauth_device, an_answer_is_read) {
  const auto code = read_device_answer(200, kDevice);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(code->user_code, "WDJB-MJHT");
  EXPECT_EQ(code->device_code.reveal(), "dc_x");
  EXPECT_EQ(code->url, "https://idp/device");
  EXPECT_EQ(code->complete_url, "https://idp/device?user_code=WDJB-MJHT");
  EXPECT_EQ(code->life, 900s);
  EXPECT_EQ(code->interval, 7s);
  EXPECT_EQ(read_device_answer(200, with(kDevice, R"(,"interval":7)", ""))->interval, 5s) << "RFC 8628 section 3.2";
  EXPECT_EQ(read_device_answer(200, with(kDevice, R"("interval":7)", R"("interval":0)"))->interval, 0s);
}

TEST(oauth_device, what_is_no_answer_is_a_fault) {
  const auto fault = [](int status, const std::string& body) {
    const auto code = read_device_answer(status, body);
    return code ? std::string("no fault") : code.error().message;
  };
  EXPECT_EQ(fault(200, "<html>"), "its answer is not JSON");
  EXPECT_EQ(fault(200, "[]"), "its answer is not JSON");
  EXPECT_EQ(fault(400, R"({"error":"invalid_client","error_description":"unknown client"})"), "unknown client");
  EXPECT_EQ(fault(503, "busy"), "HTTP 503");
  EXPECT_THAT(fault(200, with(kDevice, "dc_x", "a\\nb")), HasSubstr("device_code"));
  EXPECT_THAT(fault(200, with(kDevice, "WDJB-MJHT", "\\u001b[2J")), HasSubstr("user_code")) << "a terminal would obey it";
  EXPECT_THAT(fault(200, with(kDevice, "WDJB-MJHT", "\\u009b2J")), HasSubstr("user_code")) << "the same in one character";
  EXPECT_THAT(fault(200, with(kDevice, "https://idp/device\"", "javascript:1\"")), HasSubstr("verification_uri"));
  EXPECT_THAT(fault(200, with(kDevice, "https://idp/device?", "https://idp/\\u001b?")), HasSubstr("verification_uri"));
  EXPECT_THAT(fault(200, with(kDevice, "900", "\"900\"")), HasSubstr("expires_in"));
  EXPECT_THAT(fault(200, with(kDevice, ":7", ":-7")), HasSubstr("interval"));
}

TEST(oauth_token, tokens_are_read) {
  const auto answer = read_token_answer(
      200, R"({"access_token":"at","refresh_token":"rt","expires_in":900,"scope":"kimi","token_type":"Bearer","more":1})", kNow);
  ASSERT_EQ(answer.verdict, Verdict::tokens) << answer.words;
  EXPECT_EQ(answer.tokens.access.reveal(), "at");
  EXPECT_EQ(answer.tokens.refresh.reveal(), "rt");
  EXPECT_EQ(answer.tokens.expires_in, 900);
  EXPECT_EQ(answer.tokens.expires_at, kNow + 900);
  EXPECT_EQ(answer.tokens.scope, "kimi");
  const auto least = read_token_answer(200, R"({"access_token":"at"})", kNow);
  EXPECT_EQ(least.verdict, Verdict::tokens);
  EXPECT_TRUE(least.tokens.refresh.empty());
  EXPECT_EQ(least.tokens.expires_at, 0);
}

TEST(oauth_token, what_is_no_token_is_broken) {
  for (const auto* body : {"", "at", "[]", "{}", R"({"access_token":1})", R"({"access_token":""})", R"({"access_token":"a\r\nx: y"})",
                           R"({"access_token":"a","refresh_token":"b c"})", R"({"access_token":"a","token_type":"mac"})",
                           R"({"access_token":"a","expires_in":"900"})", R"({"access_token":"a","expires_in":-1})",
                           R"({"access_token":"a","expires_in":1e300})", R"({"access_token":"a"} trailing)"})
    EXPECT_EQ(read_token_answer(200, body, kNow).verdict, Verdict::broken) << body;
}

TEST(oauth_token, errors_mean_what_the_rfcs_say) {
  const auto verdict = [](int status, const std::string& code) {
    return read_token_answer(status, R"({"error":")" + code + "\"}", kNow).verdict;
  };
  EXPECT_EQ(verdict(400, "authorization_pending"), Verdict::pending);
  EXPECT_EQ(verdict(400, "slow_down"), Verdict::slow_down);
  EXPECT_EQ(verdict(400, "access_denied"), Verdict::denied);
  EXPECT_EQ(verdict(403, "access_denied"), Verdict::denied) << "the code counts more than the status";
  EXPECT_EQ(verdict(400, "expired_token"), Verdict::expired);
  EXPECT_EQ(verdict(400, "invalid_grant"), Verdict::refused);
  EXPECT_EQ(verdict(400, "invalid_client"), Verdict::broken);
  EXPECT_EQ(verdict(401, "whatever"), Verdict::refused);
  EXPECT_EQ(read_token_answer(403, "<html>", kNow).verdict, Verdict::refused);
  for (const int status : {429, 500, 502, 503, 504}) EXPECT_EQ(read_token_answer(status, "", kNow).verdict, Verdict::busy);
  EXPECT_EQ(verdict(500, "invalid_grant"), Verdict::busy);
  EXPECT_EQ(read_token_answer(302, "", kNow).verdict, Verdict::broken);
}

TEST(oauth_token, a_servers_words_are_fit_for_a_terminal) {
  const auto words = read_token_answer(400, R"({"error":"invalid_grant","error_description":"gone\u001b[31m\nnow\u009b"})", kNow).words;
  EXPECT_EQ(words, "gone\ufffd[31m now\ufffd");
  EXPECT_LT(read_token_answer(400, R"({"error":")" + std::string(5000, 'x') + "\"}", kNow).words.size(), 300U);
}

TEST(oauth_token, a_servers_words_hold_no_secret) {
  const std::array<std::string_view, 2> sent{"rt-se/cret", "at-secret"};
  const auto words = read_token_answer(400,
                                       R"({"error":"x","error_description":"no rt-se/cret, rt-se%2Fcret or at-secret; new-token, )" +
                                           std::string(300, 'x') + R"(","access_token":"new-token"})",
                                       kNow, sent)
                         .words;
  EXPECT_THAT(words, testing::StartsWith("no [redacted], [redacted] or [redacted]; [redacted], xxx"));
  EXPECT_LE(words.size(), 203U);
  // A secret that the cut would halve is gone before.
  const auto late = read_token_answer(400, R"({"error":")" + std::string(196, 'x') + R"(at-secret"})", kNow, sent).words;
  EXPECT_THAT(late, Not(HasSubstr("at-")));
  EXPECT_EQ(read_token_answer(401, R"({"error":"at-secret"})", kNow, sent).words, "[redacted]");
}

TokenSet living(std::int64_t seconds) {
  TokenSet tokens;
  tokens.refresh = Secret("r");
  tokens.expires_in = seconds;
  tokens.expires_at = kNow + seconds;
  return tokens;
}

TEST(oauth_due, ahead_of_its_end) {
  EXPECT_EQ(due_at(living(3600)), kNow + 1800) << "half its life";
  EXPECT_EQ(due_at(living(900)), kNow + 450);
  EXPECT_EQ(due_at(living(400)), kNow + 100) << "300 s";
  EXPECT_EQ(due_at(living(300)), kNow + 150) << "a short life is not due at once";
  EXPECT_EQ(due_at(living(1)), kNow + 1);
  auto last = living(900);
  last.refresh = Secret();
  EXPECT_EQ(due_at(last), kNow + 900) << "nothing to refresh it with";
  TokenSet unknown_life;
  unknown_life.refresh = Secret("r");
  unknown_life.expires_at = kNow + 1000;
  EXPECT_EQ(due_at(unknown_life), kNow + 700);
  EXPECT_FALSE(is_due(TokenSet{}, kNow)) << "nobody knows its end";
  EXPECT_FALSE(is_due(living(900), kNow + 449));
  EXPECT_TRUE(is_due(living(900), kNow + 450));
}

TEST(oauth_due, usable_nearly_to_its_end) {
  EXPECT_EQ(usable_until(living(900)), kNow + 895);
  EXPECT_EQ(usable_until(living(8)), kNow + 6);
  EXPECT_EQ(usable_until(living(1)), kNow + 1);
  EXPECT_EQ(usable_until(TokenSet{}), 0);
}

class DevicePollTest : public testing::Test {
 protected:
  static DeviceCode code(std::chrono::seconds interval, std::chrono::seconds life = 900s) {
    DeviceCode made;
    made.interval = interval;
    made.life = life;
    return made;
  }
  const DevicePoll::Time start_{1000h};
};

TEST_F(DevicePollTest, waits_the_interval_before_each_poll) {
  DevicePoll poll(code(5s), start_);
  EXPECT_EQ(poll.next(), start_ + 5s);
  EXPECT_EQ(poll.answered(Verdict::pending, start_ + 6s), State::waiting);
  EXPECT_EQ(poll.next(), start_ + 11s);
  EXPECT_EQ(poll.answered(Verdict::tokens, start_ + 11s), State::done);
}

TEST_F(DevicePollTest, slow_down_stays) {
  DevicePoll poll(code(1s), start_);
  poll.answered(Verdict::slow_down, start_);
  EXPECT_EQ(poll.next(), start_ + 6s);
  poll.answered(Verdict::pending, start_ + 6s);
  EXPECT_EQ(poll.next(), start_ + 12s);
  poll.answered(Verdict::slow_down, start_ + 12s);
  EXPECT_EQ(poll.next(), start_ + 23s);
}

TEST_F(DevicePollTest, a_server_in_trouble_is_asked_less_often) {
  DevicePoll poll(code(5s, 10000s), start_);
  poll.unreachable(start_);
  EXPECT_EQ(poll.next(), start_ + 10s);
  poll.answered(Verdict::busy, start_);
  EXPECT_EQ(poll.next(), start_ + 20s);
  for (int i = 0; i < 10; ++i) poll.unreachable(start_);
  EXPECT_EQ(poll.next(), start_ + 60s);
  DevicePoll hasty(code(0s), start_);
  EXPECT_EQ(hasty.next(), start_ + 100ms) << "never a loop without a wait";
  hasty.unreachable(start_);
  EXPECT_EQ(hasty.next(), start_ + 1s);
}

TEST_F(DevicePollTest, ends_when_the_code_does) {
  DevicePoll poll(code(5s, 8s), start_);
  EXPECT_EQ(poll.answered(Verdict::pending, start_ + 5s), State::waiting);
  EXPECT_EQ(poll.next(), start_ + 8s) << "not later than the code's end";
  EXPECT_EQ(poll.state_at(start_ + 8s), State::expired);
  EXPECT_EQ(poll.answered(Verdict::pending, start_ + 9s), State::expired);
  EXPECT_EQ(poll.answered(Verdict::denied, start_), State::denied);
  EXPECT_EQ(poll.answered(Verdict::expired, start_), State::expired);
  EXPECT_EQ(poll.answered(Verdict::broken, start_), State::broken);
  EXPECT_EQ(poll.answered(Verdict::refused, start_), State::broken);
}

}  // namespace
}  // namespace penstock::credentials
