// Claude Code Router's routing: the categories of version 2, the rules and profiles of version 3.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/values.h"
#include "importing/ccr_parts.h"

namespace penstock::importing {

namespace {

constexpr std::uint64_t kMostTokens = 100'000'000;
constexpr std::uint64_t kUsualThreshold = 60'000;  // version 2's, when the file does not say one

struct Category {
  std::string_view name, route;
};
constexpr auto kCategories = std::to_array<Category>({{"background", "background"},
                                                      {"think", "thinking"},
                                                      {"longContext", "long_context"},
                                                      {"webSearch", "web_search"},
                                                      {"image", "images"}});

std::vector<std::string> texts_of(const std::vector<DraftTarget>& targets) {
  std::vector<std::string> texts;
  for (const auto& target : targets) texts.push_back(target.text());
  return texts;
}

/// The target of a category, then its fallbacks.
std::vector<DraftTarget> chain_of(Value& root, std::string_view category, CcrProviders& providers) {
  std::vector<DraftTarget> chain;
  if (auto first = providers.target_at(root["Router"][category])) chain.push_back(std::move(*first));
  if (chain.empty()) return chain;
  for (auto& next : providers.targets_at(root["fallback"][category])) chain.push_back(std::move(next));
  return chain;
}

/// The one rule behind default_model, which holds the chain.
void set_default(Composer& composer, std::vector<DraftTarget> chain) {
  if (chain.empty() || !composer.draft.default_model.empty()) return;
  if (chain.size() == 1) {
    composer.draft.default_model = chain.front().text();
  } else {
    composer.add_rule({"default", std::move(chain), {}});
    composer.draft.default_model = "default";
  }
}

/// Reads one of version 3's rules after the other.
class Rules {
 public:
  Rules(Composer& composer, CcrProviders& providers) : composer_(composer), providers_(providers) {}

  void read(Value& rule) {
    if (rule["enabled"].filled() && !rule["enabled"].is_true()) return rule.leave("it is switched off");
    if (rule["type"].text == "script") return rule.leave("Penstock runs no scripts; write rules of models and routes instead");
    auto target = providers_.target(target_text(rule));
    if (!target) return rule.leave("its model is not carried over, or it rewrites more than the model");
    if (rule["type"].text == "model-prefix") return by_name(rule, rule["pattern"].text + "*", std::move(*target));
    by_condition(rule, std::move(*target));
  }

 private:
  /// The model that a rule sets; empty when it does anything else.
  static std::string target_text(Value& rule) {
    const auto rewrites = rule["rewrites"].filled() ? rule["rewrites"].elements() : rule["rewrite"].elements();
    if (rewrites.empty()) return rule["target"].text;
    Value& first = *rewrites.front();
    const bool sets = !first["operation"].filled() || first["operation"].text == "set";
    return rewrites.size() == 1 && sets && first["key"].text == "request.body.model" ? first["value"].text : "";
  }

  void by_condition(Value& rule, DraftTarget target) {
    const auto left = rule["condition"]["left"].text, how = rule["condition"]["operator"].text, right = rule["condition"]["right"].text;
    if (left.ends_with("tokenCount") && how.starts_with('>')) return by_size(rule, std::move(target));
    if (!left.ends_with("body.model")) return rule.leave("Penstock's rules look at the model's name and at the kind of request");
    if (how == "==") return by_name(rule, right, std::move(target));
    if (how == "starts-with") return by_name(rule, right + "*", std::move(target));
    if (how == "contains") return by_name(rule, "*" + right + "*", std::move(target));
    rule.leave("Penstock's rules say what a name is, not what it is not");
  }

  void by_name(Value& rule, const std::string& name, DraftTarget target) {
    const bool usable = std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
    if (name.empty() || !usable) return rule.leave("its pattern is no model name");
    std::vector<DraftTarget> chain{std::move(target)};
    if (rule["fallback"]["mode"].text == "model-chain")
      for (auto& next : providers_.targets_at(rule["fallback"]["models"])) chain.push_back(std::move(next));
    composer_.add_rule({name, std::move(chain), {}});
    rule.carry();
  }

