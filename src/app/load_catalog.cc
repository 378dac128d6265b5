#include "app/load_catalog.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace penstock::app {

namespace {

std::string read_if_there(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return file ? std::string(std::istreambuf_iterator<char>(file), {}) : std::string();
}

}  // namespace

Result<catalog::Catalog> load_catalog(const config::Environment& environment) {
  TRY(auto base, catalog::builtin());
  const auto xdg = environment("XDG_CONFIG_HOME");
  const std::string folder = (xdg && !xdg->empty() ? *xdg : environment("HOME").value_or("") + "/.config") + "/penstock";
  const std::string providers = read_if_there(folder + "/providers.yaml"), models = read_if_there(folder + "/models.yaml");
  if (providers.empty() && models.empty()) return base;
  auto own = catalog::parse(providers, models);
  if (!own) return fail(config_error(fmt::format("{}/{{providers,models}}.yaml: {}", folder, own.error().message)));
  return catalog::merge(std::move(base), *own);
}

}  // namespace penstock::app
