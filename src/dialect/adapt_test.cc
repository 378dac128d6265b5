#include "dialect/adapt.h"

#include <gtest/gtest.h>

#include "dialect/adapt_for_test.h"
#include "dialect/anthropic_request.h"

namespace penstock::dialect {
namespace {

TEST(Adapt, ToAnthropicOnlyTheModelChanges) {
  const std::string body = R"({ "model" : "claude-x", "later":[1 , 2],"messages":[{"role":"system","content":""}]})";
  const json::Padded text(body);
  json::Document document;
  ASSERT_TRUE(document.index(text.text()));
  json::Patch patch(document);
  apply(transparent(), document, {.provider = "anthropic", .model = "claude-\"y", .max_output = 1, .codec = nullptr, .facts = nullptr},
        patch);
  const auto pieces = patch.pieces();
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].data(), text.text().data()) << "bytes are passed on, not copied";
  EXPECT_EQ(pieces[1], R"("claude-\"y")");
  EXPECT_EQ(patch.text(), R"({ "model" : "claude-\"y", "later":[1 , 2],"messages":[{"role":"system","content":""}]})");
}

TEST(Adapt, ARightModelIsNotTouched) {
  EXPECT_EQ(adapted(transparent(), R"({"model":"\u0061"})", "a"), R"({"model":"\u0061"})");
  EXPECT_EQ(adapted(transparent(), R"({"model":"b"})", "a"), R"({"model":"a"})");
  EXPECT_EQ(adapted(strict(), R"({"model":"b"})", "a"), R"({"model":"a"})");
  EXPECT_EQ(adapted(strict(), R"({"model":"b"})", ""), R"({"model":"b"})");
}

/// A tool loop whose call was made by `provider`, thinking first, asked with this `thinking`.
std::string tool_loop(std::string_view provider, std::string_view thinking) {
  return R"({"model":"m","max_tokens":9000,"thinking":)" + std::string(thinking) +
         R"(,"context_management":{"edits":[]},"messages":[{"role":"user","content":"u"},{"role":"assistant","content":[)"
         R"({"type":"thinking","thinking":"t","signature":)" +
         tag_of(provider, "s") +
         R"(},{"type":"tool_use","id":"i","name":"n","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"i"}]}]})";
}

TEST(Adapt, AForeignToolLoopCannotThinkAsEnabled) {
  const std::string enabled = R"({"type":"enabled","budget_tokens":2000})", adaptive = R"({"type":"adaptive"})";
  const std::string left =
      R"("messages":[{"role":"user","content":"u"},{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"n",)"
      R"("input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"i"}]}])";
  // At Anthropic the clearing of thinking goes with it; adaptive thinking may stay.
  EXPECT_EQ(adapted(transparent(), tool_loop("kimi", enabled)), R"({"model":"m","max_tokens":9000,)" + left + "}");
  EXPECT_EQ(adapted(transparent(), tool_loop("kimi", adaptive)),
            R"({"model":"m","max_tokens":9000,"thinking":{"type":"adaptive"},"context_management":{"edits":[]},)" + left + "}");
  // Third parties, also where adaptive would become enabled; but not when the reasoning is their own.
  EXPECT_EQ(adapted(strict(), tool_loop("kimi", adaptive)), R"({"model":"m","max_tokens":9000,)" + left + "}");
  EXPECT_NE(adapted(strict(), tool_loop("zai", adaptive)).find(R"("thinking":{"type":"enabled","budget_tokens":6750})"), std::string::npos);
}

TEST(Adapt, ForcedThinkingTakesTheTemperatureAway) {
  const std::string body = R"({"model":"m","max_tokens":9000,"temperature":0,"messages":[{"role":"user","content":"u"}]})";
  EXPECT_EQ(adapted_for_others({{"thinking_mode", "force_enabled"}}, body).find("temperature"), std::string::npos);
  EXPECT_NE(adapted_for_others({{"thinking_mode", "enabled_only"}}, body).find(R"("temperature":0)"), std::string::npos);
}

TEST(Adapt, FactsSpareTheSearchForTags) {
  const auto body = R"({"model":"m","messages":[{"role":"user","content":"u"},{"role":"assistant","content":[{"type":"text","text":"t"},)"
                    R"({"type":"thinking","thinking":"h","signature":)" +
                    tag_of("zai", "x") + "}]}]}";
  const json::Padded text(body);
  json::Document document;
  ASSERT_TRUE(document.index(text.text()));
  auto facts = inspect(document);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->tagged_blocks, 1U);
  const auto after = [&] {
    json::Patch patch(document);
    apply(transparent(), document, {.provider = "anthropic", .model = "m", .max_output = 0, .codec = nullptr, .facts = &*facts}, patch);
    return patch.text();
  };
  EXPECT_FALSE(after().contains("ps1."));
  facts->tagged_blocks = 0;
  EXPECT_EQ(after(), body);
}

TEST(Adapt, OddBodiesPass) {
  for (const std::string_view body :
       {"[]", "null", "{}", R"({"messages":{}})", R"({"messages":[1,[],{}]})", R"({"messages":[{"role":"user"}]})",
        R"({"messages":[{"role":"user","content":3}]})", R"({"messages":[{"role":"user","content":[1,"x",[]]}]})",
        R"({"system":7,"tools":7})",
        R"({"tools":[3,"x"],"tool_choice":null,"thinking":3,"output_config":[],"metadata":1,"max_tokens":"x"})", R"({"messages":[]})"}) {
    adapted(strict(), body);
    EXPECT_EQ(adapted(transparent(), body), body);
  }
}

}  // namespace
}  // namespace penstock::dialect
