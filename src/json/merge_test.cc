#include "json/merge.h"

#include <gtest/gtest.h>

namespace penstock::json {
namespace {

struct Case {
  const char *text, *overlay, *merged;
};

// The examples of RFC 7396 that concern objects, and ours.
const Case kCases[] = {
    {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
    {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
    {R"({"a":"b"})", R"({"a":null})", R"({})"},
    {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
    {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
    {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
    {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
    {R"(["a","b"])", R"({"a":"b"})", R"({"a":"b"})"},
    {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
    {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
    {"", R"({"a":1})", R"({"a":1})"},
    {" \n", R"({"a":1})", R"({"a":1})"},
    {"{ \"keep\" : 1.50 ,\n  \"p\": { \"/x\\\"y\": {} } }", R"({"p":{"/x\"y":{"t":true},"/z":{"t":true}}})",
     "{ \"keep\" : 1.50 ,\n  \"p\": { \"/x\\\"y\": {\"t\":true},\"/z\":{\"t\":true} } }"},
};

TEST(Merge, Cases) {
  for (const auto& [text, overlay, merged] : kCases) EXPECT_EQ(merge(text, overlay).value_or("failed"), merged) << text << " + " << overlay;
}

TEST(Merge, WhatIsNoJsonIsAnError) {
  EXPECT_FALSE(merge("{", "{}"));
  EXPECT_FALSE(merge("{}", "nope"));
}

}  // namespace
}  // namespace penstock::json
