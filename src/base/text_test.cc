#include "base/text.h"

#include <gtest/gtest.h>

#include <random>

namespace penstock {
namespace {

using Strings = std::vector<std::string>;

TEST(Text, IgnoresTheCaseOfAsciiLettersOnly) {
  EXPECT_TRUE(equals_ignoring_case("Content-Type", "content-TYPE"));
  EXPECT_FALSE(equals_ignoring_case("content-type", "content-typ"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));  // one bit apart, as letters of two cases are
  EXPECT_FALSE(equals_ignoring_case("Ä", "ä"));
  EXPECT_TRUE(contains_ignoring_case("Prompt Is Too Long", "is too"));
  EXPECT_TRUE(contains_ignoring_case("", ""));
  EXPECT_FALSE(contains_ignoring_case("abc", "abcd"));
  EXPECT_TRUE(starts_with_ignoring_case("Bearer x", "bearer "));
  EXPECT_FALSE(starts_with_ignoring_case("Bear", "bearer"));
  EXPECT_EQ(to_lower("ABC-Ä"), "abc-Ä");
}

TEST(Text, TrimsAndSplits) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(split(" a, ,b ,", ','), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_TRUE(split("", ',').empty());
  EXPECT_TRUE(split(",,", ',').empty());
  EXPECT_EQ(join(Strings{"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join(Strings{}, ", "), "");
}

TEST(Text, ReadsUnsignedNumbersWithoutOverflow) {
  EXPECT_EQ(parse_unsigned("0"), 0U);
  EXPECT_EQ(parse_unsigned("00012"), 12U);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), UINT64_MAX);
  for (const char* wrong : {"", "18446744073709551616", "99999999999999999999", "-1", "+1", " 1", "1 ", "0x1", "1.0"})
    EXPECT_EQ(parse_unsigned(wrong), std::nullopt) << wrong;
}

struct GlobRow {
  const char *pattern, *text;
  bool matches;
  const char* star;  // what the first star stands for, when it matches and there is one
};

constexpr GlobRow kGlobs[] = {
    {"abc", "abc", true, nullptr},
    {"abc", "ABC", false, nullptr},
    {"", "", true, nullptr},
    {"", "a", false, nullptr},
    {"*", "", true, ""},
    {"*", "anything", true, "anything"},
    {"a*", "a", true, ""},
    {"a*c", "abc", true, "b"},
    {"a*c", "ac", true, ""},
    {"a*c", "acb", false, nullptr},
    {"a*a", "a", false, nullptr},  // the two ends may not share a character
    {"*haiku*", "claude-haiku-4-5", true, "claude-"},
    {"*haiku*", "claude-opus", false, nullptr},
    {"claude-*-5", "claude-opus-5", true, "opus"},
    {"claude-*-*", "claude-opus-5-5", true, "opus"},
    {"a**b", "axb", true, ""},
    {"anthropic/*", "anthropic/x/y", true, "x/y"},
};

TEST(Text, MatchesGlobsAndCarriesTheStar) {
  for (const auto& row : kGlobs) {
    EXPECT_EQ(matches_glob(row.pattern, row.text), row.matches) << row.pattern << " " << row.text;
    const auto star = glob_star(row.pattern, row.text);
    EXPECT_EQ(star.has_value(), row.star != nullptr) << row.pattern << " " << row.text;
    if (star && row.star) EXPECT_EQ(*star, row.star) << row.pattern << " " << row.text;
  }
}

TEST(Text, GlobsStayCheapOnHostilePatterns) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(2000, 'a')));  // an exponential matcher would not end
  EXPECT_TRUE(matches_glob(pattern + "*", std::string(2000, 'a')));
}

TEST(Text, MeasuresEditDistance) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("listen", "litsen"), 1U);  // neighbours swapped
  EXPECT_EQ(edit_distance("abc", "abc"), 0U);
}

