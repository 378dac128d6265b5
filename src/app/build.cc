#include "app/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "app/build_search.h"
#include "app/build_upstream.h"
#include "app/model_lists.h"
#include "app/profiles.h"
#include "base/text.h"
#include "config/values.h"
#include "dialect/digest.h"
#include "policy/hash.h"

namespace penstock::app {

namespace {

using config::Config;

const config::Provider* configured(const Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.providers, name, &config::Provider::name);
  return found == config.providers.end() ? nullptr : &*found;
}

/// Providers that the file names in targets without listing them.
std::vector<std::string> referenced(const Config& config) {
  std::vector<std::string> names;
  for (const auto& rule : config.models)
    for (const auto& target : rule.to) names.push_back(target.provider);
  const auto add = [&](const std::string& name) { names.push_back(name.substr(0, name.find('/'))); };
  add(config.default_model);
  for (const auto& profile : config.profiles)
    for (const auto* name : {&profile.provider, &profile.main, &profile.opus, &profile.sonnet, &profile.haiku, &profile.subagent})
      add(*name);
  for (const auto& route : config.routes)
    for (const auto& name : route.to) add(name);
  for (const auto* chains : {&config.fallbacks.on_error, &config.fallbacks.on_context_overflow, &config.fallbacks.on_refusal})
    for (const auto& [name, chain] : *chains)
      for (const auto& next : chain) add(next);
  return names;
}

std::vector<std::string> local_hosts(const Config& config) {
  std::vector<std::string> hosts{"localhost", "127.0.0.1", "::1"};
  for (const auto& address : config.server.listen) hosts.push_back(to_lower(address.host));
  for (const auto& host : config.server.hosts) hosts.push_back(to_lower(host));
  return hosts;
}

/// The built-in mock: a server of our own on loopback, reached like any other provider.
gateway::Upstream mock_upstream(std::uint16_t port, bool alone) {
  gateway::Upstream mock;
  mock.name = "mock";
  mock.display_name = "built-in mock";
  mock.dialect = "anthropic";
  mock.base_url = fmt::format("http://127.0.0.1:{}", port);
  mock.host = fmt::format("127.0.0.1:{}", port);
  mock.origin.host = "127.0.0.1";
  mock.origin.port = port;
  mock.auth = gateway::AuthScheme::none;
  mock.quirks = dialect::strict();
  mock.aggregator = true;  // its scripts are named by the model: mock/error-529, mock/slow, …
  mock.visible = alone;
  gateway::UpstreamModel echo;
  echo.id = "echo";
  echo.display_name = "Echo";
  echo.window = 200'000;
  echo.max_output = 32'000;
  echo.quirks = mock.quirks;
  mock.models.push_back(std::move(echo));
  return mock;
}

policy::RoutableProvider routable(const gateway::Upstream& upstream) {
  policy::RoutableProvider provider{upstream.name, upstream.aggregator, {}, upstream.may_serve() && upstream.visible};
  for (const auto& model : upstream.models) (model.listed.empty() ? provider.models : provider.listed).push_back(model.id);
  provider.default_model = upstream.default_model;
  return provider;
}

class SnapshotBuilder {
 public:
  SnapshotBuilder(const Config& config, const Ingredients& ingredients)
      : config_(config), ingredients_(ingredients), places_(ingredients.places) {
    if (config.credential_store == config::CredentialStore::keyring && !places_.keyring)
      places_.keyring = std::make_shared<credentials::Keyring>();
  }

  Result<Built> build() {
    for (const auto& provider : config_.providers) {
      if (provider.enabled) {
        TRY_STATUS(add(provider, true));
        continue;
      }
      absent_.emplace(provider.name,
                      fmt::format("the provider {0} is switched off; remove enabled: false from providers.{0}", provider.name));
    }
    for (const auto& name : referenced(config_)) TRY_STATUS(add_from_catalog(name, true));
    for (const auto& row : ingredients_.catalog->providers) {
      if (config_.providers.empty()) {
        TRY_STATUS(row.local ? add_local(row.name) : add_from_catalog(row.name, false));
      } else if (!has(row.name) && !configured(config_, row.name)) {
        absent_.emplace(row.name,
                        fmt::format("the provider {0} is not in use, because the configuration lists providers and {0} is not among "
                                    "them; add `{0}: {{}}` under `providers`",
                                    row.name));
      }
    }
    if (!config_.web_search.url.empty()) add_search();
    finish();
    return Built{snapshot_, std::move(warnings_)};
  }

