#include "cli/setup.h"

#include <fmt/format.h>

#include <cstdio>

#include "app/load_catalog.h"
#include "config/values.h"

namespace penstock::cli {

void with_config(CLI::App& command, Common& common) { command.add_option("--config", common.config, "the configuration file"); }
void with_listen(CLI::App& command, Common& common) {
  command.add_option("--listen", common.listen, "HOST:PORT; port 0 lets the system choose");
}
void with_json(CLI::App& command, Common& common) { command.add_flag("--json", common.json, "for scripts"); }

int report(const Failure& failure) {
  std::string text = failure.text;
  while (text.ends_with('\n')) text.pop_back();
  fmt::print(stderr, "{}\n", text);
  return failure.code;
}

std::expected<Setup, Failure> read_setup(const Common& common, LeftOut left_out) {
  Setup setup;
  setup.options.config_path = common.config;
  if (!common.listen.empty()) {
    const auto address = config::parse_listen(common.listen);
    if (!address) return std::unexpected(Failure{kWrongUsage, "--listen " + common.listen + ": " + address.error()});
    setup.options.listen = *address;
  }
  auto catalog = app::load_catalog(setup.options.environment);
  if (!catalog) return std::unexpected(Failure{kConfigFault, catalog.error().message});
  setup.catalog = std::move(*catalog);
  auto config = app::read_config(setup.options, setup.catalog);
  if (!config) return std::unexpected(Failure{kConfigFault, config.error()});
  setup.config = std::move(*config);
  if (left_out == LeftOut::told)
    for (const auto& [name, faults] : setup.config.left_out) fmt::print(stderr, "the profile {} is left out: {}", name, faults);
  if (setup.options.listen && !config::is_loopback(*setup.options.listen) && setup.config.auth_tokens.empty())
    return std::unexpected(Failure{
        kConfigFault, "--listen " + common.listen + " can be reached from other machines: set auth.tokens first, or listen on 127.0.0.1"});
  return setup;
}

}  // namespace penstock::cli
