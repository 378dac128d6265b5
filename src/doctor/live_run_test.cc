#include "doctor/live_run.h"

#include <gmock/gmock.h>

#include "doctor/inputs_for_test.h"

namespace penstock::doctor {
namespace {

using testing::HasSubstr;
using testing::Not;

class LiveRun : public DoctorTest {
 protected:
  static Result<net::Fetched> says(int status, std::string body) {
    net::Fetched fetched;
    fetched.status = status;
    fetched.body = std::move(body);
    fetched.first_byte = std::chrono::microseconds(1500);
    return fetched;
  }
  std::vector<LiveRow> live(const std::string& model = {}) {
    return run_live(*inputs_, live_subjects(*inputs_, model, probe_all(*inputs_)), {"http://127.0.0.1:9", Secret("token-0123456789"), ""});
  }
};

TEST_F(LiveRun, asks_each_question_of_each_provider) {
  inputs("providers: { zai: { api_key: k-0123456789 }, p: { base_url: 'https://p.example', auth: none, models: [ m ] } }");
  answer_ = [](const auto&) { return says(200, R"({"content":[{"type":"text","text":"red"}],"input_tokens":3})"); };
  const auto rows = live();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].provider, "zai");
  EXPECT_EQ(rows[0].model, "glm-5.3");
  EXPECT_EQ(rows[1].model, "m");
  EXPECT_EQ(rows[1].first_byte.count(), 2);
  ASSERT_EQ(rows[1].results.size(), kLiveChecks.size());
  for (std::size_t i = 0; i < kLiveChecks.size(); ++i) EXPECT_EQ(rows[1].results[i].check, name(kLiveChecks[i]));
  for (const auto& request : asked_) {
    if (!request.url.contains("/to/")) continue;
    EXPECT_THAT(request.url, HasSubstr("http://127.0.0.1:9/to/"));
    EXPECT_THAT(request.headers, testing::Contains(std::pair<std::string, std::string>("x-api-key", "token-0123456789")));
  }
}

TEST_F(LiveRun, who_fails_the_first_question_is_asked_no_more) {
  inputs("providers: { p: { base_url: 'https://p.example', auth: none, models: [ m ] } }");
  answer_ = [](const auto&) { return says(500, R"({"error":{"message":"no"}})"); };
  const auto rows = live();
  EXPECT_EQ(rows[0].results[0].verdict, Verdict::fault);
  for (std::size_t i = 1; i < rows[0].results.size(); ++i) EXPECT_EQ(rows[0].results[i].seen, "the plain answer failed");
  EXPECT_EQ(std::ranges::count_if(asked_, [](const auto& request) { return request.url.contains("/to/"); }), 1);
}

TEST_F(LiveRun, who_cannot_be_asked_costs_nothing) {
  inputs("providers: { zai: {} }");
  answer_ = [](const auto&) { return says(200, "{}"); };
  const auto rows = live();
  for (const auto& result : rows[0].results) EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_EQ(std::ranges::count_if(asked_, [](const auto& request) { return request.url.contains("/to/"); }), 0);
}

TEST_F(LiveRun, a_key_that_a_provider_repeats_is_crossed_out) {
  inputs("providers: { zai: { api_key: key-0123456789 } }");
  answer_ = [](const auto&) { return says(401, R"({"error":{"message":"bad key key-0123456789 and token-0123456789, key-0123456789"}})"); };
  const auto rows = live();
  EXPECT_EQ(rows[0].results[0].seen, "401: bad key … and …, …");
}

TEST_F(LiveRun, which_model) {
  inputs("providers: { ollama: {}, zai: { api_key: k-0123456789 } }");
  answer_ = [](const net::FetchRequest& request) { return says(200, request.url.contains("11434") ? R"({"data":[{"id":"q3"}]})" : "{}"); };
  const auto probes = probe_all(*inputs_);
  EXPECT_EQ(live_subjects(*inputs_, "", probes)[0].model, "q3") << "the first that the server has";
  EXPECT_EQ(live_subjects(*inputs_, "", probes)[1].model, "glm-5.3") << "the catalogue's first";
  EXPECT_EQ(live_subjects(*inputs_, "other", probes)[0].model, "other");
  EXPECT_EQ(live_subjects(*inputs_, "", {})[0].model, "");
}

}  // namespace
}  // namespace penstock::doctor
