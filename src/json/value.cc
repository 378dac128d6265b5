// What a cursor can tell about its value. The document's grammar and escapes were checked when it was indexed.
#include <charconv>
#include <cmath>
#include <cstdint>

#include "json/bytes.h"
#include "json/scan.h"

namespace penstock::json {

namespace {

constexpr std::size_t kLongestEscape = 6;  // \u0061 is one byte of text
constexpr std::uint32_t kReplacement = 0xfffd;

std::uint32_t hex4(std::string_view digits) {
  std::uint32_t unit = 0;
  std::from_chars(digits.data(), digits.data() + 4, unit, 16);
  return unit;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | (point >> 6));
  } else if (point < 0x10000) {
    put(0xe0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3f));
  } else {
    put(0xf0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3f));
    put(0x80 | ((point >> 6) & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

/// Resolves the \u escape at the start of `raw` (with its other half, if it is a pair) and takes it off.
void append_unicode_escape(std::string& out, std::string_view& raw) {
  std::uint32_t point = hex4(raw.substr(2));
  raw.remove_prefix(kLongestEscape);
  if (point >= 0xd800 && point < 0xdc00 && raw.size() >= kLongestEscape && raw.starts_with("\\u")) {
    if (const auto low = hex4(raw.substr(2)); low >= 0xdc00 && low < 0xe000) {
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      raw.remove_prefix(kLongestEscape);
    }
  }
  append_utf8(out, point >= 0xd800 && point < 0xe000 ? kReplacement : point);
}

char simple_escape(char letter) {
  switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return letter;
  }
}

/// `raw` as it is written when it holds an escape that JSON does not have: the index does not look inside strings. Readable bytes follow
/// it, as it stands in an indexed text.
std::string unescape(std::string_view raw) {
  if (raw.find('\\') == std::string_view::npos || check_escapes(raw)) return std::string(raw);
  std::string out;
  out.reserve(raw.size());
  while (!raw.empty()) {
    const auto plain = std::min(raw.find('\\'), raw.size());
    out += raw.substr(0, plain);
    raw.remove_prefix(plain);
    if (raw.empty()) break;
    if (raw[1] == 'u') {
      append_unicode_escape(out, raw);
    } else {
      out += simple_escape(raw[1]);
      raw.remove_prefix(2);
    }
  }
  return out;
}

}  // namespace

std::string Value::text() const { return is_string() ? unescape(raw_text()) : std::string(); }

bool Value::has_valid_escapes() const {
  return is_string() && (raw_text().find('\\') == std::string_view::npos || !check_escapes(raw_text()));
}

std::string_view Value::resolve(std::string_view written, std::string& scratch) { return scratch = unescape(written); }

/// `written` is longer than `text`: equal only with an escape in it. An escape is at most six times as long as what it stands for, so a
/// long string is never looked at for a short word.
bool Value::equals_unescaped(std::string_view written, std::string_view text) {
  if (written.size() > text.size() * kLongestEscape || written.find('\\') == std::string_view::npos) return false;
  return unescape(written) == text;
}

std::optional<bool> Value::boolean() const {
  if (kind() != Kind::boolean) return std::nullopt;
  return document_->at(index_) == 't';
}

std::optional<double> Value::number() const {
  if (kind() != Kind::number) return std::nullopt;
  const auto digits = raw();
  double value = 0;
  const auto [_, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (fault != std::errc()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> Value::integer() const {
  if (kind() != Kind::number) return std::nullopt;
  const auto digits = raw();
  if (digits.find_first_of(".eE") == std::string_view::npos) {
    std::int64_t value = 0;
    const auto [_, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return fault == std::errc() ? std::optional(value) : std::nullopt;
  }
  constexpr double kExact = 9007199254740992.0;  // 2^53: above it a double no longer tells neighbours apart
  const auto value = number();
  if (!value || std::trunc(*value) != *value || std::abs(*value) > kExact) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

Members Value::members() const {
  if (!is_object()) return {document_, index_, index_};
  return {document_, index_ + 1, document_->close_[index_]};
}

Elements Value::elements() const {
  if (!is_array()) return {document_, index_, index_};
  return {document_, index_ + 1, document_->close_[index_]};
}

std::optional<Value> Value::find(std::string_view key) const {
  for (const auto& [name, value] : members())
    if (name.equals(key)) return value;
  return std::nullopt;
}

bool Value::is_empty() const { return (is_object() || is_array()) && document_->close_[index_] == index_ + 1; }

}  // namespace penstock::json
