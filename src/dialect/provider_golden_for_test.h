// The golden files of a translated provider's dialect, tests/golden/NAME: requests/ holds Anthropic requests with the bodies that the
// provider gets, answers/ holds streams and whole answers of such providers with the events that they mean. Each stream is also fed cut at
// every byte, and byte by byte. PENSTOCK_REFRESH_GOLDEN=1 writes the outputs anew.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/chat_for_test.h"
#include "dialect/golden_for_test.h"
#include "json/patch.h"

namespace penstock::dialect::golden {

struct ProviderDialect {
  std::string_view folder;
  std::function<WrittenRequest(std::string_view anthropic, const ChatQuirks&, std::string_view model, std::uint64_t max_output)> write;
  std::function<std::string(std::string_view bytes, const OpenAiChatAnswerOptions&, const std::vector<std::size_t>& cuts)> stream;
  std::function<std::string(std::string_view body, const OpenAiChatAnswerOptions&)> whole;

  [[nodiscard]] std::filesystem::path files(std::string_view kind) const {
    return std::filesystem::path(PENSTOCK_SOURCE_DIR) / "tests/golden" / folder / kind;
  }
};

inline void check_request(const ProviderDialect& dialect, const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const json::Padded text(read(path));
  json::Document file, result;
  const auto status = file.index(text.text());
  ASSERT_TRUE(status) << status.error().message;
  const auto root = file.root();
  NamedQuirks named;
  for (const auto& [key, value] : root.find("quirks")->members()) named[key.text()] = value.text();
  const auto limit = root.find("max_output");
  const auto written = dialect.write(root.find("input")->raw(), chat_quirks(named), root.find("model")->text(),
                                     limit ? static_cast<std::uint64_t>(limit->integer().value_or(0)) : 0);
  const json::Padded body(written.body);
  ASSERT_TRUE(result.index(body.text()));
  check_output(path, file, result.root(), written.dropped);
}

/// What the lines at the head of a file of answers/ say of the provider.
inline OpenAiChatAnswerOptions options_of(std::string_view head) {
  auto options = answer_options();
  if (head.contains("cached_in_prompt: false")) options.cached_in_prompt = false;
  if (head.contains("searches: the mill")) options.search_query = "the mill";
  if (head.contains("think_tags: never")) options.think_tags = ChatQuirks::ThinkTags::never;
  return options;
}

/// A file of answers/: lines about it, then `--- stream` or `--- whole` and the bytes, then `--- events` and what they mean.
inline void check_answer(const ProviderDialect& dialect, const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const auto text = read(path);
  const auto stream = part(text, "stream"), whole = part(text, "whole"), expected = part(text, "events");
  ASSERT_NE(stream.empty(), whole.empty());
  const auto options = options_of(text.substr(0, text.find("--- ")));
  const auto events = stream.empty() ? dialect.whole(whole, options) : dialect.stream(stream, options, {});
  if (refreshing()) {
    std::ofstream(path) << text.substr(0, text.find("--- events\n")) << "--- events\n" << events;
    return;
  }
  EXPECT_EQ(events, expected);
  if (!stream.empty() && events == expected)
    check_cuts(stream.size(), expected, [&](const auto& cuts) { return dialect.stream(stream, options, cuts); });
}

inline void check_requests(const ProviderDialect& dialect, std::size_t fewest) {
  const auto files = files_in(dialect.files("requests"));
  for (const auto& path : files) check_request(dialect, path);
  EXPECT_GE(files.size(), fewest);
}

inline void check_answers(const ProviderDialect& dialect, std::size_t fewest) {
  const auto files = files_in(dialect.files("answers"));
  for (const auto& path : files) check_answer(dialect, path);
  EXPECT_GE(files.size(), fewest);
}

}  // namespace penstock::dialect::golden
