#include "launch/claude_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace penstock::launch {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Programs : public testing::Test {
 protected:
  Programs() {
    std::string pattern = (fs::temp_directory_path() / "penstock-programs-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~Programs() override { fs::remove_all(root_); }

  std::string program(const std::string& path, const std::string& text = "#!/bin/sh\n") {
    const fs::path full = root_ / path;
    fs::create_directories(full.parent_path());
    std::ofstream(full) << text;
    fs::permissions(full, fs::perms::owner_all);
    return full.string();
  }
  std::string find(std::map<std::string, std::string> variables, const std::string& version = "") {
    const auto environment = [variables](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    const auto found = find_claude(environment, (root_ / "state").string(), version);
    return found ? *found : "error: " + found.error().message;
  }
  fs::path root_;
};

TEST_F(Programs, TheOrder) {
  const auto named = program("named/claude-x"), first = program("a/claude"), second = program("b/claude"),
             home = program("home/.local/bin/claude");
  const std::string path = (root_ / "none").string() + ":" + (root_ / "a").string() + ":" + (root_ / "b").string();
  EXPECT_EQ(find({{"CLAUDE_PATH", named}, {"PATH", path}}), named);
  EXPECT_EQ(find({{"PATH", path}, {"HOME", (root_ / "home").string()}}), first);
  EXPECT_EQ(find({{"PATH", (root_ / "b").string()}}), second);
  EXPECT_EQ(find({{"HOME", (root_ / "home").string()}}), home);
}

TEST_F(Programs, AVariantIsNotClaude) {
  program("a/claude", "#!/bin/sh\n" + std::string(kVariantMark) + "\nexec penstock run x\n");
  const auto real = program("b/claude");
  EXPECT_EQ(find({{"PATH", (root_ / "a").string() + ":" + (root_ / "b").string()}}), real);
  EXPECT_THAT(find({{"PATH", (root_ / "a").string()}}), HasSubstr("was not found in PATH; install it"));
}

TEST_F(Programs, WhatIsNamedMustBeThere) {
  EXPECT_THAT(find({{"CLAUDE_PATH", "/nowhere/claude"}}), HasSubstr("CLAUDE_PATH names /nowhere/claude"));
  EXPECT_THAT(find({}, "2.1.197"), HasSubstr("Claude Code 2.1.197 is not installed"));
  const auto pinned = program("state/claude-code/2.1.197/node_modules/.bin/claude");
  EXPECT_EQ(find({{"CLAUDE_PATH", "/nowhere"}}, "2.1.197"), pinned);
}

TEST_F(Programs, AFileThatCannotRunIsNotTaken) {
  program("a/claude");
  fs::permissions(root_ / "a/claude", fs::perms::owner_read);
  fs::create_directories(root_ / "b/claude");
  EXPECT_THAT(find({{"PATH", (root_ / "a").string() + ":" + (root_ / "b").string()}}), HasSubstr("was not found"));
}

}  // namespace
}  // namespace penstock::launch
