#include "launch/config_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace penstock::launch {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Case {
  const char *own, *work_dir;
  bool carry;
  const char* overlay;
};

const Case kCases[] = {
    {"", "/w", false, ""},
    {"not JSON", "/w", false, ""},
    {"[1]", "/w", false, ""},
    {"{}", "/w", false, ""},
    {R"({"hasCompletedOnboarding":true,"theme":"light","secret":1})", "/w", false, R"({"hasCompletedOnboarding":true,"theme":"light"})"},
    {R"({"projects":{"/w":{"hasTrustDialogAccepted":true,"history":[1]}}})", "/w", false,
     R"({"projects":{"/w":{"hasTrustDialogAccepted":true}}})"},
    {R"({"projects":{"/w":{"hasTrustDialogAccepted":false}}})", "/w", false, ""},
    {R"({"projects":{"/w":{"hasTrustDialogAccepted":true},"/wo":{"hasTrustDialogAccepted":true}}})", "/w/deep", false,
     R"({"projects":{"/w":{"hasTrustDialogAccepted":true}}})"},
    {R"({"projects":{"/":{"hasTrustDialogAccepted":true}}})", "/w", false, R"({"projects":{"/":{"hasTrustDialogAccepted":true}}})"},
    {R"({"mcpServers":{"a":{"command":"x"}}})", "/w", false, ""},
    {R"({"mcpServers":{"a":{"command":"x"}}})", "/w", true, R"({"mcpServers":{"a":{"command":"x"}}})"},
};

TEST(ConfigDir, OnlyAnsweredQuestionsAreAnswered) {
  for (const auto& [own, work_dir, carry, overlay] : kCases) EXPECT_EQ(answered_questions(own, work_dir, carry), overlay) << own;
}

