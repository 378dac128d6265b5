#include "config/check.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/text.h"

namespace penstock::config {

namespace {

constexpr std::string_view kRange = "..";

std::vector<std::string> alternatives(std::string_view allowed) {
  std::vector<std::string> words;
  for (const auto word : split(allowed, '|')) words.emplace_back(word);
  return words;
}

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

bool is_token_char(char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; }

/// `N` stands for a number, alone or behind a colon; `NAME` for any word.
bool fits(std::string_view alternative, std::string_view word) {
  if (alternative == "NAME") return !word.empty() && std::ranges::all_of(word, is_token_char);
  if (alternative != "N" && !alternative.ends_with(":N")) return alternative == word;
  const auto prefix = alternative.substr(0, alternative.size() - 1);
  return word.starts_with(prefix) && parse_unsigned(word.substr(prefix.size())).value_or(0) > 0;
}

std::string word_fault(const Field& field, std::string_view text) {
  const auto words = alternatives(field.allowed);
  if (std::ranges::any_of(words, [&](const auto& word) { return fits(word, text); })) return {};
  return shown(text) + " is not known here; write " + listed(words);
}

std::string words_fault(const Field& field, std::string_view text) {
  const auto given = split(text, ',');
  if (given.empty()) return "is empty; write " + listed(alternatives(field.allowed));
  for (const auto word : given)
    if (auto fault = word_fault(field, word); !fault.empty()) return fault;
  return {};
}

/// The reader's own fault, or one of range. `allowed` may also name words that stand beside the range.
template <typename T>
std::string ranged_fault(const Field& field, std::string_view text, Parsed<T> (*read)(std::string_view)) {
  const auto value = read(text);
  std::string limits;
  for (const auto& alternative : alternatives(field.allowed)) {
    const auto dots = alternative.find(kRange);
    if (dots == std::string::npos && text == alternative) return {};
    if (dots == std::string::npos) {
      limits += alternative + ", or ";
      continue;
    }
    const std::string low = alternative.substr(0, dots), high = alternative.substr(dots + kRange.size());
    if (value && read(low).value() <= *value && *value <= read(high).value()) return {};
    return (value ? shown(text) + " is out of range" : value.error()) + " (" + limits + low + " to " + high + ")";
  }
  return value ? std::string{} : value.error();
}

template <typename T>
std::string fault_of(const Parsed<T>& value) {
  return value ? std::string{} : value.error();
}

/// `$NAME` reads a variable in a shell, and nothing here.
bool is_shell_variable(std::string_view text) {
  if (text.size() < 2 || text.front() != '$') return false;
  return std::ranges::all_of(text.substr(1), [](char c) { return is_token_char(c) && c != '-' && c != '.'; });
}

std::string text_fault(std::string_view text) {
  if (text.empty()) return "is empty; write a value or remove the key";
  return is_header_value(text) ? std::string{} : "holds a control character";
}

std::string secret_fault(std::string_view text) {
  return is_secret_text(text) ? std::string{} : "holds a space, a control or a non-ASCII character, which no header can carry";
}

/// Walks the tree; `path_` names the place for messages.
class Checker {
 public:
  Checker(const Surroundings& around, Report& report) : around_(around), report_(report) {}

  void check(Node& node, const Schema& schema, const std::string& path) {
    if (node.kind == Node::Kind::null || (schema.field != nullptr && schema.field->type == Type::anything)) return;
    if (node.is_map() && schema.takes_map()) return check_map(node, schema, path);
    if (node.is_list() && schema.takes_list()) return check_list(node, schema, path);
    if (node.is_scalar() && schema.takes_scalar()) return check_scalar(node, *schema.field, path);
    report_.add(node.at, place(path) + " must be " + shapes(schema) + ", not " + shape(node.kind));
    clear(node);
  }

 private:
  static std::string place(const std::string& path) { return path.empty() ? "the file" : json_quote(path); }

  static std::string shape(Node::Kind kind) {
    switch (kind) {
      case Node::Kind::map: return "a map";
      case Node::Kind::list: return "a list";
      case Node::Kind::scalar: return "a single value";
      case Node::Kind::null: break;
    }
    return "empty";
  }

