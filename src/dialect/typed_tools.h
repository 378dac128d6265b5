// Tools that Anthropic's models know by type alone. Those which the client carries out can be told to any model as an ordinary function.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::dialect {

/// The members `name`, `description` and `input_schema` (no braces around them) that say what a typed tool is; nothing for types that the
/// provider itself would have to carry out, and for unknown ones. Shapes from wire-reference 1.7.
std::optional<std::string> expand_typed_tool(std::string_view type, std::string_view name);

}  // namespace penstock::dialect
