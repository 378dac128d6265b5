#include "dialect/claude_schema.h"

#include <algorithm>
#include <array>

#include "json/padded.h"
#include "json/patch.h"

namespace penstock::dialect {

namespace {

using json::Value;

// "For 'integer' type, property 'minimum' is not supported": these are refused by name.
constexpr auto kRefused =
    std::to_array<std::string_view>({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
                                     "maxItems", "uniqueItems", "minProperties", "maxProperties", "minContains", "maxContains",
                                     "patternProperties", "propertyNames", "unevaluatedProperties", "$schema"});
constexpr auto kSchemas = std::to_array<std::string_view>({"items", "not", "contains"});
constexpr auto kLists = std::to_array<std::string_view>({"anyOf", "allOf", "oneOf", "prefixItems"});
constexpr auto kNamed = std::to_array<std::string_view>({"properties", "$defs", "definitions"});

template <std::size_t Size>
bool holds(const std::array<std::string_view, Size>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// One schema and those in it. The depth is bounded by the index.
class Cleaning {
 public:
  explicit Cleaning(json::Patch& patch) : patch_(patch) {}

  void clean(Value schema) {
    if (!schema.is_object()) return;
    for (const auto& member : schema.members()) {
      std::string scratch;
      clean_member(schema, member, member.key.text(scratch));
    }
    const auto type = schema.find("type");
    const bool is_object = (type && type->equals("object")) || schema.find("properties").has_value();
    if (is_object && !schema.find("additionalProperties")) patch_.add_member(schema, "additionalProperties", "false");
  }

 private:
  void clean_member(Value schema, const json::Member& member, std::string_view name) {
    const bool counts_many = name == "minItems" && member.value.integer().value_or(0) > 1;
    if (holds(kRefused, name) || counts_many) return patch_.remove(schema, member);
    if (name == "oneOf" && !schema.find("anyOf")) patch_.replace(member.key, "\"anyOf\"");
    if (name == "additionalProperties") patch_.replace(member.value, "false");
    if (holds(kSchemas, name)) clean(member.value);
    if (holds(kLists, name))
      for (const auto inner : member.value.elements()) clean(inner);
    if (holds(kNamed, name))
      for (const auto& inner : member.value.members()) clean(inner.value);
  }

  json::Patch& patch_;
};

}  // namespace

std::string claude_schema(std::string_view schema) {
  const json::Padded text(schema);
  json::Document document;
  if (!document.index(text.text())) return std::string(schema);
  json::Patch patch(document);
  Cleaning(patch).clean(document.root());
  return patch.text();
}

}  // namespace penstock::dialect
