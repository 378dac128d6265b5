#include <gtest/gtest.h>

#include <string>

#include "importing/source.h"

namespace penstock::importing {
namespace {

Value yaml(std::string_view text) {
  auto value = parse_yaml(text);
  EXPECT_TRUE(value) << value.error().message;
  return value.value_or(Value{});
}

Value json5(std::string_view text, Comments comments = Comments::slashes) {
  auto value = parse_json5(text, comments);
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  return value.value_or(Value{});
}

std::string fault(std::string_view text) {
  const auto value = parse_yaml(text);
  return value ? "" : value.error().message;
}

TEST(ImportParse, PathsNameEachValue) {
  auto root = yaml("a: [ { b: 1 }, { b: 2 } ]\n");
  EXPECT_EQ(root["a"].items[1]["b"].path, "a[1].b");
  EXPECT_EQ(root["a"].items[1]["b"].text, "2");
}

TEST(ImportParse, AnchorsAndMergeKeys) {
  auto root = yaml("base: &b { x: 1, y: 2 }\none: { <<: *b, y: 3 }\ntwo: *b\n");
  EXPECT_EQ(root["one"]["x"].text, "1");
  EXPECT_EQ(root["one"]["y"].text, "3");
  EXPECT_EQ(root["two"]["y"].text, "2");
  EXPECT_EQ(root["one"]["<<"].kind, Value::Kind::absent);
}

TEST(ImportParse, TheLaterOfTwoEqualKeysCounts) {
  auto root = yaml("a: 1\na: 2\n");
  EXPECT_EQ(root["a"].text, "2");
  EXPECT_EQ(root.keys.size(), 1U);
}

TEST(ImportParse, AliasesThatGrowWithoutEndAreRefused) {
  std::string text = "a0: &a0 [1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 9; ++i) {
    const auto last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 0; j < 7; ++j) text += "," + last;
    text += "]\n";
  }
  EXPECT_NE(fault(text).find("too large"), std::string::npos);
}

TEST(ImportParse, Refusals) {
  EXPECT_NE(fault("a: [1\n").find("line"), std::string::npos);
  EXPECT_EQ(fault("a: \xff\n"), "the file is not UTF-8");
  EXPECT_EQ(fault("a: 1\nb: \x01\n"), "line 2: a control character; is this a text file?");
  EXPECT_NE(fault(std::string(5 << 20, ' ')).find("4 MiB"), std::string::npos);
  EXPECT_NE(fault("a: " + std::string(100, '[') + std::string(100, ']')).find("too deeply"), std::string::npos);
  EXPECT_NE(fault(std::string(2000, '[')), "");
}

TEST(ImportParse, Json5) {
  struct Case {
    const char *text, *key, *value;
  };
  for (const auto& [text, key, value] : {
           Case{R"({"a":1})", "a", "1"},
           Case{"{a:1,}", "a", "1"},
           Case{"{ 'a' : 'it\\'s' }", "a", "it's"},
           Case{"{ // comment: { \n a: 2 }", "a", "2"},
           Case{"{ /* a: 1 */ a: 3 }", "a", "3"},
           Case{R"({"a": "http://h/p"})", "a", "http://h/p"},
           Case{R"({"a": "/* no comment */"})", "a", "/* no comment */"},
           Case{R"({"a": "\u00e9\ud83d\ude00\/\"\\"})", "a", "\u00e9\U0001F600/\"\\"},
           Case{R"({"a": "\ud800"})", "a", "\ufffd"},
           Case{"{\"a\"\n:\n\"x\"}", "a", "x"},
           Case{"{\n\t\"a\":\t\"x\"\n}", "a", "x"},
           Case{R"({"a": "x # y"})", "a", "x # y"},
           Case{"{\"a\": \"one\\\ntwo\"}", "a", "onetwo"},
       })
    EXPECT_EQ(json5(text)[key].text, value) << text;
}

TEST(ImportParse, PythonDictionary) {
  auto root = json5("{\n  'a': \"x\",  # the '{'\n  \"b\": 2,\n}", Comments::hash);
  EXPECT_EQ(root["a"].text, "x");
  EXPECT_EQ(root["b"].text, "2");
}

TEST(ImportParse, BrokenJson) {
  for (const auto* text : {"{\"a\": ", "{\"a\": \"x}", "{a: [1, 2}", "{\"a\" 1}"}) EXPECT_FALSE(parse_json5(text)) << text;
}

}  // namespace
}  // namespace penstock::importing
