#include "cli/models_refresh.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "app/ask_models.h"
#include "app/background.h"
#include "app/model_lists.h"
#include "base/text.h"
#include "catalog/list_file.h"
#include "credentials/renewal.h"

namespace penstock::cli {

namespace {

constexpr std::size_t kAtOnce = 4;

/// What the refresh works on; `built` points into the others.
struct Ground {
  Setup setup;
  app::Built built;
  [[nodiscard]] const gateway::Snapshot& snapshot() const { return *built.snapshot; }
};

/// What became of one provider.
struct Refreshed {
  const gateway::Upstream* upstream;
  Result<catalog::ProviderList> list;
};

const config::Provider* entry_of(const config::Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.providers, name, &config::Provider::name);
  return found == config.providers.end() ? nullptr : &*found;
}

std::string variable(const Setup& setup, const char* upper, const char* lower) {
  const auto value = setup.options.environment(upper).value_or("");
  return value.empty() ? setup.options.environment(lower).value_or("") : value;
}

/// The key, or the access token of a login, a new one where the old one is over.
Result<Secret> secret_of(const gateway::Credential& credential) {
  if (!credential.token_source) return credential.key;
  TRY(auto tokens, credentials::renew_patiently(credential.token_source->login(), {},
                                                [](std::chrono::seconds pause) { std::this_thread::sleep_for(pause); }));
  return std::move(tokens.access);
}

Result<app::ListQuestion> question_for(const Ground& ground, const gateway::Upstream& upstream, const gateway::Credential& credential) {
  const auto* entry = entry_of(ground.setup.config, upstream.name);
  app::ListQuestion question;
  question.upstream = &upstream;
  question.row = ground.setup.catalog.find(entry ? std::string_view(entry->catalog) : std::string_view(upstream.name));
  TRY(question.credential, secret_of(credential));
  question.credential_source = credential.source;
  if (entry && entry->proxy) {
    if (*entry->proxy != "none") question.https_proxy = *entry->proxy;
  } else {
    question.https_proxy = variable(ground.setup, "HTTPS_PROXY", "https_proxy");
    question.no_proxy = variable(ground.setup, "NO_PROXY", "no_proxy");
  }
  return question;
}

/// With the keys of a pool in turn, as long as they are refused.
Result<std::vector<catalog::Model>> ask_with_any(const Ground& ground, const gateway::Upstream& upstream) {
  Result<std::vector<catalog::Model>> models = fail(internal_error("there is no credential to ask with"));
  for (const auto& credential : upstream.credentials) {
    const auto question = question_for(ground, upstream, credential);
    if (question)
      models = app::ask_models(*question, net::fetch);
    else
      models = fail(question.error());  // a login that cannot be renewed: another one may do
    if (models || (question && models.error().kind != ErrorKind::authentication)) break;
  }
  return models;
}

Result<catalog::ProviderList> refresh_one(const Ground& ground, const gateway::Upstream& upstream) {
  TRY(auto models, ask_with_any(ground, upstream));
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  catalog::ProviderList list{upstream.name, upstream.base_url, now, std::move(models)};
  TRY_STATUS(app::store_list(app::model_list_folder(ground.setup.options.environment), list));
  return list;
}

/// A few at a time; the answers in the order of the providers.
std::vector<Refreshed> refresh_all(const Ground& ground, const std::vector<const gateway::Upstream*>& upstreams) {
  std::vector<Refreshed> done;
  for (std::size_t first = 0; first < upstreams.size(); first += kAtOnce) {
    std::vector<std::future<Result<catalog::ProviderList>>> running;
    const auto last = std::min(first + kAtOnce, upstreams.size());
    for (auto i = first; i < last; ++i)
      running.push_back(std::async(std::launch::async, [&ground, upstream = upstreams[i]] { return refresh_one(ground, *upstream); }));
    for (auto i = first; i < last; ++i) done.push_back({upstreams[i], running[i - first].get()});
  }
  return done;
}

/// Models that neither a row nor the configuration has.
std::size_t count_new(const Refreshed& one) {
  const auto is_new = [&](const catalog::Model& model) {
    const auto* known = one.upstream->find(model.id);
    return !known || !known->listed.empty();
  };
  return static_cast<std::size_t>(std::ranges::count_if(one.list->models, is_new));
}

std::string json_row(const Refreshed& one) {
  const auto name = json_quote(one.upstream->name);
  if (!one.list) return fmt::format(R"({{"provider":{},"error":{}}})", name, json_quote(one.list.error().message));
  return fmt::format(R"({{"provider":{},"models":{},"new":{},"date":{}}})", name, one.list->models.size(), count_new(one),
                     json_quote(catalog::day_of(one.list->asked)));
}

void tell(const Refreshed& one) {
  const auto& name = one.upstream->name;
  if (!one.list)
    fmt::print(stderr, "{}: {}\n", name, printable(one.list.error().message));
  else
    fmt::print("{}: {} models, {} of them known from its list alone\n", name, one.list->models.size(), count_new(one));
}

void print(const std::vector<Refreshed>& done, bool json) {
  if (!json) {
    std::ranges::for_each(done, tell);
    return;
  }
  std::vector<std::string> rows;
  std::ranges::transform(done, std::back_inserter(rows), json_row);
  fmt::print("[{}]\n", join(rows, ",\n"));
}

/// The file of a gateway that runs with another one than this call found; empty: there is none.
std::string other_configuration(const Setup& setup) {
  const auto running = app::find_running(setup.options.environment);
  if (!running || !*running || (*running)->config_path.empty()) return {};
  const auto& theirs = (*running)->config_path;
  std::error_code error;
  return std::filesystem::equivalent(setup.config.path, theirs, error) ? std::string() : theirs;
}

/// Why this one cannot be asked; empty when it can.
std::string why_not(const gateway::Upstream& upstream) {
  if (upstream.passthrough) return "it gets the client's own credential, and there is none here; give it a key to ask it";
  if (!upstream.has_credential()) return fmt::format("there is no credential for {0}; mend: penstock keys set {0}", upstream.name);
  return {};
}

std::expected<std::vector<const gateway::Upstream*>, Failure> choose(const Ground& ground, const std::string& provider) {
  const auto& snapshot = ground.snapshot();
  if (provider.empty()) {
    std::vector<const gateway::Upstream*> all;
    for (const auto& upstream : snapshot.upstreams)
      if (upstream.visible && why_not(upstream).empty()) all.push_back(&upstream);
    if (all.empty()) return std::unexpected(Failure{kFailed, "no provider has a credential yet; mend: penstock keys set PROVIDER"});
    return all;
  }
  const auto* upstream = snapshot.find(provider);
  if (!upstream) return std::unexpected(no_such_provider(ground.setup, ground.built, provider));
  if (const auto why = why_not(*upstream); !why.empty()) return std::unexpected(Failure{kFailed, provider + ": " + why});
  return std::vector{upstream};
}

}  // namespace

