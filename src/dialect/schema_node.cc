#include "dialect/schema_node.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace penstock::dialect {

namespace {

static_assert(std::ranges::is_sorted(kKeywordNames));

constexpr std::array<std::string_view, 7> kTypes{"object", "array", "string", "number", "integer", "boolean", "null"};
constexpr std::array kShape{Keyword::ref,   Keyword::all_of, Keyword::any_of, Keyword::constant,     Keyword::enumeration,
                            Keyword::items, Keyword::one_of, Keyword::type,   Keyword::prefix_items, Keyword::properties};
/// What a layer costs, whatever it holds; and how many bytes are walked over, or searched for a name, in one step.
constexpr std::size_t kLayerSteps = 200, kBytesWalked = 16, kBytesSearched = 64;
constexpr std::size_t kLongestReference = 1000;

constexpr std::array kWords{Keyword::title, Keyword::description, Keyword::default_value};

std::optional<Keyword> keyword_of(std::string_view name) {
  const auto found = std::ranges::lower_bound(kKeywordNames, name);
  if (found == kKeywordNames.end() || *found != name) return std::nullopt;
  return static_cast<Keyword>(found - kKeywordNames.begin());
}

template <std::size_t N>
bool is_one_of(const std::array<Keyword, N>& list, Keyword keyword) {
  return std::ranges::find(list, keyword) != list.end();
}

/// `~1` is a slash, `~0` a tilde (RFC 6901).
std::string pointer_step(std::string_view written) {
  std::string out = percent_decode(written);
  for (const auto& [code, meaning] : {std::pair<std::string_view, char>{"~1", '/'}, {"~0", '~'}})
    for (auto at = out.find(code); at != std::string::npos; at = out.find(code, at + 1)) out.replace(at, 2, 1, meaning);
  return out;
}

std::optional<json::Value> step_into(json::Value value, const std::string& step) {
  if (value.is_object()) return value.find(step);
  auto index = parse_unsigned(step);
  for (const auto element : value.elements()) {
    if (!index) break;
    if ((*index)-- == 0) return element;
  }
  return std::nullopt;
}

bool is_string_list(json::Value list) { return !list.is_empty() && std::ranges::all_of(elements_of(list), &json::Value::is_string); }

}  // namespace

void SchemaTypes::add(std::string_view word) {
  const auto known = std::ranges::find(kTypes, word);
  if (known != kTypes.end() && !has(word)) words_[size_++] = *known;
}

bool SchemaTypes::remove(std::string_view word) {
  const auto last = std::remove(words_.begin(), words_.begin() + size_, word);
  const auto left = static_cast<std::size_t>(last - words_.begin());
  return std::exchange(size_, left) != left;
}

bool SchemaTypes::has(std::string_view word) const { return std::find(begin(), end(), word) != end(); }

void SchemaNode::add(json::Value layer, Part part) {
  layers_.push_back({layer, part});
  for (const auto [key, value] : layer.members()) {
    const auto keyword = keyword_of(key.raw_text());
    if (!keyword) continue;
    if (keyword == Keyword::properties) property_maps_.push_back(value);
    if (keyword == Keyword::required && part != Part::loose) required_.push_back(value);
    const bool elsewhere = is_one_of(kWords, *keyword) || keyword == Keyword::any_of || keyword == Keyword::one_of;
    auto& slot = found_[static_cast<std::size_t>(*keyword)];
    if (!slot.is && !(part == Part::outer && elsewhere)) slot = {value, true};
  }
}

void SchemaNode::add_outer(const SchemaNode& around) {
  for (const auto& layer : around.layers_) add(layer.value, Part::outer);
}

void SchemaNode::forget_union() {
  forget(Keyword::any_of);
  forget(Keyword::one_of);
}

void SchemaNode::forget_words() {
  for (const auto keyword : kWords) forget(keyword);
}

std::vector<json::Member> SchemaNode::properties() const {
  std::vector<json::Member> out;
  std::unordered_set<std::string_view> names;
  for (const auto& map : property_maps_)
    for (const auto member : map.members())
      if (names.insert(member.key.raw_text()).second) out.push_back(member);
  return out;
}

