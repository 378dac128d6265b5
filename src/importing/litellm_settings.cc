#include "importing/litellm_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace penstock::importing {

namespace {

/// The period of a budget as the configuration has it; empty for others.
std::string_view period_of(std::string_view text) {
  text = trim(text);
  if (text == "1h" || text == "60m" || text == "3600s") return "hour";
  if (text == "1d" || text == "24h" || text == "86400s") return "day";
  if (text == "7d" || text == "1w") return "week";
  if (text == "30d" || text == "1mo") return "month";
  return "";
}

class Settings {
 public:
  Settings(Composer& composer, Value& root, const std::vector<LiteLlmGroup>& groups)
      : composer_(composer),
        draft_(composer.draft),
        root_(root),
        router_(root["router_settings"]),
        litellm_(root["litellm_settings"]),
        groups_(groups) {}

  void read() {
    aliases();
    chains("fallbacks", draft_.on_error);
    chains("context_window_fallbacks", draft_.on_overflow);
    chains("content_policy_fallbacks", draft_.on_refusal);
    default_chain();
    retries();
    cooldown();
    timeouts();
    budgets();
    cache();
    sharing();
    composer_.add_token(root_["general_settings"]["master_key"]);
  }

 private:
  /// A setting that may stand in two places; router_settings counts, as in LiteLLM.
  Value& setting(std::string_view key) {
    Value& first = router_[key];
    if (!first.filled()) return litellm_[key];
    if (litellm_[key].filled()) litellm_[key].leave(fmt::format("router_settings.{} goes before it", key));
    return first;
  }

  /// The group of that name, else one whose pattern fits; null when there is none, or nothing of it is carried over.
  [[nodiscard]] const LiteLlmGroup* group(std::string_view name) const {
    auto found = std::ranges::find(groups_, name, &LiteLlmGroup::name);
    if (found == groups_.end())
      found = std::ranges::find_if(groups_, [&](const LiteLlmGroup& one) { return matches_glob(one.name, name); });
    return found == groups_.end() || found->rule.to.empty() ? nullptr : &*found;
  }

  void aliases() {
    Value& all = router_["model_group_alias"];
    for (std::size_t i = 0; i < all.keys.size(); ++i) {
      Value& target = all.items[i].is_map() ? all.items[i]["model"] : all.items[i];
      const auto* to = group(target.text);
      if (to == nullptr || to->name.contains('*') || !is_model_id(all.keys[i]) || all.keys[i].contains('*')) {
        all.items[i].leave("it names no model that is carried over");
        continue;
      }
      target.carry();
      DraftRule rule = to->rule;
      rule.name = all.keys[i];
      composer_.add_rule(std::move(rule));
      names_.push_back(all.keys[i]);
    }
  }

  [[nodiscard]] bool is_name(std::string_view name) const {
    return group(name) != nullptr || std::ranges::find(names_, name) != names_.end();
  }

  /// The names in a list of fallbacks that are carried over.
  std::vector<std::string> names_in(Value& list) {
    std::vector<std::string> names;
    for (Value* item : list.elements()) {
      if (item->is_scalar() && is_name(item->text) && is_model_id(item->text)) {
        names.push_back(composer_.spelled(item->text));
        item->carry();
      } else {
        item->leave("it names no model that is carried over");
      }
    }
    return names;
  }

  void chains(std::string_view key, Chains& chains) {
    for (Value* entry : setting(key).elements())
      for (std::size_t i = 0; i < entry->keys.size(); ++i) {
        const auto& from = entry->keys[i];
        const bool known =
            is_name(from) && is_model_id(from) && std::ranges::find(chains, from, &Chains::value_type::first) == chains.end();
        if (!known) {
          entry->items[i].leave(from == "*" ? "only names have fallbacks here" : "its name is not carried over, or given twice");
        } else if (auto names = names_in(entry->items[i]); !names.empty()) {
          chains.emplace_back(from, std::move(names));
        }
      }
  }

  /// Fallbacks for every group that has none of its own.
  void default_chain() {
    Value& list = setting("default_fallbacks");
    const auto names = names_in(list);
    for (const auto& group : groups_) {
      auto own = names;
      std::erase(own, group.name);
      const bool has_one = std::ranges::find(draft_.on_error, group.name, &Chains::value_type::first) != draft_.on_error.end();
      if (!own.empty() && !has_one && !group.name.contains('*') && is_model_id(group.name) && !group.rule.to.empty())
        draft_.on_error.emplace_back(group.name, own);
    }
    if (!names.empty()) list.change("written out for each name that has no fallbacks of its own");
  }

