#include "dialect/quirk_blocks.h"

#include <gtest/gtest.h>

#include "dialect/adapt_for_test.h"

namespace penstock::dialect {
namespace {

const std::string kText = R"({"type":"text","text":"t"})";

std::string thought(const std::string& signature) { return R"({"type":"thinking","thinking":"h","signature":)" + signature + "}"; }
std::string redacted(const std::string& data) { return R"({"type":"redacted_thinking","data":)" + data + "}"; }

TEST(QuirkBlocks, Table) {
  const std::vector<Case> cases{
      {{{"cache_control", "strip"}},
       user(R"({"type":"text","text":"t","cache_control":{}},{"type":"later","cache_control":{}})"),
       user(kText + R"(,{"type":"later"})")},
      {{{"unknown_fields", "strip"}},
       user(R"({"type":"text","text":"t","citations":null,"cache_control":{}})"),
       user(R"({"type":"text","text":"t","cache_control":{}})")},
      {{{"unknown_fields", "strip"}},
       assistant(R"({"type":"tool_use","id":"1","name":"n","input":{"caller":1,"cache_control":2},"caller":{"type":"direct"}})"),
       assistant(R"({"type":"tool_use","id":"1","name":"n","input":{"caller":1,"cache_control":2}})")},
      {{{"images", "placeholder"}},
       user(R"({"type":"image","source":{"type":"url","url":"u"},"cache_control":{"ttl":"1h"}})"),
       user(R"({"type":"text","text":"[image omitted: this model cannot see images]","cache_control":{"ttl":"1h"}})")},
      {{{"images", "placeholder"}, {"cache_control", "strip"}},
       user(R"({"type":"tool_result","content":[{"type":"image","cache_control":{}}]})"),
       user(R"({"type":"tool_result","content":[{"type":"text","text":"[image omitted: this model cannot see images]"}]})")},
      {{{"documents", "placeholder"}},
       user(R"({"type":"document","source":{"type":"text","data":"d\n"}},{"type":"document"})"),
       user(R"({"type":"text","text":"d\n"},{"type":"text","text":"[document omitted: this model cannot read documents]"})")},
      {{{"empty_blocks", "strip"}}, user(R"({"type":"text","text":""},{"type":"text","text":" \n\t "},)" + kText), user(kText)},
      {{{"empty_blocks", "strip"}},
       user(R"({"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":""}]})"),
       user(R"({"type":"tool_result","tool_use_id":"1","content":""})")},
      {{{"empty_blocks", "strip"}}, user(R"({"type":"tool_result","content":[]})"), user(R"({"type":"tool_result","content":[]})")},
      {{{"server_tools", "strip"}},
       assistant(R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}},)"
                 R"({"type":"web_search_tool_result","content":[{"url":"u","title":"t"}]},)" +
                 kText),
       assistant(R"({"type":"text","text":"u\nt"},)" + kText)},
      {{{"server_tools", "web_search"}, {"cache_control", "strip"}},
       assistant(R"({"type":"server_tool_use","name":"web_search"},{"type":"web_search_tool_result","cache_control":{}},)"
                 R"({"type":"server_tool_use","name":"web_fetch"},{"type":"mcp_tool_use","name":"web_search"})"),
       assistant(R"({"type":"server_tool_use","name":"web_search"},{"type":"web_search_tool_result"})")},
      {{{"unknown_fields", "strip"}},
       user(R"({"type":"compaction","content":"sum"},{"type":"fallback"},{"type":"search_result","title":"T","source":"S"})"),
       user(R"({"type":"text","text":"sum"},{"type":"text","text":"T\nS"})")},
  };
  for (const auto& each : cases) EXPECT_EQ(adapted(each.quirks, each.before), each.after) << each.before;
}

TEST(QuirkBlocks, OwnThoughtsGetTheirSignatureBack) {
  EXPECT_EQ(adapted_for_others({}, assistant(thought(tag_of("zai", "a\"b")) + "," + redacted(tag_of("zai", "data")) + "," + kText)),
            assistant(thought(R"("a\"b")") + "," + redacted(R"("data")") + "," + kText));
  EXPECT_EQ(adapted_for_others({}, assistant(thought(tag_of("zai", "")) + "," + kText)), assistant(thought("\"\"") + "," + kText));
}

TEST(QuirkBlocks, ForeignThoughtsGo) {
  auto forged = tag_of("zai", "x");
  forged[forged.size() - 2] = forged[forged.size() - 2] == 'A' ? 'B' : 'A';
  for (const auto& signature : {tag_of("kimi", "x"), tag_of("zai2", "x"), forged, std::string("\"EqoBCkgI\""), std::string("\"\""),
                                std::string("null"), std::string("\"ps1.zai\"")})
    EXPECT_EQ(adapted_for_others({}, assistant(thought(signature) + "," + redacted(signature) + "," + kText)), assistant(kText))
        << signature;
  EXPECT_EQ(adapted_for_others({{"thinking", "drop"}}, assistant(thought(tag_of("zai", "x")) + "," + kText)), assistant(kText));
}

TEST(QuirkBlocks, AnthropicKeepsItsOwnAndRefusesOurs) {
  EXPECT_EQ(adapted(transparent(), assistant(thought("\"EqoB\"") + "," + thought(tag_of("zai", "x")) + "," + redacted(tag_of("zai", "x")) +
                                             "," + redacted("\"own\"") + "," + kText)),
            assistant(thought("\"EqoB\"") + "," + redacted("\"own\"") + "," + kText));
}

TEST(QuirkBlocks, WithoutACodecNothingIsOurs) {
  const json::Padded text(assistant(thought(tag_of("zai", "x")) + "," + kText));
  json::Document document;
  ASSERT_TRUE(document.index(text.text()));
  json::Patch patch(document);
  apply(strict(), document, {.provider = "zai", .model = "", .max_output = 0, .codec = nullptr, .facts = nullptr}, patch);
  EXPECT_EQ(patch.text(), assistant(kText));
}

}  // namespace
}  // namespace penstock::dialect
