#include "dialect/quirk_schema.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace penstock::dialect {

namespace {

constexpr std::array<std::string_view, 6> kRemoved{"$schema", "$id", "$comment", "pattern", "patternProperties", "propertyNames"};
constexpr std::array<std::string_view, 8> kFormats{"date-time", "date", "time", "email", "uri", "uuid", "ipv4", "ipv6"};
constexpr std::array<std::string_view, 4> kMaps{"properties", "$defs", "definitions", "dependentSchemas"};
constexpr std::array<std::string_view, 8> kSchemas{"items",    "additionalProperties", "not", "if", "then", "else",
                                                   "contains", "unevaluatedProperties"};
constexpr std::array<std::string_view, 4> kLists{"anyOf", "oneOf", "allOf", "prefixItems"};

template <typename List>
bool has(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

void clean(json::Value schema, json::Patch& patch) {
  std::string scratch, format;
  for (const auto& member : schema.members()) {
    const auto key = member.key.text(scratch);
    if (has(kRemoved, key) || (key == "format" && !has(kFormats, member.value.text(format)))) {
      patch.remove(schema, member);
    } else if (has(kMaps, key)) {
      for (const auto& entry : member.value.members()) clean(entry.value, patch);
    } else if (has(kLists, key) || (key == "items" && member.value.is_array())) {
      for (const auto& entry : member.value.elements()) clean(entry, patch);
    } else if (has(kSchemas, key)) {
      clean(member.value, patch);
    }
  }
}

}  // namespace

void clean_schema(json::Value schema, json::Patch& patch) {
  if (!schema.is_object()) return;
  clean(schema, patch);
  const auto type = schema.find("type");
  if (!type) patch.add_member(schema, "type", "\"object\"");
  if (type && !type->equals("object")) patch.replace(*type, "\"object\"");
}

}  // namespace penstock::dialect
