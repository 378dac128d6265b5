#include "dialect/quirk_turns.h"

#include <gtest/gtest.h>

#include "dialect/adapt_for_test.h"

namespace penstock::dialect {
namespace {

std::string body(const std::string& messages) { return "{\"messages\":[" + messages + "]}"; }
std::string says(const std::string& role, const std::string& text) { return R"({"role":")" + role + R"(","content":")" + text + "\"}"; }
std::string blocks(const std::string& role, const std::string& list) { return R"({"role":")" + role + R"(","content":[)" + list + "]}"; }
std::string text(const std::string& words) { return R"({"type":"text","text":")" + words + "\"}"; }
std::string reminder(const std::string& words) { return R"(<system-reminder>\n)" + words + R"(\n</system-reminder>)"; }
std::string call(const std::string& id) { return R"({"type":"tool_use","id":")" + id + R"(","name":"n","input":{}})"; }
std::string result(const std::string& id) { return R"({"type":"tool_result","tool_use_id":")" + id + R"(","content":"r"})"; }

const Named kToUser{{"system_turns", "to_user"}};
const Named kMerge{{"tool_results", "merge"}};
const Named kEmpty{{"empty_blocks", "strip"}};

TEST(QuirkTurns, SystemTurnsBecomeReminders) {
  EXPECT_EQ(adapted(kToUser, body(says("user", "u") + "," + says("system", R"(a\n\"b)"))),
            body(says("user", "u") + "," + says("user", reminder(R"(a\n\"b)"))));
  EXPECT_EQ(adapted(kToUser, body(blocks("system", R"({"type":"text","text":"a","cache_control":{}},{"type":"tool_addition","tools":[]},)" +
                                                       text("b")))),
            body(blocks("user", R"({"type":"text","text":")" + reminder("a") + R"(","cache_control":{}},)" + text(reminder("b")))));
  EXPECT_EQ(adapted(Named{{"system_turns", "to_user"}, {"cache_control", "strip"}},
                    body(blocks("system", R"({"type":"text","text":"a","cache_control":{}})"))),
            body(blocks("user", text(reminder("a")))));
  EXPECT_EQ(adapted(kToUser, body(R"({"role":"system","content":"a","clear_at":1,"output_config":{}})")),
            body(says("user", reminder("a"))));
}

TEST(QuirkTurns, SystemTurnsThatSayNothingGo) {
  EXPECT_EQ(adapted(kToUser, body(says("user", "u") + "," + blocks("system", R"({"type":"tool_removal"})") + "," + says("system", ""))),
            body(says("user", "u")));
}

TEST(QuirkTurns, SystemTurnsAreKeptWhereKnown) {
  const auto kept = body(says("user", "u") + "," + says("system", "s"));
  EXPECT_EQ(adapted(Named{{"metadata", "strip"}}, kept), kept);
}

TEST(QuirkTurns, ASystemTurnDoesNotPartCallsFromResults) {
  const auto before = blocks("assistant", call("1")) + ",";
  EXPECT_EQ(adapted(kToUser, body(before + says("system", "s") + "," + blocks("user", result("1") + "," + text("x")))),
            body(before + blocks("user", result("1") + "," + text(reminder("s")) + "," + text("x"))));
  EXPECT_EQ(adapted(kToUser, body(before + blocks("system", text("s")) + "," + blocks("user", result("1")))),
            body(before + blocks("user", result("1") + "," + text(reminder("s")))));
  EXPECT_EQ(adapted(kToUser, body(before + blocks("user", result("1")) + "," + says("system", "s") + "," + blocks("user", result("2")) +
                                  "," + says("user", "x"))),
            body(before + blocks("user", result("1") + "," + result("2") + "," + text(reminder("s"))) + "," + says("user", "x")));
  const auto behind = body(before + blocks("user", result("1")) + "," + says("system", "s"));
  EXPECT_EQ(adapted(kToUser, behind), body(before + blocks("user", result("1")) + "," + says("user", reminder("s"))));
}

TEST(QuirkTurns, MergesUserTurns) {
  const auto calls = blocks("assistant", call("1") + "," + call("2")) + ",";
  EXPECT_EQ(adapted(kMerge, body(calls + blocks("user", result("1")) + "," + blocks("user", result("2") + "," + text("x")) + "," +
                                 says("user", "y"))),
            body(calls + blocks("user", result("1") + "," + result("2") + "," + text("x") + "," + text("y"))));
  EXPECT_EQ(adapted(kMerge, body(says("user", "a") + "," + says("user", "b") + "," + says("assistant", "c") + "," + says("user", "d"))),
            body(blocks("user", text("a") + "," + text("b")) + "," + says("assistant", "c") + "," + says("user", "d")));
  EXPECT_EQ(adapted(kMerge, body(calls + blocks("user", text("x") + "," + result("1") + "," + text("y")))),
            body(calls + blocks("user", result("1") + "," + text("x") + "," + text("y"))));
  EXPECT_EQ(adapted(kMerge, body(calls + says("user", "x") + "," + blocks("user", text("y") + "," + result("1")) + "," +
                                 blocks("user", result("2")))),
            body(calls + blocks("user", result("1") + "," + result("2") + "," + text("x") + "," + text("y"))));
}

