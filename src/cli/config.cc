// penstock config check, show, path, reference.
#include <fmt/format.h>

#include "app/build.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "config/effective.h"
#include "config/reference.h"

namespace penstock::cli {

int config_check(const Common& common) {
  auto setup = read_setup(common);
  if (!setup) return report(setup.error());
  const auto built = app::build_snapshot(setup->config, {&setup->catalog, credentials::process_places(), nullptr, 1});
  if (!built) return report({kConfigFault, (setup->config.path.empty() ? "" : setup->config.path + ": ") + built.error().message});
  for (const auto& warning : built->warnings) fmt::print(stderr, "{}\n", warning);
  fmt::print("{}: no faults\n", setup->config.path.empty() ? "no configuration file" : setup->config.path);
  return kDone;
}

int config_show(const Common& common) {
  auto setup = read_setup(common);
  if (!setup) return report(setup.error());
  if (setup->options.listen) setup->config.server.listen = {*setup->options.listen};
  fmt::print("{}", config::effective(setup->config));
  return kDone;
}

int config_path(const Common& common) {
  const auto path = config::find_file(common.config, config::process_environment());
  if (path.empty()) return report({kFailed, "no configuration file was found; Penstock runs without one"});
  fmt::print("{}\n", path);
  return kDone;
}

int config_reference() {
  fmt::print("{}", config::reference_page());
  return kDone;
}

}  // namespace penstock::cli
