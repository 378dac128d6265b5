#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "config/load.h"

namespace penstock::config {
namespace {

const std::string kModels = "models: [ { name: glm, to: zai/x }, { name: fast, to: zai/y }, { match: 'claude-*', to: zai/z } ]\n";

std::expected<Config, std::vector<Fault>> parsed(std::string_view text) {
  return parse(kModels + std::string(text), "f",
               {.environment = [](const std::string&) { return std::nullopt; }, .catalog_names = {"deepseek", "zai", "openrouter"}});
}

std::string faults_of(std::string_view text) {
  const auto config = parsed(text);
  if (config) return "no fault";
  std::string lines;
  for (const Fault& fault : config.error()) lines += (lines.empty() ? "" : "\n") + to_text(fault);
  return lines;
}

std::string shown(const std::vector<KindRoute>& routes) {
  std::string out;
  for (const auto& route : routes) {
    out += (out.empty() ? "" : "; ") + std::string(name(route.kind)) + " -> " + join(route.to, " ");
    if (!route.models.empty()) out += " of " + join(route.models, " ");
    if (route.kind == llm::RequestKind::long_context) out += " over " + std::to_string(route.over);
  }
  return out;
}

TEST(RoutingPart, RoutesHaveThreeFormsAndKeepTheirOrder) {
  const auto config = parsed(
      "routes:\n  web_search: deepseek/d\n  long_context: { over: 60000, to: glm }\n  background: [ fast, 'openrouter,a/b' ]\n"
      "  plan_mode: { to: [ glm, zai/q ], models: [ 'claude-*', x ] }\n  images: { to: claude-any, models: y }\n"
      "  subagent: fast\n  thinking: glm\n");
  ASSERT_TRUE(config) << to_text(config.error().front());
  EXPECT_EQ(shown(config->routes),
            "web_search -> deepseek/d; long_context -> glm over 60000; background -> fast openrouter,a/b; "
            "plan_mode -> glm zai/q of claude-* x; images -> claude-any of y; subagent -> fast; thinking -> glm");
  EXPECT_EQ(shown(parsed("routes: { long_context: glm }")->routes), "long_context -> glm over 200000");
  EXPECT_EQ(shown(parsed("routes: { thinking: ..., images: }")->routes), "") << "what is still to come";
}

TEST(RoutingPart, AListOfTargetsIsNotEmpty) {
  EXPECT_EQ(faults_of("routes: { background: [] }"),
            "f:2:23: \"routes.background\" has no target; name a model or provider/model, or remove it");
  EXPECT_EQ(faults_of("routes: { images: { to: [] } }"),
            "f:2:19: \"routes.images\" has no target; add to: a name of models, or provider/model");
  EXPECT_EQ(faults_of("fallbacks: { on_error: { glm: [] } }"),
            "f:2:31: \"fallbacks.on_error.glm\" has no target; name a model or provider/model, or remove it");
}

TEST(RoutingPart, ARouteLeadsSomewhere) {
  EXPECT_EQ(faults_of("routes:\n  background: gml\n"),
            "f:3:15: \"routes.background\": no rule of models fits \"gml\"; did you mean \"glm\"?");
  EXPECT_EQ(faults_of("routes:\n  images: [ glm, deepsek/z ]\n"), "f:3:18: no provider is called \"deepsek\"; did you mean \"deepseek\"?");
  EXPECT_EQ(faults_of("routes: { images: 'nowhere,x' }\n"), "f:2:19: no provider is called \"nowhere\"; add it under providers");
  EXPECT_EQ(faults_of("routes: { images: { to: [ 'zai/*' ] } }\n"),
            "f:2:27: \"routes.images\": \"zai/*\" holds a star; write the whole name");
  EXPECT_EQ(faults_of("routes: { images: { models: [ a ] } }\n"),
            "f:2:19: \"routes.images\" has no target; add to: a name of models, or provider/model");
  EXPECT_EQ(faults_of("routes: { images: { to: glm, over: 5 } }\n"), "f:2:30: \"over\" belongs to routes.long_context; remove it");
  EXPECT_NE(faults_of("routes: { long_context: { to: glm, over: 0 } }\n").find("f:2:42: \"routes.long_context.over\": "),
            std::string::npos);
}

TEST(RoutingPart, FallbacksKeepNamesInOrder) {
  const auto config = parsed(
      "fallbacks:\n  on_error: { glm: [ fast, deepseek/d ], zai/x: fast, '*': glm, 'claude-*': glm, anything: glm }\n"
      "  on_context_overflow: { glm: openrouter/big }\n  on_refusal: {}\n");
  ASSERT_TRUE(config) << to_text(config.error().front());
  const Fallbacks::Chains expected{
      {"glm", {"fast", "deepseek/d"}}, {"zai/x", {"fast"}}, {"*", {"glm"}}, {"claude-*", {"glm"}}, {"anything", {"glm"}}};
  EXPECT_EQ(config->fallbacks.on_error, expected);
  EXPECT_EQ(config->fallbacks.on_context_overflow, (Fallbacks::Chains{{"glm", {"openrouter/big"}}}));
  EXPECT_TRUE(config->fallbacks.on_refusal.empty());
}

TEST(RoutingPart, AFallbackLeadsSomewhere) {
  EXPECT_EQ(faults_of("fallbacks: { on_refusal: { glm: [ fasst ] } }\n"),
            "f:2:35: \"fallbacks.on_refusal\": no rule of models fits \"fasst\"; did you mean \"fast\"?");
  EXPECT_EQ(faults_of("fallbacks: { on_error: { glm: no/x } }\n"), "f:2:31: no provider is called \"no\"; add it under providers");
  EXPECT_EQ(faults_of("fallbacks: { on_error: { 'gl*': glm } }\n"),
            "f:2:26: no rule of models has match: \"gl*\"; write such a rule, a plain name, or * alone for all");
}

TEST(RoutingPart, AttemptsHaveTheirDefaults) {
  const auto plain = parsed("");
  EXPECT_EQ(plain->retry.attempts, 2U);
  EXPECT_EQ(plain->retry.deadline, Milliseconds{600'000});
  EXPECT_EQ(plain->affinity, Affinity::session);
  EXPECT_FALSE(plain->hedge_background || plain->share_background);
  const auto set = parsed(
      "retry: { attempts: 5, backoff: 1s, max_backoff: 20s, deadline: 90s }\ncooldown: { failures: 7, for: 2m }\naffinity: none\n"
      "hedge: { background: 2s }\nshare: { background: on }\n");
  ASSERT_TRUE(set) << to_text(set.error().front());
  EXPECT_EQ(set->retry.attempts, 5U);
  EXPECT_EQ(set->retry.backoff, Milliseconds{1000});
  EXPECT_EQ(set->retry.max_backoff, Milliseconds{20'000});
  EXPECT_EQ(set->retry.deadline, Milliseconds{90'000});
  EXPECT_EQ(set->cooldown.failures, 7U);
  EXPECT_EQ(set->cooldown.rest, Milliseconds{120'000});
  EXPECT_EQ(set->affinity, Affinity::none);
  EXPECT_EQ(set->hedge_background, Milliseconds{2000});
  EXPECT_TRUE(set->share_background);
  EXPECT_FALSE(parsed("hedge: { background: off }")->hedge_background);
}

TEST(RoutingPart, PausesDoNotContradictEachOther) {
  EXPECT_EQ(parsed("retry: { backoff: 30s }")->retry.max_backoff, Milliseconds{30'000});
  EXPECT_EQ(faults_of("retry: { backoff: 2s, max_backoff: 1s }"), "f:2:23: \"retry.max_backoff\" is shorter than retry.backoff");
}

}  // namespace
}  // namespace penstock::config
