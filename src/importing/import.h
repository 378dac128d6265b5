// Turns another tool's configuration into one of Penstock's, and says what became of each of its fields.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "importing/composer.h"

namespace penstock::importing {

enum class Tool : std::uint8_t { litellm, ccr, cc_mirror, dotenv };

/// `litellm`, `ccr`, `cc-mirror` or `dotenv`.
std::optional<Tool> tool_named(std::string_view name);

/// The texts of what is imported.
struct Source {
  std::string name;      // of the file, for the heading
  std::string text;      // of the file; of a cc-mirror variant: variant.json, empty without one
  std::string settings;  // of a cc-mirror variant: config/settings.json, empty without one
};

/// Reads the file, or the folder of a cc-mirror variant. Fails when it cannot be read.
Result<Source> read_source(Tool tool, const std::string& path);

/// Writes the outcome, readable by its owner alone. Fails when the file is there, unless `replace`; then it is exchanged as a whole.
Status write_output(const std::string& path, std::string_view text, bool replace);

/// Pure. Fails, with the mend where there is one, on a text that is not the tool's.
Result<Imported> import_source(Tool tool, const Source& source, const catalog::Catalog& catalog, Options options);

}  // namespace penstock::importing
