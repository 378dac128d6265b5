#include "policy/router.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace penstock::policy {

namespace {

using config::Target;

constexpr std::string_view kMillion = "[1m]";
// The third is for a configuration in which both others make a name of its own (see picker_id).
constexpr std::array<std::string_view, 3> kPrefixes{"anthropic/", "claude-via-", "anthropic.penstock/"};
// A picker puts on one or two; more is nonsense.
constexpr int kMostPrefixes = 3;
constexpr std::size_t kNearNames = 5;

bool has_million(std::string_view name) {
  return name.size() >= kMillion.size() && equals_ignoring_case(name.substr(name.size() - kMillion.size()), kMillion);
}

std::string_view without_million(std::string_view name) {
  while (has_million(name)) name.remove_suffix(kMillion.size());
  return name;
}

/// The name without its first decoration, if it has one and something remains.
std::optional<std::string_view> without_prefix(std::string_view name) {
  for (const auto prefix : kPrefixes)
    if (name.size() > prefix.size() && name.starts_with(prefix)) return name.substr(prefix.size());
  return std::nullopt;
}

/// The name as written, then with one decoration less each time.
class Spellings {
 public:
  explicit Spellings(std::string_view asked) : names_{asked} {
    for (auto shorter = without_prefix(asked); shorter && count_ <= kMostPrefixes; shorter = without_prefix(*shorter))
      names_[static_cast<std::size_t>(count_++)] = *shorter;
  }
  [[nodiscard]] const std::string_view* begin() const { return names_.data(); }
  [[nodiscard]] const std::string_view* end() const { return names_.data() + count_; }

 private:
  std::array<std::string_view, kMostPrefixes + 1> names_;
  int count_ = 1;
};

/// What the pattern's star stands for in `name`, empty for a pattern without one. `[1m]` is never carried over by accident: only a pattern
/// that ends in `[1m]` itself matches a name that does.
std::optional<std::string_view> star_in(std::string_view pattern, std::string_view name) {
  if (has_million(name) && !has_million(pattern)) return std::nullopt;
  if (pattern.contains('*')) return glob_star(pattern, name);
  if (pattern == name) return name.substr(0, 0);
  return std::nullopt;
}

std::string filled(std::string_view model, std::string_view star) {
  std::string out(model);
  if (const auto at = out.find('*'); at != std::string::npos) out.replace(at, 1, star);
  return out;
}

std::string header_safe(std::string text, std::size_t most) {
  if (text.size() > most) text.resize(most);
  std::ranges::replace_if(text, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text;
}

bool holds_control(std::string_view name) {
  return std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Status check_name(std::string_view what, std::string_view name) {
  if (name.size() > Router::kMaxName)
    return fail(client_error(ErrorKind::invalid_request,
                             std::string(what) + ": a name has at most 256 bytes, this one has " + std::to_string(name.size())));
  if (holds_control(name))
    return fail(client_error(ErrorKind::invalid_request, std::string(what) + ": a name holds no control characters"));
  return {};
}

/// `provider/model` or `provider,model`, parted; the model may hold further slashes.
std::optional<std::pair<std::string_view, std::string_view>> parted(std::string_view name) {
  const auto at = name.find_first_of("/,");
  if (at == std::string_view::npos) return std::nullopt;
  const auto provider = trim(name.substr(0, at)), model = trim(name.substr(at + 1));
  if (provider.empty() || model.empty()) return std::nullopt;
  return std::pair(provider, model);
}

}  // namespace

Router::Router(std::vector<config::ModelRule> rules, std::vector<RoutableProvider> providers, std::string default_model,
               std::vector<std::string> picker, std::vector<RoutableProfile> profiles)
    : rules_(std::move(rules)),
      providers_(std::move(providers)),
      default_model_(std::move(default_model)),
      picker_(std::move(picker)),
      profiles_(std::move(profiles)) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].name.empty())
      globs_.push_back(i);
    else
      exact_rules_.try_emplace(rules_[i].name, i);
  }
  models_of_.reserve(providers_.size());
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    const auto& provider = providers_[i];
    provider_index_.try_emplace(provider.name, i);
    models_of_.emplace_back(provider.models.begin(), provider.models.end());
    for (const auto& model : provider.models) {
      const auto [entry, first] = model_index_.try_emplace(model, i);
      if (!first && provider.has_credential && !providers_[entry->second].has_credential) entry->second = i;
    }
  }
}