  void retries() {
    composer_.set_retries(setting("num_retries"));
    Value& pause = router_["retry_after"];
    const auto text = pause.number() ? duration_text(*pause.number()) : std::nullopt;
    if (text && *pause.number() <= 3600) draft_.retry["backoff"] = *text, pause.carry();
  }

  void cooldown() {
    Value& fails = setting("allowed_fails");
    constexpr std::uint64_t kMost = 999;
    if (const auto number = whole(fails, 0, kMost)) {
      draft_.cooldown["failures"] = std::to_string(*number + 1);
      fails.change("counts failures in a row, not those of a minute");
    }
    Value& time = setting("cooldown_time");
    const auto text = time.number() ? duration_text(*time.number()) : std::nullopt;
    if (text) draft_.cooldown["for"] = *text, time.carry();
    Value& off = router_["disable_cooldowns"];
    if (!off.is_true()) return off.carry();
    draft_.cooldown["for"] = "0";
    off.change("written as cooldown.for: 0");
  }

  /// A timeout for all becomes one of each provider.
  void timeouts() {
    const auto spread = [&](Value& field, const std::string& key) {
      for (auto& provider : draft_.providers)
        if (!provider.timeouts.contains(key))
          composer_.set_timeout(provider, key, field, 1, "written at each provider; a stream is never cut by total");
    };
    Value& timeout = router_["timeout"].filled() ? router_["timeout"] : litellm_["request_timeout"];
    if (timeout.filled()) spread(timeout, "total");
    spread(router_["stream_timeout"], "first_byte");
  }

  void budget(const std::string& scope, Value& limit, Value& period) {
    if (!limit.filled()) return;
    const auto per = period.filled() ? period_of(period.text) : "month";
    constexpr double kMost = 1e9;
    if (!limit.number() || *limit.number() < 0 || *limit.number() > kMost || per.empty()) {
      limit.leave("Penstock's budgets are an amount per hour, day, week or month");
      return period.leave("no such period here: hour, day, week or month");
    }
    draft_.budgets.push_back({scope, fmt::format("{} USD", *limit.number()), std::string(per)});
    period.carry();
    if (period.filled()) return limit.carry();
    limit.change("had no period; written as one per month");
  }

  void budgets() {
    budget("all", litellm_["max_budget"], litellm_["budget_duration"]);
    Value& all = router_["provider_budget_config"];
    for (std::size_t i = 0; i < all.keys.size(); ++i) {
      const auto found = std::ranges::find(draft_.providers, all.keys[i], &DraftProvider::name);
      if (found == draft_.providers.end()) {
        all.items[i].leave("no provider of this name is carried over");
      } else {
        budget(found->name, all.items[i]["budget_limit"].filled() ? all.items[i]["budget_limit"] : all.items[i]["max_budget"],
               all.items[i]["time_period"].filled() ? all.items[i]["time_period"] : all.items[i]["budget_duration"]);
      }
    }
  }

  void cache() {
    Value& on = litellm_["cache"];
    Value& params = litellm_["cache_params"];
    if (!on.is_true()) {
      if (on.filled()) on.carry();
      if (params.filled()) params.leave("the cache is off");
      return;
    }
    on.carry();
    if (params["mode"].text == "default_off") {
      params["mode"].leave("Penstock's cache is on for all or for none; it stays off");
      return;
    }
    draft_.cache["mode"] = "exact";
    const auto type = params["type"].text;
    if (type == "local") params["type"].carry();
    if (params["type"].filled() && type != "local") params["type"].change("answers are kept in memory, and only for equal requests");
    const auto ttl = params["ttl"].number() ? duration_text(std::max(*params["ttl"].number(), 1.0)) : std::nullopt;
    if (ttl) draft_.cache["ttl"] = *ttl, params["ttl"].carry();
  }

  void sharing() {
    Value& url = router_["redis_url"];
    const auto text = composer_.spelled(url.text);
    const bool usable = text.starts_with("${") || (is_model_id(url.text) && url.text.starts_with("redis") && !url.text.contains('@'));
    if (!url.filled()) return;
    if (!usable) return url.leave("a password does not belong into a configuration file: write shared_state: ${VARIABLE}");
    draft_.shared_state = text;
    url.carry();
  }

  Composer& composer_;
  Draft& draft_;
  Value& root_;
  Value& router_;
  Value& litellm_;
  const std::vector<LiteLlmGroup>& groups_;
  std::vector<std::string> names_;  // aliases
};

}  // namespace

void read_litellm_settings(Composer& composer, Value& root, const std::vector<LiteLlmGroup>& groups) {
  Settings(composer, root, groups).read();
}

}  // namespace penstock::importing
