// tests/golden/import: each folder TOOL-CASE holds a source as its tool writes it, the configuration that comes of it, and the notes.
// PENSTOCK_REFRESH_GOLDEN=1 writes the two outputs anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.h"
#include "importing/import.h"

namespace penstock::importing {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

fs::path source_in(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().stem() == "source") return entry.path();
  return folder;
}

Tool tool_of(const fs::path& folder) {
  for (const auto* name : {"litellm", "ccr", "cc-mirror", "dotenv"})
    if (folder.filename().string().starts_with(std::string(name) + "-")) return *tool_named(name);
  ADD_FAILURE() << folder << " names no tool";
  return Tool::litellm;
}

void expect_golden(const fs::path& path, const std::string& text) {
  if (std::getenv("PENSTOCK_REFRESH_GOLDEN") != nullptr) std::ofstream(path) << text;
  EXPECT_EQ(text, read(path)) << path;
}

std::string all_notes(const std::vector<Note>& notes) {
  std::string out;
  for (const auto& note : notes)
    out += std::string(name(note.fate)) + "  " + note.field + (note.why.empty() ? "" : "  (" + note.why + ")") + "\n";
  return out;
}

/// Every variable has a value, and one that fits wherever the sources use a variable.
std::optional<std::string> anything(const std::string&) { return "http://127.0.0.1:9"; }

void check(const fs::path& folder, const catalog::Catalog& catalog) {
  SCOPED_TRACE(folder.filename().string());
  const auto tool = tool_of(folder);
  const auto source = read_source(tool, source_in(folder).string());
  ASSERT_TRUE(source) << source.error().message;
  for (const bool with_keys : {true, false}) {
    const auto imported = import_source(tool, *source, catalog, {with_keys});
    ASSERT_TRUE(imported) << imported.error().message;
    const auto config = config::parse(imported->yaml, "penstock.yaml", {anything, catalog.names()});
    if (!config)
      for (const auto& fault : config.error()) ADD_FAILURE() << config::to_text(fault) << "\n" << imported->yaml;
    if (with_keys) continue;
    expect_golden(folder / "penstock.yaml", imported->yaml);
    expect_golden(folder / "notes.txt", all_notes(imported->notes));
  }
}

/// A note speaks of the field itself or of something that it stands in.
bool is_noted(const Value& leaf, const std::vector<Note>& notes) {
  return std::ranges::any_of(notes, [&](const Note& note) {
    const auto rest = leaf.path.starts_with(note.field) ? leaf.path.substr(note.field.size()) : "?";
    return rest.empty() || rest.front() == '.' || rest.front() == '[';
  });
}

void expect_noted(const Value& value, const std::vector<Note>& notes) {
  for (const auto& item : value.items) expect_noted(item, notes);
  if (value.items.empty() && value.filled()) EXPECT_TRUE(is_noted(value, notes)) << value.path << " is in no note";
}

/// Every field of every source is carried, changed or left out.
TEST(ImportGolden, NoFieldIsForgotten) {
  const auto catalog = *catalog::builtin();
  for (const auto& [folder, tool] : {std::pair{"litellm-team", Tool::litellm}, {"ccr-v2", Tool::ccr}, {"ccr-v3", Tool::ccr}}) {
    const auto source = *read_source(tool, source_in(fs::path(PENSTOCK_SOURCE_DIR "/tests/golden/import") / folder).string());
    const auto root = tool == Tool::litellm ? parse_yaml(source.text) : parse_json5(source.text);
    ASSERT_TRUE(root);
    expect_noted(*root, import_source(tool, source, catalog, {})->notes);
  }
}

TEST(ImportGolden, Folders) {
  const auto catalog = catalog::builtin();
  ASSERT_TRUE(catalog);
  std::size_t folders = 0;
  for (const auto& entry : fs::directory_iterator(PENSTOCK_SOURCE_DIR "/tests/golden/import")) {
    check(entry.path(), *catalog);
    ++folders;
  }
  EXPECT_GE(folders, 11U);
}

/// Without wanted keys no literal of the sources that looks like one may come out anywhere.
TEST(ImportGolden, NoLiteralKeyComesOut) {
  for (const auto& entry : fs::recursive_directory_iterator(PENSTOCK_SOURCE_DIR "/tests/golden/import")) {
    const auto name = entry.path().filename();
    if (name != "penstock.yaml" && name != "notes.txt") continue;
    const auto text = read(entry.path());
    for (const auto* secret : {"0123456789", "team-secret", "t-12345", "sk-1234", "t-1", "k-1"})
      EXPECT_EQ(text.find(secret), std::string::npos) << entry.path() << " holds " << secret;
  }
}

}  // namespace
}  // namespace penstock::importing
