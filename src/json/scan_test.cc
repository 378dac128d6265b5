#include "json/scan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "json/padded.h"

namespace penstock::json {
namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

/// The message of the fault, or "" when the text is accepted.
std::string fault_of(std::string_view text) {
  const Padded padded(text);
  Document document;
  const auto status = document.index(padded.text());
  if (status) return "";
  EXPECT_EQ(status.error().kind, ErrorKind::invalid_request);
  EXPECT_EQ(status.error().fault, Fault::client);
  EXPECT_TRUE(document.root().is_null()) << "a refused text must not stay readable";
  return status.error().message;
}

TEST(Scan, AcceptsJson) {
  for (const std::string_view text : {"null",
                                      " true ",
                                      "false",
                                      "0",
                                      "-0",
                                      "12",
                                      "-1.5e+10",
                                      "1E5",
                                      "\"\"",
                                      "\"a\"",
                                      "[]",
                                      "{}",
                                      "[ ]",
                                      "{ }",
                                      "[1]",
                                      "[1,2]",
                                      "[[],{}]",
                                      "{\"a\":1}",
                                      "{\"a\":1,\"a\":2}",
                                      "{ \"a\" : [ 1 , { \"b\" : null } ] }\n",
                                      "\"\\u0041\\n\\\\\\\"\\/\"",
                                      "\"\\ud800\"",
                                      "\"\xc3\xa4\"",
                                      "\t[true,false,null,0.1]\r\n"})
    EXPECT_EQ(fault_of(text), "") << text;
}

struct Refused {
  std::string text;
  std::size_t at;
  std::string_view what;
};

class ScanRefuses : public testing::TestWithParam<Refused> {};

TEST_P(ScanRefuses, WithThePosition) {
  const auto& param = GetParam();
  EXPECT_EQ(fault_of(param.text), "the body is not valid JSON at byte " + std::to_string(param.at) + ": " + std::string(param.what))
      << param.text;
}

INSTANTIATE_TEST_SUITE_P(
    Grammar, ScanRefuses,
    testing::Values(Refused{"{", 1, "the text ends inside an array or object"}, Refused{"[1", 2, "the text ends inside an array or object"},
                    Refused{"}", 0, "expected a value"}, Refused{"[1}", 2, "expected ',' or ']'"},
                    Refused{"[1 2]", 3, "expected ',' or ']'"}, Refused{"[1,]", 3, "expected a value"},
                    Refused{"[,1]", 1, "expected a value"}, Refused{"{\"a\"}", 4, "expected ':'"},
                    Refused{"{\"a\":}", 5, "expected a value"}, Refused{"{\"a\":1,}", 7, "expected a key in quotes"},
                    Refused{"{a:1}", 1, "expected a key in quotes"}, Refused{"{1:1}", 1, "expected a key in quotes"},
                    Refused{"{\"a\":1]", 6, "expected ',' or '}'"}, Refused{"{\"a\":1 \"b\":2}", 7, "expected ',' or '}'"},
                    Refused{"{} x", 3, "expected nothing behind the value"}, Refused{"1 2", 2, "expected nothing behind the value"},
                    Refused{"\"a\"b", 3, "expected nothing behind the value"}, Refused{"[\"a\"\"b\"]", 4, "expected ',' or ']'"},
                    Refused{"\xef\xbb\xbf{}", 0, "expected a value"}, Refused{"[1,\x0c 2]", 3, "expected a value"},
                    Refused{"[1\x1a 2]", 2, "expected ',' or ']'"}, Refused{std::string("\0", 1), 0, "expected a value"}));

INSTANTIATE_TEST_SUITE_P(Scalars, ScanRefuses,
                         testing::Values(Refused{"tru", 0, "expected a value"}, Refused{"[truex]", 1, "expected a value"},
                                         Refused{"nul", 0, "expected a value"}, Refused{"True", 0, "expected a value"},
                                         Refused{"01", 0, "expected a value"}, Refused{"-", 0, "expected a value"},
                                         Refused{"+1", 0, "expected a value"}, Refused{"1.", 0, "expected a value"},
                                         Refused{".5", 0, "expected a value"}, Refused{"1e", 0, "expected a value"},
                                         Refused{"1e+", 0, "expected a value"}, Refused{"-01", 0, "expected a value"},
                                         Refused{"[1\"a\"]", 1, "expected a value"}, Refused{"0x10", 0, "expected a value"},
                                         Refused{"NaN", 0, "expected a value"}, Refused{"[true\\n]", 1, "expected a value"}));

INSTANTIATE_TEST_SUITE_P(
    Strings, ScanRefuses,
    testing::Values(Refused{"\"abc", 0, "a string is not closed"}, Refused{"[\"a\",\"b]", 5, "a string is not closed"},
                    Refused{"[\"a\\\"]", 1, "a string is not closed"}, Refused{"\"a\nb\"", 2, "a control character stands in a string"},
                    Refused{"\"a\tb\"", 2, "a control character stands in a string"}, Refused{"\"\xff\"", 1, "the bytes are not UTF-8"},
                    Refused{"\"ab\xc3\"", 3, "the bytes are not UTF-8"}, Refused{"\"\xed\xa0\x80\"", 1, "the bytes are not UTF-8"},
                    Refused{"\"\xc3\xa4\xf5\x80\x80\x80\"", 3, "the bytes are not UTF-8"},
                    Refused{"\"\xe0\x80\x80\"", 1, "the bytes are not UTF-8"},
                    Refused{"\"\xf4\x90\x80\x80\"", 1, "the bytes are not UTF-8"}));

TEST(Scan, EmptyTexts) {
  EXPECT_EQ(fault_of(""), "the body is empty: expected a JSON value at byte 0");
  EXPECT_EQ(fault_of(" \n\t "), "the body is empty: expected a JSON value at byte 0");
}

TEST(Scan, EscapesAreCheckedAtEveryPlaceOfABlock) {
  const auto valid = [](const std::string& written) {
    const Padded text('"' + written + '"');
    Document document;
    return document.index(text.text()) && document.root().has_valid_escapes();
  };
  for (std::size_t before = 0; before < 140; ++before) {
    const std::string pad(before, 'x');
    EXPECT_TRUE(valid(pad + "\\\\\\n\\u00e4")) << before;
    EXPECT_FALSE(valid(pad + "\\\\\\q")) << before;
    EXPECT_FALSE(valid(pad + "\\\\\\\\\\u00e")) << before;
    EXPECT_TRUE(valid(pad + repeat("\\\\", 70) + "q")) << before;
  }
}

TEST(Scan, BytesBehindTheTextDoNotMatter) {
  const std::string bytes = "\"a\"" + std::string(kPadding, '\\');
  Document document;
  EXPECT_TRUE(document.index(std::string_view(bytes).substr(0, 3)));
  const std::string quotes = "[12]" + std::string(kPadding, '3');
  ASSERT_TRUE(document.index(std::string_view(quotes).substr(0, 4)));
  EXPECT_EQ((*document.root().elements().begin()).raw(), "12");
}

TEST(Scan, DepthIsBounded) {
  EXPECT_EQ(fault_of(repeat("[", kMaxDepth) + repeat("]", kMaxDepth)), "");
  EXPECT_EQ(fault_of(repeat("[", kMaxDepth + 1) + repeat("]", kMaxDepth + 1)),
            "the body is not valid JSON at byte 512: expected a value, nested at most 512 deep");
}

TEST(Scan, LongerThanItsPositionsCanSay) {
  const std::string bytes(kPadding, ' ');
  Document document;
  const auto status = document.index({bytes.data(), std::size_t{5} << 30});  // refused before a byte is read
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "the body is longer than 4 GiB");
}

