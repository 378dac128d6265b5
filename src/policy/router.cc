#include "policy/router.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "policy/hash.h"
#include "policy/model_name.h"

namespace penstock::policy {

namespace {

using config::Target;

constexpr std::size_t kNearNames = 5;

std::string header_safe(std::string text, std::size_t most) {
  if (text.size() > most) text.resize(most);
  std::ranges::replace_if(text, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text;
}

bool holds_control(std::string_view name) {
  return std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// As Anthropic names its models.
bool is_claudes_own(std::string_view model) { return model.starts_with("claude-") && !model.starts_with(kViaPrefix); }

/// As a configuration writes it.
std::string spelled(const Target& target) { return target.provider + '/' + target.model; }

PlannedTarget planned(std::string provider, std::string model, unsigned weight) {
  const auto id = target_id(provider, model);
  return {{std::move(provider), std::move(model), weight}, id};
}

/// The patterns of a route fit the name, with or without its decorations.
bool concerns(const std::vector<std::string>& patterns, std::string_view asked) {
  if (patterns.empty()) return true;
  const Spellings spellings(asked);
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return std::ranges::any_of(
        spellings, [&](std::string_view name) { return matches_glob(pattern, name) || matches_glob(pattern, without_million(name)); });
  });
}

Status check_name(std::string_view what, std::string_view name) {
  if (name.size() > Router::kMaxName)
    return fail(client_error(ErrorKind::invalid_request,
                             std::string(what) + ": a name has at most 256 bytes, this one has " + std::to_string(name.size())));
  if (holds_control(name))
    return fail(client_error(ErrorKind::invalid_request, std::string(what) + ": a name holds no control characters"));
  return {};
}

}  // namespace

Router::Router(std::vector<config::ModelRule> rules, std::vector<RoutableProvider> providers, std::string default_model,
               std::vector<std::string> picker, std::vector<RoutableProfile> profiles, const std::vector<config::KindRoute>& routes,
               const config::Fallbacks& fallbacks, Absences absent)
    : rules_(std::move(rules)),
      providers_(std::move(providers)),
      default_model_(std::move(default_model)),
      picker_(std::move(picker)),
      profiles_(std::move(profiles)),
      absent_(std::move(absent)) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].name.empty())
      globs_.push_back(i);
    else
      exact_rules_.try_emplace(rules_[i].name, i);
  }
  index_models();
  const auto lookup = [this](std::string_view name) { return targets_of(name); };
  on_error_ = {fallbacks.on_error, lookup};
  on_overflow_ = {fallbacks.on_context_overflow, lookup};
  on_refusal_ = {fallbacks.on_refusal, lookup};
  // From here on names and chains are known.
  prepare_rules();
  prepare_routes(routes);
}

void Router::prepare_rules() {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const auto& rule = rules_[i];
    const bool fills = std::ranges::any_of(rule.to, [](const Target& target) { return target.model.contains('*'); });
    auto& slot = prepared_.emplace_back();
    if (fills) continue;
    const Found found{Found::By::exact_rule, i, {}, {}};
    auto group = targets(found);
    const auto next = next_of(found, {}, group);
    slot = prepared(std::move(group), next, rule.balance);
  }
}

void Router::prepare_routes(const std::vector<config::KindRoute>& routes) {
  for (const auto& given : routes) {
    const std::string place = "routes." + std::string(name(given.kind));
    TargetList group;
    for (const auto& name : given.to) add_new(group, targets_of(name));
    if (group.empty()) {
      idle_routes_.push_back(place + " leads to " + join(given.to, ", ") + ", for which no provider is in service; it is passed over");
      continue;
    }
    const auto found = given.to.size() == 1 ? find(given.to.front()) : std::nullopt;
    const auto balance = found && found->is_rule() ? rules_[found->index].balance : config::Balance::ordered;
    const auto next = next_of({given.to.front(), spelled(group.front())});
    routes_.push_back({given.kind, given.over, given.models, prepared(std::move(group), next, balance),
                       header_safe(place + " -> " + given.to.front(), kMaxRule)});
  }
}

TargetList Router::targets_of(std::string_view name) const {
  const auto found = find(name);
  return found ? targets(*found) : TargetList();
}

Router::Prepared Router::prepared(TargetList group, const Next& next, config::Balance balance) const {
  const auto own = group.size();
  if (next.on_error != nullptr && own > 0) add_new(group, *next.on_error);
  return {std::move(group), own, next, balance};
}

