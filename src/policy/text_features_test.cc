#include "policy/text_features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "json/padded.h"

namespace penstock::policy {
namespace {

using enum Feature;

constexpr const char* kNames[kFeatureCount] = {"words",
                                               "letters_over_6",
                                               "rare_pairs",
                                               "mixed_letters",
                                               "digit_groups",
                                               "spaced_digits",
                                               "punctuation",
                                               "punctuation_more",
                                               "punctuation_same",
                                               "breaks",
                                               "indents",
                                               "accented",
                                               "alphabets",
                                               "indic",
                                               "kana",
                                               "hangul",
                                               "ideographs",
                                               "wide_marks",
                                               "emoji",
                                               "messages",
                                               "tools",
                                               "blocks",
                                               "images",
                                               "pages",
                                               "thinking_bytes",
                                               "requests"};

/// The counts that are not zero, in words.
std::string shown(const TextFeatures& features) {
  std::ostringstream out;
  for (std::size_t i = 0; i < kFeatureCount; ++i)
    if (features.counts[i] != 0) out << (out.tellp() > 0 ? " " : "") << kNames[i] << "=" << features.counts[i];
  return out.str();
}

std::string counted(std::string_view raw) {
  TextFeatures features;
  count_text(raw, features);
  return shown(features);
}

std::string measured(std::string_view body) {
  const json::Padded padded(body);
  json::Document document;
  EXPECT_TRUE(document.index(padded.text())) << body;
  return shown(measure(document));
}

struct Row {
  const char *raw, *expected;
};

// What stands in a JSON string, escapes as they are written.
constexpr Row kTexts[] = {
    {"", ""},
    {"the cat", "words=2"},
    {"camelCase", "words=2"},
    {"HTTPServer", "words=1 letters_over_6=4"},
    {"international", "words=1 letters_over_6=7"},
    {"zxqj", "words=1 rare_pairs=3"},
    {"a3f9", "mixed_letters=2 digit_groups=2"},
    {"1234567", "digit_groups=3"},
    {"in 7", "words=1 digit_groups=1 spaced_digits=1"},
    {"a, b", "words=2 punctuation=1"},
    {"(((", "punctuation=1 punctuation_same=2"},
    {"();", "punctuation=1 punctuation_more=2"},
    {"to  be", "words=2 indents=1"},
    {R"(to\nbe)", "words=2 breaks=1"},
    {R"(to\n\n  \n be)", "words=2 breaks=1"},
    {R"(to\n  be)", "words=2 breaks=1 indents=1"},
    {R"(to;\nbe)", "words=2 punctuation=1"},  // a mark and a line break are one token
    {R"(\t\tto)", "words=1 indents=1"},
    {R"(\"\\)", "punctuation=1 punctuation_more=1"},
    {"é", "accented=1"},
    {R"(\u00e9)", "accented=1"},
    {R"(\ud83d\ude00)", "emoji=1"},
    {"😀", "emoji=1"},
    {"шлюз", "alphabets=4"},
    {"网关", "ideographs=2"},
    {"かな", "kana=2"},
    {"한국", "hangul=2"},
    {"ไทย", "indic=3"},
    {"“…”", "wide_marks=3"},
    {"\\", "punctuation=1"},  // cut within an escape
    {"\\u00", "punctuation=1"},
};

TEST(TextFeatures, CountsWhatATokenizerWouldCutAt) {
  for (const auto& row : kTexts) EXPECT_EQ(counted(row.raw), row.expected) << row.raw;
}

constexpr Row kRequests[] = {
    {R"({})", "requests=1"},
    {R"([1])", "requests=1"},
    {R"({"model":"word word","metadata":{"user_id":"word"},"max_tokens":5})", "requests=1"},
    {R"({"system":"to be","messages":[{"role":"user","content":"or not"}]})", "words=4 messages=1 requests=1"},
    {R"({"system":[{"type":"text","text":"to be","cache_control":{"type":"ephemeral"}}]})", "words=2 blocks=1 requests=1"},
    {R"({"messages":[{"content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aaaa aaaa"}}]}]})",
     "messages=1 blocks=1 images=1 requests=1"},
    {R"({"messages":[{"content":[{"type":"document","source":{"type":"base64","data":"aaaa"}}]}]})",
     "messages=1 blocks=1 pages=1 requests=1"},
    {R"({"messages":[{"content":[{"type":"document","source":{"type":"text","data":"to be"}}]}]})",
     "words=2 messages=1 blocks=1 requests=1"},
    {R"({"messages":[{"content":[{"type":"thinking","thinking":"to be","signature":"abcdef"}]}]})",
     "messages=1 blocks=1 thinking_bytes=7 requests=1"},
    {R"({"messages":[{"content":[{"type":"redacted_thinking","data":"abcdef"}]}]})", "messages=1 blocks=1 requests=1"},
    {R"({"messages":[{"content":[{"type":"tool_use","id":"toolu_1","name":"Read","input":{"path":"to"}}]}]})",
     "words=3 punctuation=5 punctuation_more=4 messages=1 blocks=1 requests=1"},
    {R"({"messages":[{"content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[)"
     R"({"type":"text","text":"to be"},{"type":"image","source":{}}]}]}]})",
     "words=2 messages=1 blocks=3 images=1 requests=1"},
    {R"({"tools":[{"name":"read","input_schema":{}}]})", "words=1 punctuation=3 punctuation_more=1 tools=1 requests=1"},
};

TEST(TextFeatures, ReadsOnlyWhatIsPrompt) {
  for (const auto& row : kRequests) EXPECT_EQ(measured(row.raw), row.expected) << row.raw;
}

TEST(TextFeatures, AnEscapedTextCountsAsTheTextItself) {
  EXPECT_EQ(counted(R"(caf\u00e9 \u4f60)"), counted("café 你"));
  EXPECT_EQ(counted(R"(a\/b)"), counted("a/b"));
}

TEST(TextFeatures, SurvivesAnyBytes) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = random() % 4 == 0 ? '\\' : static_cast<char>(random() & 0xff);
    TextFeatures features;
    count_text(std::string(bytes), features);  // a copy of its exact size, for the sanitizer
    double most = 0;
    for (const double count : features.counts) most = std::max(most, count);
    EXPECT_LE(most, static_cast<double>(bytes.size()));
  }
}

/// Prints the speed; the bound only catches a blunder (and holds under sanitizers).
TEST(TextFeatures, ReadsFast) {
  std::ifstream file(PENSTOCK_SOURCE_DIR "/tests/golden/token_counts.json");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  ASSERT_GT(text.size(), 100'000U);
  double best = 0;
  for (int round = 0; round < 8; ++round) {
    TextFeatures features;
    const auto start = std::chrono::steady_clock::now();
    count_text(text, features);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    EXPECT_GT(features[words], 10'000);
    best = std::max(best, static_cast<double>(text.size()) / taken.count() / 1e6);
  }
  std::printf("count_text: %.0f MB/s\n", best);
  EXPECT_GT(best, 5);
}

}  // namespace
}  // namespace penstock::policy
