// The second half of indexing: the grammar, over the structural characters that simdjson found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace penstock::json {

/// What is wrong with a text, and where.
struct SyntaxFault {
  std::size_t at = 0;     // byte position
  std::string_view what;  // a static text
};

/// Checks the whole grammar (RFC 8259) over `count` structural positions, `at[count]` being the text's length, and notes in `close` the
/// index of each opening bracket's partner (`close` has at least `count` entries). Strings are known to be closed, escapes are not looked
/// at.
std::optional<SyntaxFault> check_grammar(std::string_view text, const std::uint32_t* at, std::uint32_t count,
                                         std::vector<std::uint32_t>& close);

}  // namespace penstock::json
