#include "dialect/think_tags.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::dialect {
namespace {

struct Split {
  std::string thinking, text;
  bool operator==(const Split&) const = default;
};

void PrintTo(const Split& split, std::ostream* out) { *out << "thinking '" << split.thinking << "' text '" << split.text << "'"; }

Split split(const std::vector<std::string>& pieces) {
  Split out;
  ThinkTags tags;
  const auto thinking = [&](std::string_view view) { out.thinking += view; };
  const auto text = [&](std::string_view view) { out.text += view; };
  for (const auto& piece : pieces) tags.feed(piece, thinking, text);
  tags.finish(thinking, text);
  return out;
}

/// A JSON string cut where it may be cut: never inside an escape.
std::vector<std::size_t> cuts(std::string_view written) {
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at < written.size(); at += written[at] != '\\' ? 1U : written[at + 1] == 'u' ? 6U : 2U) out.push_back(at);
  return out;
}

struct Case {
  std::string written;
  Split expected;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> table{
      {"plain", {"", "plain"}},
      {"", {"", ""}},
      {"<think>why</think>so", {"why", "so"}},
      {R"(\n <think>\nwhy\n</think>\n\nso <think>x</think>)", {R"(why\n)", "so <think>x</think>"}},
      {R"(\u003cthink\u003ewhy\u003c/think\u003eso)", {"why", "so"}},
      {R"(<think>a<\/think>b)", {"a", "b"}},
      {"<thinking>a</think></thinking>b", {"a</think>", "b"}},
      {"<thought>a</thought>b", {"a", "b"}},
      {R"(<think>a</think> <think>b</think>\nc)", {R"(a\nb)", "c"}},
      {"<think>a < b <</ </thin </think>c", {"a < b <</ </thin ", "c"}},
      {"<think></think>c", {"", "c"}},
      {"<think>never closed", {"never closed", ""}},
      {"<think>cut</thi", {"cut</thi", ""}},
      {"<thin", {"", "<thin"}},
      {"<thinker>x", {"", "<thinker>x"}},
      {R"(  <b>x)", {"", R"(  <b>x)"}},
      {R"(\t\u00e9 <think>x</think>)", {"", R"(\t\u00e9 <think>x</think>)"}},
      {R"(<think>\u00e9\\</think>\\n)", {R"(\u00e9\\)", R"(\\n)"}},
      {"a <think>b</think>", {"", "a <think>b</think>"}},
  };
  return table;
}

TEST(ThinkTags, Table) {
  for (const auto& [written, expected] : cases()) EXPECT_EQ(split({written}), expected) << written;
}

TEST(ThinkTags, InAnyCut) {
  for (const auto& [written, expected] : cases()) {
    std::vector<std::string> units;
    const auto at = cuts(written);
    for (std::size_t i = 0; i < at.size(); ++i) {
      EXPECT_EQ(split({written.substr(0, at[i]), written.substr(at[i])}), expected) << written << " cut at " << at[i];
      units.push_back(written.substr(at[i], (i + 1 < at.size() ? at[i + 1] : written.size()) - at[i]));
    }
    EXPECT_EQ(split(units), expected) << written << " one by one";
  }
}

TEST(ThinkTags, WhatIsCertainComesAtOnce) {
  ThinkTags tags;
  std::string seen;
  const auto thinking = [&](std::string_view view) { seen += "[" + std::string(view) + "]"; };
  const auto text = [&](std::string_view view) { seen += view; };
  tags.feed("<think>long reasoning</", thinking, text);
  EXPECT_EQ(seen, "[long reasoning]");
  tags.feed("think>an answer", thinking, text);
  EXPECT_EQ(seen, "[long reasoning]an answer");
}

}  // namespace
}  // namespace penstock::dialect
