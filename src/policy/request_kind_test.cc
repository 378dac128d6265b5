#include "policy/request_kind.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::policy {
namespace {

constexpr KindSigns kMain{.session = "s", .agent = "", .claude_code = true};
constexpr KindSigns kAgent{.session = "s", .agent = "a0d45cf03d04de2e9", .claude_code = true};
constexpr KindSigns kCurl{};

std::string shown(Kinds kinds) {
  std::string out;
  for (const auto word : llm::kRequestKinds)
    if (kinds.has(*llm::parse_request_kind(word))) out += (out.empty() ? "" : " ") + std::string(word);
  return out;
}

/// A turn of a session, as 2.1.328 sends it.
llm::Facts turn() {
  llm::Facts facts;
  facts.model = "glm";
  facts.max_tokens = 32'000;
  facts.thinking = llm::Thinking::adaptive;
  facts.messages = 3;
  facts.tools = 12;
  facts.body_bytes = 47'000;
  return facts;
}

/// A session's title, as both versions ask for it.
llm::Facts title() {
  llm::Facts facts;
  facts.model = "small";
  facts.max_tokens = 32'000;
  facts.messages = 1;
  facts.body_bytes = 6'000;
  return facts;
}

template <typename Change>
llm::Facts with(llm::Facts facts, Change change) {
  change(facts);
  return facts;
}

struct Row {
  const char* what;
  llm::Facts facts;
  KindSigns signs;
  const char* expected;
};

TEST(RequestKind, IsToldByFactsAndHeaders) {
  using llm::Facts;
  const Row rows[] = {
      {"a turn", turn(), kMain, "thinking"},
      {"a turn without thinking", with(turn(), [](Facts& f) { f.thinking = llm::Thinking::disabled; }), kMain, ""},
      {"a title", title(), kMain, "background"},
      {"a title with thinking off", with(title(), [](Facts& f) { f.thinking = llm::Thinking::disabled; }), kMain, "background"},
      {"the same of another client", title(), kCurl, ""},
      {"counting", title(), {.session = "s", .claude_code = true, .count_tokens = true}, ""},
      {"a long text on a small model", with(title(), [](Facts& f) { f.body_bytes = 90'000; }), kMain, ""},
      {"the same on haiku", with(title(), [](Facts& f) { f.body_bytes = 90'000, f.model = "claude-Haiku-4-5"; }), kMain, "background"},
      {"haiku by any client", with(turn(), [](Facts& f) { f.model = "anthropic/claude-haiku-5-5[1m]"; }), kCurl, "background thinking"},
      {"the quota probe", with(turn(), [](Facts& f) { f.max_tokens = 1; }), kMain, "background thinking"},
      {"compacting", with(turn(), [](Facts& f) { f.messages = 9; }), kMain, "thinking"},
      {"a first turn that only talks", with(title(), [](Facts& f) { f.thinking = llm::Thinking::adaptive; }), kMain, "thinking"},
      {"a web search", with(title(), [](Facts& f) { f.tools = 1, f.web_search = true; }), kMain, "web_search"},
      {"images", with(turn(), [](Facts& f) { f.images = 1; }), kMain, "thinking images"},
      {"plan mode", with(turn(), [](Facts& f) { f.plan_mode = true; }), kMain, "thinking plan_mode"},
      {"a subagent", turn(), kAgent, "thinking subagent"},
      {"a subagent by its attribution", with(turn(), [](Facts& f) { f.subagent = true; }), kMain, "thinking subagent"},
      {"a subagent by its tag", with(turn(), [](Facts& f) { f.subagent_model = "a,b"; }), kMain, "thinking subagent"},
      {"nothing", Facts{}, kCurl, ""},
  };
  for (const auto& row : rows) EXPECT_EQ(shown(kinds_of(row.facts, row.signs)), row.expected) << row.what;
}

TEST(RequestKind, ATagCountsUnlessTheUserWroteItForOthers) {
  const auto in_system = with(turn(), [](llm::Facts& f) { f.subagent_model = "a,b"; });
  const auto in_turn = with(in_system, [](llm::Facts& f) { f.tag_in_turn = true; });
  EXPECT_FALSE(honours_subagent_tag(turn(), kAgent));
  for (const auto& signs : {kMain, kAgent, kCurl}) EXPECT_TRUE(honours_subagent_tag(in_system, signs));
  EXPECT_TRUE(honours_subagent_tag(in_turn, kAgent));
  EXPECT_TRUE(honours_subagent_tag(in_turn, kCurl));
  EXPECT_TRUE(honours_subagent_tag(in_turn, {.session = "", .claude_code = true})) << "versions that name no agents";
  EXPECT_FALSE(honours_subagent_tag(in_turn, kMain));
  EXPECT_TRUE(honours_subagent_tag(with(in_turn, [](llm::Facts& f) { f.subagent = true; }), kMain));
  EXPECT_FALSE(kinds_of(in_turn, kMain).has(RequestKind::subagent));
}

TEST(RequestKind, TokensAreOnlyCountedWhereTheyMayMatter) {
  llm::Facts facts;
  facts.body_bytes = 1000;
  EXPECT_FALSE(may_exceed(facts, 1000));
  EXPECT_TRUE(may_exceed(facts, 999));
  facts.documents = 1;
  EXPECT_TRUE(may_exceed(facts, 100'000));
}

TEST(RequestKind, WordsAndBack) {
  for (const auto word : llm::kRequestKinds) EXPECT_EQ(name(*llm::parse_request_kind(word)), word);
  EXPECT_FALSE(llm::parse_request_kind("other"));
  EXPECT_EQ(Kinds({RequestKind::images, RequestKind::subagent}), Kinds({RequestKind::subagent, RequestKind::images}));
  EXPECT_TRUE(Kinds{}.empty());
}

}  // namespace
}  // namespace penstock::policy
