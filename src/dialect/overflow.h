// Knows a full context by the words of every provider (wire-reference 3.10), and says it in the words that Claude Code recovers from (2.8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialect/error_text.h"

namespace penstock::dialect {

/// A request that does not fit. What the provider did not tell is empty.
struct Overflow {
  std::optional<std::uint64_t> prompt;  // tokens of the input
  std::optional<std::uint64_t> output;  // max_tokens, where input and output together were too long
  std::optional<std::uint64_t> limit;   // tokens of the window
  bool as_written = false;              // the provider's message is Anthropic's own already
};

/// The overflow that this error tells of; none for other errors, and none for throttling that speaks of tokens.
[[nodiscard]] std::optional<Overflow> find_overflow(const ErrorText& text);

/// The text speaks of a rate or a quota.
[[nodiscard]] bool speaks_of_throttling(std::string_view message);

/// Anthropic's wording. What the provider did not tell comes from `window` and `estimated_prompt` (tokens, 0: unknown); where nobody knows
/// the numbers, `prompt is too long` and the provider's own words.
[[nodiscard]] std::string overflow_message(const Overflow& overflow, const ErrorText& text, std::uint64_t window,
                                           std::uint64_t estimated_prompt);

}  // namespace penstock::dialect
