// The `usage` of a Responses answer (wire-reference 3.11).
#pragma once

#include <optional>

#include "json/scan.h"
#include "llm/usage.h"

namespace penstock::dialect {

/// Reads a usage object. Nothing where it counts nothing. `cached_in_input`: input_tokens holds the cached tokens too. Output that only
/// `total_tokens` knows (reasoning, at some providers) is counted.
[[nodiscard]] std::optional<llm::Usage> read_responses_usage(json::Value usage, bool cached_in_input);

}  // namespace penstock::dialect
