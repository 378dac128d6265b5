#include "app/load_catalog.h"

#include <fmt/format.h>

#include "app/model_lists.h"
#include "base/plain_file.h"

namespace penstock::app {

namespace {

constexpr std::size_t kMostRead = 4U << 20;

Result<std::string> read_if_there(const std::string& path) {
  TRY(auto text, read_plain_file(path, kMostRead));
  return std::move(text).value_or("");
}

/// The built-in rows, with the user's over them.
Result<catalog::Catalog> load_rows(const config::Environment& environment) {
  TRY(auto base, catalog::builtin());
  const auto home = config::config_home(environment);
  if (home.empty()) return base;
  const std::string folder = home + "/penstock";
  TRY(const auto providers, read_if_there(folder + "/providers.yaml"));
  TRY(const auto models, read_if_there(folder + "/models.yaml"));
  if (providers.empty() && models.empty()) return base;
  auto own = catalog::parse(providers, models);
  const auto* faulty = catalog::parse(providers, "") ? "models" : "providers";
  if (!own) return fail(config_error(fmt::format("{}/{}.yaml: {}", folder, faulty, own.error().message)));
  return catalog::merge(std::move(base), *own);
}

}  // namespace

Result<catalog::Catalog> load_catalog(const config::Environment& environment) {
  TRY(auto catalog, load_rows(environment));
  read_lists(model_list_folder(environment), catalog);
  return catalog;
}

}  // namespace penstock::app
