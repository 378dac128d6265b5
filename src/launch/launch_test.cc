#include "launch/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/padded.h"

namespace penstock::launch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

class PlanLaunch : public testing::Test {
 protected:
  PlanLaunch() {
    provider_.name = "zai";
    provider_.dialect = "anthropic";
    provider_.base_url = "https://z.example";
    provider_.key = Secret("key-of-zai");
    provider_.auth = gateway::AuthScheme::bearer;
    selection_ = {.name = "zai",
                  .path = "/to/zai",
                  .models = {"m", "m", "m", "h", "m"},
                  .labels = {},
                  .window = 0,
                  .max_output = 0,
                  .provider = &provider_,
                  .profile = {}};
    ground_.environment = [](const std::string&) { return std::nullopt; };
    ground_.state_dir = "/state";
    ground_.penstock = "/opt/it's/penstock";
    ground_.gateway_url = "http://127.0.0.1:4100";
  }
  Result<Launch> plan(const LaunchOptions& options = {}) { return plan_launch(selection_, options, ground_); }

  gateway::Upstream provider_;
  Selection selection_;
  Ground ground_;
};

TEST_F(PlanLaunch, ThroughTheGateway) {
  const auto launch = plan().value();
  EXPECT_THAT(launch.environment.set, Contains(Pair("ANTHROPIC_BASE_URL", "http://127.0.0.1:4100/to/zai")));
  EXPECT_THAT(launch.environment.set, Contains(Pair("ANTHROPIC_AUTH_TOKEN", "penstock")));
  EXPECT_EQ(launch.config_dir, "/state/claude/zai");
  const json::Padded text(launch.settings);
  json::Document settings;
  ASSERT_TRUE(settings.index(text.text())) << launch.settings;
  EXPECT_TRUE(settings.root().find("env")->find("ANTHROPIC_MODEL")->equals("m"));
  EXPECT_FALSE(settings.root().find("env")->find("CLAUDE_CONFIG_DIR")) << "it is where these settings come from";
  EXPECT_FALSE(settings.root().find("apiKeyHelper"));
}

TEST_F(PlanLaunch, AGatewayWithATokenIsShownIt) {
  ground_.gateway_token = "secret-token";
  EXPECT_THAT(plan()->environment.set, Contains(Pair("ANTHROPIC_AUTH_TOKEN", "secret-token")));
}

