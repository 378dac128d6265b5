// The lists of models that providers gave (`penstock models --refresh`), in the state folder: a file each, read with the catalogue.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "config/load.h"
#include "gateway/snapshot.h"

namespace penstock::app {

/// Where they lie, whether it is there or not; empty when nothing says where state is kept.
std::string model_list_folder(const config::Environment& environment);

/// Puts the list in the place of the one before, whole or not at all; 0600, in a folder of 0700. Fails when that cannot be written.
Status store_list(const std::string& folder, const catalog::ProviderList& list);

/// Adds every list of the folder to the catalogue. One that is torn, or not ours, is left out with a remark: it is only a memory of what
/// can be asked again.
void read_lists(const std::string& folder, catalog::Catalog& catalog);

/// Facts of the list for what the provider's models leave open, and the models that only the list has, behind the others. Where there are
/// no others, the list's first one stands for the provider if that is a server of one's own, or the only one.
void add_listed(gateway::Upstream& upstream, const catalog::ProviderList& list);

}  // namespace penstock::app
