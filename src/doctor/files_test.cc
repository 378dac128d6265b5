#include <gmock/gmock.h>

#include "doctor/checks.h"
#include "doctor/inputs_for_test.h"

namespace penstock::doctor {
namespace {

using testing::HasSubstr;

using Configuration = DoctorTest;

TEST_F(Configuration, that_is_sound_is_named) {
  inputs("providers: { deepseek: { api_key: k-0123456789 }, zai: { api_key: k-0123456789 } }");
  const auto row = only(check_configuration);
  EXPECT_EQ(row.verdict, Verdict::ok);
  EXPECT_THAT(row.seen, HasSubstr("penstock.yaml, 2 in use"));
}

TEST_F(Configuration, tells_every_fault) {
  inputs("servr: {}\nproviders: { x: {} }");
  const auto row = only(check_configuration);
  EXPECT_EQ(row.verdict, Verdict::fault);
  EXPECT_THAT(row.seen, HasSubstr("penstock.yaml:1:1: unknown key"));
  EXPECT_THAT(row.seen, HasSubstr("penstock.yaml:2:"));
  EXPECT_EQ(only(check_credentials).verdict, Verdict::skipped);
}

TEST_F(Configuration, that_is_not_there_is_a_fault) {
  const auto gathered = gather({home_ + "/none.yaml", ""}, environment(), [](auto) { return credentials::Places{}; });
  ASSERT_TRUE(gathered);
  EXPECT_THAT((*gathered)->config_faults, HasSubstr("none.yaml"));
}

TEST_F(Configuration, quirks_that_make_no_sense_are_a_fault) {
  inputs("providers: { deepseek: { api_key: k-0123456789, quirks: { temperature: sideways } } }");
  EXPECT_THAT(only(check_configuration).seen, HasSubstr("temperature"));
}

TEST_F(Configuration, a_dialect_that_a_provider_has_not_got_is_a_fault) {
  inputs("providers: { zai: { dialect: gemini, api_key: k-0123456789 } }");
  EXPECT_THAT(only(check_configuration).seen, HasSubstr("it has anthropic, openai-chat"));
}

TEST_F(Configuration, a_dialect_of_the_catalogues_row_is_fine) {
  inputs("providers: { deepseek: { dialect: openai-chat, api_key: k-0123456789 } }");
  EXPECT_EQ(only(check_configuration).verdict, Verdict::ok);
}

TEST_F(Configuration, a_faulty_catalogue_of_the_users_own_is_a_fault) {
  write(".config/penstock/providers.yaml", "mine: { base_ulr: 'https://x.example' }");
  inputs("default_model: x");
  EXPECT_THAT(only(check_configuration).seen, HasSubstr("base_ulr"));
}

class Permissions : public DoctorTest {
 protected:
  std::string faults() {
    std::string all;
    for (const auto& row : run(check_permissions))
      if (row.verdict != Verdict::ok) all += row.seen + " -> " + row.mend + "\n";
    return all;
  }
  std::string path(const std::string& name) { return home_ + "/" + name; }
  void set_mode(const std::string& name, mode_t mode) { ::chmod(path(name).c_str(), mode); }
};

TEST_F(Permissions, that_are_tight) {
  write("keys/zai", "k-0123456789");
  write("state/signature.key", "x");
  set_mode("keys", 0700);
  set_mode("state", 0700);
  inputs("providers: { zai: {} }");
  const auto row = only(check_permissions);
  EXPECT_EQ(row.verdict, Verdict::ok);
  EXPECT_THAT(row.seen, HasSubstr("4 files and folders"));
}

TEST_F(Permissions, of_a_configuration_matter_when_it_holds_keys) {
  variables_["ZAI_API_KEY"] = "k-0123456789";
  inputs("providers: { zai: { api_key: '${ZAI_API_KEY}' } }");
  set_mode("penstock.yaml", 0644);
  EXPECT_EQ(faults(), "") << "the key is in a variable";
  inputs("providers: { zai: { api_key: k-0123456789 } }");
  EXPECT_EQ(faults(), "");
  set_mode("penstock.yaml", 0640);
  EXPECT_EQ(faults(), path("penstock.yaml") + " holds keys and can be read by others -> chmod 600 " + path("penstock.yaml") + "\n");
}

TEST_F(Permissions, of_every_kind_of_key_in_a_configuration) {
  const std::string_view files[] = {
      "auth: { tokens: [ token-0123456789 ] }",
      "providers: { zai: { credentials: { pool: [ k-0123456789, k-1123456789 ] } } }",
  };
  for (const auto yaml : files) {
    inputs(std::string(yaml));
    set_mode("penstock.yaml", 0604);
    EXPECT_THAT(faults(), HasSubstr("holds keys")) << yaml;
  }
}

TEST_F(Permissions, a_configuration_that_others_can_change) {
  inputs("default_model: zai/glm-5.3");
  set_mode("penstock.yaml", 0664);
  EXPECT_THAT(faults(), HasSubstr("can be changed by others"));
}

TEST_F(Permissions, of_key_files_and_state) {
  write("keys/zai", "k", 0640);
  write(".DeepSeekAZ1.api.key", "k", 0644);
  write(".kimi/credentials/kimi-code.json", "{}", 0666);
  write("state/gateway.log", "x", 0644);
  set_mode("keys", 0755);
  set_mode("state", 0750);
  inputs("default_model: zai/glm-5.3");
  const auto found = faults();
  for (const auto* name : {"keys", "keys/zai", ".DeepSeekAZ1.api.key", ".kimi/credentials/kimi-code.json", "state", "state/gateway.log"})
    EXPECT_THAT(found, HasSubstr(path(name) + " is open to others -> chmod go-rwx " + path(name) + "\n"));
}

TEST_F(Configuration, that_is_hardly_meant_is_warned_of) {
  inputs("providers: { zai: { api_key: $ZK } }\nmodels: [ { name: glm, to: zai/glm-5.3 } ]\nfallbacks: { on_error: { gml: glm } }");
  const auto rows = run(check_configuration);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].verdict, Verdict::ok);
  EXPECT_EQ(rows[1].verdict, Verdict::warning);
  EXPECT_THAT(rows[1].seen, HasSubstr("write ${NAME}"));
  EXPECT_THAT(rows[2].seen, HasSubstr("did you mean \"glm\"?"));
}

}  // namespace
}  // namespace penstock::doctor
