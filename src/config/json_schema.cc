#include "config/json_schema.h"

#include <fmt/format.h>

#include <map>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/check.h"
#include "config/fields.h"

namespace penstock::config {

namespace {

/// Wherever a value stands, a reference to a variable may stand.
constexpr std::string_view kReference = R"({"type":"string","pattern":"\\$\\{"})";
constexpr std::string_view kDuration = R"({"type":"string","pattern":"^([0-9]+ *([mM][sS]|[sSmMhHdD])|0)$"},{"const":0})";
constexpr std::string_view kSize = R"({"type":"string","pattern":"^[0-9]+ *([kKmMgG][iI]?[bB]|[bB])?$"},{"type":"integer","minimum":0})";
constexpr std::string_view kBoolean = R"({"type":"boolean"},{"enum":["yes","no","on","off"]})";
constexpr std::string_view kText = R"({"type":["string","number","boolean"]})";  // YAML takes `1` and `true` for more than text

/// The alternatives of `allowed` that are words, as a list of JSON values.
std::string words_of(std::string_view allowed, bool with_ranges) {
  std::vector<std::string> words;
  for (const auto word : split(allowed, '|')) {
    if (word == "N" || word.ends_with(":N") || word == "NAME" || (!with_ranges && word.contains(".."))) continue;
    words.push_back(json_quote(word));
    if (word == "true" || word == "false") words.emplace_back(word);
  }
  return join(words, ",");
}

std::string enumeration(std::string_view words) { return words.empty() ? "" : fmt::format(R"({{"enum":[{}]}})", words); }

/// `{"type":…}` with the limits that `allowed` names.
std::string ranged(std::string_view type, std::string_view allowed) {
  for (const auto word : split(allowed, '|'))
    if (const auto dots = word.find(".."); dots != std::string_view::npos)
      return fmt::format(R"({{"type":"{}","minimum":{},"maximum":{}}})", type, word.substr(0, dots), word.substr(dots + 2));
  return fmt::format(R"({{"type":"{}","minimum":0}})", type);
}

void add(std::vector<std::string>& schemas, std::string schema) {
  if (!schema.empty()) schemas.push_back(std::move(schema));
}

/// One of the words, or what stands for a number or a name among them.
std::vector<std::string> word_schemas(const Field& field) {
  std::vector<std::string> schemas;
  add(schemas, enumeration(words_of(field.allowed, true)));
  for (const auto word : split(field.allowed, '|')) {
    if (word == "N") schemas.emplace_back(R"({"type":"integer","minimum":1})");
    if (word == "NAME") schemas.emplace_back(R"({"type":"string","pattern":"^[A-Za-z0-9._-]+$"})");
    if (word.ends_with(":N"))
      schemas.push_back(fmt::format(R"({{"type":"string","pattern":"^{}[0-9]+$"}})", word.substr(0, word.size() - 1)));
  }
  return schemas;
}

/// What a single value may be.
std::vector<std::string> scalar_schemas(const Field& field) {
  std::vector<std::string> schemas;
  const auto with_words = [&](std::string_view schema) {
    schemas.emplace_back(schema);
    add(schemas, enumeration(words_of(field.allowed, false)));
  };
  switch (field.type) {
    case Type::section: return {};
    case Type::anything: return {"true"};
    case Type::integer: with_words(ranged("integer", field.allowed)); break;
    case Type::number: with_words(ranged("number", field.allowed)); break;
    case Type::duration: with_words(kDuration); break;
    case Type::size: with_words(kSize); break;
    case Type::boolean: with_words(kBoolean); break;
    case Type::word: schemas = word_schemas(field); break;
    case Type::words: return {R"({"type":"string"})"};  // several with commas
    case Type::text:
    case Type::provider_key:
    case Type::token:
    case Type::header: return {std::string(kText)};
    case Type::address: return {R"({"type":["string","integer"]})"};
    default: return {R"({"type":"string"})"};
  }
  schemas.emplace_back(kReference);
  return schemas;
}

/// A default that the key may really hold, not a phrase such as `as the catalogue says`.
bool has_default(const Field& field) {
  return !field.fallback.empty() && !field.fallback.contains(' ') && value_fault(field, field.fallback).empty();
}

std::string default_of(const Field& field) {
  const bool plain = field.type == Type::number || field.type == Type::integer;
  if (plain && parse_unsigned(field.fallback)) return std::string(field.fallback);
  if (field.type == Type::boolean) return field.fallback == "true" ? "true" : "false";
  return json_quote(field.fallback);
}

std::string description_of(const Field& field) {
  std::string text(field.help);
  const bool measured = field.type == Type::duration || field.type == Type::size;
  if (measured && !field.allowed.empty()) text += fmt::format(" Allowed: {}.", field.allowed);
  if (!field.fallback.empty() && !has_default(field)) text += fmt::format(" Default: {}.", field.fallback);
  if (field.later) text += " Accepted; a later version acts on it.";
  return text;
}

class SchemaWriter {
 public:
  std::string write() {
    std::string out = "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\n\"title\":\"The configuration of Penstock\",\n";
    out += map_members(schema());
    std::vector<std::string> groups;
    for (const auto& [name, group] : groups_) groups.push_back(fmt::format("{}:{{{}}}", json_quote(name), map_members(*group)));
    return out + ",\n\"$defs\":{" + join(groups, ",\n") + "}}\n";
  }

 private:
  /// Everything that may stand at one place. A key without a value is as good as none.
  std::string at(const Schema& place, bool may_be_empty) {
    std::vector<std::string> shapes;
    if (place.takes_scalar()) shapes = scalar_schemas(*place.field);
    if (place.takes_list()) shapes.push_back(fmt::format(R"({{"type":"array","items":{}}})", items_of(place)));
    if (place.takes_map()) shapes.push_back(map_of(place));
    if (may_be_empty) shapes.emplace_back(R"({"type":"null"})");
    std::string out = "{" + told(place.field);
    return out + fmt::format(R"("anyOf":[{}]}})", join(shapes, ","));
  }

  static std::string told(const Field* field) {
    if (field == nullptr) return {};
    std::string out = fmt::format(R"("description":{},)", json_quote(description_of(*field)));
    if (has_default(*field)) out += fmt::format(R"("default":{},)", default_of(*field));
    return out;
  }

  std::string items_of(const Schema& list) {
    if (list.item) return at(*list.item, false);
    return fmt::format(R"({{"anyOf":[{}]}})", join(word_schemas(*list.field), ","));
  }

  std::string map_of(const Schema& place) {
    if (place.group == nullptr) return "{" + map_members(place) + "}";
    const std::string name(place.field->group.substr(1));  // without its @
    groups_.emplace(name, place.group);
    return fmt::format(R"({{"$ref":"#/$defs/{}"}})", name);
  }

  std::string map_members(const Schema& map) {
    std::vector<std::string> keys;
    for (const auto& [key, below] : map.named) keys.push_back(json_quote(key) + ":" + at(below, true));
    return fmt::format(R"("type":"object","properties":{{{}}},"additionalProperties":{})", join(keys, ",\n"),
                       map.any_key ? at(*map.any_key, true) : "false");
  }

  std::map<std::string, const Schema*> groups_;
};

}  // namespace

std::string json_schema() { return SchemaWriter().write(); }

}  // namespace penstock::config
