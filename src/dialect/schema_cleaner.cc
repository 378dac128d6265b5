#include "dialect/schema_cleaner.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/append.h"
#include "dialect/schema_node.h"
#include "dialect/schema_rules.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

using json::Value;
using Part = SchemaNode::Part;

constexpr unsigned kDeepest = 48;
/// A schema whose references multiply is left open from this size on.
constexpr std::size_t kLargest = 512U << 10;

/// A regular expression that every engine reads alike: no look-around, no back reference, no class by property.
bool is_plain_pattern(std::string_view written) {
  if (written.contains("(?")) return false;
  for (std::size_t at = written.find("\\\\"); at != std::string_view::npos && at + 2 < written.size(); at = written.find("\\\\", at + 2))
    if (const char c = written[at + 2]; (c >= '1' && c <= '9') || c == 'p' || c == 'P' || c == 'k') return false;
  return true;
}

/// A value of an enumeration may stand under that type.
bool fits(Value value, std::string_view type, bool nullable) {
  switch (value.kind()) {
    case json::Kind::null: return nullable;
    case json::Kind::boolean: return type == "boolean";
    case json::Kind::number: return type == "number" || type == "integer";
    case json::Kind::string: return type == "string";
    case json::Kind::array: return type == "array";
    case json::Kind::object: return type == "object";
  }
  return false;
}

/// Writes one schema. Each function appends members of the object that is being written.
class Cleaner {
 public:
  Cleaner(Value root, SchemaDialect dialect, SchemaBudget& budget)
      : budget_(budget), reader_(root, budget.work), rules_(schema_rules(dialect)) {}

  CleanSchema clean(Value root) {
    SchemaNode node;
    reader_.add(node, root);
    // A union at the root is refused nearly everywhere: its branches become one object, of which each names a part.
    for (const auto branch : node.alternatives()) reader_.add(node, branch, Part::loose);
    open();
    write_members(node, SchemaTypes("object"), true);
    out_ += '}';
    budget_.bytes -= std::min(budget_.bytes, out_.size());
    return {std::move(out_), faithful_, adds_null_};
  }

 private:
  void open() {
    out_ += '{';
    first_ = true;
  }
  void name(std::string_view keyword) {
    if (!std::exchange(first_, false)) out_ += ',';
    append(out_, '"', keyword, "\":");
  }
  void copy(Keyword keyword, Value value) {
    name(name_of(keyword));
    out_ += value.raw();
  }

  /// A schema, as an object. `nullable`: null is allowed whatever it says. `around`: what it is a branch of, which speaks too.
  void write(Value schema, bool nullable = false, const SchemaNode* around = nullptr) {
    const auto mark = reader_.enter();
    SchemaNode node;
    bool known = reader_.add(node, schema) && depth_ < kDeepest && out_.size() < std::min(kLargest, budget_.bytes);
    if (around != nullptr) known = reader_.add_outer(node, *around) && known;
    ++depth_;
    open();
    if (known)
      write_node(node, nullable);
    else
      write_any();
    out_ += '}';
    first_ = false;
    --depth_;
    reader_.leave(mark);
  }

  /// Whatever: {}, or its nearest kin.
  void write_any() {
    if (!rules_.requires_all) return;
    faithful_ = false;
    name("type");
    out_ += R"(["string","number","boolean","null"])";
  }

  void write_node(SchemaNode& node, bool nullable) {
    auto branches = node.branches();
    if (!branches.empty()) nullable |= take_nulls(branches);
    if (branches.size() == 1 && (!nullable || rules_.type_lists != TypeLists::any_of)) {
      node.forget_union();
      return reader_.add(node, branches.front()) ? write_node(node, nullable) : write_any();
    }
    branches.empty() ? write_branchless(node, nullable) : write_union(node, branches, nullable);
  }

  /// Takes null out of the branches; true when it was there.
  static bool take_nulls(std::vector<Value>& branches) { return std::erase_if(branches, is_null_schema) > 0; }

  /// The words of a node whose substance follows in a union.
  void describe(const SchemaNode& node) {
    for (const auto keyword : {Keyword::title, Keyword::description})
      if (const auto text = node.find(keyword)) copy(keyword, *text);
  }

  void write_branchless(SchemaNode& node, bool nullable) {
    auto types = node.types();
    if (types.remove("null")) nullable = true;
    const bool several = types.size() > 1 || (!types.empty() && nullable && rules_.type_lists == TypeLists::any_of);
    if (!several || rules_.type_lists == TypeLists::keep) return write_members(node, types, false, nullable);
    describe(node);
    node.forget_words();
    name("anyOf");
    out_ += '[';
    for (const auto type : types) {
      if (out_.back() != '[') out_ += ',';
      open();
      write_members(node, SchemaTypes(type), false);
      out_ += '}';
    }
    if (nullable && rules_.type_lists == TypeLists::any_of) out_ += R"(,{"type":"null"})";
    out_ += ']';
    first_ = false;
    if (nullable && rules_.type_lists == TypeLists::nullable) allow_null();
  }

