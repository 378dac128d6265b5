#include "config/json_schema.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "config/fields.h"
#include "json/padded.h"
#include "json/scan.h"

namespace penstock::config {
namespace {

TEST(JsonSchema, IsJsonAndTellsEveryKey) {
  const std::string text = json_schema();
  const json::Padded padded(text);
  json::Document document;
  ASSERT_TRUE(document.index(padded.text()));
  EXPECT_EQ(document.root().find("$schema")->text(), "https://json-schema.org/draft/2020-12/schema");
  for (const Field& field : fields()) {
    const auto path = field.path;
    if (path.ends_with(']') || path.ends_with('*')) continue;
    EXPECT_TRUE(text.contains(json_quote(path.substr(path.rfind('.') + 1)) + ":{\"description\":\"" + json_escape(field.help))) << path;
  }
}

TEST(JsonSchema, KnowsWordsRangesAndDefaults) {
  const std::string text = json_schema();
  EXPECT_TRUE(text.contains(R"("default":"info","anyOf":[{"enum":["debug","info","warn","error"]})"));
  EXPECT_TRUE(text.contains(R"("default":"auto","anyOf":[{"type":"integer","minimum":1,"maximum":1024},{"enum":["auto"]})"));
  EXPECT_TRUE(text.contains(R"("default":1024,"anyOf":[{"type":"integer","minimum":1,"maximum":1000000})"));
  EXPECT_TRUE(text.contains(R"({"enum":["true",true,"false",false]})")) << "YAML reads these words as values of their own";
  EXPECT_TRUE(text.contains(R"({"type":"string","pattern":"^max:[0-9]+$"})"));
  EXPECT_TRUE(text.contains("Allowed: 1KiB..4GiB."));
}

TEST(JsonSchema, RefusesKeysThatNothingKnowsAndSharesGroups) {
  const std::string text = json_schema();
  EXPECT_TRUE(text.contains(R"("anyOf":[{"$ref":"#/$defs/quirk"},{"type":"null"}]})"));
  EXPECT_TRUE(text.contains(R"({"$ref":"#/$defs/route"})"));
  EXPECT_TRUE(text.contains(R"("$defs":{"quirk":{"type":"object","properties":{)"));
  // A map is either open or closed, and says so.
  std::size_t maps = 0, told = 0;
  for (auto at = text.find(R"("type":"object")"); at != std::string::npos; at = text.find(R"("type":"object")", at + 1)) ++maps;
  for (auto at = text.find("\"additionalProperties\":"); at != std::string::npos; at = text.find("\"additionalProperties\":", at + 1))
    ++told;
  EXPECT_EQ(maps, told);
  EXPECT_GT(maps, 20U);
}

}  // namespace
}  // namespace penstock::config
