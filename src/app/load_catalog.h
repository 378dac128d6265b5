// The catalogue in force: the built-in one, with the user's own rows over it, and the lists that providers gave.
#pragma once

#include "catalog/catalog.h"
#include "config/load.h"

namespace penstock::app {

/// The built-in catalogue, overridden by providers.yaml and models.yaml in $XDG_CONFIG_HOME/penstock (default ~/.config/penstock), where
/// they exist; and beside the rows what providers said of their models (app/model_lists.h). Fails with the file's name and the row at
/// fault, or why it is not read.
Result<catalog::Catalog> load_catalog(const config::Environment& environment);

}  // namespace penstock::app
