// JSON Schema as Claude's structured output takes it.
#pragma once

#include <string>
#include <string_view>

namespace penstock::dialect {

/// The schema without the bounds on numbers, texts and lists that are refused with 400 there, with `anyOf` for `oneOf`, and with
/// `additionalProperties: false` on every object, which is demanded. Names of properties are never taken for keywords. What is not JSON
/// comes back as it is.
[[nodiscard]] std::string claude_schema(std::string_view schema);

}  // namespace penstock::dialect
