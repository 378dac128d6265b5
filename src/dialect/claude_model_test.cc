#include "dialect/claude_model.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::dialect {
namespace {

std::string traits(std::string_view id) {
  const auto model = claude_model(id);
  constexpr std::string_view kThinking[] = {"none", "enabled", "adaptive"}, kOff[] = {"unasked", "disabled", "lowest"};
  std::string out(kThinking[static_cast<std::size_t>(model.thinking)]);
  out.append(" ").append(kOff[static_cast<std::size_t>(model.off)]);
  for (const auto level : {EffortLevel::low, EffortLevel::xhigh, EffortLevel::max})
    if (model.efforts.has(level)) out.append(" ").append(word_of(level));
  if (model.sampling) out += " sampling";
  if (model.system_turns) out += " system_turns";
  if (model.formats) out += " formats";
  if (model.forced_while_thinking) out += " forced";
  return out;
}

TEST(ClaudeModel, GenerationsByName) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"claude-fable-5-2", "adaptive lowest low xhigh max system_turns formats forced"},
      {"claude-opus-5-5", "adaptive lowest low xhigh max system_turns formats forced"},
      {"anthropic/claude-opus-5.5", "adaptive lowest low xhigh max system_turns formats forced"},
      {"claude-opus-5", "adaptive disabled low xhigh max system_turns formats forced"},
      {"claude-sonnet-5", "adaptive disabled low xhigh max formats forced"},
      {"claude-opus-4-8", "adaptive unasked low xhigh max system_turns formats"},
      {"claude-opus-4-7", "adaptive unasked low xhigh max formats"},
      {"claude-sonnet-4-6", "adaptive unasked low max sampling formats"},
      {"claude-haiku-4-5-20251001", "enabled unasked sampling formats"},
      {"us.anthropic.claude-sonnet-4-20250514-v1:0", "enabled unasked sampling"},
      {"claude-3-7-sonnet-latest", "enabled unasked sampling"},
      {"claude-3-5-haiku-20241022", "none unasked sampling"},
      {"claude-mythos-preview", "adaptive lowest low xhigh max formats forced"},
      {"claude-next", "adaptive lowest low xhigh max system_turns formats forced"},
      {"glm-5.3", "adaptive disabled low xhigh max sampling system_turns formats forced"},
  };
  for (const auto& [id, expected] : rows) EXPECT_EQ(traits(id), expected) << id;
  EXPECT_TRUE(claude_model("Claude-Opus-5").is_claude);
  EXPECT_FALSE(claude_model("kimi-k3").is_claude);
}

}  // namespace
}  // namespace penstock::dialect
