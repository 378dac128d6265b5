#include "catalog/catalog.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "base/url.h"
#include "catalog/embedded.h"
#include "catalog/rows.h"

namespace penstock::catalog {

namespace {

template <typename Row>
Row* find_in(std::vector<Row>& rows, std::string_view key, std::string Row::* member) {
  const auto found = std::ranges::find(rows, key, member);
  return found == rows.end() ? nullptr : &*found;
}

void merge_models(std::vector<Model>& base, const std::vector<Model>& over) {
  for (const Model& model : over) {
    if (Model* known = find_in(base, model.id, &Model::id)) {
      *known = model;
    } else {
      base.push_back(model);
    }
  }
}

/// In the place of what `base` has of that dialect.
void merge_api(Provider& base, const Endpoint& api) {
  if (Endpoint* known = find_in(base.apis, api.dialect, &Endpoint::dialect)) {
    *known = api;
  } else if (api.dialect != base.dialect) {
    base.apis.push_back(api);
  } else {
    base.base_url = api.base_url;
    base.auth = api.auth;
    base.auth_header = api.auth_header;
    base.quirks = api.quirks;
    base.model_quirks = api.model_quirks;
  }
}

void merge_provider(Provider& base, const Provider& over) {
  std::vector<Model> models = std::move(base.models);
  merge_models(models, over.models);
  if (!over.base_url.empty()) {
    base = over;
  } else {
    for (const Endpoint& api : over.apis) merge_api(base, api);
  }
  base.models = std::move(models);
}

void lay_over(std::map<std::string, std::string>& quirks, const std::map<std::string, std::string>& more) {
  for (const auto& [name, word] : more) quirks[name] = word;
}

void lay_patterns_under_models(Provider& provider) {
  const Endpoint main = provider.main_api();
  for (Model& model : provider.models) {
    auto all = main.quirks_by_pattern(model.id);
    lay_over(all, model.quirks);
    model.quirks = std::move(all);
  }
}

}  // namespace

std::map<std::string, std::string> Endpoint::quirks_by_pattern(std::string_view id) const {
  std::map<std::string, std::string> all;
  for (const auto& [pattern, more] : model_quirks)
    if (matches_glob(pattern, id)) lay_over(all, more);
  return all;
}

void Endpoint::take_usual_auth() {
  if (!auth.empty()) return;
  if (dialect == "gemini") {
    auth = "header";
    if (auth_header.empty()) auth_header = "x-goog-api-key";
  } else {
    auth = dialect == "anthropic" ? "x-api-key" : "bearer";
  }
}

const Model* Provider::find(std::string_view id) const {
  const auto found = std::ranges::find(models, id, &Model::id);
  return found == models.end() ? nullptr : &*found;
}

std::map<std::string, std::string> Provider::quirks_of(std::string_view id) const {
  auto all = quirks;
  lay_over(all, main_api().quirks_by_pattern(id));
  if (const Model* model = find(id)) lay_over(all, model->quirks);
  return all;
}

Endpoint Provider::main_api() const { return {dialect, base_url, auth, auth_header, false, quirks, model_quirks, source, date}; }

const Endpoint* Provider::find_api(std::string_view wanted) const {
  const auto found = std::ranges::find(apis, wanted, &Endpoint::dialect);
  return found == apis.end() ? nullptr : &*found;
}

std::vector<std::string> Provider::dialects() const {
  std::vector<std::string> all{dialect};
  std::ranges::transform(apis, std::back_inserter(all), &Endpoint::dialect);
  return all;
}

const Provider* Catalog::find(std::string_view name) const {
  const auto found = std::ranges::find(providers, name, &Provider::name);
  return found == providers.end() ? nullptr : &*found;
}

const ProviderList* Catalog::list_of(std::string_view name, std::string_view base_url) const {
  const auto found = std::ranges::find(lists, name, &ProviderList::provider);
  return found == lists.end() || found->base_url != base_url ? nullptr : &*found;
}

std::vector<std::string> Catalog::names() const {
  std::vector<std::string> names;
  std::ranges::transform(providers, std::back_inserter(names), &Provider::name);
  return names;
}

std::map<std::string, std::vector<std::string>> Catalog::dialects() const {
  std::map<std::string, std::vector<std::string>> all;
  for (const auto& provider : providers) all.emplace(provider.name, provider.dialects());
  return all;
}

Result<Catalog> parse(std::string_view providers_yaml, std::string_view models_yaml) {
  Catalog catalog;
  TRY(catalog.providers, read_providers(providers_yaml));
  TRY(const auto blocks, read_models(models_yaml));
  for (const auto& [name, models] : blocks) {
    Provider* provider = find_in(catalog.providers, name, &Provider::name);
    if (provider == nullptr) {
      provider = &catalog.providers.emplace_back();
      provider->name = name;
    }
    provider->models = models;
    lay_patterns_under_models(*provider);
  }
  return catalog;
}

bool is_token_url(std::string_view text) {
  const auto url = parse_url(text);
  return url && (url->tls || url->host == "127.0.0.1" || url->host == "::1" || url->host == "localhost");
}

Result<Catalog> builtin() { return parse(kProvidersYaml, kModelsYaml); }

Catalog merge(Catalog base, const Catalog& over) {
  for (const Provider& provider : over.providers) {
    if (Provider* known = find_in(base.providers, provider.name, &Provider::name)) {
      merge_provider(*known, provider);
    } else {
      base.providers.push_back(provider);
    }
  }
  return base;
}

}  // namespace penstock::catalog
