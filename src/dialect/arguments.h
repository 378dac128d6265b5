// A tool call's arguments: JSON text inside a JSON string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::dialect {

/// What has to follow `written` (the inside of a JSON string) so that its text is a JSON object: "" when it is one already, `{}` for none
/// at all, closing quotes and brackets for one that was cut; all as the inside of a JSON string. Nothing when no end can mend it.
[[nodiscard]] std::optional<std::string> missing_end(std::string_view written);

/// The text of the inside of a JSON string. Escapes that JSON does not have stay as they are.
[[nodiscard]] std::string unescape(std::string_view written);

/// `text` is one JSON object and nothing else.
[[nodiscard]] bool is_json_object(std::string_view text);

}  // namespace penstock::dialect
