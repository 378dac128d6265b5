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
