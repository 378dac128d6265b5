#include "launch/selection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace penstock::launch {

namespace {

constexpr std::size_t kNearNames = 3;

/// A name as a path segment (RFC 3986: unreserved characters stay).
std::string path_segment(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._~").contains(c);
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

/// Fills a Selection step by step.
class Selector {
 public:
  Selector(const Wish& wish, const config::Config& config, const gateway::Snapshot& snapshot)
      : wish_(wish), config_(config), snapshot_(snapshot) {}

  Result<Selection> select() {
    made_.name = wish_.name.empty() ? "default" : wish_.name;
    if (const auto* profile = find_profile()) return of_profile(*profile);
    if (const auto* provider = snapshot_.find(wish_.name)) return of_provider(*provider, "");
    if (wish_.name.empty()) return of_default();
    if (const auto keyless = snapshot_.keyless.find(wish_.name); keyless != snapshot_.keyless.end()) return fail(no_key(*keyless));
    if (const auto why = snapshot_.router.why_absent(wish_.name); !why.empty()) return fail(config_error(std::string(why)));
    return of_model();
  }

 private:
  const config::Profile* find_profile() const {
    const auto found = std::ranges::find(config_.profiles, wish_.name, &config::Profile::name);
    return found == config_.profiles.end() ? nullptr : &*found;
  }

  static Error no_key(const std::pair<const std::string, std::string>& keyless) {
    const auto& [name, variable] = keyless;
    return config_error(fmt::format("there is no credential for {0}; mend: penstock keys set {0}{1}", name,
                                    variable.empty() ? "" : ", or export " + variable));
  }

  Result<Selection> of_profile(const config::Profile& profile) {
    made_.profile = profile;
    made_.models = app::models_of(profile, snapshot_);
    if (!wish_.model.empty()) made_.models.main = wish_.model;
    if (made_.models.main.empty())
      return fail(config_error(fmt::format("profiles.{}: no model of {} is known; give models.main", profile.name, profile.provider)));
    made_.path = "/to/" + path_segment(profile.name);
    return finish();
  }

  /// `model` is what NAME said beyond the provider, if it did.
  Result<Selection> of_provider(const gateway::Upstream& provider, const std::string& model) {
    if (!provider.has_credential()) return fail(no_key({provider.name, provider.key_variable}));
    made_.provider = &provider;
    made_.path = "/to/" + path_segment(provider.name);
    // Claude Code knows Anthropic's models better than we do: their windows, their efforts, its own defaults.
    if (provider.transparent && wish_.model.empty() && model.empty()) return std::move(made_);
    const std::string named = wish_.model.empty() ? model : wish_.model;
    const auto tier = [&](const char* name) { return named.empty() || provider.tiers.contains(name) ? provider.tier(name) : named; };
    made_.models = {named.empty() ? provider.tier("main") : named, tier("opus"), tier("sonnet"), tier("haiku"), ""};
    if (made_.models.main.empty())
      return fail(config_error(fmt::format("no model of {0} is known; say which: penstock run {0} --model NAME", provider.name)));
    for (auto* model_of : {&made_.models.opus, &made_.models.sonnet, &made_.models.haiku})
      if (model_of->empty()) *model_of = made_.models.main;
    made_.models.subagent = made_.models.main;
    return finish();
  }

  /// Without a NAME: every name of the gateway may be asked for.
  Result<Selection> of_default() {
    std::string main = !wish_.model.empty() ? wish_.model : config_.default_model;
    for (const auto& listed : snapshot_.router.listed()) {
      const auto* upstream = snapshot_.find(listed.target.provider);
      if (main.empty() && upstream && upstream->has_credential()) main = listed.name;
    }
    if (main.empty())
      return fail(config_error("no provider has a credential yet; mend: penstock keys set PROVIDER, or penstock login kimi"));
    made_.models = {main, main, main, main, main};
    return finish();
  }

  Result<Selection> of_model() {
    const auto plan = snapshot_.router.route(wish_.name);
    if (!plan || plan->rule == "default_model") return fail(unknown());
    const auto& target = plan->targets.front();
    const auto* provider = snapshot_.find(target.provider);
    const bool rule = std::ranges::find(config_.models, wish_.name, &config::ModelRule::name) != config_.models.end();
    if (provider && !rule) return of_provider(*provider, target.model);
    made_.path = "/to/" + path_segment(wish_.name);
    const std::string& main = wish_.model.empty() ? wish_.name : wish_.model;
    made_.models = {main, main, main, main, main};
    return finish();
  }

  Error unknown() const {
    std::vector<std::string> names;
    for (const auto& profile : config_.profiles) names.push_back(profile.name);
    for (const auto& upstream : snapshot_.upstreams) names.push_back(upstream.name);
    for (const auto& [name, variable] : snapshot_.keyless) names.push_back(name);
    for (const auto& listed : snapshot_.router.listed()) names.push_back(listed.name);
    const auto near = near_names(wish_.name, names, kNearNames);
    return client_error(ErrorKind::not_found, fmt::format("no profile, provider or model is called \"{}\"{}; penstock models lists all",
                                                          wish_.name, near.empty() ? "" : "; did you mean " + join(near, " or ") + "?"));
  }

  /// The limits and labels, from where the models lead.
  Result<Selection> finish() {
    const auto& models = made_.models;
    made_.labels = {label(models.main), label(models.opus), label(models.sonnet), label(models.haiku), ""};
    const auto target = lookup(models.main);
    if (!target) return fail(target.error());
    made_.provider = snapshot_.find(target->provider);
    if (made_.provider && !made_.provider->has_credential()) return fail(no_key({made_.provider->name, made_.provider->key_variable}));
    if (const auto* model = made_.provider ? made_.provider->find(target->model) : nullptr) {
      made_.window = model->window;
      made_.max_output = model->max_output;
    }
    return std::move(made_);
  }

  Result<config::Target> lookup(const std::string& model) const {
    // As the gateway will read the path: decoded.
    const std::string path_target = made_.path.empty() ? "" : percent_decode(std::string_view(made_.path).substr(4));
    TRY(auto plan, snapshot_.router.route(model, path_target));
    return plan.targets.front();
  }

  std::string label(const std::string& model) const {
    const auto target = lookup(model);
    const auto* provider = target ? snapshot_.find(target->provider) : nullptr;
    if (!provider) return {};
    const auto* known = provider->find(target->model);
    return fmt::format("{} ({})", known && !known->display_name.empty() ? known->display_name : target->model, provider->display_name);
  }

  const Wish& wish_;
  const config::Config& config_;
  const gateway::Snapshot& snapshot_;
  Selection made_;
};

}  // namespace

std::string wished_model(const config::Environment& environment) {
  const auto model = environment("ANTHROPIC_MODEL").value_or("");
  return environment("PENSTOCK_MODEL") == model ? "" : model;
}

Result<Selection> select(const Wish& wish, const config::Config& config, const gateway::Snapshot& snapshot) {
  return Selector(wish, config, snapshot).select();
}

}  // namespace penstock::launch