TEST(QuirkTurns, WhatIsMovedIsEditedToo) {
  const Named quirks{{"system_turns", "to_user"}, {"cache_control", "strip"}, {"images", "placeholder"}, {"tool_results", "merge"}};
  EXPECT_EQ(
      adapted(quirks, body(blocks("assistant", call("1")) + "," + blocks("system", R"({"type":"text","text":"s","cache_control":{}})") +
                           "," + blocks("user", R"({"type":"image","cache_control":{}})") + "," +
                           blocks("user", R"({"type":"tool_result","tool_use_id":"1","content":[{"type":"image"}],"cache_control":{}})"))),
      body(blocks("assistant", call("1")) + "," +
           blocks("user", R"({"type":"tool_result","tool_use_id":"1","content":[)" + text("[image omitted: this model cannot see images]") +
                              "]}," + text(reminder("s")) + "," + text("[image omitted: this model cannot see images]"))));
}

TEST(QuirkTurns, EmptyMessagesGo) {
  EXPECT_EQ(adapted(kEmpty, body(says("user", "u") + "," + says("assistant", "") + "," + says("user", "v"))),
            body(says("user", "u") + "," + says("user", "v")));
  EXPECT_EQ(adapted(kEmpty, body(says("user", "u") + "," + blocks("assistant", ""))), body(says("user", "u")));
  EXPECT_EQ(adapted(kEmpty, body(says("user", "u") + "," + blocks("user", text("")))), body(says("user", "u")));
}

TEST(QuirkTurns, AUserBetweenAssistantsKeepsItsPlace) {
  EXPECT_EQ(adapted(kEmpty,
                    body(says("user", "") + "," + says("assistant", "a") + "," + blocks("user", text(" ")) + "," + says("assistant", "b"))),
            body(says("user", "(no content)") + "," + says("assistant", "a") + "," + says("user", "(no content)") + "," +
                 says("assistant", "b")));
}

TEST(QuirkTurns, OneMessageIsAlwaysLeft) {
  EXPECT_EQ(adapted(kEmpty, body(says("user", ""))), body(says("user", "(no content)")));
  EXPECT_EQ(adapted(kEmpty, body(says("user", "") + "," + says("assistant", ""))), body(says("user", "(no content)")));
}

TEST(QuirkTurns, AnAssistantThatOnlyThoughtForOthersGoes) {
  const auto thought = R"({"type":"thinking","thinking":"h","signature":)" + tag_of("kimi", "x") + "}";
  EXPECT_EQ(adapted(transparent(), body(says("user", "u") + "," + blocks("assistant", thought) + "," + says("user", "v"))),
            body(says("user", "u") + "," + says("user", "v")));
  EXPECT_EQ(adapted(transparent(), body(says("user", "") + "," + blocks("assistant", ""))),
            body(says("user", "") + "," + blocks("assistant", "")))
      << "what came empty is Anthropic's business";
}

TEST(QuirkTurns, EmptyThinkingIsInjected) {
  const std::string empty = R"({"type":"thinking","thinking":"","signature":""})";
  const auto own = R"({"type":"thinking","thinking":"h","signature":)" + tag_of("zai", "o") + "}";
  const Named quirks{{"thinking", "inject_empty"}};
  EXPECT_EQ(adapted_for_others(quirks, body(blocks("assistant", text("a") + "," + call("1")) + "," + blocks("assistant", text("b")))),
            body(blocks("assistant", empty + "," + text("a") + "," + call("1")) + "," + blocks("assistant", text("b"))));
  EXPECT_EQ(adapted_for_others(quirks, body(blocks("assistant", own + "," + call("1")))),
            body(blocks("assistant", R"({"type":"thinking","thinking":"h","signature":"o"},)" + call("1"))));
  EXPECT_EQ(adapted_for_others(quirks, body(blocks("assistant", R"({"type":"thinking","thinking":"h","signature":"x"},)" + call("1")))),
            body(blocks("assistant", empty + "," + call("1"))));
}

TEST(QuirkTurns, SystemField) {
  const std::string line = "x-anthropic-billing-header: cc_version=2.1.197.1c0; cc_entrypoint=cli;";
  const Named strip{{"attribution", "strip"}};
  const auto system = [&](const std::string& value, const Named& quirks) { return adapted(quirks, "{\"system\":" + value + "}"); };
  EXPECT_EQ(system("[" + text(line) + "," + text("s") + "]", strip), "{\"system\":[" + text("s") + "]}");
  EXPECT_EQ(system("[" + text(line) + "]", strip), "{}");
  EXPECT_EQ(system("\"" + line + R"(\n\nYou are")", strip), R"({"system":"You are"})");
  EXPECT_EQ(system("\"" + line + "\"", strip), "{}");
  EXPECT_EQ(system("\"a " + line + "\"", strip), "{\"system\":\"a " + line + "\"}");
  EXPECT_EQ(system("[" + text(line) + "]", kEmpty), "{\"system\":[" + text(line) + "]}");
  EXPECT_EQ(system("[" + text("") + "]", kEmpty), "{}");
  EXPECT_EQ(system("\"\"", kEmpty), "{}");
  EXPECT_EQ(system(R"([{"type":"text","text":"s","cache_control":{}}])", {{"cache_control", "strip"}}),
            R"({"system":[{"type":"text","text":"s"}]})");
}

}  // namespace
}  // namespace penstock::dialect