Router::Next Router::next_of(std::initializer_list<std::string_view> names) const {
  return {on_error_.find(names), on_overflow_.find(names), on_refusal_.find(names)};
}

/// As it was asked for, by the rule's name or pattern, by its first target.
Router::Next Router::next_of(const Found& found, std::string_view asked, const TargetList& group) const {
  if (group.empty() || !has_chains()) return {};
  const auto first = spelled(group.front());
  if (!found.is_rule()) return next_of({asked, found.model, first});
  const auto& rule = rules_[found.index];
  return next_of({asked, found.name, rule.name.empty() ? rule.match : rule.name, first});
}

/// A name that a pattern took, or that stands for another, may have fallbacks of its own.
bool Router::has_own_next(const Found& found, std::string_view asked) const {
  if (!has_chains() || rules_[found.index].name == asked) return false;
  const auto any = [&](std::string_view name) { return on_error_.named(name) || on_overflow_.named(name) || on_refusal_.named(name); };
  return any(asked) || any(found.name);
}

void Router::index_models() {
  Index listed;
  const auto add = [this](Index& index, const std::string& model, std::size_t i) {
    const auto [entry, first] = index.try_emplace(model, i);
    if (!first && providers_[i].has_credential && !providers_[entry->second].has_credential) entry->second = i;
  };
  models_of_.reserve(providers_.size());
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    const auto& provider = providers_[i];
    provider_index_.try_emplace(provider.name, i);
    auto& models = models_of_.emplace_back(provider.models.begin(), provider.models.end());
    models.insert(provider.listed.begin(), provider.listed.end());
    for (const auto& model : provider.models) add(model_index_, model, i);
    for (const auto& model : provider.listed) add(listed, model, i);
  }
  // A refreshed list changes nothing for an id that meant something without it.
  model_index_.insert(listed.begin(), listed.end());
}

Result<Plan> Router::route(std::string_view asked, std::string_view path_target, const RouteSigns& signs) const {
  TRY_STATUS(check_name("model", asked));
  TRY_STATUS(check_name("path", path_target));
  if (const auto found = by_tag(path_target, signs))
    return plan(*found, asked, header_safe("subagent tag -> " + std::string(signs.subagent_model), kMaxRule));
  if (!path_target.empty()) {
    const auto found = by_path(asked, path_target);
    return found ? plan(*found, asked, describe(*found)) : fail(unknown_name(asked, path_target));
  }
  if (asked.empty()) return fail(client_error(ErrorKind::invalid_request, "model: a name is required"));
  if (const auto* route = by_kind(asked, signs)) {
    auto made = plan(route->group, asked, route->words);
    made.kind = route->kind;
    return made;
  }
  if (const auto found = find(asked)) return plan(*found, asked, describe(*found));
  if (!default_model_.empty())
    if (const auto found = find(default_model_)) return plan(*found, asked, "default_model");
  return fail(unknown_name(asked, {}));
}

/// A tag of no use is passed over: the turn goes on with the model that was asked for. A provider in the path keeps to its own models.
std::optional<Router::Found> Router::by_tag(std::string_view path_target, const RouteSigns& signs) const {
  if (signs.subagent_model.empty() || !check_name("tag", signs.subagent_model)) return std::nullopt;
  const auto found = find(signs.subagent_model);
  if (!found) return std::nullopt;
  const auto group = targets(*found);
  const bool fixed = provider_index_.contains(path_target);
  if (group.empty() || (fixed && group.front().provider != path_target)) return std::nullopt;
  return found;
}

const Router::Route* Router::by_kind(std::string_view asked, const RouteSigns& signs) const {
  const auto is_long = [&](std::uint64_t over) {
    return signs.facts != nullptr && signs.tokens && may_exceed(*signs.facts, over) && signs.tokens() > over;
  };
  for (const auto& route : routes_) {
    if (!concerns(route.models, asked)) continue;
    if (route.kind == RequestKind::long_context ? is_long(route.over) : signs.kinds.has(route.kind)) return &route;
  }
  return nullptr;
}

/// Names that are listed go first under every spelling: `anthropic/glm` is the picker's word for the rule `glm`, even where a glob such as
/// `anthropic/*` or `*` would take it as written. Then rules that ask for `[1m]` themselves, and only then the rest.
std::optional<Router::Found> Router::find(std::string_view asked) const {
  const Spellings spellings(asked);
  const auto is_known = [&](std::string_view name) {
    return is_listed_name(name) || (name.data() == asked.data() && model_index_.contains(name));
  };
  for (const auto name : spellings)
    if (is_known(name)) return resolve(name);
  if (has_million(asked)) {
    for (const auto name : spellings) {
      if (const auto found = by_rule(name)) return found;
      if (is_known(without_million(name))) return resolve(without_million(name));
    }
  }
  for (const auto name : spellings)
    if (const auto found = resolve(without_million(name))) return found;
  return by_unlisted_model(spellings);
}

