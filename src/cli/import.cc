// penstock import: a configuration from another tool's.
#include <fmt/format.h>

#include <memory>
#include <vector>

#include "app/load_catalog.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "importing/import.h"

namespace penstock::cli {

namespace {

struct ImportOptions {
  std::string tool, file, output;
  bool force = false, with_keys = false, json = false;
};

void print_json(const importing::Imported& imported) {
  fmt::print("{{\"yaml\":{},\"notes\":{}}}\n", json_quote(imported.yaml), importing::to_json(imported.notes));
}

/// To standard error, so that the configuration alone goes down a pipe.
void print_notes(const importing::Imported& imported) { fmt::print(stderr, "{}", importing::to_text(imported.notes)); }

int import_file(const ImportOptions& options) {
  const auto in_file = [&](const Error& error) {
    return report({kFailed, error.message.starts_with(options.file) ? error.message : options.file + ": " + error.message});
  };
  const auto tool = importing::tool_named(options.tool);
  if (!tool) return report({kWrongUsage, "penstock import: there is no tool \"" + options.tool + "\""});
  const auto catalog = app::load_catalog(config::process_environment());
  if (!catalog) return report({kConfigFault, catalog.error().message});
  const auto source = importing::read_source(*tool, options.file);
  if (!source) return in_file(source.error());
  const auto imported = importing::import_source(*tool, *source, *catalog, {options.with_keys});
  if (!imported) return in_file(imported.error());
  if (!options.output.empty()) {
    const auto written = importing::write_output(options.output, imported->yaml, options.force);
    if (!written) return report({kFailed, written.error().message});
  }
  if (options.json) {
    print_json(*imported);
    return kDone;
  }
  if (options.output.empty()) fmt::print("{}", imported->yaml);
  print_notes(*imported);
  if (!options.output.empty())
    fmt::print(stderr, "written to {}; next: penstock config check --config {}\n", options.output, options.output);
  return kDone;
}

}  // namespace

void add_import(CLI::App& app, int& code) {
  auto options = std::make_shared<ImportOptions>();
  auto* command = app.add_subcommand("import", "a configuration from another tool's, and what could not be carried over");
  command->add_option("TOOL", options->tool, "litellm, ccr, cc-mirror or dotenv")
      ->required()
      ->check(CLI::IsMember({"litellm", "ccr", "cc-mirror", "dotenv"}));
  command->add_option("FILE", options->file, "its configuration file; for cc-mirror also a variant's folder")->required();
  command->add_option("--output", options->output, "write the configuration here (0600) instead of to standard output");
  command->add_flag("--force", options->force, "replace the output file");
  command->add_flag("--with-keys", options->with_keys, "write literal keys and tokens into the configuration");
  command->add_flag("--json", options->json, "print {yaml, notes}, for scripts");
  command->callback([options, &code] { code = import_file(*options); });
}

}  // namespace penstock::cli
