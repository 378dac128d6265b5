// Where a provider's key is found (interface.md, "No configuration needed"): the configuration, the provider's usual environment variable,
// Penstock's key file, the older key-file convention, Kimi's own credentials.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "catalog/catalog.h"
#include "config/load.h"

namespace penstock::credentials {

/// A key, and where it came from (a variable's or a file's name, never the key).
struct Found {
  Secret key;
  std::string source;
};

/// What the search needs from outside.
struct Places {
  config::Environment environment;
  std::string home;        // the user's home folder; empty: none
  std::string key_folder;  // Penstock's key files, one a provider, named after it
};

/// The places of this process.
Places process_places();

/// The first key in the order above, for a provider of the catalogue. Fails when a key file is there but others can read it (with the
/// mend): such a key is not used.
Result<std::optional<Found>> find(const catalog::Provider& provider, const Places& places);

}  // namespace penstock::credentials
