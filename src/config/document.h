// A YAML text as a plain tree that remembers where each value stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/report.h"

namespace penstock::config {

/// A key of a map.
struct Key {
  std::string text;
  Position at;
};

/// One value. Maps keep `keys` and `items` in step and in the order of the file; no key occurs twice.
struct Node {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  std::string text;  // of a scalar; references such as ${NAME} are still in it until check() has expanded them
  Position at;
  std::vector<Key> keys;
  std::vector<Node> items;
  std::vector<std::string> unset;  // variables that a provider's key names and that have no value; filled by check()
  bool rejected = false;           // had a value that check() found faulty, and is null since

  [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }
  [[nodiscard]] bool is_map() const { return kind == Kind::map; }
  [[nodiscard]] bool is_list() const { return kind == Kind::list; }
  /// The value of `key`, or null when this is no map, has no such key, or the key has no value.
  [[nodiscard]] const Node* find(std::string_view key) const;
  /// `key` has no value, and no fault is noted for that yet.
  [[nodiscard]] bool lacks(std::string_view key) const;
  /// `key` holds a value or a list with at least one item, faulty ones included.
  [[nodiscard]] bool has_items(std::string_view key) const;
  /// The place of `key`, or of this node without such a key.
  [[nodiscard]] Position place_of(std::string_view key) const;
  /// The scalar at `key`, or null.
  [[nodiscard]] const Node* scalar(std::string_view key) const;
  /// The items of the list at `key`; a single scalar or map there counts as a list of one.
  [[nodiscard]] std::vector<const Node*> list(std::string_view key) const;
};

/// Parses `text`. Faults (syntax, duplicate keys, anchors, tags, depth) go to `report`; what was read up to a syntax error is dropped
/// and gives a null node. `${…}` may stand unquoted anywhere, though `{` and `}` mean something else to YAML.
Node read_yaml(std::string_view text, Report& report);

}  // namespace penstock::config
