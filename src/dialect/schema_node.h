// One place in a JSON Schema, with all that speaks about it: the object that stands there, what it refers to, and what allOf adds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "json/scan.h"

namespace penstock::dialect {

/// The keywords that matter to some dialect, in the order of their names.
enum class Keyword : std::uint8_t {
  ref,
  additional_properties,
  all_of,
  any_of,
  constant,
  default_value,
  deprecated,
  description,
  enumeration,
  exclusive_maximum,
  exclusive_minimum,
  format,
  items,
  max_items,
  max_length,
  max_properties,
  maximum,
  min_items,
  min_length,
  min_properties,
  minimum,
  multiple_of,
  nullable,
  one_of,
  pattern,
  prefix_items,
  properties,
  required,
  title,
  type,
  unique_items,
};
inline constexpr std::array<std::string_view, 31> kKeywordNames{"$ref",
                                                                "additionalProperties",
                                                                "allOf",
                                                                "anyOf",
                                                                "const",
                                                                "default",
                                                                "deprecated",
                                                                "description",
                                                                "enum",
                                                                "exclusiveMaximum",
                                                                "exclusiveMinimum",
                                                                "format",
                                                                "items",
                                                                "maxItems",
                                                                "maxLength",
                                                                "maxProperties",
                                                                "maximum",
                                                                "minItems",
                                                                "minLength",
                                                                "minProperties",
                                                                "minimum",
                                                                "multipleOf",
                                                                "nullable",
                                                                "oneOf",
                                                                "pattern",
                                                                "prefixItems",
                                                                "properties",
                                                                "required",
                                                                "title",
                                                                "type",
                                                                "uniqueItems"};
[[nodiscard]] constexpr std::string_view name_of(Keyword keyword) { return kKeywordNames[static_cast<std::size_t>(keyword)]; }

/// Type words, each once, in the order of the schema. Words that JSON Schema does not have are left out.
class SchemaTypes {
 public:
  SchemaTypes() = default;
  explicit SchemaTypes(std::string_view word) { add(word); }
  void add(std::string_view word);
  /// True when it was there.
  bool remove(std::string_view word);
  [[nodiscard]] bool has(std::string_view word) const;
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const std::string_view* begin() const { return words_.data(); }
  [[nodiscard]] const std::string_view* end() const { return words_.data() + size_; }

 private:
  std::array<std::string_view, 7> words_;
  std::size_t size_ = 0;
};

/// The first layer that has a keyword decides; properties and `required` are joined.
class SchemaNode {
 public:
  /// How a layer counts. whole: all of it. outer: it stands around a union, of which this is a branch: its words (title, description,
  /// default) and unions are said there. loose: one of several alternatives that are merged, so that nothing of it is required.
  enum class Part : std::uint8_t { whole, outer, loose };

  void add(json::Value layer, Part part);
  /// All layers of another node.
  void add_outer(const SchemaNode& around);
  [[nodiscard]] std::size_t layers() const { return layers_.size(); }
  /// From here on it has no union: one branch of it is in it, or is to be added.
  void forget_union();
  /// From here on its title, description and default are not its own: they were said around it.
  void forget_words();

  [[nodiscard]] std::optional<json::Value> find(Keyword keyword) const {
    const auto& slot = found_[static_cast<std::size_t>(keyword)];
    return slot.is ? std::optional(slot.value) : std::nullopt;
  }
  /// Members of `properties`, of all layers, without repetition, in order.
  [[nodiscard]] std::vector<json::Member> properties() const;
  /// The names in `required`, as they are written, quotes included.
  [[nodiscard]] std::unordered_set<std::string_view> required() const;
  /// The type words, `null` included; what else says the type where `type` does not. May be empty.
  [[nodiscard]] SchemaTypes types() const;
  /// The elements of anyOf or oneOf. Empty as well when one of them allows anything, or only says what is required.
  [[nodiscard]] std::vector<json::Value> branches() const;
  /// All of them.
  [[nodiscard]] std::vector<json::Value> alternatives() const;

 private:
  struct Slot {
    json::Value value;
    bool is = false;
  };
  struct Layer {
    json::Value value;
    Part part = Part::whole;
  };
  void forget(Keyword keyword) { found_[static_cast<std::size_t>(keyword)].is = false; }
  std::array<Slot, kKeywordNames.size()> found_;
  std::vector<Layer> layers_;
  std::vector<json::Value> property_maps_, required_;
};

/// Finds what belongs to a place. One for a whole schema: it knows which references are being followed.
class SchemaReader {
 public:
  /// `work`: as much as may be done, in steps of walking over a value; what is done is taken off.
  SchemaReader(json::Value root, std::size_t& work) : root_(root), work_(work), least_(work > kMostWork ? work - kMostWork : 0) {}

  /// Adds a schema, what it refers to and what its allOf holds. False when a reference leads back to where one is already (then the place
  /// is to be left open), or when the schema has led to more work than any real one does.
  bool add(SchemaNode& node, json::Value schema, SchemaNode::Part part = SchemaNode::Part::whole);
  /// Adds what stands around a branch. The same.
  bool add_outer(SchemaNode& node, const SchemaNode& around);

  /// References followed so far are forgotten from here on: `leave` with what `enter` gave, once a place and all below it is written.
  [[nodiscard]] std::size_t enter() const { return followed_.size(); }
  void leave(std::size_t mark) { followed_.resize(mark); }

 private:
  static constexpr std::size_t kMostWork = 4'000'000;  // for one schema, all places together
  bool spend(std::size_t steps);
  [[nodiscard]] std::optional<json::Value> resolve(std::string_view reference);

  json::Value root_;
  std::size_t& work_;
  std::size_t least_;                  // that this schema leaves of it
  std::vector<std::size_t> followed_;  // where the targets begin
};

/// A schema that says what is allowed, not only what is required.
[[nodiscard]] bool has_shape(json::Value schema);
/// An array's elements.
[[nodiscard]] std::vector<json::Value> elements_of(json::Value list);
/// A schema that allows null and nothing else.
[[nodiscard]] bool is_null_schema(json::Value schema);

}  // namespace penstock::dialect