/// Providers bring out models faster than lists follow, so an id that no list has goes to the provider that was spelled out with it. Comes
/// last, so that nothing else loses its meaning, and takes decorations off first: `anthropic/zai/new` means zai.
std::optional<Router::Found> Router::by_unlisted_model(const Spellings& spellings) const {
  std::optional<Found> found;
  for (const auto name : spellings) {
    const auto parts = parted(without_million(name));
    const auto provider = parts ? provider_index_.find(parts->first) : provider_index_.end();
    if (provider == provider_index_.end()) continue;
    // Elsewhere `anthropic/` is only the picker's word before a name that it does not show any more.
    const bool decoration = parts->first == "anthropic" && !is_claudes_own(parts->second);
    if (!decoration) found = Found{Found::By::spelled_out, provider->second, parts->second};
  }
  return found;
}

/// The order that interface.md promises, for one spelling.
std::optional<Router::Found> Router::resolve(std::string_view name) const {
  if (const auto found = by_rule(name)) return found;
  if (const auto found = by_provider(name)) return found;
  return by_bare_name(name);
}

/// First match wins: an exact name counts only when no glob before it matches.
std::optional<Router::Found> Router::by_rule(std::string_view name) const {
  const auto exact = exact_rules_.find(name);
  const std::size_t limit = exact == exact_rules_.end() ? rules_.size() : exact->second;
  for (const std::size_t i : globs_) {
    if (i >= limit) break;
    if (const auto star = star_in(rules_[i].match, name)) return Found{Found::By::glob_rule, i, *star, name};
  }
  if (exact == exact_rules_.end()) return std::nullopt;
  return Found{Found::By::exact_rule, limit, name};
}

std::optional<Router::Found> Router::by_provider(std::string_view name) const {
  const auto parts = parted(name);
  if (!parts) return std::nullopt;
  const auto provider = provider_index_.find(parts->first);
  if (provider == provider_index_.end()) return std::nullopt;
  const auto model = parts->second;
  if (!has_model(provider->second, model) && (!takes_any(provider->second) || has_million(model))) return std::nullopt;
  return Found{Found::By::spelled_out, provider->second, model};
}

std::optional<Router::Found> Router::by_bare_name(std::string_view name) const {
  if (const auto model = model_index_.find(name); model != model_index_.end()) return Found{Found::By::model_id, model->second, name};
  const auto provider = provider_index_.find(name);
  if (provider == provider_index_.end() || default_of(provider->second).empty()) return std::nullopt;
  return Found{Found::By::provider_name, provider->second, default_of(provider->second)};
}

std::optional<Router::Found> Router::by_path(std::string_view asked, std::string_view path_target) const {
  if (const auto provider = provider_index_.find(path_target); provider != provider_index_.end()) {
    const Found found = in_provider(asked, provider->second);
    if (found.model.empty()) return std::nullopt;
    return found;
  }
  // Before a rule of that name, as `penstock run NAME` has it.
  const auto profile = std::ranges::find(profiles_, path_target, &RoutableProfile::name);
  if (profile != profiles_.end()) return by_profile(asked, *profile);
  const auto rule = exact_rules_.find(path_target);
  if (rule == exact_rules_.end()) return std::nullopt;
  return Found{Found::By::path_rule, rule->second, without_million(asked)};
}

/// Claude's own names mean the profile's models; other names are looked up as without a path; the main model stands for the rest.
std::optional<Router::Found> Router::by_profile(std::string_view asked, const RoutableProfile& profile) const {
  const std::pair<std::string_view, const std::string*> tiers[] = {
      {"opus", &profile.opus}, {"sonnet", &profile.sonnet}, {"haiku", &profile.haiku}};
  if (is_claudes_own(asked))
    for (const auto& [word, model] : tiers)
      if (asked.contains(word)) return find(*model);
  if (const auto found = asked.empty() ? std::nullopt : find(asked)) return found;
  return find(profile.main);
}

