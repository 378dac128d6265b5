#include <gmock/gmock.h>

#include "doctor/checks.h"
#include "doctor/inputs_for_test.h"

namespace penstock::doctor {
namespace {

using testing::HasSubstr;
using testing::Not;

class Session : public DoctorTest {
 protected:
  std::string told(Rows (*check)(const Evidence&)) {
    inputs();
    std::string all;
    for (const auto& row : run(check)) all += std::string(name(row.verdict)) + ": " + row.seen + "\n";
    EXPECT_THAT(all, Not(HasSubstr("0123456789"))) << "a secret";
    return all;
  }
};

TEST_F(Session, variables_that_are_not_there) { EXPECT_EQ(told(check_variables), "ok: no variable leads Claude Code elsewhere\n"); }

TEST_F(Session, variables_that_lead_elsewhere) {
  const std::string_view names[] = {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK", "ANTHROPIC_DEFAULT_OPUS_MODEL"};
  for (const auto variable : names) {
    variables_ = {{"HOME", home_}, {std::string(variable), "value-0123456789"}};
    EXPECT_THAT(told(check_variables), HasSubstr("warning: " + std::string(variable))) << variable;
  }
  variables_ = {{"HOME", home_}, {"ANTHROPIC_API_KEY", ""}};
  EXPECT_THAT(told(check_variables), HasSubstr("ok:")) << "empty counts as not set";
}

TEST_F(Session, a_base_url_of_ours_is_none_of_them) {
  variables_["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:4100/to/zai";
  variables_["ANTHROPIC_AUTH_TOKEN"] = "token-0123456789";
  EXPECT_EQ(told(check_variables), "ok: ANTHROPIC_BASE_URL leads to this machine\n");
}

TEST_F(Session, a_base_url_elsewhere_and_what_is_shown_there) {
  variables_["ANTHROPIC_BASE_URL"] = "https://llm.example/v1";
  variables_["ANTHROPIC_API_KEY"] = "sk-ant-0123456789";
  const auto all = told(check_variables);
  EXPECT_THAT(all, HasSubstr("fault: ANTHROPIC_BASE_URL ends in /v1"));
  EXPECT_THAT(all, HasSubstr("fault: an Anthropic key would go to llm.example"));
  EXPECT_THAT(all, HasSubstr("warning: ANTHROPIC_BASE_URL says where requests go"));
}

TEST_F(Session, settings_that_win) {
  EXPECT_EQ(told(check_settings), "ok: nothing in Claude Code's settings leads elsewhere\n");
  write(".claude/settings.json", R"({"theme":"dark","env":{"FOO":"1","ANTHROPIC_BASE_URL":"http://127.0.0.1:4100"}})");
  EXPECT_THAT(told(check_settings), HasSubstr("ok:"));
  write(".claude/settings.json", R"({"env":{"ANTHROPIC_BASE_URL":"https://llm.example/v1","ANTHROPIC_AUTH_TOKEN":"sk-ant-0123456789"}})");
  const auto all = told(check_settings);
  EXPECT_THAT(all, HasSubstr("fault: " + home_ + "/.claude/settings.json: ANTHROPIC_BASE_URL ends in /v1"));
  EXPECT_THAT(all, HasSubstr("an Anthropic key would go to llm.example"));
  EXPECT_THAT(all, HasSubstr("settings.json sets ANTHROPIC_AUTH_TOKEN, which is shown instead of a login; it beats"));
}

TEST_F(Session, settings_of_another_folder_and_those_that_are_managed) {
  variables_["CLAUDE_CONFIG_DIR"] = home_ + "/other";
  write(".claude/settings.json", R"({"env":{"CLAUDE_CODE_USE_VERTEX":"1"}})");
  EXPECT_THAT(told(check_settings), HasSubstr("ok:"));
  write("other/settings.json", R"({"apiKeyHelper":"/bin/key"})");
  EXPECT_THAT(told(check_settings), HasSubstr("warning: " + home_ + "/other/settings.json has an apiKeyHelper"));
  write("managed-settings.json", R"({"env":{"CLAUDE_CODE_USE_BEDROCK":"1"}})");
  EXPECT_THAT(told(check_settings), HasSubstr("fault: " + home_ + "/managed-settings.json sets CLAUDE_CODE_USE_BEDROCK"));
}

TEST_F(Session, settings_that_are_no_json) {
  write(".claude/settings.json", "{ // a comment\n}");
  EXPECT_THAT(told(check_settings), HasSubstr("warning: " + home_ + "/.claude/settings.json is no JSON"));
  for (const auto* text : {"[]", "null", R"({"env":[]})", R"({"env":{"ANTHROPIC_BASE_URL":7}})"}) {
    write(".claude/settings.json", text);
    EXPECT_THAT(told(check_settings), HasSubstr("ok:")) << text;
  }
}

}  // namespace
}  // namespace penstock::doctor
