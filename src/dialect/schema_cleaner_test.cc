#include "dialect/schema_cleaner.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "json/padded.h"

namespace penstock::dialect {
namespace {

/// A schema in the words of each dialect; empty: the same as openai's.
struct Case {
  std::string_view about, before, openai, strict, gemini, kimi;
};

std::string_view or_else(std::string_view text, std::string_view other) { return text.empty() ? other : text; }

void check(const Case& one) {
  SCOPED_TRACE(one.about);
  EXPECT_EQ(clean_schema(one.before, SchemaDialect::openai).text, one.openai);
  EXPECT_EQ(clean_schema(one.before, SchemaDialect::openai_strict).text, or_else(one.strict, one.openai));
  EXPECT_EQ(clean_schema(one.before, SchemaDialect::gemini).text, or_else(one.gemini, one.openai));
  EXPECT_EQ(clean_schema(one.before, SchemaDialect::kimi).text, or_else(one.kimi, one.openai));
}

/// A schema whose only property `a` is this, and required.
std::string with(std::string_view property) {
  return R"({"type":"object","properties":{"a":)" + std::string(property) + R"(},"required":["a"]})";
}
std::string closed(std::string_view property) {
  return R"({"type":"object","properties":{"a":)" + std::string(property) + R"(},"required":["a"],"additionalProperties":false})";
}

/// The same for one property.
struct PropertyCase {
  std::string_view about, before, openai, strict, gemini, kimi;
};

void check(const PropertyCase& one) {
  const auto before = with(one.before), openai = with(one.openai), strict = closed(or_else(one.strict, one.openai));
  const auto gemini = with(or_else(one.gemini, one.openai)), kimi = with(or_else(one.kimi, one.openai));
  check(Case{one.about, before, openai, strict, gemini, kimi});
}

TEST(SchemaCleaner, Roots) {
  constexpr std::string_view kEmpty = R"({"type":"object","properties":{}})";
  constexpr std::string_view kClosed = R"({"type":"object","properties":{},"required":[],"additionalProperties":false})";
  constexpr std::string_view kBare = R"({"type":"object"})";
  const Case cases[] = {
      {"nothing", "{}", kEmpty, kClosed, kBare, ""},
      {"missing properties", R"({"type":"object"})", kEmpty, kClosed, kBare, ""},
      {"a type that is a list", R"({"type":["object","null"]})", kEmpty, kClosed, kBare, ""},
      {"keywords about the schema", R"({"$schema":"s","$id":"i","$comment":"c","$defs":{"d":{}},"type":"object"})", kEmpty, kClosed, kBare,
       ""},
      {"required names what is not there", R"({"type":"object","properties":{"a":{"type":"string"}},"required":["b","a"]})",
       R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})",
       R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})", "", ""},
      {"a union at the root becomes one object",
       R"({"type":"object","anyOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"}}}]})",
       R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}})",
       R"({"type":"object","properties":{"a":{"type":["string","null"]},"b":{"type":["string","null"]}},"required":["a","b"],)"
       R"("additionalProperties":false})",
       "", ""},
      {"the root is a reference",
       R"({"$ref":"#/definitions/T","definitions":{"T":{"type":"object","properties":{"a":{"type":"string"}}}}})",
       R"({"type":"object","properties":{"a":{"type":"string"}}})",
       R"({"type":"object","properties":{"a":{"type":["string","null"]}},"required":["a"],"additionalProperties":false})", "", ""},
      {"members beyond those named", R"({"type":"object","properties":{},"additionalProperties":{"type":"string","$comment":"c"}})",
       R"({"type":"object","properties":{},"additionalProperties":{"type":"string"}})", kClosed, kBare, ""},
      {"conditions go", R"({"type":"object","if":{},"then":{},"not":{},"patternProperties":{"x":{}},"propertyNames":{"pattern":"x"}})",
       kEmpty, kClosed, kBare, ""},
  };
  for (const auto& one : cases) check(one);
  for (const auto* odd : {"true", "[]", "7", "no json"}) EXPECT_EQ(clean_schema(odd, SchemaDialect::openai).text, kEmpty) << odd;
}

