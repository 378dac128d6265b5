// Putting texts together without a format string to parse: for the lines that every request writes.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

inline void append_one(std::string& out, std::string_view text) { out.append(text); }
inline void append_one(std::string& out, char c) { out.push_back(c); }
template <std::integral Number>
  requires(!std::same_as<Number, char> && !std::same_as<Number, bool>)
void append_one(std::string& out, Number number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

/// append(out, "content-length: ", size, "\r\n");
template <typename... Parts>
void append(std::string& out, const Parts&... parts) {
  (append_one(out, parts), ...);
}

/// `number` with one digit behind the point, rounded; for milliseconds in a log. Not negative.
inline void append_tenths(std::string& out, double number) {
  const auto tenths = static_cast<std::uint64_t>(number * 10 + 0.5);
  append(out, tenths / 10, '.', static_cast<char>('0' + tenths % 10));
}

}  // namespace penstock
