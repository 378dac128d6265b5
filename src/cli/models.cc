// penstock models: every name that a client may ask for; with --refresh, providers are asked for theirs; with --forget, what was learned
// of them goes.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "app/build.h"
#include "app/learned_file.h"
#include "base/text.h"
#include "catalog/list_file.h"
#include "cli/commands.h"
#include "cli/models_refresh.h"
#include "cli/setup.h"

namespace penstock::cli {

namespace {

std::string dollars(std::int64_t nano_per_thousand) { return fmt::format("{:.6g}", static_cast<double>(nano_per_thousand) / 1e6); }

std::string price_text(const gateway::UpstreamModel* model) {
  if (!model || !model->price.known) return "-";
  return fmt::format("{} / {} / {}", dollars(model->price.input), dollars(model->price.cache_read), dollars(model->price.output));
}

/// 0 is what nobody knows.
std::string count_or(std::uint64_t count, const char* unknown) { return count == 0 ? unknown : std::to_string(count); }

const char* sees(const gateway::UpstreamModel* model, const char* unknown, const char* images, const char* text) {
  return !model ? unknown : model->vision ? images : text;
}

std::int64_t unix_now() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

/// What gateways found out; a file that cannot be read is worth a word, and no more.
gateway::Lessons learned() {
  auto lessons = app::read_learned(app::learned_path(config::process_environment()), unix_now());
  if (lessons) return std::move(*lessons);
  fmt::print(stderr, "{}\n", printable(lessons.error().message));
  return {};
}

void print_learned_json(const gateway::Lessons& lessons, const std::string& target) {
  const auto found = lessons.find(target);
  if (found == lessons.end()) return;
  std::string list;
  for (const auto& [repair, since] : found->second)
    list += fmt::format("{}{}:{}", list.empty() ? "" : ",", json_quote(repair.quirk), json_quote(repair.value));
  fmt::print(R"(,"learned":{{{}}})", list);
}

void print_json(const gateway::Snapshot& snapshot, const gateway::Lessons& lessons, const policy::ListedModel& listed, bool first) {
  const auto* upstream = snapshot.find(listed.target.provider);
  const auto* model = upstream ? upstream->find(listed.target.model) : nullptr;
  fmt::print(R"({}{{"name":{},"target":{},"window":{},"max_output":{},"vision":{})", first ? "" : ",\n", json_quote(listed.name),
             json_quote(listed.target.provider + "/" + listed.target.model), count_or(model ? model->window : 0, "null"),
             count_or(model ? model->max_output : 0, "null"), sees(model, "null", "true", "false"));
  if (model && model->price.known)
    fmt::print(R"(,"price":{{"input":{},"output":{},"cache_read":{},"cache_write":{}}})", dollars(model->price.input),
               dollars(model->price.output), dollars(model->price.cache_read), dollars(model->price.cache_write));
  if (model && !model->listed.empty()) fmt::print(R"(,"listed":"{}")", model->listed);
  print_learned_json(lessons, listed.target.provider + "/" + listed.target.model);
  fmt::print("}}");
}

void print_row(const gateway::Snapshot& snapshot, const policy::ListedModel& listed) {
  const auto* upstream = snapshot.find(listed.target.provider);
  const auto* model = upstream ? upstream->find(listed.target.model) : nullptr;
  fmt::print("{:<44} {:<44} {:>9} {:>8}  {:<6} {}\n", printable(listed.name), printable(listed.target.provider + "/" + listed.target.model),
             count_or(model ? model->window : 0, "-"), count_or(model ? model->max_output : 0, "-"), sees(model, "-", "images", "text"),
             price_text(model));
}

/// Of these nothing more is known than that they may be asked for anything.
void print_open(const gateway::Snapshot& snapshot, const std::string& provider) {
  for (const auto& upstream : snapshot.upstreams)
    if (upstream.visible && upstream.has_credential() && upstream.models.empty() && (provider.empty() || upstream.name == provider))
      fmt::print("{:<44} {:<44} {:>9} {:>8}  {:<6} -\n", upstream.name + "/*", upstream.name + "/*", "-", "-", "-");
}

void print_json(const gateway::Snapshot& snapshot, const std::vector<policy::ListedModel>& names) {
  const auto lessons = learned();
  fmt::print("[");
  for (std::size_t i = 0; i < names.size(); ++i) print_json(snapshot, lessons, names[i], i == 0);
  fmt::print("]\n");
}

std::string age(std::int64_t asked) {
  const auto days = (unix_now() - asked) / 86'400;
  return days <= 0 ? "today" : days == 1 ? "a day old" : fmt::format("{} days old", days);
}

/// The lists that are in force, and how old they are.
void print_ages(const gateway::Snapshot& snapshot, const catalog::Catalog& catalog) {
  for (const auto& upstream : snapshot.upstreams)
    if (const auto* list = catalog.list_of(upstream.name, upstream.base_url))
      fmt::print("{}: its list of {}, {}, has {} models\n", upstream.name, catalog::day_of(list->asked), age(list->asked),
                 list->models.size());
}

/// What requests are spared since a provider refused it, a line for each target.
void print_learned(const std::string& provider) {
  for (const auto& [target, lessons] : learned()) {
    if (!provider.empty() && !target.starts_with(provider + "/")) continue;
    std::string list;
    for (const auto& [repair, since] : lessons)
      list += fmt::format("{}{}: {} ({})", list.empty() ? "" : ", ", repair.quirk, repair.value, catalog::day_of(since));
    fmt::print("{}: learned {}\n", printable(target), printable(list));
  }
}

void print_table(const gateway::Snapshot& snapshot, const std::vector<policy::ListedModel>& names) {
  fmt::print("{:<44} {:<44} {:>9} {:>8}  {:<6} {}\n", "NAME", "TARGET", "WINDOW", "OUTPUT", "SEES", "US$ PER MILLION: IN / CACHED / OUT");
  for (const auto& one : names) print_row(snapshot, one);
}

/// Those of one provider, or of all.
std::vector<policy::ListedModel> names_of(const gateway::Snapshot& snapshot, const std::string& provider) {
  auto names = snapshot.router.listed();
  if (!provider.empty()) std::erase_if(names, [&](const auto& listed) { return listed.target.provider != provider; });
  return names;
}

int models(const Common& common, const std::string& provider) {
  auto setup = read_setup(common);
  if (!setup) return report(setup.error());
  const auto built = app::build_snapshot(setup->config, {&setup->catalog, credentials::process_places(), nullptr, 1});
  if (!built) return report({kConfigFault, built.error().message});
  const auto& snapshot = *built->snapshot;
  if (!provider.empty() && !snapshot.find(provider)) return report(no_such_provider(*setup, *built, provider));
  const auto names = names_of(snapshot, provider);
  if (common.json) {
    print_json(snapshot, names);
    return kDone;
  }
  print_table(snapshot, names);
  print_open(snapshot, provider);
  print_ages(snapshot, setup->catalog);
  print_learned(provider);
  for (const auto& warning : built->warnings) fmt::print(stderr, "{}\n", printable(warning));
  return kDone;
}

/// A gateway that runs sees the file change, and follows.
int forget(const std::string& name) {
  const auto forgotten = app::forget_learned(app::learned_path(config::process_environment()), name, unix_now());
  if (!forgotten) return report({kFailed, forgotten.error().message});
  if (forgotten->empty())
    return report(
        {kFailed, fmt::format("nothing was learned of {}; what a gateway learns is written down within seconds", json_quote(name))});
  for (const auto& target : *forgotten) fmt::print("{}: forgotten\n", printable(target));
  return kDone;
}

struct ModelOptions {
  Common common;
  std::string provider, forget;
  bool refresh = false;
};

}  // namespace

void add_models(CLI::App& app, int& code) {
  auto options = std::make_shared<ModelOptions>();
  auto* command = app.add_subcommand("models", "every name that a client may ask for, with target, window and price");
  command->add_option("provider", options->provider, "only this one");
  command->add_flag("--refresh", options->refresh, "ask the providers for their lists of models, and keep these");
  command->add_option("--forget", options->forget, "forget what was learned of PROVIDER/MODEL, or of a PROVIDER's models");
  with_config(*command, options->common);
  with_json(*command, options->common);
  command->callback([options, &code] {
    if (!options->forget.empty())
      code = forget(options->forget);
    else
      code = options->refresh ? refresh_models(options->common, options->provider) : models(options->common, options->provider);
  });
}

}  // namespace penstock::cli
