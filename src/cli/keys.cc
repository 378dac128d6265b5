// penstock keys: set, list, remove and import provider keys. The work is in credentials/; a key is never an argument and never printed
// whole.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/read_secret.h"
#include "cli/setup.h"
#include "credentials/key_store.h"
#include "credentials/older_keys.h"

namespace penstock::cli {

namespace {

struct KeyOptions {
  Common common;
  std::string provider, from_file, from_env;
  std::vector<std::string> providers;
  bool remove_old = false;
};

/// What each of the subcommands works on.
struct Keys {
  Setup setup;
  credentials::Places places;

  [[nodiscard]] Result<credentials::Sought> sought(std::string_view provider) const {
    return credentials::sought(provider, setup.config, setup.catalog);
  }
  /// What the search comes to first for a provider that there is.
  [[nodiscard]] std::optional<credentials::Finding> first(std::string_view provider) const {
    std::optional<credentials::Finding> first;
    if (const auto whose = sought(provider))
      credentials::walk(*whose, places, [&](credentials::Finding finding) {
        first = std::move(finding);
        return false;
      });
    return first;
  }
};

std::expected<Keys, Failure> open_keys(const KeyOptions& options) {
  auto setup = read_setup(options.common);
  if (!setup) return std::unexpected(setup.error());
  auto places = credentials::process_places(setup->config.credential_store);
  return Keys{std::move(*setup), std::move(places)};
}

Result<Secret> read_key(const KeyOptions& options, const credentials::Places& places) {
  if (!options.from_file.empty()) return secret_from_file(options.from_file);
  if (!options.from_env.empty()) {
    if (const auto value = places.environment(options.from_env)) return Secret(*value);
    return fail(config_error("the variable of --from-env is not set"));  // not named: it may be the key itself
  }
  if (!::isatty(STDIN_FILENO)) return read_secret(STDIN_FILENO);
  return ask_secret(STDIN_FILENO, STDERR_FILENO, fmt::format("Key for {} (not shown): ", options.provider));
}

/// The key that was stored is not the one that will be used.
void warn_of_winner(const Keys& keys, const std::string& provider) {
  const auto whose = keys.sought(provider);
  if (whose && whose->entry && whose->entry->credentials.mode == config::CredentialMode::passthrough) {
    fmt::print(stderr, "note: the configuration has {} pass on the client's own credential, so this key is not used\n", provider);
    return;
  }
  const auto first = keys.first(provider);
  const auto ours = keys.places.keyring ? credentials::Place::keyring : credentials::Place::key_file;
  if (!first || first->place == ours) return;
  if (first->fault)
    fmt::print(stderr, "note: another place comes first and cannot be used: {}\n", first->fault->message);
  else
    fmt::print(stderr, "note: the key from {} ({}) wins over the one that was stored\n", first->source, first->key.masked());
}

int set_key(const KeyOptions& options) {
  if (!options.from_file.empty() && !options.from_env.empty())
    return report({kWrongUsage, "--from-file and --from-env exclude each other"});
  const auto keys = open_keys(options);
  if (!keys) return report(keys.error());
  if (const auto known = keys->sought(options.provider); !known) return report({kWrongUsage, known.error().message});
  auto given = read_key(options, keys->places);
  if (!given) return report({kFailed, given.error().message});
  const auto key = credentials::to_key(std::move(*given));
  if (!key) return report({kFailed, key.error().message});
  const auto where = credentials::store_key(options.provider, *key, keys->places);
  if (!where) return report({kFailed, where.error().message});
  fmt::print("{}: the key {} is in {}\n", options.provider, key->masked(), *where);
  warn_of_winner(*keys, options.provider);
  return kDone;
}

/// What comes first is used, and with it the rest of a pool: several keys stand in the configuration only there.
bool is_used(const credentials::Finding& finding, const credentials::ProviderKeys& one) {
  const auto& first = one.findings.front();
  const bool pooled = finding.place == credentials::Place::configuration && first.place == credentials::Place::configuration;
  return !finding.fault && (pooled || &finding == &first);
}

std::string json_of(const credentials::Finding& finding, bool used) {
  const auto what = finding.fault ? fmt::format(R"("fault":{})", json_quote(finding.fault->message))
                                  : fmt::format(R"("key":{})", json_quote(finding.key.masked()));
  return fmt::format(R"({{"place":{},"source":{},{},"used":{}}})", json_quote(name(finding.place)), json_quote(finding.source), what, used);
}

void print_json(const std::vector<credentials::ProviderKeys>& providers) {
  std::vector<std::string> rows;
  for (const auto& one : providers) {
    std::vector<std::string> places;
    for (const auto& finding : one.findings) places.push_back(json_of(finding, is_used(finding, one)));
    rows.push_back(
        fmt::format(R"({{"provider":{},"passthrough":{},"keys":[{}]}})", json_quote(one.provider), one.passthrough, join(places, ",")));
  }
  fmt::print("[{}]\n", join(rows, ",\n"));
}

void print_rows(const credentials::ProviderKeys& one) {
  if (one.passthrough) fmt::print("{:<18} {:<6} {:<4} {}\n", one.provider, "", "yes", "the client's own credential");
  for (const auto& finding : one.findings)
    fmt::print("{:<18} {:<6} {:<4} {}\n", one.provider, finding.fault ? "-" : finding.key.masked(), is_used(finding, one) ? "yes" : "no",
               finding.fault ? finding.fault->message : finding.source);
}

int list(const KeyOptions& options) {
  const auto keys = open_keys(options);
  if (!keys) return report(keys.error());
  for (const auto& provider : options.providers)
    if (const auto known = keys->sought(provider); !known) return report({kWrongUsage, known.error().message});
  auto listing = credentials::list_keys(keys->setup.config, keys->setup.catalog, keys->places);
  if (!options.providers.empty())
    std::erase_if(listing.providers,
                  [&](const auto& one) { return std::ranges::find(options.providers, one.provider) == options.providers.end(); });
  if (options.common.json) {
    print_json(listing.providers);
  } else if (listing.providers.empty()) {
    fmt::print(stderr, "no keys were found; `penstock keys set PROVIDER` stores one\n");
  } else {
    fmt::print("{:<18} {:<6} {:<4} {}\n", "PROVIDER", "KEY", "USED", "FOUND IN");
    for (const auto& one : listing.providers) print_rows(one);
  }
  return listing.keyring_fault.empty() ? kDone : report({kFailed, listing.keyring_fault});
}

int remove(const KeyOptions& options) {
  const auto keys = open_keys(options);
  if (!keys) return report(keys.error());
  const auto removed = credentials::remove_key(options.provider, keys->places);
  if (!removed) return report({kFailed, removed.error().message});
  // A provider that is nowhere any more may still have left a key, so only now does its name matter.
  if (const auto known = keys->sought(options.provider); removed->empty() && !known) return report({kWrongUsage, known.error().message});
  if (removed->empty()) fmt::print(stderr, "{}: Penstock's own store holds no key\n", options.provider);
  for (const auto& where : *removed) fmt::print("{}: the key is gone from {}\n", options.provider, where);
  if (const auto left = keys->first(options.provider)) fmt::print(stderr, "note: {} still has one in {}\n", options.provider, left->source);
  return removed->empty() ? kFailed : kDone;
}

/// Tells what became of one file; false when somebody has to do something.
bool tell(const credentials::ImportedKey& one) {
  const std::string gone = one.removed ? "; the older file is removed" : "";
  switch (one.outcome) {
    case credentials::Outcome::copied: fmt::print("{}: copied from {} to {}{}\n", one.provider, one.path, one.where, gone); return true;
    case credentials::Outcome::same:
      fmt::print("{}: {} holds the key of {} already{}\n", one.provider, one.where, one.path, gone);
      return true;
    case credentials::Outcome::differs:
      fmt::print(stderr, "{}: {} holds another key than {}, and stays; to take the older one: penstock keys remove {}, then import again\n",
                 one.provider, one.where, one.path, one.provider);
      return false;
    case credentials::Outcome::fault: fmt::print(stderr, "{}: {}\n", one.provider, one.message); return false;
  }
  return false;
}

int import(const KeyOptions& options) {
  const auto keys = open_keys(options);
  if (!keys) return report(keys.error());
  for (const auto& provider : options.providers)
    if (!keys->setup.catalog.find(provider))
      return report({kWrongUsage, "only providers of the catalogue have older key files, and one of these names is none"});
  const auto imported = credentials::import_keys(keys->setup.catalog, options.providers, keys->places, options.remove_old);
  bool all_well = true;
  for (const auto& one : imported) all_well = tell(one) && all_well;
  for (const auto& provider : options.providers)
    if (std::ranges::find(imported, provider, &credentials::ImportedKey::provider) == imported.end()) {
      fmt::print(stderr, "{}: there is no older key file\n", provider);
      all_well = false;
    }
  if (imported.empty() && options.providers.empty()) fmt::print(stderr, "there are no older key files (~/.{{Provider}}AZ1.api.key)\n");
  return all_well ? kDone : kFailed;
}

constexpr std::string_view kNoArgument =
    "a key is never taken as an argument: every user of the machine could read it in the process list, and it stays in the shell's "
    "history. "
    "Give it at the prompt, on standard input, with --from-file or with --from-env. If that was a key just now, better have a new one "
    "made.";

/// A subcommand that does not repeat words that it does not expect: one of them may be a key.
CLI::App* add(CLI::App& keys, const char* name, const char* help, int& code, const std::shared_ptr<KeyOptions>& options,
              int (*work)(const KeyOptions&)) {
  auto* command = keys.add_subcommand(name, help);
  command->allow_extras();
  with_config(*command, options->common);
  command->callback([command, options, work, &code] {
    code = command->remaining().empty() ? work(*options) : report({kWrongUsage, std::string(kNoArgument)});
  });
  return command;
}

}  // namespace

void add_keys(CLI::App& app, int& code) {
  auto options = std::make_shared<KeyOptions>();
  auto* keys = app.add_subcommand("keys", "provider keys: set, list, remove, import");
  keys->allow_extras();
  keys->callback([keys, &code] {
    if (keys->get_subcommands().empty()) code = report({kWrongUsage, "penstock keys needs one of: set, list, remove, import (see --help)"});
  });
  auto* set = add(*keys, "set", "stores a key: asked for without echo, or from standard input", code, options, set_key);
  set->add_option("provider", options->provider, "a provider of the catalogue or of the configuration")->required();
  set->add_option("--from-file", options->from_file, "a file that only you can read");
  set->add_option("--from-env", options->from_env, "the name of an environment variable");
  auto* shown = add(*keys, "list", "every place where a key is found, and which one is used", code, options, list);
  shown->add_option("provider", options->providers, "only these");
  with_json(*shown, options->common);
  auto* removed = add(*keys, "remove", "takes a key out of Penstock's own store", code, options, remove);
  removed->add_option("provider", options->provider, "whose key")->required();
  auto* imported = add(*keys, "import", "copies keys from the older files ~/.{Provider}AZ1.api.key", code, options, import);
  imported->add_option("provider", options->providers, "only these");
  imported->add_flag("--remove-old", options->remove_old, "remove an older file once its key is stored");
}

}  // namespace penstock::cli
