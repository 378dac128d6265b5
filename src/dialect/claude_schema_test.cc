#include "dialect/claude_schema.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

TEST(ClaudeSchema, TakesOutWhatIsRefusedAndClosesObjects) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({"type":"object","properties":{}})", R"({"type":"object","properties":{},"additionalProperties":false})"},
      {R"({"type":"object","additionalProperties":true})", R"({"type":"object","additionalProperties":false})"},
      {R"({"type":"integer","minimum":1,"description":"d"})", R"({"type":"integer","description":"d"})"},
      {R"({"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","maxLength":4}})",
       R"({"type":"array","minItems":1,"items":{"type":"string"}})"},
      {R"({"type":"array","minItems":2})", R"({"type":"array"})"},
      {R"({"oneOf":[{"type":"number","multipleOf":2},{"type":"null"}]})", R"({"anyOf":[{"type":"number"},{"type":"null"}]})"},
      // names of properties are no keywords
      {R"({"properties":{"minimum":{"type":"number","minimum":0}},"required":["minimum"],"additionalProperties":false})",
       R"({"properties":{"minimum":{"type":"number"}},"required":["minimum"],"additionalProperties":false})"},
      {R"({"$defs":{"a":{"type":"object","properties":{}}},"$ref":"#/$defs/a"})",
       R"({"$defs":{"a":{"type":"object","properties":{},"additionalProperties":false}},"$ref":"#/$defs/a"})"},
      {"true", "true"},
      {"{broken", "{broken"},
  };
  for (const auto& [before, after] : rows) EXPECT_EQ(claude_schema(before), after);
}

}  // namespace
}  // namespace penstock::dialect
