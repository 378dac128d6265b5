// One provider, compiled: the catalogue's row, the user's entry on top of it, and the key that was found.
#pragma once

#include <string>

#include "catalog/catalog.h"
#include "config/config.h"
#include "credentials/find.h"
#include "credentials/refresher.h"
#include "gateway/snapshot.h"

namespace penstock::app {

struct UpstreamBuilt {
  gateway::Upstream upstream;
  std::string warning;  // empty, or why a key was not used
};

/// `row` is null for a provider that the catalogue does not know. The endpoint is the row's main one or the one whose dialect the entry
/// names (a dialect that the row has not got needs a base_url); the others that a client's dialect may choose come along, unless the entry
/// names a dialect, a base_url or quirks, which belong to one dialect. Logins are refreshed by `refresher`; without one (a command that
/// only looks) they are as their files say.
Result<UpstreamBuilt> build_upstream(const config::Provider& entry, const catalog::Provider* row, const credentials::Places& places,
                                     credentials::Refresher* refresher = nullptr);

}  // namespace penstock::app