TEST(SchemaCleaner, Values) {
  const PropertyCase cases[] = {
      {"plain", R"({"type":"string","description":"d"})", R"({"type":"string","description":"d"})", "", "", ""},
      {"no type", R"({"description":"d"})", R"({"description":"d"})", R"({"type":["string","number","boolean","null"],"description":"d"})",
       "", ""},
      {"a type that nobody has", R"({"type":"a\ny","enum":["x"]})", R"({"enum":["x"]})", "", R"({"type":"string","enum":["x"]})", ""},
      {"values of several kinds", R"({"enum":["x",1]})", R"({"enum":["x",1]})", "", R"({"type":"string","enum":["x"]})", ""},
      {"an enum that may be null", R"({"enum":["x",null]})", R"({"enum":["x",null]})", "",
       R"({"type":"string","nullable":true,"enum":["x"]})", ""},
      {"const", R"({"const":"x"})", R"({"type":"string","enum":["x"]})", "", "", ""},
      {"numbers in an enum", R"({"type":"integer","enum":[1,2]})", R"({"type":"integer","enum":[1,2]})", "", R"({"type":"integer"})", ""},
      {"format", R"({"type":"string","format":"uri"})", R"({"type":"string","format":"uri"})", R"({"type":"string"})",
       R"({"type":"string"})", R"({"type":"string"})"},
      {"an unknown format", R"({"type":"string","format":"uri-reference"})", R"({"type":"string"})", "", "", ""},
      {"date-time", R"({"type":"string","format":"date-time"})", R"({"type":"string","format":"date-time"})", "", "",
       R"({"type":"string"})"},
      {"a plain pattern", R"({"type":"string","pattern":"^a\\d+$"})", R"({"type":"string","pattern":"^a\\d+$"})", R"({"type":"string"})",
       R"({"type":"string"})", R"({"type":"string"})"},
      {"a pattern with look-ahead", R"({"type":"string","pattern":"^(?!x)."})", R"({"type":"string"})", "", "", ""},
      {"a pattern with a property class", R"({"type":"string","pattern":"\\p{L}"})", R"({"type":"string"})", "", "", ""},
      {"exclusive bounds", R"({"type":"number","exclusiveMinimum":0,"exclusiveMaximum":9,"maximum":8})",
       R"({"type":"number","maximum":8,"exclusiveMinimum":0,"exclusiveMaximum":9})", "", R"({"type":"number","maximum":8,"minimum":0})",
       R"({"type":"number","maximum":8,"minimum":0})"},
      {"bounds of an old draft", R"({"type":"number","minimum":0,"exclusiveMinimum":true})", R"({"type":"number","minimum":0})", "", "",
       ""},
      {"default", R"({"type":"string","default":"x","examples":["y"]})", R"({"type":"string","default":"x"})", R"({"type":"string"})",
       R"({"type":"string"})", R"({"type":"string","default":"x"})"},
      {"a property with a keyword's name", R"({"type":"object","properties":{"$ref":{"type":"string"}},"required":["$ref"]})",
       R"({"type":"object","properties":{"$ref":{"type":"string"}},"required":["$ref"]})",
       R"({"type":"object","properties":{"$ref":{"type":"string"}},"required":["$ref"],"additionalProperties":false})", "", ""},
  };
  for (const auto& one : cases) check(one);
}

