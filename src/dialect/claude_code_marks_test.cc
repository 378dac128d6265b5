#include "dialect/claude_code_marks.h"

#include <gtest/gtest.h>

#include <string>

#include "dialect/adapt_for_test.h"
#include "dialect/anthropic_request.h"
#include "dialect/anthropic_request_reader.h"

namespace penstock::dialect {
namespace {

const std::string kTag = "<CCR-SUBAGENT-MODEL>openrouter,x/y</CCR-SUBAGENT-MODEL>";

struct Inspected {
  explicit Inspected(std::string_view body) : text(body) {
    EXPECT_TRUE(document.index(text.text())) << body;
    auto result = inspect(document);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    if (result) facts = std::move(*result);
  }
  /// What the facts say, in one line.
  [[nodiscard]] std::string shown() const {
    std::string out = facts.subagent_model.empty() ? "-" : facts.subagent_model;
    if (!facts.subagent_tag.empty()) out += " at " + std::string(facts.subagent_tag.in(text.text()));
    return out + (facts.tag_in_turn ? " in a turn" : "") + (facts.plan_mode ? " planning" : "") + (facts.subagent ? " subagent" : "");
  }
  json::Padded text;
  json::Document document;
  llm::Facts facts;
};

std::string message(std::string_view role, std::string_view content) {
  return R"({"role":")" + std::string(role) + R"(","content":)" + std::string(content) + "}";
}
std::string words(std::string_view text) { return R"([{"type":"text","text":")" + std::string(text) + R"("}])"; }
std::string request(std::string_view messages, std::string_view system = R"("s")") {
  return R"({"model":"m","system":)" + std::string(system) + R"(,"messages":[)" + std::string(messages) + "]}";
}

TEST(ClaudeCodeMarks, ATagNamesAModel) {
  const std::string text = "a" + kTag + "b";
  const auto found = find_subagent_tag(text);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->model, "openrouter,x/y");
  EXPECT_EQ(found->begin, 1U);
  EXPECT_EQ(found->end, 1 + kTag.size());
  EXPECT_EQ(find_subagent_tag("<CCR-SUBAGENT-MODEL> a/b </CCR-SUBAGENT-MODEL>")->model, "a/b");
  const std::string empty = "<CCR-SUBAGENT-MODEL></CCR-SUBAGENT-MODEL>" + kTag, open = "<CCR-SUBAGENT-MODEL>" + kTag;
  EXPECT_EQ(find_subagent_tag(empty)->model, "openrouter,x/y");
  EXPECT_EQ(find_subagent_tag(open)->model, "openrouter,x/y") << "one that is not closed swallows nothing";
  for (const auto* none : {"", "<CCR-SUBAGENT-MODEL>a/b", "<CCR-SUBAGENT-MODEL>a\\nb</CCR-SUBAGENT-MODEL>", "</CCR-SUBAGENT-MODEL>"})
    EXPECT_FALSE(find_subagent_tag(none)) << none;
  EXPECT_FALSE(find_subagent_tag("<CCR-SUBAGENT-MODEL>" + std::string(300, 'a') + "</CCR-SUBAGENT-MODEL>"));
}

TEST(ClaudeCodeMarks, TheLastSentenceAboutPlanModeCounts) {
  EXPECT_EQ(find_plan_mode("x\\n\\nPlan mode is active. The user"), true);
  EXPECT_EQ(find_plan_mode("Plan mode still active (see"), true);
  EXPECT_EQ(find_plan_mode("Plan mode is active.\\n## Exited Plan Mode\\n\\nYou"), false);
  EXPECT_EQ(find_plan_mode("## Exited Plan Mode\\n\\nPlan mode still active"), true);
  EXPECT_EQ(find_plan_mode("The Plan: Plan Mode, plan mode is active, Plan modes"), std::nullopt);
}

struct Row {
  std::string body, expected;
};

TEST(ClaudeCodeMarks, AreFoundWhereTheyCount) {
  const std::string at = "openrouter,x/y at " + kTag;
  const std::string plan = R"("a\n\nPlan mode is active. The user")", exited = R"("## Exited Plan Mode\n\nYou")";
  const std::string reminder = "<system-reminder>\\nPlan mode still active\\n</system-reminder>";
  const Row rows[] = {
      {request(message("user", words("hi"))), "-"},
      {request(message("user", words("hi")), words(kTag + "prompt")), at},
      {request(message("user", words("hi")), '"' + kTag + '"'), at},
      {request(message("user", words("go " + kTag + " on"))), at + " in a turn"},
      {request(message("user", '"' + kTag + '"')), at + " in a turn"},
      {request(message("user", words(kTag)), words(kTag)), at},
      {R"({"model":"m","messages":[)" + message("user", words(kTag)) + R"(],"system":")" + kTag + R"("})", at},
      {request(message("user", "\"a\"") + "," + message("user", words(kTag))), at + " in a turn"},
      {request(message("user", "\"a\"") + "," + message("user", "\"b\"") + "," + message("user", words(kTag))), "-"},
      {request(message("user", words("<system-reminder>\\nwrite " + kTag + "\\n</system-reminder>"))), "-"},
      {request(message("user", "\"a\"") + "," + message("assistant", words(kTag))), "-"},
      {request(message("user", R"([{"type":"tool_result","tool_use_id":"i","content":)" + words(kTag) + "}]")), "-"},
      {request(message("user", R"([{"type":"tool_result","tool_use_id":"i","content":[]},{"type":"text","text":")" + kTag + R"("}])")),
       at + " in a turn"},
      // Plan mode, by system messages and by reminders.
      {request(message("user", words("hi")) + "," + message("system", plan)), "- planning"},
      {request(message("user", words("hi")) + "," + message("system", words("x Plan mode is active."))), "- planning"},
      {request(message("user", words("hi")) + "," + message("system", plan) + "," + message("system", exited)), "-"},
      {request(message("system", exited) + "," + message("user", words(reminder))), "- planning"},
      {request(message("user", words("Plan mode is active, isn't it?"))), "-"},
      {request(message("user", R"([{"type":"tool_result","tool_use_id":"i","content":)" + words(reminder) + "}]")), "-"},
      {request(message("assistant", words(reminder))), "-"},
      // Subagents.
      {request(message("user", "\"a\""), words("x-anthropic-billing-header: cc_version=2.1.328.180; cc_is_subagent=true;")), "- subagent"},
      {request(message("user", "\"a\""), words("x-anthropic-billing-header: cc_version=2.1.328.180;")), "-"},
      {request(message("user", "\"a\""), words("say cc_is_subagent=true")), "-"},
  };
  for (const auto& row : rows) EXPECT_EQ(Inspected(row.body).shown(), row.expected) << row.body;
}

TEST(ClaudeCodeMarks, TheFirstTurnIsTold) {
  const auto body = request(message("user", "\"a\"") + "," + message("assistant", "\"b\""));
  const Inspected inspected(body);
  EXPECT_EQ(inspected.facts.first_turn.in(inspected.text.text()), message("user", "\"a\""));
}

/// The body as a provider with these quirks gets it.
std::string sent(const Quirks& quirks, std::string_view body) {
  Inspected inspected(body);
  json::Patch patch(inspected.document);
  apply(quirks, inspected.document, {.provider = "zai", .model = "m", .max_output = 0, .codec = &test_codec(), .facts = &inspected.facts},
        patch);
  auto out = patch.text();
  EXPECT_FALSE(out.contains("CCR-SUBAGENT")) << out;
  return out;
}

TEST(ClaudeCodeMarks, TheTagIsRemovedBeforeSending) {
  const auto in_turn = [](std::string_view text) { return request(message("user", words(text))); };
  const auto in_system = [](std::string_view system) { return request(message("user", "\"a\""), system); };
  for (const auto& quirks : {transparent(), strict()}) {
    EXPECT_EQ(sent(quirks, in_turn("go " + kTag + "on \\\"x\\\"")), in_turn("go on \\\"x\\\""));
    EXPECT_EQ(sent(quirks, request(message("user", '"' + kTag + "do\""))), request(message("user", "\"do\"")));
    EXPECT_EQ(sent(quirks, in_turn(kTag)), in_turn("(no content)")) << "blank texts are refused";
    EXPECT_EQ(sent(quirks, in_system(words(kTag + "\\nprompt"))), in_system(words("\\nprompt")));
    EXPECT_EQ(sent(quirks, in_system('"' + kTag + "prompt\"")), in_system("\"prompt\""));
  }
  const std::string billing = "x-anthropic-billing-header: cc_version=1;\\n";
  EXPECT_EQ(sent(strict(), in_system('"' + billing + kTag + "prompt\"")), in_system("\"prompt\"")) << "both go out of one text";
  EXPECT_EQ(sent(transparent(), in_system('"' + billing + kTag + "prompt\"")), in_system('"' + billing + "prompt\""));
}

TEST(ClaudeCodeMarks, TheTagIsNotTranslated) {
  const auto body = request(message("user", words("go " + kTag + "on")), words("x" + kTag));
  const Inspected inspected(body);
  const auto read = read_anthropic_request(inspected.document, inspected.facts.subagent_tag);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<llm::TextPart>(read->system.at(0).is).text.written, "x");
  EXPECT_EQ(std::get<llm::TextPart>(read->messages.at(0).parts.at(0).is).text.written, "go " + kTag + "on") << "only the one that counts";
  const auto plain = read_anthropic_request(inspected.document);
  EXPECT_EQ(std::get<llm::TextPart>(plain->system.at(0).is).text.written, "x" + kTag);
}

}  // namespace
}  // namespace penstock::dialect
