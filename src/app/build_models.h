// A provider's models and quirks, compiled for one of its APIs: quirks are words of a dialect.
#pragma once

#include "catalog/catalog.h"
#include "config/config.h"
#include "gateway/snapshot.h"

namespace penstock::app {

/// What models are made of. The user's quirks are laid on top whatever the endpoint is: they are meant for the one that was chosen.
struct ModelSources {
  const config::Provider& entry;
  const catalog::Provider& row;       // empty for a provider that the catalogue does not know
  const catalog::Endpoint& endpoint;  // the row's main one, or another, or one of the user's own
};

/// Replaces quirks, models and tiers of `upstream`, whose dialect and transparency are set. Fails (config) on a quirk that nobody knows.
Status build_models(gateway::Upstream& upstream, const ModelSources& sources);

/// An error that names its provider.
[[nodiscard]] Error in_provider(const std::string& name, Error error);

}  // namespace penstock::app
