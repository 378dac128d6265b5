#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/load.h"

namespace penstock::config {
namespace {

std::expected<Config, std::vector<Fault>> parsed(std::string_view text) {
  return parse(text, "f", {.environment = [](const std::string&) { return std::nullopt; }, .catalog_names = {"deepseek", "zai"}});
}

std::string faults_of(std::string_view text) {
  const auto config = parsed(text);
  if (config) return "no fault";
  std::string lines;
  for (const Fault& fault : config.error()) lines += (lines.empty() ? "" : "\n") + to_text(fault);
  return lines;
}

TEST(ModelPart, TargetsHaveThreeForms) {
  const auto config = parsed(
      "models:\n  - { name: a, to: zai/x }\n  - { name: b, to: [ zai/x, deepseek/y/z ] }\n  - { name: c, to: [ { target: zai/x, weight: 3 "
      "} ] }\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->models[0].to.size(), 1U);
  EXPECT_EQ(config->models[1].to[1].model, "y/z");
  EXPECT_EQ(config->models[2].to[0].weight, 3U);
  EXPECT_EQ(config->models[2].balance, Balance::ordered);
}

TEST(ModelPart, ATargetsProviderIsKnown) {
  EXPECT_EQ(faults_of("models: [ { name: a, to: zia/x } ]\n"), "f:1:26: no provider is called \"zia\"; did you mean \"zai\"?");
  EXPECT_EQ(faults_of("models: [ { name: a, to: [ zai/x, { target: nowhere/x } ] } ]\n"),
            "f:1:45: no provider is called \"nowhere\"; add it under providers");
  EXPECT_EQ(faults_of("models: [ { name: a, to: mine/x } ]\nproviders: { mine: { base_url: http://h } }\n"), "no fault");
  EXPECT_EQ(faults_of("models: [ { name: a, to: mock/echo } ]\n"), "no fault");
}

TEST(ModelPart, ARuleHasExactlyOneOfNameAndMatch) {
  EXPECT_EQ(faults_of("models: [ { to: zai/x } ]\n"), "f:1:11: a rule of \"models\" has neither name nor match; add one");
  EXPECT_EQ(faults_of("models: [ { name: a, match: b, to: zai/x } ]\n"), "f:1:22: a rule of \"models\" has both name and match; keep one");
  EXPECT_EQ(faults_of("models: [ { name: a, to: [] } ]\n"), "f:1:11: a rule of \"models\" has no target; add to: provider/model");
  EXPECT_EQ(faults_of("models: [ { name: a } ]\n"), "f:1:11: a rule of \"models\" has no target; add to: provider/model");
  EXPECT_EQ(faults_of("models: [ { name: a, to: [ { weight: 1 } ] } ]\n"),
            "f:1:28: a target has no \"target\"; add target: provider/model");
  EXPECT_EQ(faults_of("models: [ { name: a, to: glm } ]\n"), "f:1:26: \"models.to\": \"glm\" is not a target; write provider/model");
}

TEST(ModelPart, NamesAreUnique) {
  EXPECT_EQ(faults_of("models:\n  - { name: a, to: zai/x }\n  - { name: a, to: zai/y }\n"),
            "f:3:13: name \"a\" is already given in line 2");
  EXPECT_EQ(faults_of("models:\n  - { match: a*, to: zai/x }\n  - { match: a*, to: zai/y }\n"),
            "f:3:14: match \"a*\" is already given in line 2");
}

TEST(ModelPart, StarsHaveSomethingToFillThem) {
  EXPECT_EQ(faults_of("models: [ { match: 'a-*', to: 'zai/*' } ]\n"), "no fault");
  EXPECT_EQ(faults_of("models: [ { name: a, to: 'zai/*' } ]\n"),
            "f:1:26: \"zai/*\" holds a star, but the rule has no match with a star to fill it");
  EXPECT_EQ(faults_of("models: [ { name: 'a*', to: zai/x } ]\n"), "f:1:19: \"a*\" holds a star; write match: instead of name:");
  EXPECT_EQ(faults_of("models: [ { match: 'a*', to: 'zai/*-*' } ]\n"), "f:1:30: \"models.to\": \"zai/*-*\" holds more than one star");
}

TEST(ModelPart, TheDefaultLeadsSomewhere) {
  constexpr std::string_view kModels = "models: [ { name: glm, to: zai/x }, { match: 'c-*', to: zai/y } ]\n";
  for (const auto* good : {"glm", "c-1", "deepseek/z"})
    EXPECT_EQ(faults_of(std::string(kModels) + "default_model: " + good + "\n"), "no fault") << good;
  EXPECT_EQ(parsed(std::string(kModels) + "default_model: glm\n")->default_model, "glm");
  EXPECT_EQ(faults_of(std::string(kModels) + "default_model: gml\n"),
            "f:2:16: \"default_model\": no rule of models fits \"gml\"; did you mean \"glm\"?");
  EXPECT_EQ(faults_of(std::string(kModels) + "default_model: deepsek/z\n"),
            "f:2:16: no provider is called \"deepsek\"; did you mean \"deepseek\"?");
}

}  // namespace
}  // namespace penstock::config
