// What the dialects of JSON Schema differ in, as data (wire-reference 3.4, "JSON-schema clean-up").
#pragma once

#include <span>
#include <string_view>

#include "dialect/schema_cleaner.h"
#include "dialect/schema_node.h"

namespace penstock::dialect {

/// How a type that stands in a list is written.
enum class TypeLists : std::uint8_t { keep, nullable, any_of };
enum class Closing : std::uint8_t { keep, always_false, remove };  // of additionalProperties

struct SchemaRules {
  std::span<const Keyword> copied;            // keywords that are copied as they are
  std::span<const std::string_view> formats;  // values of `format` that are kept
  TypeLists type_lists = TypeLists::keep;
  Closing closing = Closing::keep;
  bool patterns = false;         // knows plain regular expressions
  bool exclusive_bounds = true;  // knows exclusiveMinimum and exclusiveMaximum
  bool union_carries = false;    // beside anyOf no other keyword may say what is allowed: each branch says all of it
  bool string_enums = false;     // enum lists strings only
  bool requires_all = false;     // every property is required; what was optional may be null
  bool bare_objects = false;     // an object without properties does not name them
  bool item_types = false;       // items must name a type
};

/// Not for `none`.
[[nodiscard]] const SchemaRules& schema_rules(SchemaDialect dialect);

}  // namespace penstock::dialect