TEST(SchemaCleaner, Unions) {
  const PropertyCase cases[] = {
      {"a type list", R"({"type":["string","null"],"description":"d"})", R"({"type":["string","null"],"description":"d"})", "",
       R"({"type":"string","nullable":true,"description":"d"})", R"({"description":"d","anyOf":[{"type":"string"},{"type":"null"}]})"},
      {"two types", R"({"type":["string","array"],"items":{"type":"string"}})", R"({"type":["string","array"],"items":{"type":"string"}})",
       "", R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]})",
       R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]})"},
      {"optional, as pydantic says it", R"({"anyOf":[{"type":"string"},{"type":"null"}],"default":null,"title":"T"})",
       R"({"type":["string","null"],"title":"T","default":null})", R"({"type":["string","null"],"title":"T"})",
       R"({"type":"string","nullable":true,"title":"T"})", R"({"title":"T","anyOf":[{"type":"string"},{"type":"null"}]})"},
      {"oneOf", R"({"oneOf":[{"type":"string"},{"type":"number"}]})", R"({"anyOf":[{"type":"string"},{"type":"number"}]})", "", "", ""},
      {"a type beside the union", R"({"type":"string","anyOf":[{"enum":["a"]},{"type":"string"}]})",
       R"({"type":"string","anyOf":[{"type":"string","enum":["a"]},{"type":"string"}]})", "",
       R"({"anyOf":[{"type":"string","enum":["a"]},{"type":"string"}]})",
       R"({"anyOf":[{"type":"string","enum":["a"]},{"type":"string"}]})"},
      {"a union of requirements", R"({"type":"object","properties":{"x":{"type":"string"}},"required":["x"],"anyOf":[{"required":["x"]}]})",
       R"({"type":"object","properties":{"x":{"type":"string"}},"required":["x"]})",
       R"({"type":"object","properties":{"x":{"type":"string"}},"required":["x"],"additionalProperties":false})", "", ""},
      {"a branch that allows anything", R"({"description":"d","anyOf":[{"type":"string"},{"description":"or so"}]})",
       R"({"description":"d"})", R"({"type":["string","number","boolean","null"],"description":"d"})", "", ""},
      {"an enum with null", R"({"type":["string","null"],"enum":["a",null]})", R"({"type":["string","null"],"enum":["a",null]})", "",
       R"({"type":"string","nullable":true,"enum":["a"]})", R"({"anyOf":[{"type":"string","enum":["a"]},{"type":"null"}]})"},
      {"allOf", R"({"allOf":[{"type":"string"},{"maxLength":3}],"description":"d"})",
       R"({"type":"string","description":"d","maxLength":3})", R"({"type":"string","description":"d"})", "", ""},
      {"a union inside a union", R"({"anyOf":[{"anyOf":[{"type":"string"},{"type":"number"}]},{"type":"null"}]})",
       R"({"anyOf":[{"type":"string"},{"type":"number"},{"type":"null"}]})", "",
       R"({"anyOf":[{"type":"string"},{"type":"number"}],"nullable":true})",
       R"({"anyOf":[{"anyOf":[{"type":"string"},{"type":"number"}]},{"type":"null"}]})"},
  };
  for (const auto& one : cases) check(one);
}

TEST(SchemaCleaner, Arrays) {
  const PropertyCase cases[] = {
      {"no items", R"({"type":"array"})", R"({"type":"array","items":{}})", R"({"type":"array","items":{"type":"string"}})",
       R"({"type":"array","items":{"type":"string"}})", ""},
      {"a tuple", R"({"type":"array","items":[{"type":"string"},{"type":"number"}]})",
       R"({"type":"array","items":{"anyOf":[{"type":"string"},{"type":"number"}]}})", "", "", ""},
      {"prefixItems", R"({"type":"array","prefixItems":[{"type":"string"}],"items":false})",
       R"({"type":"array","items":{"type":"string"}})", "", "", ""},
  };
  for (const auto& one : cases) check(one);
}

TEST(SchemaCleaner, ReferencesArePutInPlace) {
  EXPECT_EQ(
      clean_schema(R"({"type":"object","properties":{"a":{"$ref":"#/$defs/p~1q","description":"mine"},"b":{"$ref":"#/$defs/p~1q"},)"
                   R"("c":{"$ref":"https://elsewhere/x"}},"$defs":{"p/q":{"type":"string","description":"its"}}})",
                   SchemaDialect::openai)
          .text,
      R"({"type":"object","properties":{"a":{"type":"string","description":"mine"},"b":{"type":"string","description":"its"},"c":{}}})");
}

TEST(SchemaCleaner, ACycleIsLeftOpen) {
  constexpr std::string_view kTree = R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"name":{"type":"string"},)"
                                     R"("children":{"type":"array","items":{"$ref":"#/$defs/node"}}}}}})";
  EXPECT_EQ(clean_schema(kTree, SchemaDialect::openai).text,
            R"({"type":"object","properties":{"name":{"type":"string"},"children":{"type":"array","items":{}}}})");
  EXPECT_EQ(clean_schema(R"({"properties":{"a":{"$ref":"#"}}})", SchemaDialect::kimi).text.substr(0, 70),
            R"({"type":"object","properties":{"a":{"type":"object","properties":{"a":)");
}

TEST(SchemaCleaner, ReferencesThatMultiplyAreBounded) {
  std::string text = R"({"type":"object","properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{)";
  for (int i = 0; i < 40; ++i) {
    const auto next = R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"}";
    text += "\"d" + std::to_string(i) + R"(":{"type":"object","properties":{"x":)" + next + R"(,"y":)" + next + "}},";
  }
  text += R"("d40":{"type":"string"}}})";
  for (const auto dialect : {SchemaDialect::openai, SchemaDialect::openai_strict, SchemaDialect::gemini, SchemaDialect::kimi}) {
    const auto clean = clean_schema(text, dialect).text;
    EXPECT_LT(clean.size(), 8U << 20);
    const json::Padded again(clean);
    json::Document document;
    EXPECT_TRUE(document.index(again.text()));
  }
}

