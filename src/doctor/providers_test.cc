#include <gmock/gmock.h>

#include "doctor/checks.h"
#include "doctor/inputs_for_test.h"

namespace penstock::doctor {
namespace {

using testing::HasSubstr;
using testing::Not;

using Credentials = DoctorTest;

TEST_F(Credentials, are_named_by_where_they_were_found) {
  variables_["DEEPSEEK_API_KEY"] = "k-0123456789";
  write("keys/zai", "k-0123456789");
  inputs();
  const auto rows = run(check_credentials);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].provider, "deepseek");
  EXPECT_EQ(rows[0].seen, "from $DEEPSEEK_API_KEY");
  EXPECT_EQ(rows[1].provider, "zai");
  EXPECT_EQ(rows[1].seen, "from " + home_ + "/keys/zai");
}

TEST_F(Credentials, that_lie_behind_another_are_worth_a_word) {
  variables_["DEEPSEEK_API_KEY"] = "k-0123456789";
  write(".DeepSeekAZ1.api.key", "k-1123456789");
  inputs();
  EXPECT_EQ(only(check_credentials).seen, "from $DEEPSEEK_API_KEY; another in " + home_ + "/.DeepSeekAZ1.api.key is not used");
}

TEST_F(Credentials, of_a_pool_are_all_used) {
  variables_["ZAI_API_KEY"] = "k-2123456789";
  inputs("providers: { zai: { credentials: { pool: [ k-0123456789, k-1123456789 ] } } }");
  EXPECT_EQ(only(check_credentials).seen, "2 keys of a pool, from the configuration; another in $ZAI_API_KEY is not used");
}

TEST_F(Credentials, of_anthropics_own_users_pass) {
  inputs("providers: { claude: { catalog: anthropic } }");
  auto row = only(check_credentials);
  EXPECT_EQ(row.verdict, Verdict::ok);
  EXPECT_EQ(row.seen, "no key was found; the client's own credential passes");
  inputs("providers: { claude: { catalog: anthropic, credentials: { pool: [ '${TOKEN_1}' ] } } }");
  row = only(check_credentials);
  EXPECT_EQ(row.verdict, Verdict::warning);
  EXPECT_THAT(row.seen, HasSubstr("the configuration names TOKEN_1, which has no value"));
}

TEST_F(Credentials, that_are_missing_are_a_fault_with_the_way_to_one) {
  inputs("providers: { zai: {} }");
  const auto row = only(check_credentials);
  EXPECT_EQ(row.verdict, Verdict::fault);
  EXPECT_EQ(row.provider, "zai");
  EXPECT_THAT(row.mend, HasSubstr("penstock keys set zai, or set ZAI_API_KEY"));
}

TEST_F(Credentials, a_variable_without_a_value_is_named) {
  inputs("providers: { zai: { api_key: '${MY_ZAI_KEY}' } }");
  EXPECT_THAT(only(check_credentials).seen, HasSubstr("MY_ZAI_KEY, which has no value"));
}

TEST_F(Credentials, that_others_can_read_are_a_fault) {
  write(".ZaiAZ1.api.key", "k-0123456789", 0644);
  inputs("providers: { zai: {} }");
  const auto row = only(check_credentials);
  EXPECT_EQ(row.verdict, Verdict::fault);
  EXPECT_THAT(row.seen, HasSubstr(".ZaiAZ1.api.key"));
  EXPECT_THAT(row.seen, Not(HasSubstr("0123456789")));
}

TEST_F(Credentials, that_nobody_needs) {
  inputs(
      "providers: { ollama: {}, anthropic: { credentials: { mode: passthrough } }, own: { base_url: 'http://127.0.0.1:9', auth: none } }");
  for (const auto& row : run(check_credentials)) EXPECT_EQ(row.verdict, Verdict::ok) << row.provider << ": " << row.seen;
}

TEST_F(Credentials, none_at_all_is_a_warning) {
  inputs();
  const auto row = only(check_credentials);
  EXPECT_EQ(row.verdict, Verdict::warning);
  EXPECT_THAT(row.mend, HasSubstr("penstock keys set"));
}

TEST_F(Credentials, of_the_one_that_was_asked_about) {
  variables_["DEEPSEEK_API_KEY"] = "k-0123456789";
  inputs("", "zai");
  EXPECT_EQ(only(check_credentials).provider, "zai") << "not in use, but asked about";
  inputs("", "deepseek");
  EXPECT_EQ(only(check_credentials).provider, "deepseek");
}

TEST_F(Credentials, of_nobody_known_is_an_error_with_near_names) {
  const auto gathered = gather({write("empty.yaml", ""), "depseek"}, environment(), [](auto) { return credentials::Places{}; });
  ASSERT_FALSE(gathered);
  EXPECT_EQ(gathered.error().kind, ErrorKind::not_found);
  EXPECT_THAT(gathered.error().message, HasSubstr("deepseek"));
}

}  // namespace
}  // namespace penstock::doctor
