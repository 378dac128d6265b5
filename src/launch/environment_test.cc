#include "launch/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::launch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Key;
using testing::Not;
using testing::Pair;

Selection selection_of(gateway::Upstream& provider) {
  provider.name = "zai";
  return {.name = "zai",
          .path = "/to/zai",
          .models = {"m", "o", "s", "h", "a"},
          .labels = {"", "O", "S", "H", ""},
          .window = 200'000,
          .max_output = 131'072,
          .provider = &provider,
          .profile = {}};
}

config::Environment with(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(Environment, OfASessionThroughTheGateway) {
  gateway::Upstream provider;
  const auto made = environment_of(selection_of(provider), {.url = "http://h/to/zai", .token = "t", .config_dir = "/c"}, with({}), {});
  const std::map<std::string, std::string> wanted{{"ANTHROPIC_BASE_URL", "http://h/to/zai"},
                                                  {"ANTHROPIC_AUTH_TOKEN", "t"},
                                                  {"CLAUDE_CONFIG_DIR", "/c"},
                                                  {"ANTHROPIC_MODEL", "m"},
                                                  {"ANTHROPIC_DEFAULT_OPUS_MODEL", "o"},
                                                  {"ANTHROPIC_DEFAULT_OPUS_MODEL_NAME", "O"},
                                                  {"ANTHROPIC_DEFAULT_SONNET_MODEL", "s"},
                                                  {"ANTHROPIC_DEFAULT_SONNET_MODEL_NAME", "S"},
                                                  {"ANTHROPIC_DEFAULT_HAIKU_MODEL", "h"},
                                                  {"ANTHROPIC_DEFAULT_HAIKU_MODEL_NAME", "H"},
                                                  {"ANTHROPIC_DEFAULT_FABLE_MODEL", "o"},
                                                  {"ANTHROPIC_DEFAULT_FABLE_MODEL_NAME", "O"},
                                                  {"CLAUDE_CODE_SUBAGENT_MODEL", "a"},
                                                  {"CLAUDE_CODE_MAX_CONTEXT_TOKENS", "200000"},
                                                  {"CLAUDE_CODE_AUTO_COMPACT_WINDOW", "200000"},
                                                  {"CLAUDE_CODE_MAX_OUTPUT_TOKENS", "64000"},
                                                  {"API_TIMEOUT_MS", "3000000"},
                                                  {"CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY", "1"},
                                                  {"PENSTOCK_MODEL", "m"},
                                                  {"PENSTOCK_PROVIDER", "zai"}};
  EXPECT_EQ(made.set, wanted);
  EXPECT_THAT(made.unset, ElementsAre());
}

TEST(Environment, WhatWouldLeadElsewhereGoes) {
  gateway::Upstream provider;
  const std::vector<std::string> mine{"ANTHROPIC_API_KEY",
                                      "ANTHROPIC_MODEL",
                                      "CLAUDECODE",
                                      "CLAUDE_CODE_USE_BEDROCK",
                                      "CLAUDE_CODE_USE_X",
                                      "HOME",
                                      "ANTHROPIC_CUSTOM_HEADERS",
                                      "ANTHROPIC_DEFAULT_FABLE_MODEL_DESCRIPTION"};
  const auto made = environment_of(selection_of(provider), {.url = "u", .token = "t"}, with({}), mine);
  EXPECT_THAT(made.unset, ElementsAre("ANTHROPIC_API_KEY", "CLAUDECODE", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_X",
                                      "ANTHROPIC_DEFAULT_FABLE_MODEL_DESCRIPTION"));
}

TEST(Environment, TheUsersLoginStaysWhereItPasses) {
  gateway::Upstream provider;
  auto selection = selection_of(provider);
  provider.passthrough = true;
  const auto made =
      environment_of(selection, {.url = "u"}, with({}), {"ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_BASE_URL"});
  EXPECT_THAT(made.unset, ElementsAre());
  EXPECT_THAT(made.set, Not(Contains(Key("ANTHROPIC_AUTH_TOKEN"))));
}

TEST(Environment, TheGatewaysTokenGoesBesideALoginThatPasses) {
  gateway::Upstream provider;
  auto selection = selection_of(provider);
  provider.passthrough = true;
  const auto made = environment_of(selection, {.url = "u", .token = "t"}, with({{"ANTHROPIC_CUSTOM_HEADERS", "x-team: blue"}}), {});
  EXPECT_THAT(made.set, Contains(Pair("ANTHROPIC_CUSTOM_HEADERS", "x-team: blue\nx-penstock-key: t")));
  EXPECT_THAT(made.set, Not(Contains(Key("ANTHROPIC_AUTH_TOKEN"))));
}

TEST(Environment, AProxyIsNotAskedForLoopback) {
  gateway::Upstream provider;
  const auto made = environment_of(selection_of(provider), {.url = "u"}, with({{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "a.b"}}), {});
  EXPECT_THAT(made.set, Contains(Pair("no_proxy", "a.b,127.0.0.1,localhost,::1")));
  EXPECT_THAT(made.set, Contains(Pair("NO_PROXY", "127.0.0.1,localhost,::1")));
}

TEST(Environment, AProfilesOwnVariablesWin) {
  gateway::Upstream provider;
  auto selection = selection_of(provider);
  selection.profile = config::Profile{.name = "p", .env = {{"API_TIMEOUT_MS", "1"}, {"CLAUDE_CODE_USE_X", "1"}}};
  const auto made = environment_of(selection, {.url = "u"}, with({}), {"CLAUDE_CODE_USE_X"});
  EXPECT_THAT(made.set, Contains(Pair("API_TIMEOUT_MS", "1")));
  EXPECT_THAT(made.set, Contains(Pair("PENSTOCK_PROVIDER", "p")));
  EXPECT_THAT(made.unset, ElementsAre());
}

TEST(Environment, SmallWindowsAndUnknownOnes) {
  gateway::Upstream provider;
  auto selection = selection_of(provider);
  selection.window = 32'000;
  selection.max_output = 8'000;
  auto made = environment_of(selection, {.url = "u"}, with({}), {});
  EXPECT_THAT(made.set, Contains(Pair("CLAUDE_CODE_MAX_CONTEXT_TOKENS", "32000")));
  EXPECT_THAT(made.set, Contains(Pair("CLAUDE_CODE_MAX_OUTPUT_TOKENS", "8000")));
  EXPECT_THAT(made.set, Not(Contains(Key("CLAUDE_CODE_AUTO_COMPACT_WINDOW"))));
  selection.window = selection.max_output = 0;
  made = environment_of(selection, {.url = "u"}, with({}), {});
  EXPECT_THAT(made.set, Not(Contains(Key("CLAUDE_CODE_MAX_CONTEXT_TOKENS"))));
}

TEST(Environment, ASessionWithinASessionKnowsWhoseTheModelIs) {
  gateway::Upstream provider;
  auto selection = selection_of(provider);
  selection.profile = config::Profile{.name = "p", .env = {{"ANTHROPIC_MODEL", "mine"}}};
  EXPECT_THAT(environment_of(selection, {.url = "u"}, with({}), {}).set, Contains(Pair("PENSTOCK_MODEL", "mine")));
  selection = {
      .name = "anthropic", .path = "", .models = {}, .labels = {}, .window = 0, .max_output = 0, .provider = nullptr, .profile = {}};
  EXPECT_THAT(environment_of(selection, {.url = "u"}, with({}), {"PENSTOCK_MODEL"}).unset, ElementsAre("PENSTOCK_MODEL"));
}

TEST(Environment, TheGatewaysCertificateIsTrustedUnlessTheUserNamedOne) {
  gateway::Upstream provider;
  const Door door{.url = "u", .token = "", .config_dir = "", .direct = false, .certificate = "/c.pem"};
  EXPECT_THAT(environment_of(selection_of(provider), door, with({}), {}).set, Contains(Pair("NODE_EXTRA_CA_CERTS", "/c.pem")));
  EXPECT_THAT(environment_of(selection_of(provider), door, with({{"NODE_EXTRA_CA_CERTS", "/own"}}), {}).set,
              Not(Contains(Key("NODE_EXTRA_CA_CERTS"))));
}

}  // namespace
}  // namespace penstock::launch