  static std::string shapes(const Schema& schema) {
    std::vector<std::string> words;
    if (schema.takes_scalar()) words.emplace_back("a single value (" + std::string(name(schema.field->type)) + ")");
    if (schema.takes_list()) words.emplace_back("a list");
    if (schema.takes_map()) words.emplace_back("a map (key: value)");
    return listed(words);
  }

  void check_map(Node& node, const Schema& schema, const std::string& path) {
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const Key& key = node.keys[i];
      const Schema* below = schema.below(key.text);
      if (below == nullptr) {
        report_unknown(key, schema, path);
      } else {
        check(node.items[i], *below, path.empty() ? key.text : path + "." + key.text);
      }
    }
  }

  void report_unknown(const Key& key, const Schema& schema, const std::string& path) {
    const auto known = schema.keys();
    auto mend = suggestion(key.text, known);
    if (mend.empty()) mend = "; known here: " + join(known, ", ");
    report_.add(key.at, "unknown key " + shown(key.text) + (path.empty() ? "" : " in " + json_quote(path)) + mend);
  }

  void check_list(Node& node, const Schema& schema, const std::string& path) {
    for (Node& item : node.items) {
      if (item.kind == Node::Kind::null) {
        report_.add(item.at, "an item of " + place(path) + " is empty; write a value or remove it");
      } else if (schema.item) {
        check(item, *schema.item, path);
      } else if (item.is_scalar()) {
        check_scalar(item, *schema.field, path);
      } else {
        report_.add(item.at, "an item of " + place(path) + " must be a word");
      }
    }
  }

  void check_scalar(Node& node, const Field& field, const std::string& path) {
    const bool secret = field.type == Type::provider_key || field.type == Type::token || field.type == Type::header;
    if (secret && is_shell_variable(node.text))
      report_.warn(node.at, place(path) + " is taken as it stands; to read a variable, write ${NAME}");
    auto expanded = secret ? expand_secret(node.text, around_) : expand(node.text, around_.environment);
    if (!expanded) return reject(node, path, expanded.error());
    node.text = std::move(expanded->text);
    if (field.type == Type::provider_key) {
      node.unset = std::move(expanded->unset);
    } else if (!expanded->unset.empty()) {
      return reject(node, path, unset_fault(expanded->unset.front(), field));
    }
    if (const auto fault = value_fault(field, node.text); !fault.empty()) reject(node, path, fault);
  }

  static std::string unset_fault(const std::string& variable, const Field& field) {
    // A default would be a token that anyone can read in the file.
    const std::string mend = field.type == Type::token ? "remove the token" : "write ${" + variable + ":-default}";
    return "the variable " + variable + " is not set; set it, or " + mend;
  }

  /// Notes the fault and empties the value, so that nothing complains about it a second time.
  void reject(Node& node, const std::string& path, const std::string& fault) {
    report_.add(node.at, place(path) + ": " + fault);
    clear(node);
  }

  static void clear(Node& node) {
    node = Node{.kind = Node::Kind::null, .text = {}, .at = node.at, .keys = {}, .items = {}, .unset = {}, .rejected = true};
  }

  const Surroundings& around_;
  Report& report_;
};

}  // namespace

std::string value_fault(const Field& field, std::string_view text) {
  switch (field.type) {
    case Type::integer: return ranged_fault(field, text, parse_integer);
    case Type::number: return ranged_fault(field, text, parse_number);
    case Type::duration: return ranged_fault(field, text, parse_duration);
    case Type::size: return ranged_fault(field, text, parse_size);
    case Type::boolean: return fault_of(parse_boolean(text));
    case Type::word: return word_fault(field, text);
    case Type::words: return words_fault(field, text);
    case Type::provider_key: return secret_fault(text);
    case Type::token: return text.empty() ? "is empty; a token must have a value" : secret_fault(text);
    case Type::target: return fault_of(parse_target(text));
    case Type::name:
    case Type::pattern: return fault_of(parse_name(text));
    case Type::address: return fault_of(parse_listen(text));
    case Type::url: return fault_of(parse_base_url(text));
    case Type::proxy: return fault_of(parse_proxy(text));
    case Type::header: return is_header_value(text) ? std::string{} : "holds a control character";
    case Type::text:
    case Type::path: return text_fault(text);
    case Type::section:
    case Type::anything: break;
  }
  return {};
}

void check(Node& root, const Surroundings& around, Report& report) { Checker(around, report).check(root, schema(), ""); }

}  // namespace penstock::config