/// Compared with each other these would be thousands of millions of pairs.
TEST(SchemaCleaner, ManyPropertiesTakeTimeInProportion) {
  constexpr int kMany = 60'000;
  std::string properties, required;
  for (int i = 0; i < kMany; ++i) {
    const auto name = "\"property_" + std::to_string(i) + '"';
    properties += (i == 0 ? "" : ",") + name + R"(:{"type":"string"})";
    required += (i == 0 ? "" : ",") + name;
  }
  const auto text = R"({"type":"object","properties":{)" + properties + R"(},"required":[)" + required + "]}";
  const auto begin = std::chrono::steady_clock::now();
  for (const auto dialect : {SchemaDialect::openai, SchemaDialect::openai_strict}) {
    const auto clean = clean_schema(text, dialect).text;
    EXPECT_TRUE(clean.contains("\"property_59999\":{"));
    EXPECT_TRUE(clean.contains("\"property_59999\"]"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
}

/// Every place refers to a list that is long, of branches that say nothing: little is written, much would be walked over.
TEST(SchemaCleaner, WhatReferencesMakeOneWalkOverIsBounded) {
  std::string places, branches;
  for (int i = 0; i < 10'000; ++i) {
    places += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + R"(":{"$ref":"#/$defs/d"})";
    branches += i == 0 ? "{}" : ",{}";
  }
  const auto text = R"({"type":"object","properties":{)" + places + R"(},"$defs":{"d":{"anyOf":[)" + branches + "]}}}";
  SchemaBudget budget(text.size());
  const auto before = budget.work;
  EXPECT_LT(clean_schema(text, SchemaDialect::openai_strict, budget).text.size(), 2U << 20);
  EXPECT_LE(before - budget.work, 4'000'000U);
}

TEST(SchemaCleaner, TheSchemasOfOneRequestAreBoundedTogether) {
  std::string text = R"({"type":"object","properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{)";
  for (int i = 0; i < 40; ++i) {
    const auto next = R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"}";
    text += "\"d" + std::to_string(i) + R"(":{"type":"object","properties":{"x":)" + next + R"(,"y":)" + next + "}},";
  }
  text += R"("d40":{"type":"string"}}})";
  SchemaBudget budget(200 * text.size());
  std::size_t all = 0;
  for (int i = 0; i < 200; ++i) all += clean_schema(text, SchemaDialect::openai, budget).text.size();
  EXPECT_TRUE(budget.is_spent());
  EXPECT_LT(all, 10U << 20);
  EXPECT_EQ(clean_schema(text, SchemaDialect::openai, budget).text, R"({"type":"object","properties":{}})");
  EXPECT_EQ(clean_schema(R"({"type":"object","properties":{"a":{"type":"string"}}})", SchemaDialect::openai).text,
            R"({"type":"object","properties":{"a":{"type":"string"}}})");
}

TEST(SchemaCleaner, StrictSaysWhenItCannot) {
  const auto faithful = [](std::string_view schema) { return clean_schema(schema, SchemaDialect::openai_strict).faithful; };
  EXPECT_TRUE(faithful(R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"array","items":{"type":"number"}}}})"));
  EXPECT_TRUE(faithful("{}"));
  EXPECT_FALSE(faithful(R"({"type":"object","additionalProperties":{"type":"string"}})"));
  EXPECT_FALSE(faithful(with(R"({"type":"object"})")));
  EXPECT_TRUE(faithful(with(R"({"type":"object","additionalProperties":false})")));
  EXPECT_FALSE(faithful(with("{}")));
  EXPECT_FALSE(faithful(with(R"({"type":"array"})")));
  EXPECT_TRUE(clean_schema(with("{}"), SchemaDialect::openai).faithful);
}

TEST(SchemaCleaner, NoneLeavesItAsItIs) {
  constexpr std::string_view kOdd = R"({"$schema":"s", "type":["object"]})";
  EXPECT_EQ(clean_schema(kOdd, SchemaDialect::none).text, kOdd);
  EXPECT_EQ(clean_schema("{}", SchemaDialect::none).text, R"({"type":"object","properties":{}})");
}

}  // namespace
}  // namespace penstock::dialect