/// The model of a provider that the path fixed: one it has, under any spelling; what was asked, where it takes any id; else its default.
Router::Found Router::in_provider(std::string_view asked, std::size_t provider) const {
  const auto& row = providers_[provider];
  std::string_view open;  // what a provider that takes any id would get
  for (const auto spelling : Spellings(asked)) {
    const auto parts = parted(spelling);
    const bool named = parts && parts->first == row.name;
    const auto id = named ? parts->second : spelling;
    for (const auto candidate : {id, without_million(id)})
      if (has_model(provider, candidate)) return {Found::By::path_model, provider, candidate};
    // An aggregator's own ids are vendor/model: `anthropic/claude-x` is one of them, `anthropic/z-ai/glm` is a picker's decoration.
    const bool vendor = row.aggregator && open.starts_with(kAnthropicPrefix) && !named && !id.contains('/');
    if (!vendor) open = without_million(id);
  }
  if (takes_any(provider) && !open.empty()) return {Found::By::path_model, provider, open};
  if (const auto found = find(asked); found && found->by == Found::By::spelled_out && found->index == provider)
    return {Found::By::path_model, provider, found->model};
  return {Found::By::path_default, provider, default_of(provider)};
}

bool Router::is_listed_name(std::string_view name) const {
  if (exact_rules_.contains(name)) return true;
  const auto parts = parted(name);
  if (!parts) return false;
  const auto provider = provider_index_.find(parts->first);
  return provider != provider_index_.end() && has_model(provider->second, parts->second);
}

bool Router::has_model(std::size_t provider, std::string_view id) const { return models_of_[provider].contains(id); }

bool Router::takes_any(std::size_t provider) const { return providers_[provider].aggregator || providers_[provider].models.empty(); }

std::string_view Router::default_of(std::size_t provider) const {
  const auto& row = providers_[provider];
  return row.models.empty() ? row.default_model : row.models.front();
}

Result<Plan> Router::plan(const Found& found, std::string_view asked, std::string rule) const {
  if (found.is_rule() && prepared_[found.index] && !has_own_next(found, asked)) {
    const auto& group = *prepared_[found.index];
    return group.targets.empty() ? fail(leads_nowhere(found, asked)) : Result<Plan>(plan(group, asked, std::move(rule)));
  }
  auto group = targets(found);
  if (group.empty()) return fail(leads_nowhere(found, asked));
  const auto next = next_of(found, asked, group);
  auto made = prepared(std::move(group), next, found.is_rule() ? rules_[found.index].balance : config::Balance::ordered);
  Targets own(std::exchange(made.targets, {}));
  auto out = plan(made, asked, std::move(rule));
  out.targets = std::move(own);
  return out;
}

Plan Router::plan(const Prepared& group, std::string_view asked, std::string rule) const {
  const auto kept = [](const TargetList* list) { return list == nullptr ? Targets() : Targets::kept(*list); };
  Plan out;
  out.targets = Targets::kept(group.targets);
  out.fallback_from = group.fallback_from;
  out.overflow = kept(group.next.on_overflow);
  out.refusal = kept(group.next.on_refusal);
  out.balance = group.balance;
  out.rule = std::move(rule);
  out.asked = asked;
  out.million = has_million(asked);
  return out;
}

Error Router::leads_nowhere(const Found& found, std::string_view asked) const {
  const auto& rule = rules_[found.index];
  const std::string provider = rule.to.empty() ? std::string("none") : rule.to.front().provider;
  if (const auto why = why_absent(provider); !why.empty())
    return client_error(ErrorKind::not_found, "model: " + std::string(asked) + ": the rule '" +
                                                  (rule.name.empty() ? rule.match : rule.name) + "' points to " + provider + ", and " +
                                                  std::string(why));
  return client_error(ErrorKind::not_found, "model: " + std::string(asked) + ": the rule '" + (rule.name.empty() ? rule.match : rule.name) +
                                                "' points to provider '" + provider + "', which is not configured");
}

TargetList Router::targets(const Found& found) const {
  TargetList out;
  if (!found.is_rule()) {
    out.push_back(planned(providers_[found.index].name, std::string(found.model), 1));
    return out;
  }
  const auto& to = rules_[found.index].to;
  out.reserve(to.size());
  for (const auto& target : to)
    if (provider_index_.contains(target.provider)) add_new(out, planned(target.provider, filled(target.model, found.model), target.weight));
  return out;
}

std::string Router::describe(const Found& found) const {
  const auto words = [&]() -> std::string {
    switch (found.by) {
      case Found::By::exact_rule: return "name " + rules_[found.index].name;
      case Found::By::glob_rule: return "match " + rules_[found.index].match;
      case Found::By::spelled_out: return "provider/model";
      case Found::By::model_id: return "model id";
      case Found::By::provider_name: return "provider " + providers_[found.index].name;
      case Found::By::path_model: return "path " + providers_[found.index].name;
      case Found::By::path_default: return "path " + providers_[found.index].name + ", its default model";
      case Found::By::path_rule: return "path " + rules_[found.index].name;
    }
    return {};
  };
  return header_safe(words(), kMaxRule);
}