  void allow_null() {
    name("nullable");
    out_ += "true";
  }

  void write_union(SchemaNode& node, const std::vector<Value>& branches, bool nullable) {
    if (rules_.union_carries)
      describe(node);
    else
      write_members(node, node.types(), false);
    name("anyOf");
    out_ += '[';
    for (std::size_t i = 0; i < branches.size(); ++i) {
      out_ += i == 0 ? "" : ",";
      write(branches[i], false, rules_.union_carries ? &node : nullptr);
    }
    if (nullable && rules_.type_lists != TypeLists::nullable) out_ += R"(,{"type":"null"})";
    out_ += ']';
    first_ = false;
    if (nullable && rules_.type_lists == TypeLists::nullable) allow_null();
  }

  /// Everything but unions. `types` without null.
  void write_members(SchemaNode& node, const SchemaTypes& types, bool root, bool nullable = false) {
    const bool unknown = types.empty() && node.branches().empty() && !node.find(Keyword::enumeration) && !node.find(Keyword::constant);
    if (unknown) write_any();
    if (types.empty() && rules_.string_enums && lists_strings(node))
      return write_members(node, SchemaTypes("string"), root, nullable || lists_null(node));
    if (!types.empty()) write_types(types, nullable);
    if (types.empty() && nullable && rules_.type_lists == TypeLists::nullable) allow_null();
    for (const auto keyword : rules_.copied)
      if (const auto value = node.find(keyword); value && !(keyword == Keyword::nullable && nullable)) copy(keyword, *value);
    write_values(node, types, nullable);
    write_limits(node);
    if (types.has("object")) write_object(node, root);
    if (types.has("array")) write_items(node);
  }

  /// An enumeration that keeps a value where only strings are known: Google refuses one whose type is not said.
  static bool lists_strings(const SchemaNode& node) {
    const auto constant = node.find(Keyword::constant), list = node.find(Keyword::enumeration);
    if (constant) return constant->is_string();
    return list && std::ranges::any_of(elements_of(*list), &Value::is_string);
  }

  static bool lists_null(const SchemaNode& node) {
    const auto list = node.find(Keyword::enumeration);
    return list && std::ranges::any_of(elements_of(*list), &Value::is_null);
  }

  void write_types(const SchemaTypes& types, bool nullable) {
    const bool adds_null = nullable && rules_.type_lists == TypeLists::keep;
    name("type");
    if (types.size() > 1 || adds_null) out_ += '[';
    bool first = true;
    for (const auto type : types) append(out_, std::exchange(first, false) ? "" : ",", '"', type, '"');
    if (adds_null) out_ += R"(,"null")";
    if (types.size() > 1 || adds_null) out_ += ']';
    if (nullable && rules_.type_lists == TypeLists::nullable) allow_null();
  }

