#include "credentials/key_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "config/values.h"
#include "credentials/private_file.h"

namespace penstock::credentials {

namespace {

constexpr std::string_view kChangeMark = ".changed";  // no provider's name begins with a dot
constexpr std::size_t kMostSuggestions = 3;

const config::Provider* entry_of(const config::Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.providers, name, &config::Provider::name);
  return found == config.providers.end() ? nullptr : &*found;
}

Status have_folder(const Places& places) {
  if (places.key_folder.empty()) return fail(config_error("there is no place for keys: set HOME or XDG_CONFIG_HOME"));
  return make_private_folder(places.key_folder);
}

ProviderKeys keys_of(const std::string& provider, const Sought& sought, const Places& places) {
  ProviderKeys keys{provider, {}, sought.entry && sought.entry->credentials.mode == config::CredentialMode::passthrough};
  walk(sought, places, [&](Finding finding) {
    keys.findings.push_back(std::move(finding));
    return true;
  });
  return keys;
}

/// Says nothing of the provider: the keyring as a whole is out of order.
bool only_keyring_fault(const ProviderKeys& keys, const Places& places) {
  return keys.findings.size() == 1 && keys.findings.front().place == Place::keyring && places.keyring->fault();
}

}  // namespace

std::vector<std::string> provider_names(const config::Config& config, const catalog::Catalog& catalog) {
  std::vector<std::string> names;
  for (const auto& provider : config.providers) names.push_back(provider.name);
  for (auto& name : catalog.names())
    if (!entry_of(config, name)) names.push_back(std::move(name));
  return names;
}

Result<Sought> sought(std::string_view provider, const config::Config& config, const catalog::Catalog& catalog) {
  const auto* entry = entry_of(config, provider);
  const auto* row = catalog.find(entry ? std::string_view(entry->catalog) : provider);
  if (entry || row) return Sought{entry, row};
  auto near = near_names(provider, provider_names(config, catalog), kMostSuggestions);
  const std::string mend =
      near.empty() ? "`penstock models` and the configuration name the providers" : "did you mean " + join(near, ", ") + "?";
  return fail(config_error("there is no provider of that name, neither in the catalogue nor in the configuration; " + mend));
}

Result<Secret> to_key(Secret text) {
  const auto key = trim(text.reveal());
  if (key.empty()) return fail(config_error("the key is empty; nothing was stored"));
  if (!config::is_secret_text(key))
    return fail(config_error("the key holds a space, a line break or another character that no key has; nothing was stored"));
  return Secret(std::string(key));
}

Result<std::string> store_key(const std::string& provider, const Secret& key, const Places& places) {
  if (!config::is_provider_name(provider)) return fail(config_error("a provider's name holds letters, digits, -, _ and . alone"));
  TRY_STATUS(have_folder(places));
  if (places.keyring) {
    TRY_STATUS(places.keyring->store(provider, key));
    TRY_STATUS(tell_gateway(places));
    return "the keyring";
  }
  const auto path = key_file(places, provider);
  TRY_STATUS(write_private(path, std::string(key.reveal()) + "\n"));
  return path;
}

Result<std::vector<std::string>> remove_key(const std::string& provider, const Places& places) {
  std::vector<std::string> from;
  if (const auto path = key_file(places, provider); config::is_provider_name(provider) && !places.key_folder.empty()) {
    struct stat status{};
    const bool there = ::lstat(path.c_str(), &status) == 0;
    TRY_STATUS(remove_private(path));
    if (there) from.push_back(path);
  }
  if (!places.keyring) return from;
  TRY(const bool removed, places.keyring->remove(provider));
  if (!removed) return from;
  from.emplace_back("the keyring");
  TRY_STATUS(tell_gateway(places));
  return from;
}

Status tell_gateway(const Places& places) {
  TRY_STATUS(have_folder(places));
  return write_private(key_file(places, kChangeMark), "");
}

Listing list_keys(const config::Config& config, const catalog::Catalog& catalog, const Places& places) {
  Listing listing;
  for (const auto& name : provider_names(config, catalog)) {
    auto keys = keys_of(name, *sought(name, config, catalog), places);
    if (only_keyring_fault(keys, places)) keys.findings.clear();
    if (keys.passthrough || !keys.findings.empty()) listing.providers.push_back(std::move(keys));
  }
  if (places.keyring && places.keyring->fault()) listing.keyring_fault = places.keyring->fault()->message;
  return listing;
}

std::vector<std::string> key_paths(const catalog::Catalog& catalog, const Places& places) {
  std::vector<std::string> paths;
  const auto watched = [](const std::string& name) {
    return name == kChangeMark || (config::is_provider_name(name) && !name.ends_with(".json") && !name.ends_with(".lock"));
  };
  std::error_code error;
  for (std::filesystem::directory_iterator at(places.key_folder, error), end; !error && at != end; at.increment(error))
    if (watched(at->path().filename().string())) paths.push_back(at->path().string());
  std::ranges::sort(paths);
  if (places.home.empty()) return paths;
  for (const auto& row : catalog.providers)
    for (const auto& name : row.key_files) paths.push_back(places.home + "/" + name);
  return paths;
}

}  // namespace penstock::credentials
