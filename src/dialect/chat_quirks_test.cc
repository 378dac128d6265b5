#include "dialect/chat_quirks.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace penstock::dialect {
namespace {

using Named = std::map<std::string, std::string>;

ChatQuirks parsed(const Named& named) {
  const auto quirks = parse_chat_quirks(named, ChatQuirks());
  EXPECT_TRUE(quirks) << quirks.error().message;
  return quirks.value_or(ChatQuirks());
}

std::string fault(const Named& named) {
  const auto quirks = parse_chat_quirks(named, ChatQuirks());
  EXPECT_FALSE(quirks);
  return quirks ? "" : quirks.error().message;
}

TEST(ChatQuirks, EveryWordOfTheTableIsTaken) {
  for (const auto& row : chat_quirk_names()) {
    EXPECT_FALSE(row.help.empty());
    for (const auto word : split(row.values, '|')) {
      const bool placeholder = word == "LEVELS" || word == "N" || word == "OBJECT" || word == "FIELD" || word == "TEXT" ||
                               word == "max:N" || word == "A..B" || word == "(A..B]";
      const Named named{{std::string(row.name), std::string(word)}};
      if (!placeholder) EXPECT_TRUE(parse_chat_quirks(named, ChatQuirks())) << row.name << " " << word;
    }
    if (row.name != "empty_result") EXPECT_FALSE(parse_chat_quirks({{std::string(row.name), "NO such"}}, ChatQuirks())) << row.name;
  }
}

TEST(ChatQuirks, Values) {
  EXPECT_EQ(parsed({}), ChatQuirks());
  EXPECT_EQ(parsed({{"stop_sequences", "max:5"}}).max_stop_sequences, 5U);
  EXPECT_EQ(parsed({{"stop_sequences", "strip"}}).max_stop_sequences, 0U);
  EXPECT_EQ(parsed({{"temperature", "(0..1]"}}).temperature_range, (Range{0, 1, true}));
  EXPECT_EQ(parsed({{"temperature", " 0..2 "}}).temperature_range, (Range{0, 2, false}));
  EXPECT_EQ(parsed({{"temperature", "strip"}}).temperature, Keep::strip);
  EXPECT_EQ(parsed({{"extra", R"( { "tool_stream": true } )"}}).extra, R"("tool_stream": true)");
  EXPECT_EQ(parsed({{"thinking_fields", R"({"clear_thinking":false})"}}).thinking_fields, R"("clear_thinking":false)");
  EXPECT_EQ(parsed({{"extra", "none"}}).extra, "");
  EXPECT_EQ(parsed({{"cache_key", "prompt_cache_key"}}).cache_key, "prompt_cache_key");
  EXPECT_EQ(parsed({{"user", "none"}}).user, "");
  EXPECT_EQ(parsed({{"no_images", "true"}}).images, Media::placeholder);
  EXPECT_EQ(parsed({{"stream_usage", "omit"}}).stream_usage, false);
  EXPECT_EQ(parsed({{"empty_result", "none"}}).empty_result, "");
  EXPECT_EQ(parsed({{"reasoning", "groq"}}).reasoning, ChatQuirks::Reasoning::groq);
  EXPECT_EQ(parsed({{"schema", "kimi"}}).schema, SchemaDialect::kimi);
  EXPECT_TRUE(parsed({{"efforts", "low, max"}}).efforts.has(EffortLevel::max));
  EXPECT_TRUE(parsed({{"efforts", "never"}}).efforts.empty());
}

TEST(ChatQuirks, FaultsSuggest) {
  EXPECT_EQ(fault({{"reasonning", "none"}}), "unknown quirk 'reasonning'; did you mean 'reasoning'?");
  EXPECT_EQ(fault({{"system_role", "develper"}}),
            "quirk system_role: 'develper' is not one of system, developer; did you mean 'developer'?");
  for (const auto& [name, value] : Named{{"efforts", "low,much"},
                                         {"temperature", "2..1"},
                                         {"temperature ", ""},
                                         {"extra", "[1]"},
                                         {"extra", "{"},
                                         {"cache_key", "a b"},
                                         {"stop_sequences", "max:x"},
                                         {"efforts", ""}})
    EXPECT_FALSE(parse_chat_quirks({{name, value}}, ChatQuirks())) << name << " " << value;
}

}  // namespace
}  // namespace penstock::dialect