  /// `enum`, also for `const`.
  void write_values(const SchemaNode& node, const SchemaTypes& types, bool nullable) {
    std::vector<Value> values;
    if (const auto constant = node.find(Keyword::constant))
      values.push_back(*constant);
    else if (const auto list = node.find(Keyword::enumeration))
      values = elements_of(*list);
    if (types.size() == 1) std::erase_if(values, [&](Value value) { return !fits(value, *types.begin(), nullable); });
    if (rules_.string_enums) std::erase_if(values, [](Value value) { return !value.is_string(); });
    if (values.empty()) return;
    name("enum");
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) append(out_, i == 0 ? "" : ",", values[i].raw());
    if (nullable && !rules_.string_enums && std::ranges::none_of(values, &Value::is_null)) out_ += ",null";
    out_ += ']';
  }

  void write_limits(const SchemaNode& node) {
    constexpr std::pair<Keyword, Keyword> kBounds[] = {{Keyword::exclusive_minimum, Keyword::minimum},
                                                       {Keyword::exclusive_maximum, Keyword::maximum}};
    for (const auto& [exclusive, inclusive] : kBounds) {
      const auto bound = node.find(exclusive);
      if (!bound || bound->kind() != json::Kind::number) continue;  // in an old draft, true or false
      if (rules_.exclusive_bounds)
        copy(exclusive, *bound);
      else if (!node.find(inclusive))
        copy(inclusive, *bound);
    }
    if (const auto format = node.find(Keyword::format); format && std::ranges::find(rules_.formats, format->text()) != rules_.formats.end())
      copy(Keyword::format, *format);
    if (const auto pattern = node.find(Keyword::pattern);
        pattern && rules_.patterns && pattern->is_string() && is_plain_pattern(pattern->raw_text()))
      copy(Keyword::pattern, *pattern);
  }

  void write_object(SchemaNode& node, bool root) {
    const auto properties = node.properties();
    const auto required = node.required();
    if (properties.empty() && rules_.bare_objects) return;
    name("properties");
    open();
    for (const auto& [key, schema] : properties) {
      name(key.raw_text());
      const bool optional = rules_.requires_all && !required.contains(key.raw());
      adds_null_ = adds_null_ || (optional && !allows_null(schema));
      write(schema, optional);
    }
    out_ += '}';
    first_ = false;
    write_required(required, properties);
    write_closing(node, root && properties.empty(), properties.empty());
  }

  /// An instance may be null. A place that is left open counts too.
  bool allows_null(Value schema) {
    const auto mark = reader_.enter();
    SchemaNode node;
    const bool known = reader_.add(node, schema);
    const auto nullable = node.find(Keyword::nullable);
    const auto alternatives = node.alternatives();
    const bool allows =
        !known || (node.types().empty() && alternatives.empty() && !node.find(Keyword::enumeration) && !node.find(Keyword::constant)) ||
        node.types().has("null") || (nullable && nullable->boolean().value_or(false)) || lists_null(node) ||
        std::ranges::any_of(alternatives, [&](Value branch) { return allows_null(branch); });
    reader_.leave(mark);
    return allows;
  }

  void write_required(const std::unordered_set<std::string_view>& required, const std::vector<json::Member>& properties) {
    std::string names;
    for (const auto& [key, schema] : properties)
      if (rules_.requires_all || required.contains(key.raw())) append(names, names.empty() ? "" : ",", key.raw());
    if (names.empty() && !rules_.requires_all) return;
    name("required");
    append(out_, '[', names, ']');
  }

  /// additionalProperties.
  void write_closing(const SchemaNode& node, bool takes_nothing, bool is_map) {
    const auto others = node.find(Keyword::additional_properties);
    const bool allows = others && (others->is_object() || others->boolean().value_or(false));
    if (rules_.closing == Closing::always_false) {
      if (allows || (is_map && !others && !takes_nothing)) faithful_ = false;
      name("additionalProperties");
      out_ += "false";
    } else if (rules_.closing == Closing::keep && others) {
      name("additionalProperties");
      if (others->is_object())
        write(*others);
      else
        out_ += others->raw();
    }
  }

  void write_items(const SchemaNode& node) {
    const auto tuple = node.find(Keyword::prefix_items);
    const auto items = tuple ? tuple : node.find(Keyword::items);
    name("items");
    if (items && items->is_object()) return write(*items);
    const auto places = items ? elements_of(*items) : std::vector<Value>();
    if (places.size() == 1) return write(places.front());
    open();
    if (!places.empty() && std::ranges::all_of(places, has_shape)) {
      name("anyOf");
      out_ += '[';
      for (std::size_t i = 0; i < places.size(); ++i) {
        out_ += i == 0 ? "" : ",";
        write(places[i]);
      }
      out_ += ']';
    } else if (rules_.item_types) {
      name("type");
      out_ += "\"string\"";
      faithful_ = false;
    }
    out_ += '}';
    first_ = false;
  }

  SchemaBudget& budget_;
  SchemaReader reader_;
  const SchemaRules& rules_;
  std::string out_;
  unsigned depth_ = 0;
  bool first_ = true;  // no member of the open object is written yet
  bool faithful_ = true, adds_null_ = false;
};

}  // namespace

CleanSchema clean_schema(Value schema, SchemaDialect dialect, SchemaBudget& budget) {
  if (dialect == SchemaDialect::none && schema.is_object() && !schema.is_empty()) return {std::string(schema.raw()), true};
  if (!schema.is_object()) return {R"({"type":"object","properties":{}})", true};
  return Cleaner(schema, dialect, budget).clean(schema);
}

CleanSchema clean_schema(std::string_view schema, SchemaDialect dialect, SchemaBudget& budget) {
  const json::Padded text(budget.is_spent() ? std::string_view("{}") : schema);
  json::Document document;
  if (!document.index(text.text())) return clean_schema(json::Document().root(), dialect, budget);
  return clean_schema(document.root(), dialect, budget);
}

CleanSchema clean_schema(Value schema, SchemaDialect dialect) {
  SchemaBudget budget(schema.raw().size());
  return clean_schema(schema, dialect, budget);
}

CleanSchema clean_schema(std::string_view schema, SchemaDialect dialect) {
  SchemaBudget budget(schema.size());
  return clean_schema(schema, dialect, budget);
}

}  // namespace penstock::dialect