  void by_size(Value& rule, DraftTarget target) {
    const auto over = whole(rule["condition"]["right"], 1, kMostTokens);
    if (!over) return rule.leave("its number of tokens is none");
    const bool taken = std::ranges::find(composer_.draft.routes, "long_context", &DraftRoute::kind) != composer_.draft.routes.end();
    if (taken) return rule.leave("there is one route for long contexts");
    composer_.draft.routes.push_back({"long_context", {target.text()}, *over});
    rule.carry();
  }

  Composer& composer_;
  CcrProviders& providers_;
};

/// A profile of version 3 for Claude Code.
void read_profile(Composer& composer, CcrProviders& providers, Value& source, const std::string& name) {
  DraftProfile profile;
  for (const auto& [key, slot] :
       {std::pair{"model", "main"}, {"opusModel", "opus"}, {"sonnetModel", "sonnet"}, {"haikuModel", "haiku"}, {"smallFastModel", "haiku"}})
    if (source[key].filled())
      if (const auto target = providers.target_at(source[key])) profile.models.emplace(slot, target->text());
  if (!profile.models.contains("main")) return;
  profile.name = composer.profile_name(name);
  composer.set_env(profile, source["env"]);
  source["enabled"].carry();
  source["agent"].carry();
  source["name"].carry();
  composer.draft.profiles.push_back(std::move(profile));
}

void read_profiles(Composer& composer, CcrProviders& providers, Value& all) {
  read_profile(composer, providers, all["claudeCode"], "claude-code");
  for (Value* one : all["profiles"].elements()) {
    if ((*one)["agent"].text != "claude-code") {
      one->leave("`penstock run` starts Claude Code only");
    } else if ((*one)["enabled"].filled() && !(*one)["enabled"].is_true()) {
      one->leave("it is switched off");
    } else {
      read_profile(composer, providers, *one, (*one)["name"].text);
    }
  }
}

}  // namespace

void read_ccr_categories(Composer& composer, Value& root, CcrProviders& providers) {
  Draft& draft = composer.draft;
  set_default(composer, chain_of(root, "default", providers));
  for (const auto& [name, kind] : kCategories) {
    const auto chain = chain_of(root, name, providers);
    if (chain.empty()) continue;
    draft.routes.push_back({std::string(kind), texts_of(chain), 0});
    // Version 2 tells background requests by the model's name.
    if (name == "background") composer.add_rule({"claude-*haiku*", chain, {}});
    if (name != "longContext") continue;
    Value& threshold = root["Router"]["longContextThreshold"];
    const auto over = whole(threshold, 1, kMostTokens);
    draft.routes.back().over = over.value_or(kUsualThreshold);
    if (over) threshold.carry();
  }
}

void read_ccr_rules(Composer& composer, Value& root, CcrProviders& providers) {
  Rules rules(composer, providers);
  for (Value* rule : root["Router"]["rules"].elements())
    if (rule->is_map()) rules.read(*rule);
  read_profiles(composer, providers, root["profile"]);

  Value& fallback = root["Router"]["fallback"];
  const auto mode = fallback["mode"].take();
  const auto& profiles = composer.draft.profiles;
  std::vector<DraftTarget> chain;
  if (!profiles.empty())
    if (auto main = providers.target(root["profile"]["claudeCode"]["model"].text)) chain.push_back(std::move(*main));
  if (mode == "model-chain")
    for (auto& next : providers.targets_at(fallback["models"])) chain.push_back(std::move(next));
  set_default(composer, std::move(chain));
  if (mode == "retry") return composer.set_retries(fallback["retryCount"]);
  if (fallback["retryCount"].filled()) fallback["retryCount"].leave("its mode is " + safe_name(mode));
}

}  // namespace penstock::importing
