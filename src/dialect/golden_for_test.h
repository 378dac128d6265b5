// Golden files: read, laid out for a reader, written anew with PENSTOCK_REFRESH_GOLDEN=1.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "json/patch.h"
#include "json/scan.h"

namespace penstock::dialect::golden {

inline bool refreshing() { return std::getenv("PENSTOCK_REFRESH_GOLDEN") != nullptr; }

inline std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline std::set<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator files(folder);
  return {begin(files), end(files)};
}

inline std::string flat(json::Value value) {
  if (!value.is_array() && !value.is_object()) return std::string(value.raw());
  std::string out;
  for (const auto& [key, inner] : value.members()) out += (out.empty() ? "" : ", ") + std::string(key.raw()) + ": " + flat(inner);
  for (const auto& inner : value.elements()) out += (out.empty() ? "" : ", ") + flat(inner);
  return value.is_array() ? "[" + out + "]" : "{" + out + "}";
}

/// What fits on a line stands on a line.
inline std::string pretty(json::Value value, std::size_t indent) {
  constexpr std::size_t kLine = 130;
  auto line = flat(value);
  if (line.size() + indent <= kLine || (!value.is_array() && !value.is_object())) return line;
  const auto margin = "\n" + std::string(indent + 2, ' ');
  std::string out;
  for (const auto& [key, inner] : value.members())
    out += (out.empty() ? "" : ",") + margin + std::string(key.raw()) + ": " + pretty(inner, indent + 2);
  for (const auto& inner : value.elements()) out += (out.empty() ? "" : ",") + margin + pretty(inner, indent + 2);
  const auto end = "\n" + std::string(indent, ' ');
  return value.is_array() ? "[" + out + end + "]" : "{" + out + end + "}";
}

/// What stands behind the line `--- name`, up to the next such line; empty when there is none.
inline std::string part(const std::string& text, std::string_view name) {
  const auto mark = "--- " + std::string(name) + "\n";
  const auto from = text.find(mark);
  if (from == std::string::npos) return {};
  const auto begin = from + mark.size();
  const auto end = text.find("\n--- ", begin - 1);
  return text.substr(begin, end == std::string::npos ? end : end + 1 - begin);
}

inline std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + json_quote(word);
  return "[" + out + "]";
}

/// Compares a request that was written with the members `output` and `dropped` of its file, or puts it there.
inline void check_output(const std::filesystem::path& path, const json::Document& file, json::Value written,
                         const std::vector<std::string>& dropped) {
  const auto output = *file.root().find("output"), names = *file.root().find("dropped");
  if (refreshing()) {
    json::Patch patch(file);
    patch.replace(output, pretty(written, 2));
    patch.replace(names, list_of(dropped));
    std::ofstream(path) << patch.text();
    return;
  }
  EXPECT_EQ(pretty(written, 2), pretty(output, 2));
  EXPECT_EQ(list_of(dropped), flat(names));
}

/// Reads a stream cut at every byte, and byte by byte. `read` takes the cuts.
template <typename Read>
void check_cuts(std::size_t size, const std::string& expected, Read read) {
  std::vector<std::size_t> everywhere;
  for (std::size_t at = 1; at < size; ++at) {
    ASSERT_EQ(read(std::vector{at}), expected) << "cut at " << at;
    everywhere.push_back(at);
  }
  EXPECT_EQ(read(everywhere), expected) << "byte by byte";
}

}  // namespace penstock::dialect::golden
