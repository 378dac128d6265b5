// The `usage` of a Chat Completions answer (wire-reference 3.7).
#pragma once

#include <optional>

#include "json/scan.h"
#include "llm/usage.h"

namespace penstock::dialect {

/// Reads a usage object. Nothing where it counts nothing (some send zeros until the end). `cached_in_prompt`: prompt_tokens holds the
/// cached tokens too. Output that only `total_tokens` knows (reasoning, at some providers) is counted.
[[nodiscard]] std::optional<llm::Usage> read_chat_usage(json::Value usage, bool cached_in_prompt);

}  // namespace penstock::dialect
