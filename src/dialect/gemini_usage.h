// The `usageMetadata` of a Gemini answer (wire-reference 3.12).
#pragma once

#include <optional>

#include "json/scan.h"
#include "llm/usage.h"

namespace penstock::dialect {

/// Reads the object, which stands in every chunk of a stream with the counts so far. Nothing where it counts nothing. `cached_in_prompt`:
/// promptTokenCount holds the cached tokens too. What a tool of the provider's own put into the prompt counts as input.
[[nodiscard]] std::optional<llm::Usage> read_gemini_usage(json::Value metadata, bool cached_in_prompt);

}  // namespace penstock::dialect
