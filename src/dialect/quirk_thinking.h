// The quirks of `thinking`, `output_config` and `max_tokens`, which depend on one another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialect/edit.h"

namespace penstock::dialect {

/// The top-level fields that this is about.
struct ThinkingFields {
  std::optional<json::Member> thinking, output_config, max_tokens;
};

/// What became of `thinking`.
struct ThinkingLeft {
  bool on = false;            // the provider will think, as far as the request says
  bool made_enabled = false;  // the field was not there, or said something else
};

/// max_tokens_limit, thinking_mode, effort and output_format. `cannot_be_enabled`: the conversation does not allow it now (quirk_turns.h);
/// then the field goes where it would say so.
ThinkingLeft edit_thinking(const Edit& edit, json::Value root, const ThinkingFields& fields, bool cannot_be_enabled);

/// Tokens to think with at an effort (an unknown or empty one counts as high). At least 1024, and leaves a quarter of `max_tokens` (0:
/// unknown) for the answer where that is possible; nothing when max_tokens has no room for thinking at all.
std::optional<std::uint64_t> thinking_budget(std::string_view effort, std::uint64_t max_tokens);

/// The nearest level that is allowed, the next higher one first; empty: none is.
std::string_view nearest_effort(const Effort& allowed, std::string_view wanted);

}  // namespace penstock::dialect
