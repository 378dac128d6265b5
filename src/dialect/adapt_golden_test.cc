// tests/golden/quirks: each file holds a request, the quirks of a provider, and the request which that provider gets.
// PENSTOCK_REFRESH_GOLDEN=1 writes the outputs anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "dialect/adapt_for_test.h"
#include "dialect/strict_api_for_test.h"

namespace penstock::dialect {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string compact(json::Value value) {
  if (!value.is_array() && !value.is_object()) return std::string(value.raw());
  std::string out;
  for (const auto& [key, inner] : value.members()) out += (out.empty() ? "" : ", ") + std::string(key.raw()) + ": " + compact(inner);
  for (const auto& inner : value.elements()) out += (out.empty() ? "" : ", ") + compact(inner);
  return value.is_array() ? "[" + out + "]" : "{" + out + "}";
}

/// What fits on a line stands on a line.
std::string pretty(json::Value value, std::size_t indent) {
  constexpr std::size_t kLine = 130;
  const auto flat = compact(value);
  if (flat.size() + indent <= kLine || (!value.is_array() && !value.is_object())) return flat;
  const auto margin = "\n" + std::string(indent + 2, ' ');
  std::string out;
  for (const auto& [key, inner] : value.members())
    out += (out.empty() ? "" : ",") + margin + std::string(key.raw()) + ": " + pretty(inner, indent + 2);
  for (const auto& inner : value.elements()) out += (out.empty() ? "" : ",") + margin + pretty(inner, indent + 2);
  const auto end = "\n" + std::string(indent, ' ');
  return value.is_array() ? "[" + out + end + "]" : "{" + out + end + "}";
}

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
  const json::Padded text(read(path));
  json::Document file, result;
  const auto status = file.index(text.text());
  ASSERT_TRUE(status) << status.error().message;
  const json::Padded output(output_of(file.root()));
  ASSERT_TRUE(result.index(output.text())) << output.text();
  // strict but for what the file's own quirks allow
  const auto effort = file.root().find("quirks")->find("effort"), server = file.root().find("quirks")->find("server_tools");
  if (file.root().find("base")->equals("strict") && !effort && !server) EXPECT_EQ(StrictApi::objection(result.root()), "");
  const auto expected = *file.root().find("output");
  if (std::getenv("PENSTOCK_REFRESH_GOLDEN") != nullptr) {
    json::Patch patch(file);
    patch.replace(expected, pretty(result.root(), 2));
    std::ofstream(path) << patch.text();
    return;
  }
  EXPECT_EQ(pretty(result.root(), 0), pretty(expected, 0));
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
