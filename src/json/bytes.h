// Checks that look at every byte of a text, beside simdjson's own.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "json/grammar.h"

namespace penstock::json {

/// Checks every backslash of the text: `\q` and `\u12` are refused. 64 bytes must be readable behind the text.
std::optional<SyntaxFault> check_escapes(std::string_view text);

/// Position of the first byte that is not part of valid UTF-8 (RFC 3629), or the text's length.
std::size_t find_utf8_fault(std::string_view text);
/// The first control character inside a string, or else the string that is never closed. Slow: only for texts known to be faulty.
SyntaxFault find_string_fault(std::string_view text);

}  // namespace penstock::json
