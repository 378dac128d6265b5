#include "launch/model_names.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"

namespace penstock::launch {

namespace {

const config::Provider* configured(const config::Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.providers, name, &config::Provider::name);
  return found == config.providers.end() ? nullptr : &*found;
}

/// The row behind a provider of the configuration, or of the catalogue itself; null without one.
const catalog::Provider* row_of(const catalog::Catalog& catalog, const config::Config& config, std::string_view name) {
  const auto* entry = configured(config, name);
  return catalog.find(entry ? std::string_view(entry->catalog) : name);
}

/// What the provider itself said of its models; null when it was not asked, or is another server by now.
const catalog::ProviderList* list_of(const catalog::Catalog& catalog, std::string_view name, const catalog::Provider* row,
                                     const config::Provider* entry) {
  if (entry && !entry->base_url.empty()) return catalog.list_of(name, entry->base_url);
  return row ? catalog.list_of(name, row->base_url) : nullptr;
}

policy::RoutableProvider routable(std::string name, const catalog::Provider* row, const config::Provider* entry,
                                  const catalog::ProviderList* list) {
  policy::RoutableProvider provider{std::move(name), row && row->aggregator, {}, entry != nullptr, {}, {}};
  if (row)
    for (const auto& model : row->models) provider.models.push_back(model.id);
  if (entry)
    for (const auto& model : entry->models)
      if (std::ranges::find(provider.models, model.id) == provider.models.end()) provider.models.push_back(model.id);
  if (list)
    for (const auto& model : list->models) provider.listed.push_back(model.id);
  return provider;
}

/// Those of the configuration first: a bare model id means theirs.
std::vector<policy::RoutableProvider> everyone(const catalog::Catalog& catalog, const config::Config& config) {
  std::vector<policy::RoutableProvider> providers;
  for (const auto& entry : config.providers) {
    const auto* row = row_of(catalog, config, entry.name);
    providers.push_back(routable(entry.name, row, &entry, list_of(catalog, entry.name, row, &entry)));
  }
  for (const auto& row : catalog.providers)
    if (!configured(config, row.name)) providers.push_back(routable(row.name, &row, nullptr, list_of(catalog, row.name, &row, nullptr)));
  return providers;
}

catalog::Price to_price(const config::Price& price) {
  const auto units = [](double dollars) { return static_cast<std::int64_t>(dollars * 1e6 + 0.5); };
  return {units(price.input), units(price.output), units(price.cache_read), units(price.cache_write), true};
}

const catalog::Model* find_model(const std::vector<catalog::Model>& models, std::string_view id) {
  const auto found = std::ranges::find(models, id, &catalog::Model::id);
  return found == models.end() ? nullptr : &*found;
}

/// What this one says, over what was said before.
void take(NamedModel& named, const catalog::Model* model) {
  if (!model) return;
  named.display_name = model->display_name;
  if (model->price.known) named.price = model->price;
}

std::string_view without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

}  // namespace

ModelNames::ModelNames(const catalog::Catalog& catalog, const config::Config& config)
    : catalog_(catalog), config_(config), router_(config.models, everyone(catalog, config), config.default_model, {}) {}

/// A profile is no place for the router; its provider is.
Result<policy::Plan> ModelNames::route(std::string_view asked, std::string_view place) const {
  const auto profile = std::ranges::find(config_.profiles, place, &config::Profile::name);
  if (profile != config_.profiles.end()) place = profile->provider;
  if (!place.empty())
    if (auto plan = router_.route(asked, place)) return plan;
  return router_.route(asked);
}

std::optional<NamedModel> ModelNames::find(std::string_view asked, std::string_view place) const {
  const auto plan = route(asked, place);
  if (!plan) return std::nullopt;
  const auto& target = plan->targets.front();
  NamedModel named{target.provider, target.model, {}, {}};
  const auto* row = row_of(catalog_, config_, target.provider);
  const auto* entry = configured(config_, target.provider);
  const auto* list = list_of(catalog_, target.provider, row, entry);
  if (list) take(named, find_model(list->models, target.model));
  if (row) take(named, row->find(target.model));
  if (!entry) return named;
  const auto own = std::ranges::find(entry->models, target.model, &config::ProviderModel::id);
  if (own == entry->models.end()) return named;
  if (!own->display_name.empty()) named.display_name = own->display_name;
  if (own->price) named.price = to_price(*own->price);
  return named;
}

std::optional<std::string> ModelNames::place_of(std::string_view base_url) const {
  const auto url = without_slash(base_url);
  if (url.empty()) return "anthropic";
  constexpr std::string_view kTo = "/to/";
  if (const auto at = url.find(kTo); at != std::string_view::npos) {
    const auto name = url.substr(at + kTo.size());
    return percent_decode(name.substr(0, name.find('/')));
  }
  for (const auto& entry : config_.providers)
    if (!entry.base_url.empty() && without_slash(entry.base_url) == url) return entry.name;
  for (const auto& row : catalog_.providers)
    if (without_slash(row.base_url) == url) return row.name;
  return std::nullopt;
}

}  // namespace penstock::launch
