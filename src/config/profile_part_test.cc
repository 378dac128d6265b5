#include <gtest/gtest.h>

#include "config/effective.h"
#include "config/load.h"

namespace penstock::config {
namespace {

LoadContext context() {
  return {
      .environment = [](const std::string& name) -> std::optional<std::string> {
        return name == "HOME" ? std::optional<std::string>("/home/u") : name == "VALUE" ? std::optional<std::string>("v") : std::nullopt;
      },
      .catalog_names = {"deepseek", "zai"}};
}

std::string faults_of(std::string_view text) {
  const auto config = parse(text, "f.yaml", context());
  if (config) return "no fault";
  std::string lines;
  for (const Fault& fault : config.error()) lines += (lines.empty() ? "" : "\n") + to_text(fault);
  return lines;
}

TEST(ProfilePart, AWholeOne) {
  const auto config = parse(R"(
profiles:
  heavy:
    models: { main: zai/glm-5.3, opus: o, sonnet: s, haiku: zai/glm-5.3-flash, subagent: x }
    env: { A: "${VALUE}", b_2: "1" }
    args: [ --verbose, "two words" ]
    append_system_prompt: ~/p.md
    config_dir: /tmp/c
    claude_version: 2.1.197
    theme: brand
    status_line: on
  light: { provider: deepseek }
)",
                            "/etc/f.yaml", context());
  ASSERT_TRUE(config) << to_text(config.error().front());
  ASSERT_EQ(config->profiles.size(), 2U);
  const Profile& heavy = config->profiles.front();
  EXPECT_EQ(heavy.name, "heavy");
  EXPECT_EQ(heavy.main + " " + heavy.opus + " " + heavy.sonnet + " " + heavy.haiku + " " + heavy.subagent,
            "zai/glm-5.3 o s zai/glm-5.3-flash x");
  EXPECT_EQ(heavy.env, (std::map<std::string, std::string>{{"A", "v"}, {"b_2", "1"}}));
  EXPECT_EQ(heavy.args, (std::vector<std::string>{"--verbose", "two words"}));
  EXPECT_EQ(heavy.append_system_prompt, "/home/u/p.md");
  EXPECT_EQ(heavy.config_dir, "/tmp/c");
  EXPECT_EQ(heavy.claude_version, "2.1.197");
  EXPECT_EQ(heavy.theme, "brand");
  EXPECT_TRUE(heavy.status_line);
  EXPECT_EQ(config->profiles.back().provider, "deepseek");
  // What is shown as effective means the same when it is read again.
  const auto again = parse(effective(*config), "f.yaml", context());
  ASSERT_TRUE(again) << to_text(again.error().front());
  EXPECT_EQ(effective(*again), effective(*config));
}

TEST(ProfilePart, Faults) {
  EXPECT_EQ(faults_of("profiles: { deepseek: { provider: zai } }"),
            "f.yaml:1:13: a provider is called \"deepseek\" already; give the profile another name");
  EXPECT_EQ(faults_of("profiles: { a: { provider: deepsek } }"),
            "f.yaml:1:28: no provider is called \"deepsek\"; did you mean \"deepseek\"?");
  EXPECT_EQ(faults_of("profiles: { a: { args: [x] } }"), "f.yaml:1:16: a profile needs a provider, or models with main");
  EXPECT_EQ(faults_of("profiles: { \"a b\": { provider: zai } }"),
            "f.yaml:1:13: \"a b\" cannot be a profile's name; use letters, digits, -, _ and .");
  EXPECT_EQ(faults_of("profiles: { a: { provider: zai, env: { \"1A\": x } } }"), "f.yaml:1:40: \"1A\" is not the name of a variable");
  EXPECT_EQ(faults_of("profiles: { a: { provider: zai, modles: {} } }"),
            "f.yaml:1:33: unknown key \"modles\" in \"profiles.a\"; did you mean \"models\"?");
}

}  // namespace
}  // namespace penstock::config
