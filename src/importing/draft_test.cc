#include "importing/draft.h"

#include <gtest/gtest.h>

#include "config/load.h"

namespace penstock::importing {
namespace {

std::optional<std::string> variable(const std::string& name) { return name == "SET" ? std::optional<std::string>("value") : std::nullopt; }

/// A text that went through the file and its reader.
std::string round_trip(const std::string& text) {
  Draft draft;
  draft.providers.push_back({.name = "p", .base_url = "http://127.0.0.1:9", .dialect = "anthropic"});
  draft.providers.back().model("id").display_name = text;
  draft.providers.back().model("other");
  const auto yaml = to_yaml(draft);
  const auto config = config::parse(yaml, "t.yaml", {variable, {}});
  if (!config) return "fault: " + config::to_text(config.error().front()) + "\n" + yaml;
  return config->providers.at(0).models.at(0).display_name;
}

TEST(ImportDraft, EveryTextSurvivesTheFile) {
  for (const std::string text : {"plain",       "with space", "null",   "~",           "Null",
                                 "true",        "- a",        "a: b",   "a #b",        "{x}",
                                 "[y]",         "'q'",        "\"dq\"", "back\\slash", "*star",
                                 "&amp",        "!bang",      "%p",     "@at",         "`tick",
                                 "a:",          ":a",         "?",      "-",           "\u00e9\U0001F600",
                                 "${",          "}",          "a${b",   "$${x}",       "${NOT SET}",
                                 "${a, \"b\"}", "$",          "$$",     "file:x",      "0x10",
                                 "1e3",         ",",          "a,b"})
    EXPECT_EQ(round_trip(literal(text)), text);
  EXPECT_EQ(round_trip("${SET}"), "value");
  EXPECT_EQ(round_trip("a ${SET} b"), "a value b");
}

TEST(ImportDraft, ReferencesStandPlain) {
  EXPECT_EQ(yaml_scalar("${A_KEY}"), "${A_KEY}");
  EXPECT_EQ(yaml_scalar("https://h/v1"), "https://h/v1");
  EXPECT_EQ(yaml_scalar("a b"), "\"a b\"");
  EXPECT_EQ(yaml_scalar(""), "\"\"");
}

TEST(ImportDraft, AnEmptyDraftIsAnEmptyFile) { EXPECT_EQ(to_yaml(Draft{}), ""); }

TEST(ImportDraft, EveryPartIsReadBack) {
  Draft draft;
  draft.title = "one\ntwo";
  draft.listen = "127.0.0.1:4000";
  draft.tokens = {"${SET}"};
  draft.providers.push_back({.name = "deepseek"});
  draft.providers.push_back({.name = "own", .catalog = "deepseek", .proxy = "http://127.0.0.1:1", .pool = {"a", "b"}, .enabled = false});
  draft.providers.back().headers = {{"x-team", "blue sky"}};
  draft.providers.back().timeouts = {{"total", "30s"}};
  draft.providers.back().quirks = {{"max_tokens_limit", "100"}};
  draft.providers.back().model("m").price = {{"input", 0.25}, {"output", 3}};
  draft.rules = {{"n", {{"own", "m", 3}, {"deepseek", "deepseek-chat", 1}}, "weighted"}, {"a*", {{"own", "*"}}, ""}};
  draft.default_model = "n";
  draft.routes = {{"background", {"n"}, 0}, {"long_context", {"n", "own/m"}, 1000}};
  draft.on_error = {{"n", {"own/m"}}};
  draft.retry = {{"attempts", "3"}};
  draft.cooldown = {{"for", "0"}};
  draft.cache = {{"mode", "exact"}};
  draft.affinity = "session";
  draft.budgets = {{"all", "50 USD", "day"}};
  draft.profiles = {{"work", "own", "2.1.0", {{"main", "own/m"}}, {{"A", "b c"}}}};
  draft.log = {{"level", "debug"}};
  draft.tail = {"the end"};
  const auto config = config::parse(to_yaml(draft), "t.yaml", {variable, {"deepseek"}});
  ASSERT_TRUE(config) << config::to_text(config.error().front()) << to_yaml(draft);
  const auto& own = config->providers.at(1);
  EXPECT_EQ(own.credentials.pool.size(), 2U);
  EXPECT_FALSE(own.enabled);
  EXPECT_EQ(own.headers.at("x-team"), "blue sky");
  EXPECT_EQ(own.models.at(0).price->input, 0.25);
  EXPECT_EQ(config->models.at(0).to.at(0).weight, 3U);
  EXPECT_EQ(config->models.at(1).match, "a*");
  EXPECT_EQ(config->server.listen.at(0).port, 4000);
  EXPECT_EQ(config->auth_tokens.at(0).reveal(), "value");
  ASSERT_EQ(config->profiles.size(), 1U);
  EXPECT_EQ(config->profiles.at(0).main, "own/m");
  EXPECT_EQ(config->profiles.at(0).env.at("A"), "b c");
}

}  // namespace
}  // namespace penstock::importing
