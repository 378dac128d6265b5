// Bringing keys over from the older files ~/.{Provider}AZ1.api.key into Penstock's store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "credentials/find.h"

namespace penstock::credentials {

enum class Outcome : std::uint8_t {
  copied,
  same,     // our store holds that key already
  differs,  // our store holds another one, which stays
  fault,    // `message` says why, and the mend
};

/// What became of one older file.
struct ImportedKey {
  std::string provider, path;
  Outcome outcome;
  std::string message;   // of a fault
  std::string where;     // the place in our store
  bool removed = false;  // the older file is gone
};

/// Looks for the older files of these providers (of all without any) and copies their keys into our store. With `remove_old`, a file goes
/// once its key has been read back from our store. Providers without an older file are not in the answer.
std::vector<ImportedKey> import_keys(const catalog::Catalog& catalog, const std::vector<std::string>& providers, const Places& places,
                                     bool remove_old);

}  // namespace penstock::credentials
