#include "cli/qr_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace penstock::cli {
namespace {

/// The modules as drawn, a row a string: '#' for what is drawn.
std::vector<std::string> modules(const std::string& lines) {
  std::vector<std::string> rows;
  for (std::size_t begin = 0, end = 0; (end = lines.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::string upper, lower;
    const std::string line = lines.substr(begin, end - begin);
    for (std::size_t i = 0; i < line.size();) {
      const bool block = static_cast<unsigned char>(line[i]) == 0xe2;
      const std::string cell = line.substr(i, block ? 3 : 1);
      upper += cell == "▀" || cell == "█" ? '#' : '.';
      lower += cell == "▄" || cell == "█" ? '#' : '.';
      i += cell.size();
    }
    rows.push_back(upper);
    rows.push_back(lower);
  }
  return rows;
}

TEST(qr_code, has_its_three_finders_and_a_quiet_zone) {
  const auto code = qr_code("https://idp/device?user_code=WDJB-MJHT", false);
  const auto rows = modules(code.lines);
  ASSERT_FALSE(rows.empty());
  ASSERT_EQ(rows.front().size(), code.width);
  // Drawn are the light modules. Finder: seven dark, a light ring, three dark.
  const std::size_t far = code.width - 2 - 7;
  for (const auto& [row, column] : {std::pair<std::size_t, std::size_t>{2, 2}, {2, far}, {far, 2}}) {
    EXPECT_EQ(rows[row].substr(column, 7), ".......") << row << ' ' << column;
    EXPECT_EQ(rows[row + 1].substr(column, 7), ".#####.");
    EXPECT_EQ(rows[row + 3].substr(column, 7), ".#...#.");
  }
  EXPECT_EQ(rows[0], std::string(code.width, '#'));
  EXPECT_EQ(rows[1], std::string(code.width, '#'));
}

TEST(qr_code, in_colour_each_line_ends_its_colour) {
  const auto code = qr_code("x", true);
  std::size_t lines = 0;
  for (const auto line : split(code.lines, '\n')) {
    EXPECT_TRUE(line.starts_with("\x1b[38;5;16;48;5;231m"));
    EXPECT_TRUE(line.ends_with("\x1b[0m"));
    ++lines;
  }
  EXPECT_EQ(lines, (code.width + 1) / 2);
}

TEST(qr_code, what_does_not_fit_is_none) { EXPECT_TRUE(qr_code(std::string(5000, 'x'), false).lines.empty()); }

}  // namespace
}  // namespace penstock::cli