TEST_F(PlanLaunch, DirectHasTheProvidersUrlAndAHelperForTheKey) {
  selection_.models = {"glm", "glm", "glm", "glm", "glm"};
  const auto launch = plan({.direct = true}).value();
  EXPECT_THAT(launch.environment.set, Contains(Pair("ANTHROPIC_BASE_URL", "https://z.example")));
  EXPECT_THAT(launch.environment.set, Not(Contains(Key("ANTHROPIC_AUTH_TOKEN"))));
  EXPECT_THAT(launch.settings, HasSubstr(R"("apiKeyHelper":"'/opt/it'\\''s/penstock' token )"));
  EXPECT_THAT(launch.settings, Not(HasSubstr("key-of-zai")));
}

TEST_F(PlanLaunch, DirectLeavesALoginThatPassesAlone) {
  provider_.passthrough = true;
  const auto launch = plan({.direct = true}).value();
  EXPECT_THAT(launch.settings, Not(HasSubstr("apiKeyHelper")));
  EXPECT_THAT(launch.environment.set, Not(Contains(Key("ANTHROPIC_AUTH_TOKEN"))));
}

TEST_F(PlanLaunch, WhatCannotBeDirect) {
  EXPECT_THAT(plan({.direct = true, .arguments = {"--settings", "{}"}}).error().message, HasSubstr("--settings"));
  provider_.credential_beta = "oauth";
  EXPECT_THAT(plan({.direct = true}).error().message, HasSubstr("subscription"));
  provider_.credential_beta.clear();
  provider_.dialect = "openai-chat";
  EXPECT_THAT(plan({.direct = true}).error().message, HasSubstr("does not speak Anthropic's dialect"));
  provider_.dialect = "anthropic";
  provider_.auth = gateway::AuthScheme::header;
  EXPECT_THAT(plan({.direct = true}).error().message, HasSubstr("wants its key in the header"));
  provider_.auth = gateway::AuthScheme::bearer;
  selection_.profile = config::Profile{.name = "p"};
  selection_.models.haiku = "deepseek/flash";
  selection_.models.main = selection_.models.opus = selection_.models.sonnet = selection_.models.subagent = "zai/glm";
  EXPECT_THAT(plan({.direct = true}).error().message, HasSubstr("deepseek/flash is not a model of zai"));
  selection_.models.haiku = "zai/h";
  EXPECT_THAT(plan({.direct = true})->environment.set, Contains(Pair("ANTHROPIC_DEFAULT_HAIKU_MODEL", "h")));
}

TEST_F(PlanLaunch, WhatOnlyTheGatewayAddsCannotBeDirect) {
  const auto says = [&](const char* words) { EXPECT_THAT(plan({.direct = true}).error().message, HasSubstr(words)) << words; };
  provider_.origin.tls = true;
  provider_.origin.host = "z.example";
  provider_.headers = {{"x-team", "blue"}};
  says("with the header x-team, which only the gateway adds");
  provider_.headers.clear();
  provider_.origin.ca_file = "/ca.pem";
  says("the CA in /ca.pem");
  provider_.origin.ca_file.clear();
  provider_.origin.proxy = net::Proxy{.host = "p", .port = 1, .authorization = {}};
  says("a proxy");
  ground_.environment = [](const std::string& name) {
    return name == "HTTPS_PROXY" ? std::optional<std::string>("http://p:1") : std::nullopt;
  };
  EXPECT_TRUE(plan({.direct = true})) << "Claude Code uses the same proxy";
  provider_.origin.proxy.reset();
  says("past, a proxy");
}

TEST_F(PlanLaunch, AGatewayWithTlsIsTrusted) {
  ground_.gateway_certificate = "/c.pem";
  EXPECT_THAT(plan()->environment.set, Not(Contains(Key("NODE_EXTRA_CA_CERTS"))));
  ground_.gateway_url = "https://127.0.0.1:4100";
  EXPECT_THAT(plan()->environment.set, Contains(Pair("NODE_EXTRA_CA_CERTS", "/c.pem")));
}

TEST(Rounds, AClaudeThatCallsPenstockRunIsFoundOut) {
  const auto round = [](std::optional<std::string> before, bool within_claude) {
    return round_of([=](const std::string& name) -> std::optional<std::string> {
      if (name == "PENSTOCK_RUN_DEPTH") return before;
      return within_claude && name == "CLAUDECODE" ? std::optional<std::string>("1") : std::nullopt;
    });
  };
  EXPECT_EQ(round({}, false).value(), 1);
  EXPECT_EQ(round("2", false).value(), 3);
  EXPECT_THAT(round("3", false).error().message, HasSubstr("calls penstock run again"));
  EXPECT_EQ(round("3", true).value(), 1);
}

TEST_F(PlanLaunch, ArgumentsOfTheProfileComeFirst) {
  selection_.profile =
      config::Profile{.name = "p", .args = {"--a"}, .append_system_prompt = "/dev/null", .config_dir = "/mine", .status_line = true};
  const auto launch = plan({.arguments = {"-p", "x"}}).value();
  EXPECT_THAT(launch.arguments, ElementsAre("--a", "--append-system-prompt-file", "/dev/null", "-p", "x"));
  EXPECT_EQ(launch.config_dir, "/mine");
  EXPECT_THAT(launch.settings, HasSubstr("statusline"));
}

TEST_F(PlanLaunch, APromptFileThatIsNotThereIsTold) {
  selection_.profile = config::Profile{.name = "p", .append_system_prompt = "/nowhere/prompt.md"};
  EXPECT_THAT(plan().error().message, HasSubstr("profiles.p: append_system_prompt: cannot read /nowhere/prompt.md"));
}

TEST_F(PlanLaunch, FoldersOfModelsHaveNoSlash) {
  selection_.name = "zai/glm-5.3";
  EXPECT_EQ(plan()->config_dir, "/state/claude/zai+glm-5.3");
  selection_.name = "../../x";
  EXPECT_EQ(plan()->config_dir, "/state/claude/_..+..+x");
  EXPECT_EQ(plan({.shared_config = true})->config_dir, "");
}

}  // namespace
}  // namespace penstock::launch
