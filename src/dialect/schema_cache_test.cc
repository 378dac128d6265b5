#include "dialect/schema_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::dialect {
namespace {

constexpr std::string_view kSchema =
    R"({"type":"object","$defs":{"n":{"type":["string","null"],"format":"uri"}},"properties":{"a":{"$ref":"#/$defs/n"},"b":{"const":1}}})";

std::string schema_with(std::string_view words) { return R"({"type":"object","description":")" + std::string(words) + "\"}"; }

TEST(SchemaCache, TheSecondTimeIsFromMemory) {
  SchemaCache cache;
  for (int round = 0; round < 3; ++round) {
    SchemaBudget budget, own;
    const auto schema = cache.clean(kSchema, SchemaDialect::gemini, budget);
    EXPECT_EQ(schema.text, clean_schema(kSchema, SchemaDialect::gemini, own).text);
    EXPECT_EQ(budget.bytes, own.bytes);
    EXPECT_EQ(budget.work, own.work);
    EXPECT_EQ(cache.entries(), 1U);
    EXPECT_EQ(cache.bytes(), kSchema.size() + schema.text.size());
  }
}

TEST(SchemaCache, EachDialectHasItsOwn) {
  SchemaCache cache;
  SchemaBudget budget;
  for (int round = 0; round < 2; ++round)
    for (const auto dialect : {SchemaDialect::none, SchemaDialect::openai, SchemaDialect::openai_strict, SchemaDialect::gemini}) {
      const auto cached = cache.clean(kSchema, dialect, budget), made = clean_schema(kSchema, dialect);
      EXPECT_EQ(cached.text, made.text);
      EXPECT_EQ(cached.faithful, made.faithful);
      EXPECT_EQ(cached.adds_null, made.adds_null);
    }
  EXPECT_EQ(cache.entries(), 4U);
}

TEST(SchemaCache, AnotherTextIsAnotherSchema) {
  SchemaCache cache;
  SchemaBudget budget;
  // Two of one length, with the same ends.
  const std::string around(1000, 'x'), one = around + "1" + around, two = around + "2" + around;
  for (const auto& words : {one, two, one})
    EXPECT_EQ(cache.clean(schema_with(words), SchemaDialect::openai, budget).text,
              clean_schema(schema_with(words), SchemaDialect::openai).text);
  EXPECT_EQ(cache.entries(), 2U);
}

/// Made so that they differ only where the hash does not look.
TEST(SchemaCache, FewThatLookAlikeAreKept) {
  SchemaCache cache;
  SchemaBudget budget;
  const std::string around(1000, 'x');
  for (int i = 100; i < 200; ++i) {
    const auto schema = schema_with(around + std::to_string(i) + around);
    EXPECT_EQ(cache.clean(schema, SchemaDialect::openai, budget).text, clean_schema(schema, SchemaDialect::openai).text);
  }
  EXPECT_EQ(cache.entries(), SchemaCache::kMostAlike);
}

/// What a small budget leaves of a schema is as if there were no memory, and is not remembered.
TEST(SchemaCache, ASmallBudgetDecidesForItself) {
  const std::size_t full = clean_schema(kSchema, SchemaDialect::openai).text.size();
  for (const bool known : {false, true})
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, full / 2, full - 1, full, full + 1})
      for (const std::size_t work : {0U, 1U, 500U, 2'000U, 100'000U}) {
        SchemaCache cache;
        SchemaBudget plenty, budget, own;
        if (known) EXPECT_NE(cache.clean(kSchema, SchemaDialect::openai, plenty).text, "");
        budget.bytes = own.bytes = bytes;
        budget.work = own.work = work;
        EXPECT_EQ(cache.clean(kSchema, SchemaDialect::openai, budget).text, clean_schema(kSchema, SchemaDialect::openai, own).text)
            << known << ' ' << bytes << ' ' << work;
        EXPECT_EQ(budget.bytes, own.bytes);
        EXPECT_EQ(budget.work, own.work);
        SchemaBudget again;
        EXPECT_EQ(cache.clean(kSchema, SchemaDialect::openai, again).text, clean_schema(kSchema, SchemaDialect::openai).text);
      }
}

TEST(SchemaCache, ALongSchemaIsCleanedEachTime) {
  SchemaCache cache;
  SchemaBudget budget;
  const auto longest = schema_with(std::string(SchemaCache::kLongest, 'x'));
  for (int round = 0; round < 2; ++round)
    EXPECT_EQ(cache.clean(longest, SchemaDialect::openai, budget).text, clean_schema(longest, SchemaDialect::openai).text);
  EXPECT_EQ(cache.entries(), 0U);
}

TEST(SchemaCache, BeginsAnewWhereItWouldHoldTooMuch) {
  SchemaCache cache;
  std::size_t most = 0;
  bool began_anew = false;
  for (int i = 0; i < 200; ++i) {
    SchemaBudget budget;
    const auto schema = schema_with(std::to_string(i) + std::string(20'000, 'x'));
    const auto before = cache.entries();
    EXPECT_EQ(cache.clean(schema, SchemaDialect::openai, budget).text, clean_schema(schema, SchemaDialect::openai).text);
    most = std::max(most, cache.bytes());
    began_anew = began_anew || cache.entries() < before;
  }
  EXPECT_TRUE(began_anew);
  EXPECT_LE(most, SchemaCache::kMostBytes);
  EXPECT_GT(most, SchemaCache::kMostBytes / 2);
}

TEST(SchemaCache, HoldsABoundedNumber) {
  SchemaCache cache;
  SchemaBudget budget;
  for (std::size_t i = 0; i <= SchemaCache::kMostEntries; ++i)
    EXPECT_FALSE(cache.clean(schema_with(std::to_string(i)), SchemaDialect::openai, budget).text.empty());
  EXPECT_EQ(cache.entries(), 1U);
}

}  // namespace
}  // namespace penstock::dialect
