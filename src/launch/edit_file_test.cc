#include "launch/edit_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace penstock::launch {
namespace {

namespace fs = std::filesystem;

class EditFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "penstock_edit_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, std::string_view text) const { std::ofstream(path(name), std::ios::binary) << text; }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return file ? std::string(std::istreambuf_iterator<char>(file), {}) : "(none)";
  }
  [[nodiscard]] std::size_t entries(const std::string& name = ".") const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_ / name), {}));
  }

  fs::path folder_;
};

Edit to(std::string text) {
  return [text = std::move(text)](std::string_view) { return text; };
}

TEST_F(EditFile, WritesAndKeepsTheFirstStateAsBackup) {
  write("rc", "one");
  const auto edited = edit_file(path("rc"), to("two"));
  ASSERT_TRUE(edited);
  EXPECT_TRUE(edited->changed);
  EXPECT_EQ(edited->backup, path("rc.penstock-backup"));
  ASSERT_TRUE(edit_file(path("rc"), to("three")));
  EXPECT_EQ(read("rc"), "three");
  EXPECT_EQ(read("rc.penstock-backup"), "one");
  EXPECT_EQ(entries(), 2u);
}

TEST_F(EditFile, HandsTheTextToTheEditAndPassesItsFaultOn) {
  write("rc", "one\n");
  std::string seen;
  const auto edited = edit_file(path("rc"), [&](std::string_view text) -> Result<std::string> {
    seen = text;
    return fail(config_error("no"));
  });
  EXPECT_EQ(seen, "one\n");
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().message, "no");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(EditFile, WritesNothingWhenNothingChanges) {
  write("rc", "one");
  const auto before = fs::last_write_time(path("rc"));
  struct stat old_status{}, new_status{};
  ASSERT_EQ(::stat(path("rc").c_str(), &old_status), 0);
  const auto edited = edit_file(path("rc"), to("one"));
  ASSERT_TRUE(edited && !edited->changed);
  ASSERT_EQ(::stat(path("rc").c_str(), &new_status), 0);
  EXPECT_EQ(old_status.st_ino, new_status.st_ino);
  EXPECT_EQ(fs::last_write_time(path("rc")), before);
  EXPECT_EQ(entries(), 1u);
}

TEST_F(EditFile, KeepsTheModeAlsoOfTheBackup) {
  write("rc", "secret");
  ASSERT_EQ(::chmod(path("rc").c_str(), 0600), 0);
  ASSERT_TRUE(edit_file(path("rc"), to("two")));
  EXPECT_EQ(fs::status(path("rc")).permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(path("rc.penstock-backup")).permissions(), fs::perms(0600));
  ASSERT_EQ(::chmod(path("rc").c_str(), 0755), 0);
  ASSERT_TRUE(edit_file(path("rc"), to("three")));
  EXPECT_EQ(fs::status(path("rc")).permissions(), fs::perms(0755));
}

TEST_F(EditFile, KeepsTheOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has files of others";
  write("rc", "one");
  ASSERT_EQ(::chown(path("rc").c_str(), 4711, 4712), 0);
  ASSERT_TRUE(edit_file(path("rc"), to("two")));
  for (const char* name : {"rc", "rc.penstock-backup"}) {
    struct stat status{};
    ASSERT_EQ(::stat(path(name).c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 4711u) << name;
    EXPECT_EQ(status.st_gid, 4712u) << name;
  }
}

TEST_F(EditFile, WritesThroughLinks) {
  fs::create_directory(folder_ / "dotfiles");
  write("dotfiles/rc", "one");
  fs::create_symlink("dotfiles/rc", folder_ / "middle");
  fs::create_symlink(folder_ / "middle", folder_ / "rc");
  ASSERT_TRUE(edit_file(path("rc"), to("two")));
  EXPECT_TRUE(fs::is_symlink(folder_ / "rc"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "middle"));
  EXPECT_EQ(read("dotfiles/rc"), "two");
  EXPECT_EQ(entries("dotfiles"), 1u) << "a backup is no business of a dotfile repository";
  EXPECT_EQ(read("rc.penstock-backup"), "one");
}

TEST_F(EditFile, MakesAMissingFileWithItsFoldersAndRemovesItAgain) {
  fs::create_symlink("a/b/real", folder_ / "rc");
  const auto edited = edit_file(path("rc"), to("one"));
  ASSERT_TRUE(edited && edited->changed);
  EXPECT_EQ(edited->backup, "");
  EXPECT_EQ(read("a/b/real"), "one");
  const auto removed = edit_file(path("rc"), to(""));
  ASSERT_TRUE(removed && removed->changed);
  EXPECT_FALSE(fs::exists(folder_ / "a/b/real"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "rc"));
  EXPECT_EQ(entries("a/b"), 0u);
}

TEST_F(EditFile, AnEmptyFileOfTheUsersStaysAFile) {
  write("rc", "");
  ASSERT_TRUE(edit_file(path("rc"), to("one")));
  ASSERT_TRUE(edit_file(path("rc"), to("")));
  EXPECT_EQ(read("rc"), "");
  EXPECT_EQ(read("rc.penstock-backup"), "");
}

TEST_F(EditFile, RefusesWhatIsNoFile) {
  fs::create_directory(folder_ / "folder");
  fs::create_symlink("loop", folder_ / "loop");
  for (const char* name : {"folder", "loop"}) {
    const auto edited = edit_file(path(name), to("x"));
    ASSERT_FALSE(edited) << name;
    EXPECT_NE(edited.error().message.find(path(name)), std::string::npos) << edited.error().message;
  }
  EXPECT_EQ(entries(), 2u);
}

TEST_F(EditFile, AFolderThatCannotBeWrittenLosesNothing) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  write("rc", "one");
  ASSERT_EQ(::chmod(folder_.c_str(), 0500), 0);
  EXPECT_FALSE(edit_file(path("rc"), to("two")));
  ASSERT_EQ(::chmod(folder_.c_str(), 0700), 0);
  EXPECT_EQ(read("rc"), "one");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(EditFile, WhatStandsAtTheBackupsNameStays) {
  write("rc", "one");
  fs::create_symlink("missing/place", folder_ / "rc.penstock-backup");  // access() does not see it, link() does
  ASSERT_TRUE(edit_file(path("rc"), to("two")));
  EXPECT_TRUE(fs::is_symlink(folder_ / "rc.penstock-backup"));
  EXPECT_FALSE(fs::exists(folder_ / "missing"));
}

}  // namespace
}  // namespace penstock::launch
