// The one table of the configuration file: every key with its type, default, range and a sentence of help. Validation and
// docs/configuration.md come from it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

/// How the text of a scalar is read.
enum class Type : std::uint8_t {
  section,  // no scalar: only the keys or items below
  text,     // anything printable
  integer,
  number,
  duration,
  size,
  boolean,
  word,          // one of `allowed`
  words,         // one or several of `allowed`, as a list or separated by commas
  provider_key,  // a secret; an unset variable means: no key
  token,         // a secret that must be there
  target,        // provider/model
  name,          // a model name
  pattern,       // a model name in which * stands for anything
  address,       // host:port
  url,
  proxy,
  path,
  header,    // a header's value; may be a secret
  anything,  // not looked into
};

/// One key. Paths are dotted; `*` is any key of a map, `[]` any item of a list. A path that starts with `@` belongs to a group of keys that
/// other rows name in `group`, because the same keys stand in several places.
struct Field {
  std::string_view path;
  Type type;
  std::string_view fallback;  // the default as a user would write it; empty: none
  std::string_view allowed;   // alternatives separated by |: words, LOW..HIGH for numbers; `N` is any number, `NAME` any word
  std::string_view help;
  bool later = false;  // accepted and checked; a later version acts on it
  std::string_view group{};
};

/// The table, in the order of the reference page.
std::span<const Field> fields();

/// The table as a tree that follows the shape of a file.
struct Schema {
  const Field* field = nullptr;
  std::map<std::string, Schema, std::less<>> named;
  std::unique_ptr<Schema> any_key, item;
  const Schema* group = nullptr;

  /// What may stand below `key`, or null for an unknown key.
  [[nodiscard]] const Schema* below(std::string_view key) const;
  [[nodiscard]] bool takes_map() const;
  [[nodiscard]] bool takes_scalar() const;
  [[nodiscard]] bool takes_list() const;
  /// The keys that may stand here.
  [[nodiscard]] std::vector<std::string> keys() const;
};
/// Built once, on first use; immutable.
const Schema& schema();

/// The type in words, for messages and the reference page (`duration`, `provider/model`).
std::string_view name(Type type);

}  // namespace penstock::config
