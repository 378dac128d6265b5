#include "importing/dotenv_text.h"

#include <gtest/gtest.h>

namespace penstock::importing {
namespace {

TEST(DotenvText, Values) {
  struct Case {
    const char *text, *value;
  };
  for (const auto& [text, value] : {
           Case{"A=b", "b"},
           Case{"  export A = b  # comment", "b"},
           Case{"A=b#c", "b#c"},
           Case{"A=\"x # y\" # z", "x # y"},
           Case{"A='x $y \\n'", "x $y \\n"},
           Case{"A=\"l1\\nl2 \\\"q\\\"\"", "l1\nl2 \"q\""},
           Case{"A=\"two\nlines\"\n", "two\nlines"},
           Case{"# c\n\nA=", ""},
           Case{"A=1\nA=2\n", "2"},
           Case{"A=b\r\n", "b"},
           Case{"\ufeffA=b\r\nB=c\r\n", "b"},
           Case{"A=\"two\r\nlines\"\r\n", "two\nlines"},
           Case{"A=\"open", "\"open"},
       }) {
    auto map = parse_dotenv(text);
    ASSERT_TRUE(map) << text << map.error().message;
    EXPECT_EQ((*map)["A"].text, value) << text;
    EXPECT_EQ((*map)["A"].path, "A");
  }
}

TEST(DotenvText, Faults) {
  EXPECT_EQ(parse_dotenv("A=1\nnothing\n").error().message, "line 2: not NAME=value");
  EXPECT_EQ(parse_dotenv("A=\"1\n2\"\n1B=x\n").error().message, "line 3: not NAME=value");
  EXPECT_FALSE(parse_dotenv("A=\xff"));
  EXPECT_FALSE(parse_dotenv(std::string((4 << 20) + 1, '#')));
}

}  // namespace
}  // namespace penstock::importing
