// What a client asks for, and where it goes. Pure: built once from a configuration, never changed after, shared between workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "llm/facts.h"
#include "policy/fallback_chains.h"
#include "policy/model_name.h"
#include "policy/plan.h"
#include "policy/request_kind.h"

namespace penstock::policy {

/// A provider as far as routing cares.
struct RoutableProvider {
  std::string name;
  bool aggregator = false;          // takes any model id behind its name
  std::vector<std::string> models;  // ids it is known to have, the first is its default; none: takes any id, under every spelling
  bool has_credential = false;      // without one it still routes: the answer then says which key is missing
  std::vector<std::string> listed;  // more ids, which only its own list tells: a bare id means them when nobody has it among `models`
  std::string default_model;        // with no `models`: the one of `listed` that stands for it; empty: none
};

/// A profile as a path target: names as find() takes them; the tiers are never empty.
struct RoutableProfile {
  std::string name;
  std::string main, opus, sonnet, haiku;
};

/// What a request shows besides the name that it asks for. The views outlive the call.
struct RouteSigns {
  Kinds kinds;                              // all but long_context
  std::string_view subagent_model;          // of CCR's tag, when it counts (honours_subagent_tag)
  const llm::Facts* facts = nullptr;        // with `tokens`
  std::function<std::uint64_t()> tokens{};  // of the input, estimated; only asked for when a long_context route may hold
};

/// A name that GET /v1/models offers.
struct ListedModel {
  std::string name;          // undecorated: a rule's name, or provider/model
  config::Target target;     // where it goes first
  std::string display_name;  // as a rule gives it; empty: none
};

/// What decides first: the model of a subagent's tag; then, without a path target, the routes by kind in file order; then the name.
/// Names that a client may ask for, in this order: `models` rules in file order, `provider/model` (and CCR's `provider,model`), a bare
/// model id, a provider's bare name, `provider/model` with an id that no list has, and `default_model` for the rest. The decorations of
/// Claude Code's picker (a leading `anthropic/` or `claude-via-`, a trailing `[1m]`) are tried as part of the name first, then taken off.
class Router {
 public:
  static constexpr std::size_t kMaxName = 256;  // bytes of a model name
  static constexpr std::size_t kMaxRule = 128;
  using Absences = std::map<std::string, std::string, std::less<>>;  // by provider

  /// `picker` are globs over undecorated names. A rule to a provider that is not among `providers` fails when it is asked for. `absent`
  /// says why a provider is not: a sentence with the mend, without its full stop.
  Router(std::vector<config::ModelRule> rules, std::vector<RoutableProvider> providers, std::string default_model,
         std::vector<std::string> picker, std::vector<RoutableProfile> profiles = {}, const std::vector<config::KindRoute>& routes = {},
         const config::Fallbacks& fallbacks = {}, Absences absent = {});
  Router(Router&&) noexcept = default;
  Router& operator=(Router&&) noexcept = default;

  /// `path_target` is NAME of a path `/to/NAME/…`, empty without one: a provider, a profile or a rule's name. Fails with not_found (with
  /// near names) or invalid_request; both the client's.
  [[nodiscard]] Result<Plan> route(std::string_view asked, std::string_view path_target = {}, const RouteSigns& signs = {}) const;
  /// Routes that lead nowhere, because no provider of theirs is in service; a sentence each. They are passed over.
  [[nodiscard]] const std::vector<std::string>& idle_routes() const { return idle_routes_; }

  /// Why the provider that `name` names, alone or before a model, is not in service; empty when it is, or when nothing is known of it.
  [[nodiscard]] std::string_view why_absent(std::string_view name) const;

  /// Every name: those of rules first, then provider/model of every provider with a credential, each once.
  [[nodiscard]] std::vector<ListedModel> listed() const;
  /// The configuration lets this name into Claude Code's picker.
  [[nodiscard]] bool is_picked(std::string_view name) const;

  /// The id under which Claude Code's picker shows `name`: it starts with `anthropic` or `claude`, because clients before 2.1.223 drop all
  /// others (wire-reference 2.6), and routes to the same place as `name`.
  [[nodiscard]] std::string picker_id(std::string_view name) const;

