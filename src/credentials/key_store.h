// Penstock's own store of provider keys: what `penstock keys` writes, and what it shows of every place where a key may be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "catalog/catalog.h"
#include "config/config.h"
#include "credentials/find.h"

namespace penstock::credentials {

/// Every provider that can have a key: those of the configuration, then the rest of the catalogue.
std::vector<std::string> provider_names(const config::Config& config, const catalog::Catalog& catalog);
/// The provider of that name, as the search wants it. Fails with near names, and without the name itself: it may be a key that was
/// written in the wrong place.
Result<Sought> sought(std::string_view provider, const config::Config& config, const catalog::Catalog& catalog);

/// A key as a person gave it: white space at its ends goes. Fails when nothing is left, or when it holds what no key holds.
Result<Secret> to_key(Secret text);

/// Stores a key under the provider's name: in the keyring where the places have one, else in a key file (0600, in a folder of 0700).
/// Returns where, in words.
Result<std::string> store_key(const std::string& provider, const Secret& key, const Places& places);
/// Takes the provider's key out of our store, keyring and file alike, a file with loose permissions too. Returns where there was one.
Result<std::vector<std::string>> remove_key(const std::string& provider, const Places& places);
/// Lets a running gateway know that credentials changed where it cannot see it: in the keyring, or by a first login.
Status tell_gateway(const Places& places);

/// All that the search finds for one provider, first what wins.
struct ProviderKeys {
  std::string provider;
  std::vector<Finding> findings;
  bool passthrough = false;  // shows the provider what its client shows; no key is looked for
};
struct Listing {
  std::vector<ProviderKeys> providers;  // only those with findings, and those that pass through
  std::string keyring_fault;            // why the keyring could not be asked; then no provider is listed for that alone
};
Listing list_keys(const config::Config& config, const catalog::Catalog& catalog, const Places& places);

/// The files from which keys come at present, ours and the older ones, and the mark of tell_gateway(): what a running gateway watches.
/// Logins are not among them: they change with every refresh, and who uses them looks for himself.
std::vector<std::string> key_paths(const catalog::Catalog& catalog, const Places& places);

}  // namespace penstock::credentials