class Folders : public testing::Test {
 protected:
  Folders() {
    std::string pattern = (fs::temp_directory_path() / "penstock-config-dir-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    fs::create_directories(root_ / "home/.claude");
  }
  ~Folders() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  [[nodiscard]] std::string read(const std::string& path) const {
    std::ifstream file(root_ / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] ConfigDirWish wish(bool carry = false) const {
    return {(root_ / "dir").string(), "/w", (root_ / "home").string(), "", carry};
  }
  fs::path root_;
};

TEST_F(Folders, ANewFolderIsPrivateAndHoldsTheAnswers) {
  write("home/.claude.json", R"({"hasCompletedOnboarding":true})");
  ASSERT_TRUE(prepare_config_dir(wish()));
  EXPECT_EQ(read("dir/.claude.json"), R"({"hasCompletedOnboarding":true})");
  struct stat facts{};
  ASSERT_EQ(::stat((root_ / "dir").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0700U);
}

TEST_F(Folders, WhatClaudeCodeWroteThereStays) {
  write("home/.claude.json", R"({"hasCompletedOnboarding":true,"theme":"light"})");
  write("dir/.claude.json", R"({"numStartups": 3, "projects": {"/x": {"history": []}}})");
  ASSERT_TRUE(prepare_config_dir(wish()));
  EXPECT_EQ(read("dir/.claude.json"),
            R"({"numStartups": 3, "projects": {"/x": {"history": []}},"hasCompletedOnboarding":true,"theme":"light"})");
}

TEST_F(Folders, ADamagedFileOfTheFolderIsNamed) {
  write("home/.claude.json", R"({"hasCompletedOnboarding":true})");
  write("dir/.claude.json", "{");
  EXPECT_THAT(prepare_config_dir(wish()).error().message, HasSubstr("dir/.claude.json: "));
  EXPECT_EQ(read("dir/.claude.json"), "{");
}

TEST_F(Folders, CarriedOnlyWhenAsked) {
  write("home/.claude/CLAUDE.md", "mine");
  write("home/.claude/skills/a/SKILL.md", "skill");
  write("home/.claude/settings.json", "{}");
  ASSERT_TRUE(prepare_config_dir(wish()));
  EXPECT_FALSE(fs::exists(root_ / "dir/CLAUDE.md"));
  ASSERT_TRUE(prepare_config_dir(wish(true)));
  EXPECT_EQ(read("dir/CLAUDE.md"), "mine");
  EXPECT_EQ(read("dir/skills/a/SKILL.md"), "skill");
  EXPECT_FALSE(fs::exists(root_ / "dir/settings.json"));
}

TEST_F(Folders, LinksAreNotFollowed) {
  write("secret/key", "private");
  write("home/dotfiles/a/SKILL.md", "skill");
  fs::create_symlink(root_ / "home/dotfiles", root_ / "home/.claude/skills");  // the folder itself may be one
  fs::create_symlink(root_ / "secret", root_ / "home/dotfiles/out");
  fs::create_symlink(root_ / "secret/key", root_ / "home/dotfiles/a/key");
  ASSERT_EQ(::mkfifo((root_ / "home/dotfiles/pipe").c_str(), 0600), 0);
  const auto warnings = prepare_config_dir(wish(true)).value();
  EXPECT_EQ(read("dir/skills/a/SKILL.md"), "skill");
  EXPECT_FALSE(fs::exists(root_ / "dir/skills/out") || fs::exists(root_ / "dir/skills/a/key") || fs::exists(root_ / "dir/skills/pipe"));
  EXPECT_THAT(warnings, testing::UnorderedElementsAre(HasSubstr("dotfiles/out: it is a symbolic link"), HasSubstr("a/key: it is a"),
                                                      HasSubstr("pipe: it is no file")));
}

TEST_F(Folders, APipeInThePlaceOfTheUsersFileCountsAsNone) {
  ASSERT_EQ(::mkfifo((root_ / "home/.claude.json").c_str(), 0600), 0);
  ASSERT_TRUE(prepare_config_dir(wish()));
  EXPECT_FALSE(fs::exists(root_ / "dir/.claude.json"));
}

TEST_F(Folders, TheUsualFolderByAnotherNameIsTheUsualFolder) {
  write("home/.claude.json", R"({"hasCompletedOnboarding":true})");
  fs::create_directory_symlink(root_ / "home", root_ / "link");
  auto same = wish(true);
  same.folder = (root_ / "link").string() + "/";
  same.own_config_dir = (root_ / "home").string();
  write("home/CLAUDE.md", "mine");
  ASSERT_TRUE(prepare_config_dir(same));
  EXPECT_EQ(read("home/CLAUDE.md"), "mine");
  auto claude = wish(true);
  claude.folder = (root_ / "home/.claude/.").string();
  write("home/.claude/CLAUDE.md", "mine");
  EXPECT_TRUE(prepare_config_dir(claude)) << "a file is not copied onto itself";
}

TEST_F(Folders, SettingsThatNobodyUsesGo) {
  const auto folder = (root_ / "dir").string();
  const auto used = write_settings(folder, "{\"a\":1}").value(), unused = write_settings(folder, "{\"a\":2}").value();
  write("dir/penstock-notes.json", "mine");
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(24 * 31);
  for (const auto& path : {used, unused, folder + "/penstock-notes.json"}) fs::last_write_time(path, long_ago);
  ASSERT_TRUE(write_settings(folder, "{\"a\":1}"));
  EXPECT_TRUE(fs::exists(unused)) << "nothing new was written";
  ASSERT_TRUE(write_settings(folder, "{\"a\":3}"));
  EXPECT_FALSE(fs::exists(unused));
  EXPECT_TRUE(fs::exists(used) && fs::exists(folder + "/penstock-notes.json"));
}

TEST_F(Folders, TheUsersUsualFolderIsLeftAlone) {
  write("home/.claude.json", R"({"hasCompletedOnboarding":true})");
  auto same = wish(true);
  same.folder = same.own_config_dir = (root_ / "home").string();
  ASSERT_TRUE(prepare_config_dir(same));
  EXPECT_EQ(read("home/.claude.json"), R"({"hasCompletedOnboarding":true})");
}

TEST_F(Folders, SettingsOfDifferentSessionsDoNotMeet) {
  const auto one = write_settings((root_ / "dir").string(), "{\"a\":1}").value();
  const auto two = write_settings((root_ / "dir").string(), "{\"a\":2}").value();
  EXPECT_NE(one, two);
  EXPECT_EQ(write_settings((root_ / "dir").string(), "{\"a\":1}").value(), one);
  struct stat facts{};
  ASSERT_EQ(::stat(one.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace penstock::launch