TEST(Scan, ValuesKnowTheirBytes) {
  const Padded text(R"( { "a" : "x y" , "b":[1, 2.50 ,{}] ,"c": true } )");
  Document document;
  ASSERT_TRUE(document.index(text.text()));
  const auto root = document.root();
  EXPECT_EQ(root.raw(), R"({ "a" : "x y" , "b":[1, 2.50 ,{}] ,"c": true })");
  std::vector<std::string> seen;
  for (const auto& [key, value] : root.members()) seen.push_back(std::string(key.raw_text()) + "=" + std::string(value.raw()));
  EXPECT_EQ(seen, (std::vector<std::string>{"a=\"x y\"", "b=[1, 2.50 ,{}]", "c=true"}));
  seen.clear();
  for (const auto& element : root.find("b")->elements()) seen.emplace_back(element.raw());
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2.50", "{}"}));
  EXPECT_FALSE(root.find("d"));
  EXPECT_FALSE(root.find("b")->find("a"));
  EXPECT_TRUE((*root.find("b")).is_array());
  EXPECT_FALSE(root.is_empty());
}

TEST(Scan, EmptyContainersHaveNoChildren) {
  const Padded text(R"([{ },[ ],"",0])");
  Document document;
  ASSERT_TRUE(document.index(text.text()));
  std::size_t children = 0, empty = 0;
  for (const auto& element : document.root().elements()) {
    for (const auto& member : element.members()) children += member.key.is_string();
    for (const auto& inner : element.elements()) children += inner.is_null();
    empty += element.is_empty();
  }
  EXPECT_EQ(children, 0U);
  EXPECT_EQ(empty, 2U);
}

