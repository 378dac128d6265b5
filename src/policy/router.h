// What a client asks for, and where it goes. Pure: built once from a configuration, never changed after, shared between workers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace penstock::policy {

/// A provider as far as routing cares.
struct RoutableProvider {
  std::string name;
  bool aggregator = false;          // takes any model id behind its name
  std::vector<std::string> models;  // ids it is known to have, the first is its default; none: takes any id
  bool has_credential = false;      // without one it still routes: the answer then says which key is missing
};

/// A profile as a path target: names as find() takes them; the tiers are never empty.
struct RoutableProfile {
  std::string name;
  std::string main, opus, sonnet, haiku;
};

/// Where one request goes, and why.
struct Plan {
  std::vector<config::Target> targets;  // never empty, best first; stars filled, providers known
  std::string rule;                     // for x-penstock-route: printable ASCII, at most kMaxRule bytes
  std::string asked;                    // as the client wrote it
  bool million = false;                 // the name carried [1m]: the client counts on a window of a million tokens
};

/// A name that GET /v1/models offers.
struct ListedModel {
  std::string name;          // undecorated: a rule's name, or provider/model
  config::Target target;     // where it goes first
  std::string display_name;  // as a rule gives it; empty: none
};

/// Names that a client may ask for, in this order: `models` rules in file order, `provider/model` (and CCR's `provider,model`), a bare
/// model id, a provider's bare name, and `default_model` for the rest. The decorations of Claude Code's picker (a leading `anthropic/` or
/// `claude-via-`, a trailing `[1m]`) are tried as part of the name first, then taken off.
class Router {
 public:
  static constexpr std::size_t kMaxName = 256;  // bytes of a model name
  static constexpr std::size_t kMaxRule = 128;

  /// `picker` are globs over undecorated names. A rule to a provider that is not among `providers` fails when it is asked for.
  Router(std::vector<config::ModelRule> rules, std::vector<RoutableProvider> providers, std::string default_model,
         std::vector<std::string> picker, std::vector<RoutableProfile> profiles = {});
  Router(Router&&) noexcept = default;
  Router& operator=(Router&&) noexcept = default;

  /// `path_target` is NAME of a path `/to/NAME/…`, empty without one: a provider, a profile or a rule's name. Fails with not_found (with
  /// near names) or invalid_request; both the client's.
  [[nodiscard]] Result<Plan> route(std::string_view asked, std::string_view path_target = {}) const;

  /// What the picker may show: rule names first, then provider/model of every provider with a credential, each name once.
  [[nodiscard]] std::vector<ListedModel> listed() const;

  /// The id under which Claude Code's picker shows `name`: it starts with `anthropic` or `claude`, because clients before 2.1.223 drop all
  /// others (wire-reference 2.6), and routes to the same place as `name`.
  [[nodiscard]] std::string picker_id(std::string_view name) const;

 private:
  // What a name came to; views into this object or the asked name, so that finding allocates nothing.
  struct Found {
    enum class By { exact_rule, glob_rule, spelled_out, model_id, provider_name, path_model, path_default, path_rule };
    By by;
    std::size_t index;       // of the rule or provider
    std::string_view model;  // the model id, or what fills a rule's star
  };
  using Index = std::unordered_map<std::string_view, std::size_t>;

  [[nodiscard]] std::optional<Found> find(std::string_view asked) const;
  [[nodiscard]] std::optional<Found> resolve(std::string_view name) const;
  [[nodiscard]] std::optional<Found> by_rule(std::string_view name) const;
  [[nodiscard]] std::optional<Found> by_provider(std::string_view name) const;
  [[nodiscard]] std::optional<Found> by_bare_name(std::string_view name) const;
  [[nodiscard]] std::optional<Found> by_path(std::string_view asked, std::string_view path_target) const;
  [[nodiscard]] std::optional<Found> by_profile(std::string_view asked, const RoutableProfile& profile) const;
  [[nodiscard]] Found in_provider(std::string_view asked, std::size_t provider) const;

  [[nodiscard]] bool is_listed_name(std::string_view name) const;
  [[nodiscard]] bool has_model(std::size_t provider, std::string_view id) const;
  [[nodiscard]] bool takes_any(std::size_t provider) const;
  [[nodiscard]] bool goes_the_same_way(std::string_view a, std::string_view b) const;

  [[nodiscard]] Result<Plan> plan(const Found& found, std::string_view asked, bool by_default) const;
  [[nodiscard]] std::vector<config::Target> targets(const Found& found) const;
  [[nodiscard]] std::string describe(const Found& found, bool by_default) const;
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
  Index model_index_;               // bare id -> the provider to take: the first with a credential, else the first
  std::vector<std::unordered_set<std::string_view>> models_of_;  // beside providers_
};

}  // namespace penstock::policy
