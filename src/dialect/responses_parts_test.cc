#include "dialect/responses_parts.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

using From = llm::Media::From;

std::string written(const CallOutput& output) {
  std::string out;
  output.append_to(out, nullptr);
  return out;
}

TEST(CallOutput, TextsAreOneString) {
  CallOutput output;
  output.add_text("a");
  output.add_text("");
  output.add_text("t.txt\\n", "b");
  EXPECT_EQ(written(output), R"("a\nt.txt\nb")");
  output.begin_with("Error: ");
  EXPECT_EQ(written(output), R"("Error: a\nt.txt\nb")");
}

TEST(CallOutput, WithAPartItIsAList) {
  CallOutput output;
  output.add_part(R"({"type":"input_image"})");
  output.add_text("b");
  output.begin_with("Error: ");
  EXPECT_EQ(written(output), R"([{"type":"input_text","text":"Error: "},{"type":"input_image"},{"type":"input_text","text":"b"}])");
}

TEST(CallOutput, WordsStandBeforeATitle) {
  CallOutput output;
  output.add_text("t.txt\\n", "b");
  output.begin_with("Error: ");
  EXPECT_EQ(written(output), R"("Error: \nt.txt\nb")");
}

TEST(ResponsesParts, AnotherProvidersFileCannotBeSent) {
  const ChatQuirks quirks;
  std::vector<std::string> dropped;
  ResponsesParts parts(quirks, dropped);
  EXPECT_EQ(parts.image({.media = {From::file, {}, {"file_1"}}}), "");
  EXPECT_EQ(dropped, std::vector<std::string>{"image.source.file"});
  EXPECT_EQ(parts.image({.media = {From::url, {}, {"https://e/x"}}, .detail = {"low"}}),
            R"({"type":"input_image","detail":"low","image_url":"https://e/x"})");
}

}  // namespace
}  // namespace penstock::dialect
