#include "dialect/think_tags.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace penstock::dialect {

namespace {

constexpr std::array<std::string_view, 3> kNames{"think>", "thinking>", "thought>"};

/// One character of a JSON string: how many bytes it takes as written, and which it is (NUL for all that does not matter here).
struct Unit {
  std::size_t size;
  char c;
};

Unit first_unit(std::string_view written) {
  if (written.front() != '\\') return {1, written.front()};
  if (written.size() < 2) return {1, '\0'};
  switch (written[1]) {
    case 'n':
    case 'r':
    case 't': return {2, ' '};
    case '/': return {2, '/'};
    case 'u': break;
    default: return {2, '\0'};
  }
  unsigned point = 0;
  const auto digits = written.substr(2, 4);
  std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
  return {2 + digits.size(), point < 0x80 ? static_cast<char>(point) : '\0'};
}

/// `tag` with its bracket begins so.
bool begins(std::string_view tag, std::string_view seen) {
  return seen.size() <= tag.size() + 1 && ("<" + std::string(tag)).starts_with(seen);
}

}  // namespace

std::string_view ThinkTags::release() {
  released_ = std::exchange(held_, {});
  seen_.clear();
  return released_;
}

ThinkTags::Found ThinkTags::step(std::string_view& rest) { return state_ == State::start ? at_start(rest) : in_thinking(rest); }

ThinkTags::Found ThinkTags::at_start(std::string_view& rest) {
  const auto unit = first_unit(rest);
  const bool space = unit.c == ' ' || unit.c == '\n';
  if (!space || !seen_.empty()) seen_ += unit.c;
  // White space behind a block is no part of the answer.
  if (!(space && seen_.empty() && after_block_)) held_ += rest.substr(0, unit.size);
  rest.remove_prefix(unit.size);
  if (seen_.empty()) return {};
  const auto name = std::ranges::find_if(kNames, [&](std::string_view tag) { return begins(tag, seen_); });
  if (name == kNames.end()) {
    state_ = State::text;
    return {Kind::text, release()};
  }
  const auto whole = std::ranges::find(kNames, std::string_view(seen_).substr(1));
  if (whole == kNames.end()) return {};
  closing_ = "</" + std::string(*whole);
  release();
  state_ = State::thinking;
  trims_ = true;
  return after_block_ ? Found{Kind::thinking, "\\n"} : Found{};
}

ThinkTags::Found ThinkTags::in_thinking(std::string_view& rest) {
  std::size_t end = 0;  // of what is reasoning for certain
  while (end < rest.size() && seen_.empty()) {
    const auto unit = first_unit(rest.substr(end));
    if (trims_ && (unit.c == ' ' || unit.c == '\n')) {
      rest.remove_prefix(unit.size);
      continue;
    }
    trims_ = false;
    if (unit.c == '<') break;
    end += unit.size;
  }
  if (end > 0) {
    const Found found{Kind::thinking, rest.substr(0, end)};
    rest.remove_prefix(end);
    return found;
  }
  if (rest.empty()) return {};
  const auto unit = first_unit(rest);
  if (!closing_.starts_with(seen_ + unit.c)) return {Kind::thinking, release()};  // this unit is looked at anew
  seen_ += unit.c;
  held_ += rest.substr(0, unit.size);
  rest.remove_prefix(unit.size);
  if (seen_ != closing_) return {};
  release();
  state_ = State::start;
  after_block_ = true;
  return {};
}

}  // namespace penstock::dialect
