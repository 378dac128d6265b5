// What every set of quirks shares: a table of names, each with the words that it takes and a function that sets it.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "dialect/quirks.h"

namespace penstock::dialect {

/// One quirk of a set: its documentation, and what sets it. `set` says false when the value is not one of its own.
template <typename Set>
struct QuirkRow {
  QuirkName name;
  bool (*set)(Set&, std::string_view);
};

/// `value` is one of `words`, which name the enumeration's (or bool's) values in order.
template <typename Enum, std::size_t N>
bool choose_word(Enum& member, std::string_view value, const std::array<std::string_view, N>& words) {
  const auto found = std::ranges::find(words, value);
  if (found != words.end()) member = static_cast<Enum>(found - words.begin());
  return found != words.end();
}

/// A range of temperatures: `0..2`, or `(0..1]` where 0 itself is refused.
[[nodiscard]] std::optional<Range> read_range(std::string_view text);

/// Errors (config) that suggest what may have been meant.
[[nodiscard]] Error unknown_quirk(std::string_view name, std::span<const std::string> known);
[[nodiscard]] Error unknown_quirk_value(const QuirkName& row, std::string_view value);

/// Lays named values over a base.
template <typename Set, std::size_t N>
Result<Set> lay_over(const std::map<std::string, std::string>& named, Set base, const std::array<QuirkRow<Set>, N>& rows) {
  for (const auto& [name, value] : named) {
    const auto row = std::ranges::find_if(rows, [&](const auto& each) { return each.name.name == name; });
    if (row == rows.end()) {
      std::vector<std::string> known;
      for (const auto& each : rows) known.emplace_back(each.name.name);
      return fail(unknown_quirk(name, known));
    }
    if (!row->set(base, trim(value))) return fail(unknown_quirk_value(row->name, value));
  }
  return base;
}

}  // namespace penstock::dialect
