// penstock models: every name that a client may ask for.
#include <fmt/format.h>

#include <memory>

#include "app/build.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/setup.h"

namespace penstock::cli {

namespace {

std::string dollars(std::int64_t nano_per_thousand) { return fmt::format("{:.6g}", static_cast<double>(nano_per_thousand) / 1e6); }

std::string price_text(const gateway::UpstreamModel* model) {
  if (!model || !model->price.known) return "-";
  return fmt::format("{} / {} / {}", dollars(model->price.input), dollars(model->price.cache_read), dollars(model->price.output));
}

void print_json(const gateway::Snapshot& snapshot, const policy::ListedModel& listed, bool first) {
  const auto* upstream = snapshot.find(listed.target.provider);
  const auto* model = upstream ? upstream->find(listed.target.model) : nullptr;
  fmt::print(R"({}{{"name":{},"target":{},"window":{},"max_output":{},"vision":{})", first ? "" : ",\n", json_quote(listed.name),
             json_quote(listed.target.provider + "/" + listed.target.model), model ? model->window : 0, model ? model->max_output : 0,
             model && model->vision ? "true" : "false");
  if (model && model->price.known)
    fmt::print(R"(,"price":{{"input":{},"output":{},"cache_read":{},"cache_write":{}}})", dollars(model->price.input),
               dollars(model->price.output), dollars(model->price.cache_read), dollars(model->price.cache_write));
  fmt::print("}}");
}

void print_row(const gateway::Snapshot& snapshot, const policy::ListedModel& listed) {
  const auto* upstream = snapshot.find(listed.target.provider);
  const auto* model = upstream ? upstream->find(listed.target.model) : nullptr;
  const auto tokens = [](std::uint64_t count) { return count == 0 ? std::string("-") : std::to_string(count); };
  fmt::print("{:<44} {:<44} {:>9} {:>8}  {:<6} {}\n", printable(listed.name), printable(listed.target.provider + "/" + listed.target.model),
             tokens(model ? model->window : 0), tokens(model ? model->max_output : 0), model && model->vision ? "images" : "text",
             price_text(model));
}

int models(const Common& common) {
  auto setup = read_setup(common);
  if (!setup) return report(setup.error());
  const auto built = app::build_snapshot(setup->config, {&setup->catalog, credentials::process_places(), nullptr, 1});
  if (!built) return report({kConfigFault, built.error().message});
  const auto& snapshot = *built->snapshot;
  const auto listed = snapshot.router.listed();
  if (common.json) {
    fmt::print("[");
    for (std::size_t i = 0; i < listed.size(); ++i) print_json(snapshot, listed[i], i == 0);
    fmt::print("]\n");
    return kDone;
  }
  fmt::print("{:<44} {:<44} {:>9} {:>8}  {:<6} {}\n", "NAME", "TARGET", "WINDOW", "OUTPUT", "SEES", "US$ PER MILLION: IN / CACHED / OUT");
  for (const auto& one : listed) print_row(snapshot, one);
  for (const auto& warning : built->warnings) fmt::print(stderr, "{}\n", printable(warning));
  return kDone;
}

}  // namespace

void add_models(CLI::App& app, int& code) {
  auto common = std::make_shared<Common>();
  auto* command = app.add_subcommand("models", "every name that a client may ask for");
  with_config(*command, *common);
  with_json(*command, *common);
  command->callback([common, &code] { code = models(*common); });
}

}  // namespace penstock::cli
