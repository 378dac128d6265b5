#include "dialect/quirks.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace penstock::dialect {
namespace {

Quirks parsed(const std::map<std::string, std::string>& named, const Quirks& base = transparent()) {
  const auto quirks = parse_quirks(named, base);
  EXPECT_TRUE(quirks) << quirks.error().message;
  return quirks.value_or(Quirks());
}

std::string refusal(const std::string& name, const std::string& value) {
  const auto quirks = parse_quirks({{name, value}}, transparent());
  if (quirks) return "";
  EXPECT_EQ(quirks.error().kind, ErrorKind::config);
  return quirks.error().message;
}

TEST(Quirks, NothingNamedIsTheBase) {
  EXPECT_EQ(parsed({}), Quirks());
  EXPECT_EQ(parsed({}, strict()), strict());
  EXPECT_NE(strict(), transparent());
}

TEST(Quirks, EveryListedValueIsTaken) {
  const std::map<std::string_view, std::string> samples{{"LEVELS", "low, max"}, {"LIST", "a-1,b-2"}, {"A..B", "0..1"},
                                                        {"(A..B]", "(0..1]"},   {"max:N", "max:5"},  {"N", "8192"}};
  for (const auto& row : quirk_names())
    for (const auto word : split(row.values, '|')) {
      const auto sample = samples.find(word);
      EXPECT_EQ(refusal(std::string(row.name), sample == samples.end() ? std::string(word) : sample->second), "")
          << row.name << ": " << word;
    }
}

TEST(Quirks, TheStrictBaseCanBeNamed) {
  const std::map<std::string, std::string> named{
      {"system_turns", "to_user"}, {"cache_control", "strip"},      {"thinking", "keep"},       {"thinking_mode", "enabled_only"},
      {"effort", "none"},          {"context_management", "strip"}, {"output_format", "strip"}, {"metadata", "hash"},
      {"betas", "drop"},           {"tool_fields", "strip"},        {"server_tools", "strip"},  {"attribution", "strip"},
      {"empty_blocks", "strip"},   {"unknown_fields", "strip"},     {"version", "2023-06-01"},  {"documents", "placeholder"}};
  auto base = transparent();
  base.third_party = true;
  EXPECT_EQ(parsed(named, base), strict());
}

TEST(Quirks, EveryNameOfTheStrictBaseCanBeTakenBack) {
  const auto quirks = parsed({{"system_turns", "keep"},
                              {"cache_control", "keep"},
                              {"thinking_mode", "any"},
                              {"effort", "keep"},
                              {"context_management", "keep"},
                              {"output_format", "keep"},
                              {"metadata", "keep"},
                              {"betas", "keep"},
                              {"tool_fields", "keep"},
                              {"server_tools", "keep"},
                              {"attribution", "keep"},
                              {"empty_blocks", "keep"},
                              {"unknown_fields", "keep"},
                              {"version", "keep"},
                              {"documents", "keep"}},
                             strict());
  auto expected = transparent();
  expected.third_party = true;
  EXPECT_EQ(quirks, expected);
}

TEST(Quirks, ValuesThatAreMoreThanWords) {
  EXPECT_EQ(parsed({{"effort", "high,max"}}).effort, (Effort{.keep = false, .levels = 0b10100}));
  EXPECT_EQ(parsed({{"temperature", "0..2"}}).temperature_range, (Range{.low = 0, .high = 2, .low_excluded = false}));
  EXPECT_EQ(parsed({{"temperature", "(0..1]"}}).temperature_range, (Range{.low = 0, .high = 1, .low_excluded = true}));
  EXPECT_EQ(parsed({{"betas", "a, b"}}).listed_betas, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parsed({{"stop_sequences", "max:5"}}).max_stop_sequences, 5U);
  EXPECT_EQ(parsed({{"stop_sequences", "strip"}}).max_stop_sequences, 0U);
  EXPECT_EQ(parsed({{"max_tokens_limit", "8192"}}).max_tokens_limit, 8192U);
  EXPECT_EQ(parsed({{"no_images", "true"}}).images, Media::placeholder);
}

TEST(Quirks, FaultsNameTheMend) {
  EXPECT_EQ(refusal("sytem_turns", "keep"), "unknown quirk 'sytem_turns'; did you mean 'system_turns'?");
  EXPECT_EQ(refusal("qqqqqqqqqqqq", "keep"), "unknown quirk 'qqqqqqqqqqqq'");
  EXPECT_EQ(refusal("system_turns", "to_usr"), "quirk system_turns: 'to_usr' is not one of keep, to_user; did you mean 'to_user'?");
  for (const std::string value : {"", "high,loud", ","}) EXPECT_NE(refusal("effort", value), "") << value;
  for (const std::string value : {"1..0", "0..", "..1", "(0..1", "a..b", "0-1"}) EXPECT_NE(refusal("temperature", value), "") << value;
  for (const std::string value : {"max:", "max:-1", "max", "5"}) EXPECT_NE(refusal("stop_sequences", value), "") << value;
  for (const std::string value : {"-1", "many"}) EXPECT_NE(refusal("max_tokens_limit", value), "") << value;
  EXPECT_NE(refusal("betas", ""), "");
}

}  // namespace
}  // namespace penstock::dialect