std::unordered_set<std::string_view> SchemaNode::required() const {
  std::unordered_set<std::string_view> out;
  for (const auto& list : required_)
    for (const auto each : list.elements()) out.insert(each.raw());
  return out;
}

SchemaTypes SchemaNode::types() const {
  SchemaTypes out;
  if (const auto type = find(Keyword::type)) {
    if (type->is_string()) out.add(type->raw_text());
    for (const auto word : type->elements())
      if (word.is_string()) out.add(word.raw_text());
    return out;
  }
  const auto constant = find(Keyword::constant), list = find(Keyword::enumeration);
  if (find(Keyword::properties))
    out.add("object");
  else if (find(Keyword::items) || find(Keyword::prefix_items))
    out.add("array");
  else if ((constant && constant->is_string()) || (list && is_string_list(*list)))
    out.add("string");
  return out;
}

std::vector<json::Value> SchemaNode::alternatives() const {
  const auto any = find(Keyword::any_of);
  const auto list = any ? any : find(Keyword::one_of);
  return list ? elements_of(*list) : std::vector<json::Value>();
}

std::vector<json::Value> SchemaNode::branches() const {
  auto all = alternatives();
  return std::ranges::all_of(all, has_shape) ? all : std::vector<json::Value>();
}

/// False, and from then on always, when there is not that much left.
bool SchemaReader::spend(std::size_t steps) {
  const bool is_enough = work_ >= least_ + steps;
  work_ = is_enough ? work_ - steps : std::min(work_, least_);
  return is_enough;
}

bool SchemaReader::add_outer(SchemaNode& node, const SchemaNode& around) {
  if (!spend(around.layers() * kLayerSteps)) return false;
  node.add_outer(around);
  return true;
}

bool SchemaReader::add(SchemaNode& node, json::Value schema, SchemaNode::Part part) {
  if (!spend(kLayerSteps + schema.raw().size() / kBytesWalked)) return false;
  if (!schema.is_object()) return true;  // `true` says nothing; `false` nobody means
  node.add(schema, part);
  bool open = true;
  if (const auto reference = schema.find("$ref"); reference && reference->is_string()) {
    if (const auto target = resolve(reference->text())) {
      if (std::ranges::find(followed_, target->begin()) != followed_.end()) return false;
      followed_.push_back(target->begin());
      open = add(node, *target, part);
    }
  }
  if (const auto all = schema.find("allOf"))
    for (const auto each : all->elements()) open = add(node, each, part) && open;
  return open;
}

std::optional<json::Value> SchemaReader::resolve(std::string_view reference) {
  if (!reference.starts_with('#') || reference.size() > kLongestReference) return std::nullopt;
  std::optional<json::Value> at = root_;
  auto rest = reference.substr(1);
  while (at && rest.starts_with('/')) {
    if (!spend(at->raw().size() / kBytesSearched)) return std::nullopt;
    const auto end = std::min(rest.find('/', 1), rest.size());
    at = step_into(*at, pointer_step(rest.substr(1, end - 1)));
    rest.remove_prefix(end);
  }
  return rest.empty() ? at : std::nullopt;
}

bool has_shape(json::Value schema) {
  for (const auto [key, value] : schema.members())
    if (const auto keyword = keyword_of(key.raw_text()); keyword && is_one_of(kShape, *keyword)) return true;
  return false;
}

std::vector<json::Value> elements_of(json::Value list) {
  std::vector<json::Value> out;
  for (const auto element : list.elements()) out.push_back(element);
  return out;
}

bool is_null_schema(json::Value schema) {
  const auto type = schema.find("type"), constant = schema.find("const"), list = schema.find("enum");
  if (type && type->equals("null")) return true;
  if (constant && constant->is_null()) return true;
  return list && list->is_array() && !list->is_empty() && std::ranges::all_of(elements_of(*list), &json::Value::is_null);
}

}  // namespace penstock::dialect
