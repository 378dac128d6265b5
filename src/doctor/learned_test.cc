#include <fmt/format.h>
#include <gmock/gmock.h>

#include "doctor/checks.h"
#include "doctor/inputs_for_test.h"

namespace penstock::doctor {
namespace {

using testing::HasSubstr;
using testing::Not;

class DoctorLearned : public DoctorTest {
 protected:
  void learned(const std::string& target, const std::string& quirk, const std::string& value, std::int64_t days_ago = 0) {
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    lessons_ += fmt::format(R"({}{{"target":"{}","quirk":"{}","value":"{}","since":{}}})", lessons_.empty() ? "" : ",", target, quirk,
                            value, now - days_ago * 86'400);
    write("state/learned.json", R"({"penstock_learned":1,"lessons":[)" + lessons_ + "]}");
    ::chmod((home_ + "/state").c_str(), 0700);
  }
  std::string lessons_;
};

constexpr auto kOne = "providers: { one: { base_url: 'http://one.example', api_key: k-0123456789, models: [ m ] } }\n";

TEST_F(DoctorLearned, nothing_is_nothing_to_tell) {
  inputs(kOne);
  EXPECT_TRUE(run(check_learned).empty());
}

TEST_F(DoctorLearned, each_finding_names_the_line_of_the_configuration) {
  learned("one/m", "thinking_mode", "drop");
  learned("two/m", "thinking_mode", "drop");
  inputs(kOne);
  const auto row = only(check_learned);
  EXPECT_EQ(row.verdict, Verdict::warning);
  EXPECT_EQ(row.provider, "one");
  EXPECT_THAT(row.seen, HasSubstr("since then one/m goes with thinking_mode: drop"));
  EXPECT_THAT(row.mend, HasSubstr("providers.one.quirks: { thinking_mode: drop }"));
  EXPECT_THAT(row.mend, HasSubstr("penstock models --forget one/m"));
}

TEST_F(DoctorLearned, what_it_names_is_a_configuration_that_works) {
  learned("one/m", "effort", "low,high");
  inputs(kOne);
  const auto row = only(check_learned);
  ASSERT_THAT(row.mend, HasSubstr(R"(providers.one.quirks: { effort: "low,high" } in)"));
  inputs(R"(providers: { one: { base_url: 'http://one.example', api_key: k-0123456789, models: [ m ], quirks: { effort: "low,high" } } })");
  EXPECT_EQ(inputs_->config_faults, "");
  EXPECT_TRUE(run(check_learned).empty());
}

TEST_F(DoctorLearned, what_the_configuration_says_needs_no_word) {
  learned("one/m", "thinking_mode", "drop");
  inputs("providers: { one: { base_url: 'http://one.example', api_key: k-0123456789, models: [ m ], quirks: { thinking_mode: drop } } }\n");
  EXPECT_TRUE(run(check_learned).empty());
}

TEST_F(DoctorLearned, a_quirk_of_another_dialect_is_not_for_the_configuration) {
  learned("one/m", "reasoning_back", "never");
  inputs(kOne);
  const auto row = only(check_learned);
  EXPECT_THAT(row.mend, Not(HasSubstr("providers.one.quirks")));
  EXPECT_THAT(row.mend, HasSubstr("penstock models --forget one/m"));
}

TEST_F(DoctorLearned, old_ones_are_forgotten) {
  learned("one/m", "thinking_mode", "drop", 31);
  inputs(kOne);
  EXPECT_TRUE(run(check_learned).empty());
}

TEST_F(DoctorLearned, a_damaged_file_is_told) {
  write("state/learned.json", "{\"penstock_lea");
  ::chmod((home_ + "/state").c_str(), 0700);
  inputs(kOne);
  const auto row = only(check_learned);
  EXPECT_EQ(row.verdict, Verdict::warning);
  EXPECT_THAT(row.mend, HasSubstr("remove " + home_ + "/state/learned.json"));
}

}  // namespace
}  // namespace penstock::doctor
