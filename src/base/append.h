// Putting texts together without a format string to parse: for the lines that every request writes.
#pragma once

#include <algorithm>
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
template <typename Part>
concept Text = std::same_as<Part, char> || std::convertible_to<const Part&, std::string_view>;
inline std::string_view view_of(std::string_view text) { return text; }
inline std::string_view view_of(const char& c) { return {&c, 1}; }
/// Without numbers: room is made once for all parts. No part may be a view of `out`.
template <Text... Parts>
  requires(sizeof...(Parts) > 1)
void append(std::string& out, const Parts&... parts) {
  const std::string_view all[] = {view_of(parts)...};
  std::size_t size = out.size();
  for (const auto text : all) size += text.size();
  out.resize_and_overwrite(size, [&, at = out.size()](char* chars, std::size_t) mutable {
    for (const auto text : all) at = static_cast<std::size_t>(std::copy(text.begin(), text.end(), chars + at) - chars);
    return size;
  });
}

/// `number` with one digit behind the point, rounded; for milliseconds in a log. Not negative.
inline void append_tenths(std::string& out, double number) {
  const auto tenths = static_cast<std::uint64_t>(number * 10 + 0.5);
  append(out, tenths / 10, '.', static_cast<char>('0' + tenths % 10));
}

}  // namespace penstock