 private:
  bool has(std::string_view name) const {
    return std::ranges::find(snapshot_->upstreams, name, &gateway::Upstream::name) != snapshot_->upstreams.end();
  }

  /// A row that the file does not list: with defaults, and only when it is wanted or has a key.
  Status add_from_catalog(const std::string& name, bool wanted) {
    const auto* row = ingredients_.catalog->find(name);
    if (!row || has(name) || configured(config_, name) || (row->local && !wanted)) return {};
    config::Provider plain;
    plain.name = plain.catalog = name;
    return add(plain, wanted);
  }

  /// A server of one's own: reachable by its name, but not listed, since nothing says that it is there.
  Status add_local(const std::string& name) {
    const bool fresh = !has(name);
    TRY_STATUS(add_from_catalog(name, true));
    if (fresh && has(name)) snapshot_->upstreams.back().visible = false;
    return {};
  }

  Status add(const config::Provider& provider, bool wanted) {
    const auto* row = provider.catalog.empty() ? nullptr : ingredients_.catalog->find(provider.catalog);
    TRY(UpstreamBuilt built, build_upstream(provider, row, places_, ingredients_.refresher));
    give_standings(built.upstream);
    warn_of_loop(built.upstream);
    if (provider.health_check) give_check(built.upstream, *provider.health_check);
    if (const auto* list = ingredients_.catalog->list_of(provider.name, built.upstream.base_url)) add_listed(built.upstream, *list);
    // A keyring that cannot be asked is said once, not for each provider.
    if (!built.warning.empty() && std::ranges::find(warnings_, built.warning) == warnings_.end()) warnings_.push_back(built.warning);
    if (wanted || built.upstream.has_credential())
      snapshot_->upstreams.push_back(std::move(built.upstream));
    else
      note_keyless(built.upstream);
    return {};
  }

  void note_keyless(const gateway::Upstream& upstream) {
    const auto& [name, variable] = std::tie(upstream.name, upstream.key_variable);
    std::string why = fmt::format("there is no key for the provider {0}: penstock keys set {0}", name);
    if (!variable.empty()) why += fmt::format("; or set {} and start the gateway again", variable);
    if (!upstream.login.empty()) why += "; or log in: penstock login " + upstream.login;
    absent_.emplace(name, std::move(why));
    snapshot_->keyless.emplace(name, variable);
  }

  /// A request to such a provider would come back to us, again and again.
  void warn_of_loop(const gateway::Upstream& upstream) {
    const auto& [host, port] = std::tie(upstream.origin.host, upstream.origin.port);
    const auto is_here = [&](const config::ListenAddress& address) {
      const bool own_name = config::is_loopback({host, port}) || host == to_lower(address.host);
      return address.port == port && port != 0 && own_name;
    };
    if (std::ranges::any_of(config_.server.listen, is_here))
      warnings_.push_back(fmt::format("providers.{}: base_url {} is where this gateway itself listens, so its requests would go in circles",
                                      upstream.name, upstream.base_url));
  }

  void add_mock() {
    auto& upstreams = snapshot_->upstreams;
    auto mock = mock_upstream(ingredients_.mock_port, std::ranges::none_of(upstreams, &gateway::Upstream::visible));
    mock.credentials.resize(1);
    give_standings(mock);
    upstreams.push_back(std::move(mock));
  }

  /// A search that cannot be set up is no reason not to serve: models are told why, and so is whoever starts the gateway.
  void add_search() {
    auto backend = build_search_backend(config_.web_search, places_.environment);
    if (backend) {
      snapshot_->search = std::move(*backend);
      return;
    }
    snapshot_->search_fault = backend.error().message;
    warnings_.push_back("web search is off: " + backend.error().message);
  }

  /// The endpoints of one provider share their credentials.
  void give_standings(gateway::Upstream& upstream) {
    for (auto& credential : upstream.credentials) {
      const auto fingerprint = credential.token_source ? "login" : dialect::sha256_hex(credential.key.reveal());
      credential.standing = standing_of(upstream.name, fingerprint, credential.source);
      credential.id = policy::hash_of(fingerprint, policy::hash_of(upstream.name));
    }
    for (auto& other : upstream.others) other.credentials = upstream.credentials;
  }