Result<Plan> Router::route(std::string_view asked, std::string_view path_target) const {
  TRY_STATUS(check_name("model", asked));
  TRY_STATUS(check_name("path", path_target));
  if (!path_target.empty()) {
    const auto found = by_path(asked, path_target);
    return found ? plan(*found, asked, false) : fail(unknown_name(asked, path_target));
  }
  if (asked.empty()) return fail(client_error(ErrorKind::invalid_request, "model: a name is required"));
  if (const auto found = find(asked)) return plan(*found, asked, false);
  if (!default_model_.empty())
    if (const auto found = find(default_model_)) return plan(*found, asked, true);
  return fail(unknown_name(asked, {}));
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
  return std::nullopt;
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
    if (const auto star = star_in(rules_[i].match, name)) return Found{Found::By::glob_rule, i, *star};
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
  if (provider == provider_index_.end() || providers_[provider->second].models.empty()) return std::nullopt;
  return Found{Found::By::provider_name, provider->second, providers_[provider->second].models.front()};
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
  if (asked.starts_with("claude-") && !asked.starts_with(kPrefixes[1]))
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
    const bool vendor = row.aggregator && open.starts_with(kPrefixes[0]) && !named && !id.contains('/');
    if (!vendor) open = without_million(id);
  }
  if (takes_any(provider) && !open.empty()) return {Found::By::path_model, provider, open};
  return {Found::By::path_default, provider, row.models.empty() ? std::string_view{} : row.models.front()};
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

Result<Plan> Router::plan(const Found& found, std::string_view asked, bool by_default) const {
  Plan plan{targets(found), describe(found, by_default), std::string(asked), has_million(asked)};
  if (!plan.targets.empty()) return plan;
  const auto& rule = rules_[found.index];
  const std::string provider = rule.to.empty() ? std::string("none") : rule.to.front().provider;
  return fail(client_error(ErrorKind::not_found, "model: " + plan.asked + ": the rule '" + (rule.name.empty() ? rule.match : rule.name) +
                                                     "' points to provider '" + provider + "', which is not configured"));
}

std::vector<Target> Router::targets(const Found& found) const {
  using enum Found::By;
  if (found.by != exact_rule && found.by != glob_rule && found.by != path_rule)
    return {Target{providers_[found.index].name, std::string(found.model), 1}};
  std::vector<Target> out;
  for (const auto& target : rules_[found.index].to)
    if (provider_index_.contains(target.provider)) out.push_back({target.provider, filled(target.model, found.model), target.weight});
  return out;
}

std::string Router::describe(const Found& found, bool by_default) const {
  if (by_default) return "default_model";
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

Error Router::unknown_name(std::string_view asked, std::string_view path_target) const {
  const bool by_path = !path_target.empty();
  const auto wanted = by_path ? path_target : without_million(asked);
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
    for (const auto& model : provider.models) names.push_back(provider.name + '/' + model);
  }
  return names;
}

std::vector<ListedModel> Router::listed() const {
  std::vector<ListedModel> out;
  std::unordered_set<std::string> seen;
  const auto add = [&](std::string name, const std::string& display_name) {
    if (std::ranges::none_of(picker_, [&](const auto& pattern) { return matches_glob(pattern, name); })) return;
    const auto plan = route(name);
    if (plan && seen.insert(name).second) out.push_back({std::move(name), plan->targets.front(), display_name});
  };
  for (const auto& rule : rules_)
    if (!rule.name.empty()) add(rule.name, rule.display_name);
  for (const auto& provider : providers_)
    if (provider.has_credential)
      for (const auto& model : provider.models) add(provider.name + '/' + model, {});
  return out;
}

std::string Router::picker_id(std::string_view name) const {
  const std::string written(name);
  if (starts_with_ignoring_case(name, "anthropic") || starts_with_ignoring_case(name, "claude")) return written;
  // `anthropic/NAME` may be a name of its own: a provider called anthropic that lists NAME, a rule, an aggregator's id. Then another
  // decoration serves. `claude-…` comes second because Claude Code takes such ids for Claude models and ignores a declared window
  // (wire-reference 2.7).
  for (const auto prefix : kPrefixes)
    if (auto id = std::string(prefix) + written; goes_the_same_way(id, name)) return id;
  return std::string(kPrefixes[0]) + written;
}

bool Router::goes_the_same_way(std::string_view a, std::string_view b) const {
  const auto one = find(a), other = find(b);
  return one && other && one->by == other->by && one->index == other->index && one->model == other->model;
}

}  // namespace penstock::policy
