// Where a provider's key is found (interface.md, "No configuration needed"): the configuration, the provider's usual environment variable,
// Penstock's own store (the desktop's keyring where that is wanted, then key files), the older key-file convention, the login of the
// provider's own client (Kimi's).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "catalog/catalog.h"
#include "config/load.h"
#include "credentials/keyring.h"

namespace penstock::credentials {

/// A key, and where it came from (a variable's or a file's name, never the key).
struct Found {
  Secret key;
  std::string source;
  bool login = false;  // an OAuth login: `key` is an access token that expires (or has), so it is asked of a TokenSource
};

/// What the search needs from outside.
struct Places {
  config::Environment environment;
  std::string home;                  // the user's home folder; empty: none
  std::string key_folder;            // Penstock's key files, one a provider, named after it; empty: none
  std::shared_ptr<Keyring> keyring;  // with `credentials: keyring`; asked once, so Places are made anew for each reload
};

/// The places of this process.
Places process_places(config::CredentialStore store = config::CredentialStore::files);
/// The path of Penstock's key file for this provider.
std::string key_file(const Places& places, std::string_view provider);

/// Kinds of places, in the order of the search.
enum class Place : std::uint8_t { configuration, environment, keyring, key_file, older_file, login };
/// In words, for scripts: `configuration`, `environment`, `keyring`, `key file`, `older file`, `login`.
std::string_view name(Place place);

/// A place that holds something: a key, or one that cannot be used.
struct Finding {
  Place place;
  std::string source;          // $VARIABLE, a file's path, `keyring`, `configuration`
  Secret key;                  // empty with a fault
  std::optional<Error> fault;  // such as a file that others can read; the message names the mend
};

/// Whose key is looked for.
struct Sought {
  const config::Provider* entry = nullptr;  // of the configuration, if it has one
  const catalog::Provider* row = nullptr;   // of the catalogue, if it knows it
};

/// Shows `visit` every place that holds something, in the order of the search, until it returns false. The only search there is: what
/// comes first is what the gateway uses, or why it uses none. Nothing for a provider that passes on what its client shows.
void walk(const Sought& sought, const Places& places, const std::function<bool(Finding)>& visit);

/// The first key. Fails when the first place that holds one cannot be used: no other key takes its place unseen.
Result<std::optional<Found>> find(const Sought& sought, const Places& places);
/// The same for a provider of the catalogue that the configuration does not mention.
Result<std::optional<Found>> find(const catalog::Provider& provider, const Places& places);

}  // namespace penstock::credentials