 private:
  // What a name came to; views into this object or the asked name, so that finding allocates nothing.
  struct Found {
    enum class By { exact_rule, glob_rule, spelled_out, model_id, provider_name, path_model, path_default, path_rule };
    By by;
    std::size_t index;        // of the rule or provider
    std::string_view model;   // the model id, or what fills a rule's star
    std::string_view name{};  // that a rule's pattern matched
    [[nodiscard]] bool is_rule() const { return by == By::exact_rule || by == By::glob_rule || by == By::path_rule; }
  };
  /// What follows a group of targets; null: nothing.
  struct Next {
    const TargetList *on_error = nullptr, *on_overflow = nullptr, *on_refusal = nullptr;
  };
  /// A group whose targets do not depend on the request, so that a plan need not copy them.
  struct Prepared {
    TargetList targets;  // the group, then what follows on errors
    std::size_t fallback_from = 0;
    Next next;
    config::Balance balance = config::Balance::ordered;
  };
  struct Route {
    RequestKind kind;
    std::uint64_t over;
    std::vector<std::string> models;
    Prepared group;
    std::string words;  // for Plan::rule
  };
  using Index = std::unordered_map<std::string_view, std::size_t>;

  [[nodiscard]] std::optional<Found> find(std::string_view asked) const;
  [[nodiscard]] std::optional<Found> resolve(std::string_view name) const;
  [[nodiscard]] std::optional<Found> by_rule(std::string_view name) const;
  [[nodiscard]] std::optional<Found> by_provider(std::string_view name) const;
  [[nodiscard]] std::optional<Found> by_bare_name(std::string_view name) const;
  [[nodiscard]] std::optional<Found> by_unlisted_model(const Spellings& spellings) const;
  [[nodiscard]] std::optional<Found> by_path(std::string_view asked, std::string_view path_target) const;
  [[nodiscard]] std::optional<Found> by_profile(std::string_view asked, const RoutableProfile& profile) const;
  [[nodiscard]] Found in_provider(std::string_view asked, std::size_t provider) const;

  [[nodiscard]] bool is_listed_name(std::string_view name) const;
  [[nodiscard]] bool has_model(std::size_t provider, std::string_view id) const;
  [[nodiscard]] bool takes_any(std::size_t provider) const;
  [[nodiscard]] std::string_view default_of(std::size_t provider) const;
  void index_models();
  [[nodiscard]] bool goes_the_same_way(std::string_view a, std::string_view b) const;

  void prepare_rules();
  void prepare_routes(const std::vector<config::KindRoute>& routes);
  [[nodiscard]] TargetList targets_of(std::string_view name) const;
  [[nodiscard]] Prepared prepared(TargetList group, const Next& next, config::Balance balance) const;
  [[nodiscard]] Next next_of(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] Next next_of(const Found& found, std::string_view asked, const TargetList& group) const;
  [[nodiscard]] bool has_chains() const { return !(on_error_.empty() && on_overflow_.empty() && on_refusal_.empty()); }
  [[nodiscard]] bool has_own_next(const Found& found, std::string_view asked) const;
  [[nodiscard]] const Route* by_kind(std::string_view asked, const RouteSigns& signs) const;
  [[nodiscard]] std::optional<Found> by_tag(std::string_view path_target, const RouteSigns& signs) const;

  [[nodiscard]] Result<Plan> plan(const Found& found, std::string_view asked, std::string rule) const;
  [[nodiscard]] Plan plan(const Prepared& group, std::string_view asked, std::string rule) const;
  [[nodiscard]] TargetList targets(const Found& found) const;
  [[nodiscard]] Error leads_nowhere(const Found& found, std::string_view asked) const;
  [[nodiscard]] std::string describe(const Found& found) const;
  [[nodiscard]] Error unknown_name(std::string_view asked, std::string_view path_target) const;
  [[nodiscard]] std::vector<std::string> near_to(std::string_view wanted) const;
  [[nodiscard]] std::vector<std::string> every_name() const;

  std::vector<config::ModelRule> rules_;
  std::vector<RoutableProvider> providers_;
  std::string default_model_;
  std::vector<std::string> picker_;
  std::vector<RoutableProfile> profiles_;
  // The keys are views into rules_ and providers_, whose elements never move; hence no copies of a Router.
  Index exact_rules_;               // name -> index in rules_, the first of that name
  std::vector<std::size_t> globs_;  // indices in rules_, ascending
  Index provider_index_;            // name -> index in providers_
  Index model_index_;               // bare id -> the provider to take: the first with a credential, else the first; lists come last
  std::vector<std::unordered_set<std::string_view>> models_of_;  // beside providers_
  FallbackChains on_error_, on_overflow_, on_refusal_;
  std::vector<std::optional<Prepared>> prepared_;  // beside rules_; none for a rule with a star in its targets
  std::vector<Route> routes_;
  std::vector<std::string> idle_routes_;
  Absences absent_;
};

}  // namespace penstock::policy
