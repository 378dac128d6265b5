// tests/golden/gemini: requests/ holds Anthropic requests with the bodies that a provider of this dialect gets, answers/ holds streams and
// whole answers of such providers with the events that they mean. Each stream is also fed cut at every byte, and byte by byte.
// PENSTOCK_REFRESH_GOLDEN=1 writes the outputs anew.
#include <gtest/gtest.h>

#include "base/text.h"
#include "dialect/gemini_for_test.h"
#include "dialect/golden_for_test.h"
#include "json/patch.h"

namespace penstock::dialect {
namespace {

using golden::flat;
using golden::part;

const std::filesystem::path kFolder = std::filesystem::path(PENSTOCK_SOURCE_DIR) / "tests/golden/gemini";

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + json_quote(word);
  return "[" + out + "]";
}

void check_request(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const json::Padded text(golden::read(path));
  json::Document file, result;
  const auto status = file.index(text.text());
  ASSERT_TRUE(status) << status.error().message;
  const auto root = file.root();
  NamedQuirks named;
  for (const auto& [key, value] : root.find("quirks")->members()) named[key.text()] = value.text();
  const auto limit = root.find("max_output");
  const auto written = gemini_request(root.find("input")->raw(), chat_quirks(named), root.find("model")->text(),
                                      limit ? static_cast<std::uint64_t>(limit->integer().value_or(0)) : 0);
  const json::Padded body(written.body);
  ASSERT_TRUE(result.index(body.text()));
  if (golden::refreshing()) {
    json::Patch patch(file);
    patch.replace(*root.find("output"), golden::pretty(result.root(), 2));
    patch.replace(*root.find("dropped"), list_of(written.dropped));
    std::ofstream(path) << patch.text();
    return;
  }
  EXPECT_EQ(flat(result.root()), flat(*root.find("output")));
  EXPECT_EQ(list_of(written.dropped), flat(*root.find("dropped")));
}

void check_cuts(const std::string& stream, const std::string& expected) {
  std::vector<std::size_t> everywhere;
  for (std::size_t at = 1; at < stream.size(); ++at) {
    ASSERT_EQ(gemini_stream_events(stream, answer_options(), {at}), expected) << "cut at " << at;
    everywhere.push_back(at);
  }
  EXPECT_EQ(gemini_stream_events(stream, answer_options(), everywhere), expected) << "byte by byte";
}

/// A file of answers/: a line about it, then `--- stream` or `--- whole` and the bytes, then `--- events` and what they mean.
void check_answer(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const auto text = golden::read(path);
  const auto stream = part(text, "stream"), whole = part(text, "whole"), expected = part(text, "events");
  ASSERT_NE(stream.empty(), whole.empty());
  const auto events = stream.empty() ? gemini_answer_events(whole, answer_options()) : gemini_stream_events(stream, answer_options());
  if (golden::refreshing()) {
    std::ofstream(path) << text.substr(0, text.find("--- events\n")) << "--- events\n" << events;
    return;
  }
  EXPECT_EQ(events, expected);
  if (!stream.empty() && events == expected) check_cuts(stream, expected);
}

TEST(GeminiGolden, Requests) {
  const auto files = golden::files_in(kFolder / "requests");
  for (const auto& path : files) check_request(path);
  EXPECT_GE(files.size(), 15U);
}

TEST(GeminiGolden, Answers) {
  const auto files = golden::files_in(kFolder / "answers");
  for (const auto& path : files) check_answer(path);
  EXPECT_GE(files.size(), 25U);
}

}  // namespace
}  // namespace penstock::dialect
