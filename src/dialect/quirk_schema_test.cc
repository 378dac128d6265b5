#include "dialect/quirk_schema.h"

#include <gtest/gtest.h>

#include "json/padded.h"

namespace penstock::dialect {
namespace {

std::string cleaned(std::string_view schema) {
  const json::Padded text(schema);
  json::Document document;
  EXPECT_TRUE(document.index(text.text()));
  json::Patch patch(document);
  clean_schema(document.root(), patch);
  return patch.text();
}

TEST(QuirkSchema, Table) {
  EXPECT_EQ(cleaned(R"({"$schema":"s","$id":"i","$comment":"c","type":"object","propertyNames":{"pattern":"x"}})"), R"({"type":"object"})");
  EXPECT_EQ(cleaned("{}"), R"({"type":"object"})");
  EXPECT_EQ(cleaned(R"({"type":["object","null"]})"), R"({"type":"object"})");
  EXPECT_EQ(cleaned("true"), "true");
}

TEST(QuirkSchema, AtEveryDepth) {
  EXPECT_EQ(
      cleaned(R"({"type":"object","properties":{"a":{"type":"string","pattern":"^x$","format":"regex"},)"
              R"("b":{"type":"array","items":{"format":"date","pattern":"y"}},"c":{"anyOf":[{"pattern":"z"},{"not":{"$comment":"q"}}]}},)"
              R"("additionalProperties":{"pattern":"w"},"$defs":{"d":{"$id":"e"}}})"),
      R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"array","items":{"format":"date"}},"c":{"anyOf":[{},{"not":{}}]}},)"
      R"("additionalProperties":{},"$defs":{"d":{}}})");
}

TEST(QuirkSchema, APropertyMayBearAKeywordsName) {
  constexpr std::string_view kGrep = R"({"type":"object","properties":{"pattern":{"type":"string"},"format":{"type":"string"}},)"
                                     R"("required":["pattern"],"default":{"pattern":1},"enum":[{"$id":1}]})";
  EXPECT_EQ(cleaned(kGrep), kGrep);
}

}  // namespace
}  // namespace penstock::dialect
