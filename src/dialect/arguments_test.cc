#include "dialect/arguments.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace penstock::dialect {
namespace {

/// What a text becomes with its missing end; "(no)" when nothing mends it.
std::string mended(std::string_view text) {
  const auto end = missing_end(json_escape(text));
  return end ? std::string(text) + unescape(*end) : "(no)";
}

TEST(Arguments, MissingEnd) {
  struct Case {
    std::string_view text, expected;
  };
  const Case cases[] = {
      {"", "{}"},
      {" \n", " \n{}"},
      {"{}", "{}"},
      {R"({"a":{"b":[1]}} )", R"({"a":{"b":[1]}} )"},
      {"{", "{}"},
      {R"({"a":1)", R"({"a":1})"},
      {R"({"a":{"b":[1,2)", R"({"a":{"b":[1,2]}})"},
      {R"({"a":"x)", R"({"a":"x"})"},
      {R"({"a":"x\)", R"({"a":"x\\"})"},
      {R"({"a":"x\")", R"({"a":"x\""})"},
      {R"({"a":"\u00)", R"({"a":"\u0000"})"},
      {R"({"a":"\u)", R"({"a":"\u0000"})"},
      {R"({"a":"\\u)", R"({"a":"\\u"})"},
      {R"({"a":"{[)", R"({"a":"{["})"},
      {R"({"a)", R"({"a":null})"},
      {R"({"a")", R"({"a":null})"},
      {R"({"a":)", R"({"a":null})"},
      {R"({"a":[1,)", R"({"a":[1,null]})"},
      {R"({"a":1,)", R"({"a":1,"":null})"},
      {R"({"a":tr)", "(no)"},
      {"[1]", "(no)"},
      {"[1", "(no)"},
      {"7", "(no)"},
      {"\"abc", "(no)"},
      {"null", "(no)"},
      {"{]", "(no)"},
      {"{}}", "(no)"},
      {"{x}", "(no)"},
      {"{} {}", "(no)"},
      {R"({"path":"C:\Users"})", "(no)"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(mended(text), expected) << text;
}

TEST(Arguments, WhatIsMendedIsAnObject) {
  const std::string whole = R"({"path":"/a \"b\" \\ é","list":[1,-2.5e3,true,null,{"k":[]}],"deep":{"a":{"b":"c"}}})";
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    const auto text = whole.substr(0, at);
    if (text != valid_utf8(text)) continue;
    if (const auto out = mended(text); out != "(no)") EXPECT_TRUE(is_json_object(out)) << out;
  }
}

TEST(Arguments, Unescape) {
  EXPECT_EQ(unescape(R"({\"a\":\"\u00e9\n\"})"), "{\"a\":\"\xc3\xa9\n\"}");
  EXPECT_EQ(unescape("plain"), "plain");
  EXPECT_EQ(unescape(R"(\q)"), R"(\q)");
}

TEST(Arguments, IsJsonObject) {
  for (const auto* good : {"{}", R"({"a":[1]})", " {} "}) EXPECT_TRUE(is_json_object(good)) << good;
  for (const auto* bad : {"", "[]", "{", "{} {}", "null", R"({"a":"\q"})"}) EXPECT_FALSE(is_json_object(bad)) << bad;
}

}  // namespace
}  // namespace penstock::dialect