/// A provider may stand behind what a picker puts before it: the last spelling that names one counts.
std::string_view Router::why_absent(std::string_view name) const {
  std::string_view why;
  for (const auto spelling : Spellings(name))
    if (const auto found = absent_.find(spelling.substr(0, spelling.find_first_of("/,"))); found != absent_.end()) why = found->second;
  return why;
}

Error Router::unknown_name(std::string_view asked, std::string_view path_target) const {
  const bool by_path = !path_target.empty();
  const auto wanted = by_path ? path_target : without_million(asked);
  if (const auto why = why_absent(wanted); !why.empty())
    return client_error(ErrorKind::not_found, (by_path ? "/to/" : "model: ") + std::string(wanted) + ": " + std::string(why));
  std::string message =
      by_path ? "/to/" + std::string(path_target) + ": no provider or model of that name" : "model: " + std::string(asked);
  if (const auto provider = provider_index_.find(wanted); provider != provider_index_.end())
    message += ": the provider has no list of models; ask for " + providers_[provider->second].name + "/MODEL";
  const auto near = near_to(wanted);
  if (!near.empty()) message += ". Near names: " + join(near, ", ");
  return client_error(ErrorKind::not_found, message + ". GET /v1/models lists all names.");
}

/// Names that may have been meant. A provider's model is near when its bare id is: `glm-5.4` means `zai/glm-5.3`.
std::vector<std::string> Router::near_to(std::string_view wanted) const {
  const auto names = every_name();
  auto near = near_names(wanted, names, kNearNames);
  const auto parts = parted(wanted);
  std::vector<std::string> ids;
  for (const auto& name : names) ids.push_back(name.substr(name.find('/') + 1));
  for (const auto& id : near_names(parts ? parts->second : wanted, ids, kNearNames)) {
    const auto& name = names[static_cast<std::size_t>(std::ranges::find(ids, id) - ids.begin())];
    if (near.size() < kNearNames && std::ranges::find(near, name) == near.end()) near.push_back(name);
  }
  return near;
}

std::vector<std::string> Router::every_name() const {
  std::vector<std::string> names;
  for (const auto& rule : rules_)
    if (!rule.name.empty()) names.push_back(rule.name);
  for (const auto& provider : providers_) {
    names.push_back(provider.name);
    for (const auto* models : {&provider.models, &provider.listed})
      for (const auto& model : *models) names.push_back(provider.name + '/' + model);
  }
  return names;
}

bool Router::is_picked(std::string_view name) const {
  return std::ranges::any_of(picker_, [&](const auto& pattern) { return matches_glob(pattern, name); });
}

std::vector<ListedModel> Router::listed() const {
  std::vector<ListedModel> out;
  std::unordered_set<std::string> seen;
  const auto add = [&](std::string name, const std::string& display_name) {
    const auto plan = route(name);
    if (plan && seen.insert(name).second) out.push_back({std::move(name), plan->targets.front(), display_name});
  };
  for (const auto& rule : rules_)
    if (!rule.name.empty()) add(rule.name, rule.display_name);
  for (const auto& provider : providers_)
    if (provider.has_credential)
      for (const auto* models : {&provider.models, &provider.listed})
        for (const auto& model : *models) add(provider.name + '/' + model, {});
  return out;
}

std::string Router::picker_id(std::string_view name) const {
  const std::string written(name);
  if (starts_with_ignoring_case(name, "anthropic") || starts_with_ignoring_case(name, "claude")) return written;
  // `anthropic/NAME` may be a name of its own: a provider called anthropic that lists NAME, a rule, an aggregator's id. Then another
  // decoration serves. `claude-…` comes second because Claude Code takes such ids for Claude models and ignores a declared window
  // (wire-reference 2.7).
  for (const auto prefix : kPickerPrefixes)
    if (auto id = std::string(prefix) + written; goes_the_same_way(id, name)) return id;
  return std::string(kAnthropicPrefix) + written;
}

bool Router::goes_the_same_way(std::string_view a, std::string_view b) const {
  const auto one = find(a), other = find(b);
  return one && other && one->by == other->by && one->index == other->index && one->model == other->model;
}

}  // namespace penstock::policy