TEST(Scan, TextResolvesEscapes) {
  const Padded text(R"(["a\"\\\/\b\f\n\r\t","\u0041\u00e4\u20ac","\ud83d\ude00","\ud83d","\ude00x","\ud83d\u0041","\u0000"])");
  Document document;
  ASSERT_TRUE(document.index(text.text()));
  std::vector<std::string> texts;
  for (const auto& element : document.root().elements()) texts.push_back(element.text());
  EXPECT_EQ(texts,
            (std::vector<std::string>{"a\"\\/\b\f\n\r\t", "A\xc3\xa4\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbd", "\xef\xbf\xbdx",
                                      "\xef\xbf\xbd"
                                      "A",
                                      std::string(1, '\0')}));
}

TEST(Scan, StringsWithBadEscapesComeAsWritten) {
  for (const std::string_view bad : {R"(\q)", R"(\u12)", R"(\u12g4)", R"(a\\\q)"}) {
    const Padded text('"' + std::string(bad) + '"');
    Document document;
    ASSERT_TRUE(document.index(text.text())) << bad;
    EXPECT_EQ(document.root().text(), bad);
    EXPECT_FALSE(document.root().has_valid_escapes()) << bad;
  }
}

TEST(Scan, KeysAreComparedUnescaped) {
  const Padded text(R"({"mod\u0065l":"\u0061","modelx":1})");
  Document document;
  ASSERT_TRUE(document.index(text.text()));
  ASSERT_TRUE(document.root().find("model"));
  EXPECT_TRUE(document.root().find("model")->equals("a"));
  EXPECT_FALSE(document.root().find("model")->equals("b"));
  EXPECT_FALSE(document.root().find("mode"));
  EXPECT_FALSE(document.root().find("mod\\u0065l"));
}

TEST(Scan, EqualityIsOfTheTextNotOfTheBytes) {
  const Padded text(R"(["\n","\\","a\u0062c","\u20ac",""])");
  Document document;
  ASSERT_TRUE(document.index(text.text()));
  const std::vector<std::string> texts{"\n", "\\", "abc", "\xe2\x82\xac", ""};
  std::size_t i = 0;
  for (const auto& element : document.root().elements()) {
    EXPECT_TRUE(element.equals(texts[i])) << i;
    if (element.raw_text() != texts[i]) EXPECT_FALSE(element.equals(element.raw_text())) << i;
    EXPECT_FALSE(element.equals(texts[i] + "x")) << i;
    ++i;
  }
}

TEST(Scan, Numbers) {
  const Padded text(R"([12,-3,1e3,5.0,1.5,9223372036854775807,9223372036854775808,1e400,"7",true,1e17])");
  Document document;
  ASSERT_TRUE(document.index(text.text()));
  using Integer = std::optional<std::int64_t>;
  std::vector<Integer> integers;
  for (const auto& element : document.root().elements()) integers.push_back(element.integer());
  EXPECT_EQ(integers, (std::vector<Integer>{12, -3, 1000, 5, std::nullopt, INT64_MAX, std::nullopt, std::nullopt, std::nullopt,
                                            std::nullopt, std::nullopt}));
  const Padded one("-2.5e-1");
  ASSERT_TRUE(document.index(one.text()));
  EXPECT_EQ(document.root().number(), -0.25);
  EXPECT_EQ(document.root().boolean(), std::nullopt);
}

TEST(Scan, EscapesAreCheckedOnDemand) {
  Document document;
  EXPECT_TRUE(document.check_escapes());
  for (const std::string_view fine : {R"("a\"\\\/\b\f\n\r\t\u00e4\ud800")", "\"\"", "1"}) {
    const Padded text(fine);
    ASSERT_TRUE(document.index(text.text()));
    EXPECT_TRUE(document.check_escapes()) << fine;
  }
  for (const std::string_view wrong : {R"({"a":"\x41"})", R"({"a":"\u00zz"})", R"({"\q ":1})"}) {
    const Padded text(wrong);
    ASSERT_TRUE(document.index(text.text()));
    const auto status = document.check_escapes();
    ASSERT_FALSE(status) << wrong;
    const auto at = "at byte " + std::to_string(wrong.find('\\'));
    EXPECT_TRUE(status.error().message.contains(at)) << status.error().message;
    EXPECT_EQ(status.error().kind, ErrorKind::invalid_request);
  }
}

TEST(Scan, ADocumentIsReused) {
  Document document;
  EXPECT_TRUE(document.root().is_null());
  const Padded large("[" + repeat("[1],", 50'000) + "0]");
  ASSERT_TRUE(document.index(large.text()));
  const auto held = document.capacity();
  EXPECT_GT(held, 0U);
  const Padded small(R"({"a":false})");
  ASSERT_TRUE(document.index(small.text()));
  EXPECT_EQ(document.capacity(), held);
  EXPECT_EQ(document.root().find("a")->boolean(), false);
  Document moved = std::move(document);
  EXPECT_EQ(moved.root().find("a")->raw(), "false");
}

}  // namespace
}  // namespace penstock::json