TEST(Text, SuggestsNearNames) {
  const Strings names{"listen", "workers", "max_body", "zai/glm-5.3", "zai/glm-5.3-flash"};
  EXPECT_EQ(near_names("lisetn", names, 3), Strings{"listen"});
  EXPECT_EQ(near_names("LISTEN", names, 3), Strings{"listen"});
  EXPECT_EQ(near_names("glm", names, 1), Strings{"zai/glm-5.3"});
  EXPECT_EQ(near_names("glm-5.3", names, 5), (Strings{"zai/glm-5.3", "zai/glm-5.3-flash"}));
  EXPECT_TRUE(near_names("quite-different", names, 5).empty());
  EXPECT_TRUE(near_names("listen", names, 0).empty());
  EXPECT_EQ(near_names("widow", Strings{"id", "window"}, 1), Strings{"window"}) << "two letters stand in many a word";
}

TEST(Text, EscapesJson) {
  EXPECT_EQ(json_quote("a\"b\\c\n\r\t\x01\x1f/ü"), R"("a\"b\\c\n\r\t\u0001\u001f/ü")");
  EXPECT_EQ(json_escape(std::string_view("\0", 1)), R"(\u0000)");
  EXPECT_EQ(json_quote(""), R"("")");
}

TEST(Text, ReplacesWhatIsNotUtf8) {
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ(valid_utf8("aä€😀"), "aä€😀");
  EXPECT_EQ(valid_utf8("a\x80z"), "a" + mark + "z");
  EXPECT_EQ(valid_utf8("\xc0\xaf"), mark + mark);                     // overlong
  EXPECT_EQ(valid_utf8("\xe0\x80\x80"), mark + mark + mark);          // overlong
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), mark + mark + mark);          // a surrogate
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80").size(), 4 * mark.size());  // above U+10FFFF
  EXPECT_EQ(valid_utf8("a\xe2\x82"), "a" + mark + mark);              // cut short
  EXPECT_EQ(valid_utf8("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf");      // the last code point
}

TEST(Text, WritesHexadecimal) {
  const unsigned char bytes[] = {0x00, 0x0f, 0xa5, 0xff};
  EXPECT_EQ(to_hex(bytes), "000fa5ff");
  EXPECT_EQ(to_hex({}), "");
}

TEST(Text, WritesAndReadsBase64Url) {
  EXPECT_EQ(to_base64url("f"), "Zg");
  EXPECT_EQ(to_base64url("fo"), "Zm8");
  EXPECT_EQ(to_base64url("foo"), "Zm9v");
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64url(""), "");
  for (const char* wrong : {"A", "Zm9vA", "Zg==", "+/8", "Zm 9"}) EXPECT_EQ(from_base64url(wrong), std::nullopt) << wrong;
}

TEST(Text, Base64UrlLeadsBackForEveryLength) {
  std::mt19937 random(7);
  for (std::size_t length = 0; length < 70; ++length) {
    std::string bytes(length, '\0');
    for (char& c : bytes) c = static_cast<char>(random() & 0xff);
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
  }
}

TEST(Text, printable_leaves_nothing_that_acts_on_a_terminal) {
  EXPECT_EQ(printable("plain · 日本 \U0001f600"), "plain · 日本 \U0001f600");
  EXPECT_EQ(printable("a\tb\nc\r\nd\u0085e\u2028f"), "a b c  d e f");
  EXPECT_EQ(printable("\x1b[2J\x07\x7f"), "\ufffd[2J\ufffd\ufffd");
  for (const std::string_view bad :
       {"\u0080", "\u009b", "\u009f", "\u202a", "\u202e", "\u2066", "\u2069", "\u200f", "\u061c", "\xff", "\x9b"})
    EXPECT_EQ(printable(bad), "\ufffd") << bad;
  for (const std::string_view good : {"\u00a0", "\u00e9", "\u202f", "\u2065", "\u206a", "\u2010"}) EXPECT_EQ(printable(good), good);
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\ufffd");
  EXPECT_EQ(printable_lines("a\x1b\n\r\n"), "a\ufffd\n \n");
}

}  // namespace
}  // namespace penstock
