// The two YAML files of the catalogue as rows. A map from a provider's name to its facts, and one from a provider's name to its models.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"

namespace penstock::catalog {

/// Models by provider, in the order of the file.
using ModelBlocks = std::vector<std::pair<std::string, std::vector<Model>>>;

/// Reads providers.yaml. Unknown keys, repeated names and words that nothing knows are faults, told
/// with the line in which their row begins; `data/providers.yaml` explains the keys.
Result<std::vector<Provider>> read_providers(std::string_view yaml);
/// Reads models.yaml.
Result<ModelBlocks> read_models(std::string_view yaml);

/// Dollars per million tokens (`0.0036`, at most six decimals) in nano-dollars per thousand tokens (3600), exactly.
Result<std::int64_t> parse_price(std::string_view dollars);

}  // namespace penstock::catalog
