#include "dialect/arguments.h"

#include <algorithm>

#include "base/text.h"
#include "json/bytes.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

/// The brackets and quotes that are open at the end of `text`, as what closes them. Nothing when they do not even pair.
std::optional<std::string> closing(std::string_view text) {
  std::string open;
  bool in_string = false, escaped = false;
  std::size_t digits = 0;  // of a \u escape that are still to come
  for (const char c : text) {
    if (in_string) {
      if (digits > 0)
        --digits;
      else if (escaped)
        escaped = false, digits = c == 'u' ? 4 : 0;
      else if (c == '\\')
        escaped = true;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      open += c == '{' ? '}' : ']';
    } else if (c == '}' || c == ']') {
      if (open.empty() || open.back() != c) return std::nullopt;
      open.pop_back();
    }
  }
  std::string out = escaped ? "\\" : std::string(digits, '0');
  if (in_string) out += '"';
  return out + std::string(open.rbegin(), open.rend());
}

}  // namespace

std::string unescape(std::string_view written) {
  if (!written.contains('\\')) return std::string(written);
  const json::Padded copy("\"" + std::string(written) + "\"");
  json::Document document;
  if (!document.index(copy.text())) return std::string(written);
  return document.root().text();
}

bool is_json_object(std::string_view text) {
  const json::Padded copy(text);
  json::Document document;
  // The index does not look inside strings.
  return document.index(copy.text()) && document.root().is_object() && !json::check_escapes(copy.text());
}

std::optional<std::string> missing_end(std::string_view written) {
  const std::string text = unescape(written);
  if (trim(text).empty()) return "{}";
  if (is_json_object(text)) return "";
  const auto end = closing(text);
  if (!end || end->empty()) return std::nullopt;
  // What was cut behind a key or a colon needs a value; behind a comma, nothing can be taken back, but a null member does no harm there.
  for (const std::string_view filler : {"", "null", ":null", "\"\":null"}) {
    const auto brackets = std::min(end->find_first_of("}]"), end->size());
    const std::string whole = end->substr(0, brackets) + std::string(filler) + end->substr(brackets);
    if (is_json_object(text + whole)) return json_escape(whole);
  }
  return std::nullopt;
}

}  // namespace penstock::dialect
