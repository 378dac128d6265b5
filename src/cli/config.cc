// penstock config check, show, path, reference, schema.
#include <fmt/format.h>

#include <memory>

#include "app/build.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "config/effective.h"
#include "config/json_schema.h"
#include "config/reference.h"

namespace penstock::cli {

namespace {

int config_check(const Common& common) {
  auto setup = read_setup(common, LeftOut::untold);
  if (!setup) return report(setup.error());
  std::string faults;
  for (const auto& [name, lines] : setup->config.left_out) faults += lines;
  if (!faults.empty()) return report({kConfigFault, faults});
  const auto built = app::build_snapshot(setup->config, {&setup->catalog, credentials::process_places(), nullptr, 1});
  if (!built) return report({kConfigFault, (setup->config.path.empty() ? "" : setup->config.path + ": ") + built.error().message});
  for (const auto& warning : built->warnings) fmt::print(stderr, "warning: {}\n", warning);
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

int config_schema() {
  fmt::print("{}", config::json_schema());
  return kDone;
}

void add(CLI::App& parent, const char* name, const char* help, int& code, int (*run)(const Common&)) {
  auto common = std::make_shared<Common>();
  auto* command = parent.add_subcommand(name, help);
  with_config(*command, *common);
  command->callback([common, run, &code] { code = run(*common); });
}

}  // namespace

void add_config(CLI::App& app, int& code) {
  auto* config = app.add_subcommand("config", "the configuration file");
  config->require_subcommand(1);
  add(*config, "check", "every fault, with file, line and column", code, config_check);
  add(*config, "show", "the effective configuration, secrets masked", code, config_show);
  add(*config, "path", "the file that is used", code, config_path);
  config->add_subcommand("reference", "docs/configuration.md")->callback([&code] { code = config_reference(); });
  config->add_subcommand("schema", "a JSON Schema of the file, for editors")->callback([&code] { code = config_schema(); });
}

}  // namespace penstock::cli