  void give_check(gateway::Upstream& upstream, const config::HealthCheck& check) {
    const std::string url = upstream.base_url + check.path;
    auto standing = ingredients_.standings ? ingredients_.standings->checked(upstream.name, url)
                                           : std::make_shared<gateway::Standing>(url, policy::CooldownLimits{});
    upstream.check = {check.path, check.every, std::move(standing)};
    snapshot_->any_checked = true;
  }

  std::shared_ptr<gateway::Standing> standing_of(const std::string& provider, const std::string& fingerprint, const std::string& source) {
    if (!ingredients_.standings) return std::make_shared<gateway::Standing>(source, policy::CooldownLimits{});
    return ingredients_.standings->credential(provider, fingerprint, source);
  }

  /// Fallbacks of a name that nothing is called, and a picker that picks nothing.
  void warn_of_idle_names(const policy::Router& router) {
    const auto listed = router.listed();
    std::vector<std::string> names;
    for (const auto& one : listed) names.push_back(one.name);
    for (const auto& [key, chains] : {std::pair{"on_error", &config_.fallbacks.on_error},
                                      {"on_context_overflow", &config_.fallbacks.on_context_overflow},
                                      {"on_refusal", &config_.fallbacks.on_refusal}})
      for (const auto& [name, chain] : *chains)
        if (!name.contains('*') && !router.route(name) && router.why_absent(name).empty())
          warnings_.push_back(fmt::format("fallbacks.{}: nothing is called {}, so this is never used{}", key, config::shown(name),
                                          config::suggestion(name, names)));
    if (!listed.empty() && std::ranges::none_of(names, [&](const auto& name) { return router.is_picked(name); }))
      warnings_.push_back("picker: no name fits its patterns, so Claude Code's picker stays empty");
  }

  void finish() {
    gateway::Snapshot& made = *snapshot_;
    warnings_.insert(warnings_.begin(), config_.warnings.begin(), config_.warnings.end());
    warnings_.insert(warnings_.end(), ingredients_.catalog->remarks.begin(), ingredients_.catalog->remarks.end());
    if (ingredients_.mock_port != 0 && !has("mock")) add_mock();
    std::vector<policy::RoutableProvider> providers;
    for (const auto& upstream : made.upstreams) {
      made.by_name.emplace(upstream.name, &upstream);
      providers.push_back(routable(upstream));
    }
    std::vector<policy::RoutableProfile> profiles;
    for (const auto& profile : config_.profiles) {
      const auto models = models_of(profile, made);
      profiles.push_back({profile.name, models.main, models.opus, models.sonnet, models.haiku});
    }
    made.router = policy::Router(config_.models, std::move(providers), config_.default_model, config_.picker, std::move(profiles),
                                 config_.routes, config_.fallbacks, std::move(absent_));
    warnings_.insert(warnings_.end(), made.router.idle_routes().begin(), made.router.idle_routes().end());
    warn_of_idle_names(made.router);
    made.tokens = config_.auth_tokens;
    made.hosts = local_hosts(config_);
    made.signatures = ingredients_.signatures;
    made.max_inflight = config_.server.max_inflight;
    made.any_limited = std::ranges::any_of(made.upstreams, &gateway::Upstream::limited);
    made.retry = {config_.retry.attempts, config_.retry.backoff, config_.retry.max_backoff};
    made.deadline = config_.retry.deadline;
    made.affinity = config_.affinity == config::Affinity::session;
    made.share_background = config_.share_background;
    made.hedge_background = config_.hedge_background;
    made.max_body = config_.server.max_body;
    made.answers_model = config_.answers_model;
    made.debug = config_.log.level == "debug";
    made.json_log = config_.log.format == config::LogFormat::json;
  }

  const Config& config_;
  const Ingredients& ingredients_;
  credentials::Places places_;
  std::shared_ptr<gateway::Snapshot> snapshot_ = std::make_shared<gateway::Snapshot>();
  std::vector<std::string> warnings_;
  policy::Router::Absences absent_;  // why providers are not in service
};

}  // namespace

Result<Built> build_snapshot(const Config& config, const Ingredients& ingredients) { return SnapshotBuilder(config, ingredients).build(); }

}  // namespace penstock::app
