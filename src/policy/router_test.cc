#include "policy/router.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <random>

#include "base/text.h"

namespace penstock::policy {
namespace {

using config::ModelRule;
using config::Target;

ModelRule name_rule(std::string name, std::vector<Target> to) {
  return {.name = std::move(name), .match = {}, .to = std::move(to), .display_name = {}};
}
ModelRule match_rule(std::string match, std::vector<Target> to) {
  return {.name = {}, .match = std::move(match), .to = std::move(to), .display_name = {}};
}

std::vector<RoutableProvider> usual_providers() {
  return {
      {"anthropic", false, {"claude-opus-5-5", "claude-haiku-4-5"}, true},
      {"zai", false, {"glm-5.3", "glm-5.3-flash"}, true},
      {"bigmodel", false, {"glm-5.3", "glm-only-here"}, false},
      {"early", false, {"shared"}, false},
      {"late", false, {"shared"}, true},
      {"openrouter", true, {"anthropic/claude-opus-5.5", "z-ai/glm-5.3", "free"}, true},
      {"local", false, {}, true},
      {"minimax", false, {"MiniMax-M3"}, false},
  };
}

std::vector<ModelRule> usual_rules() {
  return {
      name_rule("glm", {{"zai", "glm-5.3", 1}}),
      name_rule("fast", {{"zai", "glm-5.3-flash", 1}, {"nowhere", "x", 1}, {"late", "shared", 3}}),
      name_rule("big[1m]", {{"openrouter", "big", 1}}),
      name_rule("lost", {{"nowhere", "x", 1}}),
      match_rule("claude-opus-*", {{"openrouter", "anthropic/claude-opus-*", 1}}),
      match_rule("*haiku*", {{"minimax", "MiniMax-M3", 1}}),
      match_rule("or:*", {{"openrouter", "*", 1}}),
      match_rule("long-*[1m]", {{"openrouter", "long-*", 1}}),
      name_rule("claude-opus-late", {{"zai", "glm-5.3", 1}}),
  };
}

Router usual(std::string default_model = {}, std::vector<std::string> picker = {"*"}) {
  return {usual_rules(), usual_providers(), std::move(default_model), std::move(picker)};
}

std::string shown(const Result<Plan>& plan) {
  if (!plan) return "error: " + std::string(name(plan.error().kind));
  std::string out;
  for (const auto& target : plan->targets) out += (out.empty() ? "" : " + ") + target.provider + " " + target.model;
  return out + " | " + plan->rule + (plan->million ? " | 1m" : "");
}

struct Row {
  const char *asked, *path, *expected;
};

constexpr Row kRows[] = {
    // Rules, in file order.
    {"glm", "", "zai glm-5.3 | name glm"},
    {"fast", "", "zai glm-5.3-flash + late shared | name fast"},
    {"claude-opus-5-5", "", "openrouter anthropic/claude-opus-5-5 | match claude-opus-*"},
    {"claude-opus-late", "", "openrouter anthropic/claude-opus-late | match claude-opus-*"},
    {"claude-haiku-4-5", "", "minimax MiniMax-M3 | match *haiku*"},
    {"or:a/b/c", "", "openrouter a/b/c | match or:*"},
    {"GLM", "", "error: not_found"},
    // provider/model.
    {"zai/glm-5.3", "", "zai glm-5.3 | provider/model"},
    {"zai,glm-5.3", "", "zai glm-5.3 | provider/model"},
    {"zai, glm-5.3", "", "zai glm-5.3 | provider/model"},
    {"zai/unheard-of", "", "zai unheard-of | provider/model"},
    {"zai,unheard-of[1m]", "", "zai unheard-of | provider/model | 1m"},
    {"anthropic/zai/unheard-of", "", "zai unheard-of | provider/model"},
    {"claude-via-zai/unheard-of", "", "zai unheard-of | provider/model"},
    {"anthropic/claude-next", "", "anthropic claude-next | provider/model"},
    {"anthropic/gone-from-the-picker", "", "error: not_found"},
    {"anthropic/claude-via-gone", "", "error: not_found"},
    {"zai/", "", "error: not_found"},
    {"/zai", "", "error: not_found"},
    {"openrouter/any/thing:free", "", "openrouter any/thing:free | provider/model"},
    {"openrouter,anthropic/claude-sonnet-5", "", "openrouter anthropic/claude-sonnet-5 | provider/model"},
    {"local/qwen3:30b", "", "local qwen3:30b | provider/model"},
    {"minimax/MiniMax-M3", "", "minimax MiniMax-M3 | provider/model"},
    {"nowhere/x", "", "error: not_found"},
    // Bare ids and provider names.
    {"glm-5.3", "", "zai glm-5.3 | model id"},
    {"glm-only-here", "", "bigmodel glm-only-here | model id"},
    {"shared", "", "late shared | model id"},
    {"z-ai/glm-5.3", "", "openrouter z-ai/glm-5.3 | model id"},
    {"zai", "", "zai glm-5.3 | provider zai"},
    {"openrouter", "", "openrouter anthropic/claude-opus-5.5 | provider openrouter"},
    {"local", "", "error: not_found"},
    // Decorations.
    {"anthropic/glm", "", "zai glm-5.3 | name glm"},
    {"claude-via-glm", "", "zai glm-5.3 | name glm"},
    {"anthropic/claude-via-glm", "", "zai glm-5.3 | name glm"},
    {"glm[1m]", "", "zai glm-5.3 | name glm | 1m"},
    {"glm[1M][1m]", "", "zai glm-5.3 | name glm | 1m"},
    {"anthropic/zai/glm-5.3[1m]", "", "zai glm-5.3 | provider/model | 1m"},
    {"anthropic/openrouter/x/y[1m]", "", "openrouter x/y | provider/model | 1m"},
    {"openrouter/x/y[1m]", "", "openrouter x/y | provider/model | 1m"},
    {"claude-opus-4-8[1m]", "", "openrouter anthropic/claude-opus-4-8 | match claude-opus-* | 1m"},
    {"anthropic/claude-opus-4-8", "", "openrouter anthropic/claude-opus-4-8 | match claude-opus-*"},
    {"anthropic/claude-opus-5-5", "", "anthropic claude-opus-5-5 | provider/model"},
    {"anthropic/claude-opus-5-5[1m]", "", "anthropic claude-opus-5-5 | provider/model | 1m"},
    {"anthropic/claude-opus-5.5", "", "openrouter anthropic/claude-opus-5.5 | model id"},
    {"anthropic/zai", "", "zai glm-5.3 | provider zai"},
    {"big[1m]", "", "openrouter big | name big[1m] | 1m"},
    {"big", "", "error: not_found"},
    {"anthropic/big[1m]", "", "openrouter big | name big[1m] | 1m"},
    {"long-story[1m]", "", "openrouter long-story | match long-*[1m] | 1m"},
    {"long-story", "", "error: not_found"},
    {"[1m]", "", "error: not_found"},
    {"anthropic/", "", "error: not_found"},
    // Faults.
    {"", "", "error: invalid_request"},
    {"glm\n", "", "error: invalid_request"},
    {"lost", "", "error: not_found"},
    // /to/PROVIDER.
    {"glm-5.3-flash", "zai", "zai glm-5.3-flash | path zai"},
    {"zai/glm-5.3-flash[1m]", "zai", "zai glm-5.3-flash | path zai | 1m"},
    {"anthropic/zai/glm-5.3-flash", "zai", "zai glm-5.3-flash | path zai"},
    {"claude-opus-5-5", "zai", "zai glm-5.3 | path zai, its default model"},
    {"zai/unheard-of[1m]", "zai", "zai unheard-of | path zai | 1m"},
    {"anthropic/zai/unheard-of", "zai", "zai unheard-of | path zai"},
    {"late/unheard-of", "zai", "zai glm-5.3 | path zai, its default model"},
    {"fast", "zai", "zai glm-5.3 | path zai, its default model"},
    {"", "zai", "zai glm-5.3 | path zai, its default model"},
    {"anthropic/claude-x", "openrouter", "openrouter anthropic/claude-x | path openrouter"},
    {"anthropic/z-ai/glm-9[1m]", "openrouter", "openrouter z-ai/glm-9 | path openrouter | 1m"},
    {"anthropic/openrouter/q", "openrouter", "openrouter q | path openrouter"},
    {"claude-via-free", "openrouter", "openrouter free | path openrouter"},
    {"claude-via-x/y", "openrouter", "openrouter x/y | path openrouter"},
    {"qwen[1m]", "local", "local qwen | path local | 1m"},
    {"anthropic/qwen", "local", "local qwen | path local"},
    {"", "local", "error: not_found"},
    // /to/RULE.
    {"whatever", "fast", "zai glm-5.3-flash + late shared | path fast"},
    {"whatever", "lost", "error: not_found"},
    {"glm", "nobody", "error: not_found"},
    {"glm", "a\x01", "error: invalid_request"},
};

TEST(Router, SendsEveryNameWhereTheContractSays) {
  const Router router = usual();
  for (const auto& row : kRows) EXPECT_EQ(shown(router.route(row.asked, row.path)), row.expected) << row.asked << " path " << row.path;
}

TEST(Router, KeepsTheNameAsTheClientWroteIt) { EXPECT_EQ(usual().route("anthropic/glm[1m]")->asked, "anthropic/glm[1m]"); }

TEST(Router, FallsBackToTheDefaultModelByTheSameRules) {
  EXPECT_EQ(shown(usual("glm").route("gpt-9")), "zai glm-5.3 | default_model");
  EXPECT_EQ(shown(usual("openrouter/x/y").route("gpt-9")), "openrouter x/y | default_model");
  EXPECT_EQ(shown(usual("fast").route("nowhere/unheard-of")), "zai glm-5.3-flash + late shared | default_model");
  EXPECT_EQ(shown(usual("fast").route("zai/unheard-of")), "zai unheard-of | provider/model") << "never silently to another provider";
  EXPECT_EQ(shown(usual("zai/unheard-of").route("gpt-9")), "zai unheard-of | default_model");
  EXPECT_EQ(shown(usual("also-unknown").route("gpt-9")), "error: not_found");
}

TEST(Router, TellsNearNamesAndHowToListAll) {
  const auto error = usual().route("glm-5.4").error();
  EXPECT_EQ(error.fault, Fault::client);
  EXPECT_TRUE(error.message.starts_with("model: glm-5.4. Near names: ") && error.message.contains("zai/glm-5.3")) << error.message;
  EXPECT_TRUE(usual().route("zia/glm-5.3").error().message.contains("zai/glm-5.3"));
  EXPECT_TRUE(error.message.contains("GET /v1/models")) << error.message;
  const auto near = error.message.substr(0, error.message.find(". GET"));
  EXPECT_LE(std::count(near.begin(), near.end(), ','), 4) << near;
  EXPECT_TRUE(usual().route("local").error().message.contains("local/MODEL"));
  EXPECT_TRUE(usual().route("lost").error().message.contains("'nowhere'"));
  EXPECT_TRUE(usual().route("x", "openroutr").error().message.contains("openrouter"));
}

TEST(Router, RefusesLongNamesAndBoundsTheRule) {
  EXPECT_EQ(shown(usual("glm").route(std::string(257, 'a'))), "error: invalid_request");
  EXPECT_EQ(shown(usual("glm").route(std::string(256, 'a'))), "zai glm-5.3 | default_model");
  const Router router({name_rule(std::string(200, 'n'), {{"zai", "glm-5.3", 1}}), name_rule("glm-ü", {{"zai", "glm-5.3", 1}})},
                      usual_providers(), "", {"*"});
  EXPECT_EQ(router.route(std::string(200, 'n'))->rule.size(), Router::kMaxRule);
  EXPECT_EQ(router.route("glm-ü")->rule, "name glm-??");
}

TEST(Router, FirstMatchWinsAlsoOverAnExactName) {
  const Router router({match_rule("g*", {{"late", "shared", 1}}), name_rule("glm", {{"zai", "glm-5.3", 1}})}, usual_providers(), "", {"*"});
  EXPECT_EQ(shown(router.route("glm")), "late shared | match g*");
  EXPECT_EQ(shown(router.route("anthropic/glm")), "late shared | match g*");
}

TEST(Router, AGlobOverDecoratedNamesDoesNotSwallowThePickersIds) {
  const Router router({name_rule("glm", {{"zai", "glm-5.3", 1}}), match_rule("anthropic/*", {{"anthropic", "*", 1}}),
                       match_rule("*", {{"openrouter", "*", 1}})},
                      usual_providers(), "", {"*"});
  EXPECT_EQ(shown(router.route("anthropic/glm")), "zai glm-5.3 | name glm");
  EXPECT_EQ(shown(router.route("anthropic/claude-next")), "anthropic claude-next | match anthropic/*");
  EXPECT_EQ(shown(router.route("claude-next[1m]")), "openrouter claude-next | match * | 1m");
}

TEST(Router, ListsRulesThenModelsOfProvidersWithACredential) {
  std::string names;
  const Router router = usual("", {"*glm*", "fast", "late/*", "bigmodel/*"});
  for (const auto& model : router.listed())
    if (router.is_picked(model.name)) names += model.name + "=" + model.target.provider + " ";
  EXPECT_EQ(names, "glm=zai fast=zai zai/glm-5.3=zai zai/glm-5.3-flash=zai late/shared=late openrouter/z-ai/glm-5.3=openrouter ");
  EXPECT_GT(router.listed().size(), 8U) << "patterns are for the picker alone";
  EXPECT_FALSE(usual("", {}).is_picked("glm"));
}

TEST(Router, WhatOnlyAListTellsComesAfterAllElse) {
  auto providers = usual_providers();
  providers.insert(providers.begin(), {"nano", true, {}, true, {"glm-5.3", "shared", "new", "openrouter/x"}, ""});
  providers.push_back({"box", false, {}, true, {"new", "loaded"}, "loaded"});
  const Router router(usual_rules(), providers, "", {"*"});
  EXPECT_EQ(shown(router.route("glm-5.3")), "zai glm-5.3 | model id") << "as without the list";
  EXPECT_EQ(shown(router.route("shared")), "late shared | model id");
  EXPECT_EQ(shown(router.route("new")), "nano new | model id");
  EXPECT_EQ(shown(router.route("nano/glm-5.3")), "nano glm-5.3 | provider/model");
  EXPECT_EQ(shown(router.route("nano/unlisted")), "nano unlisted | provider/model");
  EXPECT_EQ(shown(router.route("box")), "box loaded | provider box");
  EXPECT_EQ(shown(router.route("box/unlisted")), "box unlisted | provider/model") << "a list closes nothing";
  EXPECT_EQ(shown(router.route("nano")), "error: not_found");
  EXPECT_EQ(shown(router.route("loaded", "box")), "box loaded | path box");
  std::string names;
  for (const auto& model : router.listed())
    if (model.target.provider == "box" || model.target.provider == "nano") names += model.name + " ";
  EXPECT_EQ(names, "nano/glm-5.3 nano/shared nano/new nano/openrouter/x box/new box/loaded ");
}

TEST(Router, ListsEachNameOnce) {
  const Router router({name_rule("glm", {{"zai", "glm-5.3", 1}}), name_rule("glm", {{"late", "shared", 1}}),
                       name_rule("zai/glm-5.3", {{"late", "shared", 1}})},
                      usual_providers(), "", {"*glm-5.3", "glm"});
  std::string names;
  for (const auto& model : router.listed())
    if (router.is_picked(model.name)) names += model.name + "=" + model.target.provider + " ";
  EXPECT_EQ(names, "glm=zai zai/glm-5.3=late openrouter/z-ai/glm-5.3=openrouter ");
}

TEST(Router, PickerIdsStartWithAWordThatOldClientsKeep) {
  const Router router = usual();
  EXPECT_EQ(router.picker_id("glm"), "anthropic/glm");
  EXPECT_EQ(router.picker_id("zai/glm-5.3"), "anthropic/zai/glm-5.3");
  EXPECT_EQ(router.picker_id("claude-opus-late"), "claude-opus-late");
  EXPECT_EQ(router.picker_id("anthropic/claude-opus-5-5"), "anthropic/claude-opus-5-5");
}

TEST(Router, PickerIdEvadesANameThatMeansSomethingElse) {
  auto providers = usual_providers();
  providers[0].models.emplace_back("glm");
  const Router router(usual_rules(), providers, "", {"*"});
  EXPECT_EQ(router.picker_id("glm"), "claude-via-glm");
  EXPECT_EQ(shown(router.route("claude-via-glm")), "zai glm-5.3 | name glm");
}

/// A random configuration out of words that collide on purpose.
Router random_router(std::mt19937& random) {
  static const std::vector<std::string> words{"a",     "b",   "anthropic", "claude", "claude-via-a", "anthropic/a",
                                              "a[1m]", "b/a", "x",         "a/b",    "anthropic/b/a"};
  const auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  const auto word = [&] { return words[pick(words.size())]; };
  std::vector<RoutableProvider> providers;
  for (const char* name : {"a", "anthropic", "b", "claude"}) {
    RoutableProvider provider{name, pick(3) == 0, {}, pick(3) != 0};
    for (std::size_t n = pick(4); n > 0; --n) provider.models.push_back(word());
    for (std::size_t n = pick(3); n > 0; --n) provider.listed.push_back(word());
    if (pick(5) != 0) providers.push_back(std::move(provider));
  }
  std::vector<ModelRule> rules;
  static const std::vector<std::string> globs{"*", "a*", "anthropic/*", "claude-*", "*[1m]", "*a"};
  for (std::size_t n = pick(5); n > 0; --n) {
    std::vector<Target> to{{words[pick(3)], pick(2) == 0 ? "*" : word(), 1}};
    rules.push_back(pick(2) == 0 ? match_rule(globs[pick(globs.size())], std::move(to)) : name_rule(word(), std::move(to)));
  }
  return {std::move(rules), std::move(providers), pick(2) == 0 ? word() : "", {"*"}};
}

TEST(Router, PickerIdsLeadBackToTheListedNameInEveryConfiguration) {
  std::mt19937 random(20261120);
  std::size_t checked = 0;
  for (int round = 0; round < 5000; ++round) {
    const Router router = random_router(random);
    for (const auto& model : router.listed()) {
      const auto id = router.picker_id(model.name);
      EXPECT_TRUE(id.starts_with("anthropic") || id.starts_with("claude")) << id;
      EXPECT_EQ(shown(router.route(id)), shown(router.route(model.name))) << model.name << " as " << id;
      ++checked;
    }
  }
  EXPECT_GT(checked, 5000U);
}

TEST(Router, SurvivesBeingMoved) {
  Router first = usual();
  const Router second = std::move(first);
  EXPECT_EQ(shown(second.route("glm")), "zai glm-5.3 | name glm");
  EXPECT_EQ(shown(second.route("shared")), "late shared | model id");
}

/// A thousand targets: a name is found by hashing, not by looking through the list. The bound is generous; the figure is printed.
TEST(Router, StaysCheapWithAThousandTargets) {
  std::vector<RoutableProvider> providers;
  std::vector<ModelRule> rules;
  for (int p = 0; p < 20; ++p) {
    RoutableProvider provider{"provider-" + std::to_string(p), p % 4 == 0, {}, true};
    for (int m = 0; m < 50; ++m) provider.models.push_back("vendor/model-" + std::to_string(p) + "-" + std::to_string(m));
    providers.push_back(std::move(provider));
  }
  for (int n = 0; n < 500; ++n) rules.push_back(name_rule("name-" + std::to_string(n), {{"provider-1", "vendor/model-1-1", 1}}));
  for (int n = 0; n < 20; ++n) rules.push_back(match_rule("claude-" + std::to_string(n) + "-*", {{"provider-1", "*", 1}}));
  const Router router(std::move(rules), std::move(providers), "", {"*"});
  for (const char* asked : {"name-499", "anthropic/name-499[1m]", "claude-19-x", "provider-19/vendor/model-19-49", "vendor/model-19-49"}) {
    constexpr int kRounds = 2000;
    const auto start = std::chrono::steady_clock::now();
    std::size_t targets = 0;
    for (int i = 0; i < kRounds; ++i) targets += router.route(asked)->targets.size();
    const auto each = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / kRounds;
    EXPECT_EQ(targets, static_cast<std::size_t>(kRounds));
    EXPECT_LT(each, 100'000) << asked;
    std::printf("route %-34s %6.0f ns\n", asked, each);
  }
}

TEST(Router, AProfileIsAPathTarget) {
  const Router router(usual_rules(), usual_providers(), {}, {"*"},
                      {{"heavy", "zai/glm-5.3", "openrouter/free", "zai/glm-5.3", "minimax/MiniMax-M3"}, {"empty", "nothing", "", "", ""}});
  const std::pair<const char*, const char*> cases[] = {
      {"zai/glm-5.3", "zai glm-5.3 | provider/model"},
      {"claude-opus-4-8", "openrouter free | provider/model"},
      {"claude-sonnet-4-5-20250929", "zai glm-5.3 | provider/model"},
      {"claude-haiku-4-5", "minimax MiniMax-M3 | provider/model"},
      {"claude-via-glm", "zai glm-5.3 | name glm"},
      {"late/shared", "late shared | provider/model"},
      {"whatever", "zai glm-5.3 | provider/model"},
      {"", "zai glm-5.3 | provider/model"},
  };
  for (const auto& [asked, plan] : cases) EXPECT_EQ(shown(router.route(asked, "heavy")), plan) << asked;
  EXPECT_EQ(shown(router.route("x", "empty")), "error: not_found");
}

TEST(Router, AProfileGoesBeforeARuleOfItsName) {
  const Router router(usual_rules(), usual_providers(), {}, {"*"}, {{"glm", "minimax/MiniMax-M3", "glm", "glm", "glm"}});
  EXPECT_EQ(shown(router.route("whatever", "glm")), "minimax MiniMax-M3 | provider/model");
}

}  // namespace
}  // namespace penstock::policy
