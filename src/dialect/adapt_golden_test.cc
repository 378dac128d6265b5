// tests/golden/quirks: each file holds a request, the quirks of a provider, and the request which that provider gets.
// PENSTOCK_REFRESH_GOLDEN=1 writes the outputs anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "dialect/adapt_for_test.h"
#include "dialect/golden_for_test.h"
#include "dialect/strict_api_for_test.h"

namespace penstock::dialect {
namespace {

/// "tag:PROVIDER:ORIGINAL" stands for the tag that the client was given.
std::string with_tags(std::string text) {
  constexpr std::string_view kMark = "\"tag:";
  for (auto at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
    const auto provider = at + kMark.size();
    const auto colon = text.find(':', provider), end = text.find('"', provider);
    text.replace(at, end + 1 - at, tag_of(text.substr(provider, colon - provider), text.substr(colon + 1, end - colon - 1)));
  }
  return text;
}

Quirks quirks_of(json::Value golden) {
  Named named;
  for (const auto& [key, value] : golden.find("quirks")->members()) named[key.text()] = value.text();
  const auto quirks = parse_quirks(named, golden.find("base")->equals("strict") ? strict() : transparent());
  EXPECT_TRUE(quirks) << quirks.error().message;
  return quirks.value_or(Quirks());
}

/// The request that the provider of a golden file gets.
std::string output_of(json::Value golden) {
  const json::Padded input(with_tags(std::string(golden.find("input")->raw())));
  json::Document document;
  EXPECT_TRUE(document.index(input.text()));
  json::Patch patch(document);
  const auto provider = golden.find("provider")->text(), model = golden.find("model")->text();
  apply(quirks_of(golden), document, {.provider = provider, .model = model, .max_output = 0, .codec = &test_codec(), .facts = nullptr},
        patch);
  return patch.text();
}

void check(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const json::Padded text(golden::read(path));
  json::Document file, result;
  const auto status = file.index(text.text());
  ASSERT_TRUE(status) << status.error().message;
  const json::Padded output(output_of(file.root()));
  ASSERT_TRUE(result.index(output.text())) << output.text();
  // strict but for what the file's own quirks allow
  const auto effort = file.root().find("quirks")->find("effort"), server = file.root().find("quirks")->find("server_tools");
  if (file.root().find("base")->equals("strict") && !effort && !server) EXPECT_EQ(StrictApi::objection(result.root()), "");
  const auto expected = *file.root().find("output");
  if (golden::refreshing()) {
    json::Patch patch(file);
    patch.replace(expected, golden::pretty(result.root(), 2));
    std::ofstream(path) << patch.text();
    return;
  }
  EXPECT_EQ(golden::pretty(result.root(), 0), golden::pretty(expected, 0));
}

TEST(AdaptGolden, Files) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(PENSTOCK_SOURCE_DIR "/tests/golden/quirks")) {
    check(entry.path());
    ++files;
  }
  EXPECT_GE(files, 6U);
}

}  // namespace
}  // namespace penstock::dialect
