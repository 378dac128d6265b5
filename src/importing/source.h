// Another tool's configuration as a tree that remembers what became of each field. An importer marks what it uses, so that whatever
// nobody looked at is known to be left out, and collect() (notes.h) lists it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::importing {

/// What became of a field of the source.
enum class Fate : std::uint8_t { unread, carried, changed, left_out };

/// One value of the source. Marks on a map or list stand for everything below it.
struct Value {
  enum class Kind : std::uint8_t { absent, null, scalar, list, map };

  Kind kind = Kind::absent;
  std::string text;               // of a scalar
  std::vector<std::string> keys;  // of a map, in step with `items`
  std::vector<Value> items;
  std::string path;  // `model_list[0].litellm_params.model`
  Fate fate = Fate::unread;
  std::string why;  // for changed and left_out: what differs, and the mend

  [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }
  [[nodiscard]] bool is_list() const { return kind == Kind::list; }
  [[nodiscard]] bool is_map() const { return kind == Kind::map; }
  /// Holds anything: not absent, not null, not empty.
  [[nodiscard]] bool filled() const;
  /// The value of `key`; an absent one when there is none, on which marks have no effect.
  Value& operator[](std::string_view key);
  /// The items of a list; of anything else that is filled, itself alone.
  std::vector<Value*> elements();

  /// The scalar as a number; nothing for another kind or text.
  [[nodiscard]] std::optional<double> number() const;
  /// `true`, `yes`, `1` and `on` in any case.
  [[nodiscard]] bool is_true() const;

  /// The scalar's text, and the mark that it is carried over.
  std::string take();
  /// Marks; a stronger one (left_out, then changed) stays. Both sentences of two changes are kept.
  void carry();
  void change(const std::string& reason);
  void leave(const std::string& reason);
};

/// How comments look between the tokens of a JSON5 text or of a Python dictionary.
enum class Comments : std::uint8_t { slashes, hash };

/// YAML, with anchors, aliases and merge keys. Fails with the line on a syntax error, on what is no UTF-8, and on what is too large.
Result<Value> parse_yaml(std::string_view text);
/// JSON and JSON5: comments, trailing commas, single quotes, bare keys. With Comments::hash, a Python dictionary of plain values.
Result<Value> parse_json5(std::string_view text, Comments comments = Comments::slashes);

/// Fails on what is no text: too large, not UTF-8, or with control characters.
Status check_text(std::string_view text);

/// Gives every value below `root` its path.
void name_paths(Value& root);

}  // namespace penstock::importing
