// The importers, one a tool. Each reads a parsed source, marks its fields, and fails when the source has not the tool's shape.
#pragma once

#include <string_view>

#include "importing/composer.h"

namespace penstock::importing {

/// LiteLLM's config.yaml.
Result<Imported> import_litellm(Value& root, std::string_view file_name, const catalog::Catalog& catalog, Options options);
/// Claude Code Router: version 2's config.json (and its presets), or version 3's, told apart by their Router.
Result<Imported> import_ccr(Value& root, std::string_view file_name, const catalog::Catalog& catalog, Options options);
/// A cc-mirror variant: a map of `variant` (variant.json) and `settings` (config/settings.json), of which either may be absent.
Result<Imported> import_cc_mirror(Value& root, std::string_view file_name, const catalog::Catalog& catalog, Options options);
/// The variables of a .env file, as a map.
Result<Imported> import_dotenv(Value& root, std::string_view file_name, const catalog::Catalog& catalog, Options options);
/// model-router's ROUTING_TABLE.
Result<Imported> import_routing_table(Value& root, std::string_view file_name, const catalog::Catalog& catalog, Options options);

}  // namespace penstock::importing
