// What the router makes of kinds of request, subagents' tags and fallbacks; names alone are router_test.cc's.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <set>

#include "policy/hash.h"
#include "policy/router.h"

namespace penstock::policy {
namespace {

using config::Balance;
using config::KindRoute;
using config::ModelRule;
using enum llm::RequestKind;

std::vector<RoutableProvider> providers() {
  return {{"zai", false, {"glm-5.3", "flash"}, true},
          {"deep", false, {"seek", "chat"}, true},
          {"gem", false, {"long"}, true},
          {"any", true, {}, true}};
}

std::vector<ModelRule> rules() {
  return {
      {.name = "glm", .match = {}, .to = {{"zai", "glm-5.3", 1}}, .display_name = {}},
      {.name = "fast", .match = {}, .to = {{"zai", "flash", 1}, {"deep", "chat", 1}}, .display_name = {}},
      {.name = "spread",
       .match = {},
       .to = {{"zai", "flash", 3}, {"deep", "chat", 1}, {"zai", "flash", 1}},
       .balance = Balance::weighted,
       .display_name = {}},
      {.name = {}, .match = "claude-opus-*", .to = {{"any", "opus-*", 1}}, .display_name = {}},
      {.name = {}, .match = "claude-*", .to = {{"deep", "seek", 1}}, .balance = Balance::fastest, .display_name = {}},
      {.name = "lost", .match = {}, .to = {{"nowhere", "x", 1}}, .display_name = {}},
  };
}

Router made(std::vector<KindRoute> routes, const config::Fallbacks& fallbacks = {}, std::string default_model = {}) {
  return {rules(), providers(), std::move(default_model), {"*"}, {{"heavy", "glm", "glm", "glm", "fast"}}, routes, fallbacks};
}

std::string shown(const Targets& targets, std::size_t from = 0, std::size_t to = 1000) {
  std::string out;
  for (std::size_t i = from; i < std::min(to, targets.size()); ++i)
    out += (out.empty() ? "" : " ") + targets[i].provider + "/" + targets[i].model;
  return out;
}

/// `targets > on_error | overflow | refusal | rule`, empty parts left out.
std::string shown(const Result<Plan>& plan) {
  if (!plan) return "error: " + std::string(name(plan.error().kind));
  std::string out = shown(plan->targets, 0, plan->fallback_from);
  if (plan->fallback_from < plan->targets.size()) out += " > " + shown(plan->targets, plan->fallback_from);
  if (!plan->overflow.empty()) out += " | overflow " + shown(plan->overflow);
  if (!plan->refusal.empty()) out += " | refusal " + shown(plan->refusal);
  return out + " | " + plan->rule;
}

std::vector<KindRoute> usual_routes() {
  return {
      {.kind = images, .to = {"gem/long"}, .models = {"claude-*", "glm"}},
      {.kind = long_context, .to = {"gem/long"}, .over = 1000},
      {.kind = background, .to = {"fast"}},
      {.kind = subagent, .to = {"deep,seek", "fast", "deep/chat"}},
      {.kind = plan_mode, .to = {"lost"}},
      {.kind = thinking, .to = {"spread"}},
  };
}

TEST(RouterKinds, TheFirstRouteThatFitsDecides) {
  const Router router = made(usual_routes());
  struct Row {
    const char* asked;
    Kinds kinds;
    const char* expected;
  };
  const Row rows[] = {
      {"glm", {}, "zai/glm-5.3 | name glm"},
      {"glm", {thinking}, "zai/flash deep/chat | routes.thinking -> spread"},
      {"glm", {thinking, background}, "zai/flash deep/chat | routes.background -> fast"},
      {"glm", {subagent}, "deep/seek zai/flash deep/chat | routes.subagent -> deep,seek"},
      {"glm", {images, background}, "gem/long | routes.images -> gem/long"},
      {"fast", {images}, "zai/flash deep/chat | name fast"},
      {"anthropic/glm[1m]", {images}, "gem/long | routes.images -> gem/long"},
      {"claude-x", {images}, "gem/long | routes.images -> gem/long"},
      {"glm", {plan_mode}, "zai/glm-5.3 | name glm"},
      {"glm", {web_search}, "zai/glm-5.3 | name glm"},
      {"unknown", {background}, "zai/flash deep/chat | routes.background -> fast"},
      {"unknown", {}, "error: not_found"},
      {"", {background}, "error: invalid_request"},
  };
  for (const auto& row : rows) EXPECT_EQ(shown(router.route(row.asked, "", {.kinds = row.kinds})), row.expected) << row.asked;
  EXPECT_EQ(router.route("glm", "", {.kinds = {thinking}})->balance, Balance::weighted) << "that of the rule which the route names";
  EXPECT_EQ(router.route("glm", "", {.kinds = {subagent}})->balance, Balance::ordered);
  EXPECT_EQ(router.route("glm", "", {.kinds = {thinking}})->kind, thinking);
  EXPECT_EQ(router.route("glm", "", {.kinds = {thinking}})->asked, "glm");
  EXPECT_FALSE(router.route("glm")->kind);
}

TEST(RouterKinds, ARouteThatLeadsNowhereIsToldAndPassedOver) {
  const Router router = made(usual_routes());
  ASSERT_EQ(router.idle_routes().size(), 1U);
  EXPECT_EQ(router.idle_routes()[0], "routes.plan_mode leads to lost, for which no provider is in service; it is passed over");
}

TEST(RouterKinds, APathFixesTheTarget) {
  const Router router = made(usual_routes());
  EXPECT_EQ(shown(router.route("flash", "zai", {.kinds = {background}})), "zai/flash | path zai");
  EXPECT_EQ(shown(router.route("x", "heavy", {.kinds = {background}})), "zai/glm-5.3 | name glm");
}

TEST(RouterKinds, TokensAreCountedOnlyWhereTheyMatter) {
  const Router router = made(usual_routes());
  llm::Facts facts;
  int counted = 0;
  std::uint64_t tokens = 0;
  RouteSigns signs{.kinds = {}, .subagent_model = {}, .facts = &facts, .tokens = [&] { return ++counted, tokens; }};
  facts.body_bytes = 1000;
  EXPECT_EQ(shown(router.route("glm", "", signs)), "zai/glm-5.3 | name glm");
  EXPECT_EQ(counted, 0) << "too few bytes";
  facts.body_bytes = 5000;
  tokens = 1000;
  EXPECT_EQ(shown(router.route("glm", "", signs)), "zai/glm-5.3 | name glm");
  tokens = 1001;
  EXPECT_EQ(shown(router.route("glm", "", signs)), "gem/long | routes.long_context -> gem/long");
  EXPECT_EQ(counted, 2);
  EXPECT_EQ(shown(made({{.kind = background, .to = {"fast"}}}).route("glm", "", signs)), "zai/glm-5.3 | name glm");
  EXPECT_EQ(counted, 2) << "no such route";
  signs.kinds = {images};
  EXPECT_EQ(shown(router.route("glm", "", signs)), "gem/long | routes.images -> gem/long");
  EXPECT_EQ(counted, 2) << "an earlier route took it";
}

TEST(RouterKinds, ATagGoesBeforeAllElse) {
  const Router router = made(usual_routes());
  const auto tagged = [&](std::string_view model, std::string_view path = "") {
    return shown(router.route("glm", path, {.kinds = {subagent}, .subagent_model = model}));
  };
  EXPECT_EQ(tagged("deep,chat"), "deep/chat | subagent tag -> deep,chat");
  EXPECT_EQ(tagged("spread"), "zai/flash deep/chat | subagent tag -> spread");
  EXPECT_EQ(tagged("any,a/b:free"), "any/a/b:free | subagent tag -> any,a/b:free");
  EXPECT_EQ(tagged("unheard-of"), "deep/seek zai/flash deep/chat | routes.subagent -> deep,seek") << "a turn is not lost for that";
  EXPECT_EQ(tagged("lost"), "deep/seek zai/flash deep/chat | routes.subagent -> deep,seek");
  EXPECT_EQ(tagged("deep,chat", "heavy"), "deep/chat | subagent tag -> deep,chat");
  EXPECT_EQ(tagged("deep,chat", "zai"), "zai/glm-5.3 | path zai, its default model") << "a provider keeps to its own models";
  EXPECT_EQ(tagged("zai,flash", "zai"), "zai/flash | subagent tag -> zai,flash");
  EXPECT_EQ(tagged(std::string(300, 'a')), "deep/seek zai/flash deep/chat | routes.subagent -> deep,seek");
}

config::Fallbacks usual_fallbacks() {
  return {
      .on_error = {{"glm", {"fast", "deep/seek"}},
                   {"zai/flash", {"gem/long", "zai/flash"}},
                   {"claude-*", {"glm"}},
                   {"claude-special", {"any/special"}},
                   {"gpt", {"gem/long"}},
                   {"*", {"any/last"}}},
      .on_context_overflow = {{"glm", {"gem/long"}}},
      .on_refusal = {{"*", {"deep/seek", "nowhere/x"}}},
  };
}

TEST(RouterKinds, FallbacksFollowWhatWasAskedFor) {
  const Router router = made({}, usual_fallbacks());
  const std::pair<const char*, const char*> rows[] = {
      {"glm", "zai/glm-5.3 > zai/flash deep/chat deep/seek | overflow gem/long | refusal deep/seek | name glm"},
      {"anthropic/glm[1m]", "zai/glm-5.3 > zai/flash deep/chat deep/seek | overflow gem/long | refusal deep/seek | name glm"},
      {"fast", "zai/flash deep/chat > gem/long | refusal deep/seek | name fast"},
      {"zai/flash", "zai/flash > gem/long | refusal deep/seek | provider/model"},
      {"flash", "zai/flash > gem/long | refusal deep/seek | model id"},
      {"claude-x", "deep/seek > zai/glm-5.3 | refusal deep/seek | match claude-*"},
      {"claude-special", "deep/seek > any/special | refusal deep/seek | match claude-*"},
      {"claude-special[1m]", "deep/seek > any/special | refusal deep/seek | match claude-*"},
      {"claude-opus-5", "any/opus-5 > any/last | refusal deep/seek | match claude-opus-*"},
      {"deep/chat", "deep/chat > any/last | refusal deep/seek | provider/model"},
      {"any/last", "any/last | refusal deep/seek | provider/model"},
  };
  for (const auto& [asked, expected] : rows) EXPECT_EQ(shown(router.route(asked)), expected) << asked;
  EXPECT_EQ(shown(made({}, usual_fallbacks(), "fast").route("gpt")), "zai/flash deep/chat > gem/long | refusal deep/seek | default_model");
  EXPECT_EQ(router.route("claude-special")->balance, Balance::fastest);
}

TEST(RouterKinds, ARoutesOwnChainComesFirstAndItsNamesFallbacksFollow) {
  const Router router = made({{.kind = background, .to = {"glm", "deep/chat"}}, {.kind = images, .to = {"deep/chat"}}}, usual_fallbacks());
  EXPECT_EQ(shown(router.route("fast", "", {.kinds = {background}})),
            "zai/glm-5.3 deep/chat > zai/flash deep/seek | overflow gem/long | refusal deep/seek | routes.background -> glm");
  EXPECT_EQ(shown(router.route("fast", "", {.kinds = {images}})), "deep/chat > any/last | refusal deep/seek | routes.images -> deep/chat");
}

TEST(RouterKinds, PlansOutliveAMoveOfTheRouter) {
  Router first = made(usual_routes(), usual_fallbacks());
  const auto plan = first.route("glm");
  const Router second = std::move(first);
  EXPECT_EQ(shown(plan), "zai/glm-5.3 > zai/flash deep/chat deep/seek | overflow gem/long | refusal deep/seek | name glm");
  EXPECT_EQ(shown(second.route("glm")), shown(plan));
  const Plan copy = *second.route("deep/chat");
  EXPECT_EQ(shown(copy.targets), "deep/chat any/last");
}

TEST(RouterKinds, IdsMeanTheSameEverywhere) {
  const Router router = made(usual_routes(), usual_fallbacks());
  for (const auto& target : router.route("glm")->targets) EXPECT_EQ(target.id, target_id(target.provider, target.model));
  EXPECT_EQ(target_id("zai", "glm-5.3"), 2869274254645296376ULL) << "gateways of different versions must agree";
}

/// No plan holds a target twice, all are known, and what was asked for stands in front.
TEST(RouterKinds, PlansHoldInEveryConfiguration) {
  std::mt19937 random(20261121);
  const auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  static const std::vector<std::string> words{"glm",       "fast",      "spread", "claude-opus-1", "claude-1", "lost",
                                              "zai/flash", "deep/seek", "*",      "claude-*",      "nobody",   "deep,chat"};
  const auto names = [&] {
    std::vector<std::string> out;
    for (std::size_t n = 1 + pick(4); n > 0; --n) out.push_back(words[pick(words.size())]);
    return out;
  };
  const auto chains = [&] {
    config::Fallbacks::Chains out;
    for (std::size_t n = pick(4); n > 0; --n) out.emplace_back(words[pick(words.size())], names());
    return out;
  };
  std::size_t plans = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<KindRoute> routes;
    for (std::size_t n = pick(4); n > 0; --n)
      routes.push_back({.kind = static_cast<llm::RequestKind>(pick(7)), .to = names(), .models = pick(2) == 0 ? names() : names()});
    const Router router = made(routes, {.on_error = chains(), .on_context_overflow = chains(), .on_refusal = chains()});
    Kinds kinds;
    for (std::size_t n = pick(4); n > 0; --n) kinds.add(static_cast<llm::RequestKind>(pick(7)));
    const auto plan = router.route(words[pick(words.size())], "", {.kinds = kinds});
    if (!plan) continue;
    ++plans;
    ASSERT_FALSE(plan->targets.empty());
    ASSERT_TRUE(plan->fallback_from >= 1 && plan->fallback_from <= plan->targets.size());
    for (const auto* list : {&plan->targets, &plan->overflow, &plan->refusal}) {
      std::set<std::uint64_t> seen;
      for (const auto& target : *list) {
        EXPECT_TRUE(seen.insert(target.id).second) << shown(*list);
        EXPECT_NE(target.provider, "nowhere");
      }
    }
    if (plan->kind) EXPECT_TRUE(kinds.has(*plan->kind));
  }
  EXPECT_GT(plans, 1000U);
}

/// A thousand targets behind one name, and routes and fallbacks besides: the plan copies none of them.
TEST(RouterKinds, AThousandTargetsCostNothing) {
  std::vector<RoutableProvider> many;
  ModelRule rule{.name = "all", .match = {}, .to = {}, .display_name = {}};
  for (int p = 0; p < 20; ++p) {
    RoutableProvider provider{"provider-" + std::to_string(p), false, {}, true};
    for (int m = 0; m < 50; ++m) {
      provider.models.push_back("vendor/model-with-a-long-name-" + std::to_string(m));
      rule.to.push_back({provider.name, provider.models.back(), 1});
    }
    many.push_back(std::move(provider));
  }
  const Router router({rule}, many, "", {"*"}, {}, {{.kind = images, .to = {"all"}}, {.kind = thinking, .to = {"all"}}},
                      {.on_error = {{"x", {"all"}}, {"*", {"provider-1/vendor/model-with-a-long-name-1"}}}});
  constexpr int kRounds = 2000;
  const auto start = std::chrono::steady_clock::now();
  std::size_t targets = 0;
  for (int i = 0; i < kRounds; ++i) targets += router.route("all", "", {.kinds = {thinking}})->targets.size();
  const auto each = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / kRounds;
  EXPECT_EQ(targets, kRounds * 1000U);
  EXPECT_LT(each, 20'000) << "copying them would take 50,000 ns";
  std::printf("route to a thousand targets            %6.0f ns\n", each);
}

}  // namespace
}  // namespace penstock::policy
