#include "dialect/quirk_table.h"

#include <charconv>

#include "base/text.h"

namespace penstock::dialect {

namespace {

bool read_number(std::string_view text, double& value) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size();
}

std::string suggestion(std::string_view word, std::span<const std::string> known) {
  const auto near = near_names(word, known, 1);
  return near.empty() ? "" : "; did you mean '" + near.front() + "'?";
}

}  // namespace

std::optional<Range> read_range(std::string_view text) {
  Range range;
  range.low_excluded = text.starts_with('(');
  if (range.low_excluded) {
    if (!text.ends_with(']')) return std::nullopt;
    text = text.substr(1, text.size() - 2);
  }
  const auto dots = text.find("..");
  if (dots == std::string_view::npos || !read_number(text.substr(0, dots), range.low) || !read_number(text.substr(dots + 2), range.high))
    return std::nullopt;
  return range.low < range.high ? std::optional(range) : std::nullopt;
}

Error unknown_quirk(std::string_view name, std::span<const std::string> known) {
  return config_error("unknown quirk '" + std::string(name) + "'" + suggestion(name, known));
}

Error unknown_quirk_value(const QuirkName& row, std::string_view value) {
  std::vector<std::string> words;
  for (const auto word : split(row.values, '|')) words.emplace_back(word);
  return config_error("quirk " + std::string(row.name) + ": '" + std::string(value) + "' is not one of " + join(words, ", ") +
                      suggestion(value, words));
}

}  // namespace penstock::dialect