Failure no_such_provider(const Setup& setup, const app::Built& built, const std::string& provider) {
  if (const auto why = built.snapshot->router.why_absent(provider); !why.empty()) return {kFailed, std::string(why)};
  auto names = setup.catalog.names();
  for (const auto& upstream : built.snapshot->upstreams) names.push_back(upstream.name);
  const auto near = near_names(provider, names, 3);
  auto text = fmt::format("no provider in use is called {}", json_quote(provider));
  if (!near.empty()) text += "; near names: " + join(near, ", ");
  if (const auto other = other_configuration(setup); !other.empty())
    text += "; the gateway that runs has another configuration: --config " + other;
  return {kWrongUsage, std::move(text)};
}

int refresh_models(const Common& common, const std::string& provider) {
  auto setup = read_setup(common);
  if (!setup) return report(setup.error());
  Ground ground{std::move(*setup), {}};
  const auto places = credentials::process_places(ground.setup.config.credential_store);
  auto built = app::build_snapshot(ground.setup.config, {&ground.setup.catalog, places, nullptr, 0});
  if (!built) return report({kConfigFault, built.error().message});
  ground.built = std::move(*built);
  const auto chosen = choose(ground, provider);
  if (!chosen) return report(chosen.error());
  const auto done = refresh_all(ground, *chosen);
  print(done, common.json);
  return std::ranges::any_of(done, [](const auto& one) { return one.list.has_value(); }) ? kDone : kFailed;
}

}  // namespace penstock::cli
