#include "dialect/schema_rules.h"

namespace penstock::dialect {

namespace {

using enum Keyword;
constexpr Keyword kOpenAi[] = {title,      description, default_value, minimum,      maximum,        multiple_of,    min_length,
                               max_length, min_items,   max_items,     unique_items, min_properties, max_properties, deprecated};
constexpr Keyword kStrict[] = {title, description, minimum, maximum, multiple_of, min_items, max_items};
constexpr Keyword kGemini[] = {title, description, minimum, maximum, min_items, max_items, min_length, max_length, nullable};
constexpr Keyword kKimi[] = {title, description, default_value, minimum, maximum, min_items, max_items, min_length, max_length};

constexpr std::string_view kOpenAiFormats[] = {"date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"};
constexpr std::string_view kStrictFormats[] = {"date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"};
constexpr std::string_view kGeminiFormats[] = {"date-time", "int32", "int64", "float", "double"};

constexpr SchemaRules kOpenAiRules{.copied = kOpenAi, .formats = kOpenAiFormats, .patterns = true};
constexpr SchemaRules kStrictRules{
    .copied = kStrict, .formats = kStrictFormats, .closing = Closing::always_false, .requires_all = true, .item_types = true};
constexpr SchemaRules kGeminiRules{.copied = kGemini,
                                   .formats = kGeminiFormats,
                                   .type_lists = TypeLists::nullable,
                                   .closing = Closing::remove,
                                   .exclusive_bounds = false,
                                   .union_carries = true,
                                   .string_enums = true,
                                   .bare_objects = true,
                                   .item_types = true};
constexpr SchemaRules kKimiRules{
    .copied = kKimi, .formats = {}, .type_lists = TypeLists::any_of, .exclusive_bounds = false, .union_carries = true};

}  // namespace

const SchemaRules& schema_rules(SchemaDialect dialect) {
  switch (dialect) {
    case SchemaDialect::openai_strict: return kStrictRules;
    case SchemaDialect::gemini: return kGeminiRules;
    case SchemaDialect::kimi: return kKimiRules;
    case SchemaDialect::openai:
    case SchemaDialect::none: break;
  }
  return kOpenAiRules;
}

}  // namespace penstock::dialect
