// Texts of a request on their way into another body, as the insides of JSON strings.
#pragma once

#include <string>
#include <string_view>

namespace penstock::dialect {

/// Claude Code's first system text begins so.
inline constexpr std::string_view kAttribution = "x-anthropic-billing-header:";

/// A system text without Claude Code's attribution line: that holds a number which differs each time, and would spoil every prompt cache
/// (wire-reference 2.2).
[[nodiscard]] std::string_view without_attribution(std::string_view written);

/// Appends a JSON value as the inside of a JSON string, without the white space between its tokens.
void append_as_text(std::string& out, std::string_view raw);

}  // namespace penstock::dialect
