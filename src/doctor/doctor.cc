#include "doctor/doctor.h"

#include <algorithm>
#include <array>
#include <utility>

#include "app/build.h"
#include "app/build_upstream.h"
#include "app/load_catalog.h"
#include "app/server.h"
#include "app/state_dir.h"
#include "base/text.h"
#include "doctor/checks.h"

namespace penstock::doctor {

namespace {

struct Check {
  std::string_view name;
  Rows (*run)(const Evidence&);
};

constexpr auto kChecks = std::to_array<Check>({
    {"configuration", check_configuration},  // valid, and which file
    {"permissions", check_permissions},      // who can read keys, or change where they go
    {"credentials", check_credentials},      // found where, for each provider
    {"base URL", check_base_urls},           // paths and keys that do not belong there
    {"learned", check_learned},              // what providers refused, and how to write it down for good
    {"reachable", check_reachable},          // name, connection, certificate, proxy
    {"web search", check_search},            // the search server, where there is one
    {"clock", check_clock},                  // tokens and certificates expire by it
    {"port", check_port},                    // free, or ours
    {"claude", check_claude},                // the program, and its version
    {"shell", check_variables},              // variables that lead Claude Code elsewhere
    {"settings", check_settings},            // Claude Code's own settings that do the same, and win
});

const config::Provider* entry_of(const config::Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.providers, name, &config::Provider::name);
  return found == config.providers.end() ? nullptr : &*found;
}

/// Points into `inputs`, which does not move any more.
Patient patient_of(const Inputs& inputs, gateway::Upstream upstream) {
  const auto* entry = entry_of(inputs.config, upstream.name);
  const auto* row = inputs.catalog.find(entry ? std::string_view(entry->catalog) : std::string_view(upstream.name));
  return {std::move(upstream), entry, row};
}

/// A provider that is not in use: without a key, switched off, or not listed.
Status add_unused(Inputs& inputs, const std::string& name) {
  const auto* entry = entry_of(inputs.config, name);
  const auto* row = inputs.catalog.find(entry ? std::string_view(entry->catalog) : std::string_view(name));
  config::Provider plain;
  plain.name = plain.catalog = name;
  TRY(auto built, app::build_upstream(entry ? *entry : plain, row, inputs.places));
  inputs.patients.push_back(patient_of(inputs, std::move(built.upstream)));
  return {};
}

Status check_known(const Inputs& inputs, const std::string& name) {
  if (name.empty() || entry_of(inputs.config, name) || inputs.catalog.find(name)) return {};
  auto names = inputs.catalog.names();
  for (const auto& entry : inputs.config.providers) names.push_back(entry.name);
  const auto near = near_names(name, names, 3);
  return fail(Error{ErrorKind::not_found, Fault::client,
                    "there is no provider \"" + name + "\"" + (near.empty() ? "" : "; near names: " + join(near, ", "))});
}

void read_configuration(Inputs& inputs, const Question& question, const config::Environment& environment) {
  auto catalog = app::load_catalog(environment);
  if (!catalog) inputs.config_faults = catalog.error().message;
  inputs.catalog = catalog ? std::move(*catalog) : catalog::builtin().value_or(catalog::Catalog{});
  app::ServeOptions options;
  options.config_path = question.config_path;
  options.environment = environment;
  if (auto config = app::read_config(options, inputs.catalog))
    inputs.config = std::move(*config);
  else
    inputs.config_faults += config.error();
}

void compile(Inputs& inputs, const std::string& only) {
  auto built = app::build_snapshot(inputs.config, {&inputs.catalog, inputs.places, nullptr, 0});
  if (!built) {
    inputs.config_faults = built.error().message;
    return;
  }
  inputs.warnings = std::move(built->warnings);
  for (const auto& upstream : built->snapshot->upstreams)
    if (upstream.visible && (only.empty() || upstream.name == only)) inputs.patients.push_back(patient_of(inputs, upstream));
}

}  // namespace

Result<std::unique_ptr<Inputs>> gather(const Question& question, const config::Environment& environment,
                                       const std::function<credentials::Places(config::CredentialStore)>& places) {
  auto inputs = std::make_unique<Inputs>();
  inputs->environment = environment;
  inputs->state_dir = app::state_dir(environment);
  read_configuration(*inputs, question, environment);
  inputs->places = places(inputs->config.credential_store);
  if (!inputs->config_faults.empty()) return inputs;
  TRY_STATUS(check_known(*inputs, question.provider));
  compile(*inputs, question.provider);
  if (inputs->patients.empty() && !question.provider.empty() && inputs->config_faults.empty())
    TRY_STATUS(add_unused(*inputs, question.provider));
  return inputs;
}

Rows examine(const Inputs& inputs, const std::vector<Probe>& probes) {
  const Evidence evidence{inputs, probes};
  Rows rows;
  for (const auto& check : kChecks)
    for (auto& row : check.run(evidence)) {
      row.check = check.name;
      rows.push_back(std::move(row));
    }
  return rows;
}

}  // namespace penstock::doctor
