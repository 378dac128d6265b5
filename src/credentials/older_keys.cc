#include "credentials/older_keys.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "credentials/key_store.h"
#include "credentials/private_file.h"

namespace penstock::credentials {

namespace {

bool is_ours(Place place) { return place == Place::keyring || place == Place::key_file; }

/// What our store says first, and every older file.
struct Survey {
  std::optional<Finding> stored;
  std::vector<Finding> older;
};

Survey survey(const catalog::Provider& row, const Places& places) {
  Survey seen;
  walk({nullptr, &row}, places, [&](Finding finding) {
    if (finding.place == Place::older_file) {
      seen.older.push_back(std::move(finding));
    } else if (is_ours(finding.place) && !seen.stored) {
      seen.stored = std::move(finding);
    }
    return true;
  });
  return seen;
}

/// The key is in our store, and comes back from it as it is in the older file.
bool holds(const std::optional<Finding>& stored, const Finding& older) {
  return stored && !stored->fault && stored->key.matches(older.key.reveal());
}

ImportedKey failed(ImportedKey imported, const Error& why) {
  imported.outcome = Outcome::fault;
  imported.message = why.message;
  return imported;
}

ImportedKey import_one(const catalog::Provider& row, const Finding& older, const Places& places, bool remove_old) {
  ImportedKey imported{row.name, older.source, Outcome::same, {}, {}};
  if (older.fault) return failed(std::move(imported), *older.fault);
  auto stored = survey(row, places).stored;
  if (stored && stored->fault) return failed(std::move(imported), *stored->fault);
  if (!stored) {
    if (auto where = store_key(row.name, older.key, places); !where) return failed(std::move(imported), where.error());
    imported.outcome = Outcome::copied;
    stored = survey(row, places).stored;
    if (!holds(stored, older))
      return failed(std::move(imported), internal_error("the key did not come back from the store as it went in; the older file stays"));
  }
  imported.where = stored->source;
  if (!holds(stored, older)) {
    imported.outcome = Outcome::differs;
  } else if (remove_old) {
    if (const auto removed = remove_private(older.source); !removed) return failed(std::move(imported), removed.error());
    imported.removed = true;
  }
  return imported;
}

}  // namespace

std::vector<ImportedKey> import_keys(const catalog::Catalog& catalog, const std::vector<std::string>& providers, const Places& places,
                                     bool remove_old) {
  std::vector<ImportedKey> all;
  for (const auto& row : catalog.providers) {
    if (!providers.empty() && std::ranges::find(providers, row.name) == providers.end()) continue;
    for (const auto& older : survey(row, places).older) all.push_back(import_one(row, older, places, remove_old));
  }
  return all;
}

}  // namespace penstock::credentials
