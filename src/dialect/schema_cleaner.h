// JSON Schema as each provider takes it. Tools bring schemas of every kind; providers know parts of the language, and answer 400 to the
// rest.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json/scan.h"

namespace penstock::dialect {

/// none: as it was written. openai: what most endpoints take. openai_strict: what `strict: true` demands. gemini: Google's subset of
/// OpenAPI. kimi: Moonshot's flavour, where a union carries its types inside.
enum class SchemaDialect : std::uint8_t { none, openai, openai_strict, gemini, kimi };
inline constexpr std::array<std::string_view, 5> kSchemaDialects{"none", "openai", "openai_strict", "gemini", "kimi"};

struct CleanSchema {
  std::string text;
  /// The text allows what the schema allowed, or less precisely told more. False only for openai_strict, which has no word for an object
  /// with any members: then another dialect says more.
  bool faithful = true;
  /// A member that may be left out is one that may be null in the text, which the schema did not allow. Only for openai_strict.
  bool adds_null = false;
};

/// How much the schemas of one request may become together. References let a small schema become a large one, and many of these fill the
/// memory; what no reference repeats always has room.
struct SchemaBudget {
  SchemaBudget() = default;
  /// For schemas that have `written` bytes in all.
  explicit SchemaBudget(std::size_t written) { bytes = std::max(bytes, 4 * written); }
  /// Nothing is left: every schema from here on is that of any object.
  [[nodiscard]] bool is_spent() const { return bytes == 0 || work == 0; }
  std::size_t bytes = 8U << 20;
  std::size_t work = 64'000'000;  // steps of walking over a value
};

/// The schema of a tool's input, or of an answer, in a dialect's words. References are put in place (one that leads into itself becomes
/// {}), `const` becomes `enum`, `oneOf` becomes `anyOf`, `allOf` is merged, and what the dialect does not know is left out; the root is an
/// object with `properties`. Anything but an object is read as an object without members. Bounded in depth and size, whatever the schema;
/// what it takes is taken off the budget.
[[nodiscard]] CleanSchema clean_schema(json::Value schema, SchemaDialect dialect, SchemaBudget& budget);
/// The same from text; what is not JSON counts as {}.
[[nodiscard]] CleanSchema clean_schema(std::string_view schema, SchemaDialect dialect, SchemaBudget& budget);
/// The same, with a budget of their own.
[[nodiscard]] CleanSchema clean_schema(json::Value schema, SchemaDialect dialect);
[[nodiscard]] CleanSchema clean_schema(std::string_view schema, SchemaDialect dialect);

}  // namespace penstock::dialect
