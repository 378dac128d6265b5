// Small pure functions on text that the standard library lacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// ASCII only; header names and schemes, never user text.
[[nodiscard]] constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
[[nodiscard]] inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;  // most names differ here, at no cost
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}
[[nodiscard]] bool contains_ignoring_case(std::string_view text, std::string_view part);
[[nodiscard]] bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
[[nodiscard]] std::string to_lower(std::string_view text);

/// Without white space (space, tab, CR, LF) at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);
/// Parts between separators, trimmed; empty parts are left out.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
/// Parts put together with `separator` between them.
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

/// All digits, no sign, no overflow; otherwise nothing.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text);

/// `text` matches `pattern`, in which `*` stands for any run of characters. Case counts.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text);
/// What the first `*` of the pattern stood for (shortest match first), if the text matches.
[[nodiscard]] std::optional<std::string_view> glob_star(std::string_view pattern, std::string_view text);

/// Edit distance (insert, delete, replace, swap of neighbours), for suggestions.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);
/// Up to `most` candidates that a user may have meant by `word`, nearest first.
[[nodiscard]] std::vector<std::string> near_names(std::string_view word, std::span<const std::string> candidates, std::size_t most);

/// JSON string escaping, without the quotes. Bytes above 0x7f pass as they are.
[[nodiscard]] std::string json_escape(std::string_view text);
/// A JSON string with its quotes.
[[nodiscard]] std::string json_quote(std::string_view text);

/// The text with every byte that is not valid UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// Words from outside, fit for a line of a terminal: valid UTF-8 in which line breaks and tabs are spaces, and whatever else acts on a
/// terminal or turns the order of what is read (controls, C1 controls, marks of writing direction) is U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);
/// The same for a text of several lines: its line feeds stay.
[[nodiscard]] std::string printable_lines(std::string_view text);

/// Percent-decoding (RFC 3986); a broken escape stays as it is.
[[nodiscard]] std::string percent_decode(std::string_view text);

/// Lower-case hexadecimal of the bytes.
[[nodiscard]] std::string to_hex(std::span<const unsigned char> bytes);
/// base64url without padding (RFC 4648 section 5), and back.
[[nodiscard]] std::string to_base64url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace penstock
