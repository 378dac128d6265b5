#include "credentials/private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

namespace penstock::credentials {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PrivateFileTest : public testing::Test {
 protected:
  PrivateFileTest() {
    std::string pattern = (fs::temp_directory_path() / "penstock-private-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~PrivateFileTest() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  void put(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    std::ofstream(at(name)) << text;
    ::chmod(at(name).c_str(), mode);
  }
  static mode_t mode(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }
  static std::string read(const std::string& path) {
    const auto text = read_private(path);
    if (!text) return "fault: " + text.error().message;
    return text->value_or("nothing");
  }
  static std::string written(const std::string& path, std::string_view bytes) {
    const auto status = write_private(path, bytes);
    return status ? "written" : "fault: " + status.error().message;
  }
  std::size_t files(const std::string& folder) const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }

  std::string folder_;
};

TEST_F(PrivateFileTest, bytes_come_back_as_they_went) {
  const std::string bytes = std::string(" key\n\0\xff", 7) + std::string(60'000, 'x');
  EXPECT_EQ(written(at("a"), bytes), "written");
  EXPECT_EQ(read(at("a")), bytes);
  EXPECT_EQ(written(at("a"), ""), "written");
  EXPECT_EQ(read(at("a")), "");
}

TEST_F(PrivateFileTest, what_is_not_there) {
  EXPECT_EQ(read(at("gone")), "nothing");
  EXPECT_EQ(read(at("gone/further")), "nothing");
  put("file", "x");
  EXPECT_EQ(read(at("file/further")), "nothing");
  EXPECT_EQ(read(folder_), "nothing");
}

TEST_F(PrivateFileTest, a_pipe_is_refused_and_not_waited_for) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_THAT(read(at("pipe")), HasSubstr("not a file"));
}

TEST_F(PrivateFileTest, every_bit_of_others_is_refused_with_the_mend) {
  for (const mode_t mode : {0640U, 0620U, 0610U, 0604U, 0602U, 0601U, 0666U}) {
    put("open", "hunter2", mode);
    EXPECT_EQ(read(at("open")), "fault: " + at("open") + " can be read by others, so it is not used; mend: chmod 600 " + at("open"));
  }
  ::chmod(at("open").c_str(), 0600);
  EXPECT_EQ(read(at("open")), "hunter2");
}

TEST_F(PrivateFileTest, a_link_is_judged_by_what_it_leads_to) {
  put("real", "k", 0644);
  fs::create_symlink("real", at("link"));
  EXPECT_THAT(read(at("link")), HasSubstr("chmod 600"));
  ::chmod(at("real").c_str(), 0600);
  EXPECT_EQ(read(at("link")), "k");
  fs::create_symlink("round", at("round"));
  EXPECT_THAT(read(at("round")), testing::StartsWith("fault: cannot read "));
}

TEST_F(PrivateFileTest, a_folder_that_others_may_write) {
  put("k", "mine");
  for (const mode_t mode : {0770U, 0702U}) {
    ::chmod(folder_.c_str(), mode);
    EXPECT_THAT(read(at("k")), HasSubstr("chmod go-w " + folder_));
    EXPECT_THAT(written(at("k"), "new"), HasSubstr("chmod go-w " + folder_));
  }
  ::chmod(folder_.c_str(), 01777);
  EXPECT_EQ(read(at("k")), "mine");
  ::chmod(folder_.c_str(), 0755);
  EXPECT_EQ(read(at("k")), "mine");
  EXPECT_EQ(written(at("k"), "new"), "written");
}

TEST_F(PrivateFileTest, too_large_is_no_key) {
  put("big", std::string(64 * 1024, 'x'));
  EXPECT_EQ(read(at("big")).size(), 64U * 1024);
  put("big", std::string(64 * 1024 + 1, 'x'));
  EXPECT_THAT(read(at("big")), HasSubstr("too large"));
}

TEST_F(PrivateFileTest, new_files_and_folders_are_ours_alone_under_any_umask) {
  for (const mode_t mask : {0000U, 0022U, 0777U}) {
    const mode_t before = ::umask(mask & 0077U);  // the folders need our own rights; the file below gets the whole mask
    EXPECT_TRUE(make_private_folder(at("a/b/c")));
    ::umask(mask);
    EXPECT_EQ(written(at("a/b/c/key"), "k"), "written");
    ::umask(before);
    for (const auto* folder : {"a", "a/b", "a/b/c"}) EXPECT_EQ(mode(at(folder)), 0700U) << folder;
    EXPECT_EQ(mode(at("a/b/c/key")), 0600U);
    fs::remove_all(at("a"));
  }
}

TEST_F(PrivateFileTest, nobody_else_can_ever_open_the_new_file) {
  // A watcher looks at every file of the folder while one is written again and again.
  std::atomic<bool> done = false;
  std::atomic<int> loose = 0;
  std::thread watcher([&] {
    while (!done)
      for (const auto& entry : fs::directory_iterator(folder_, fs::directory_options::skip_permission_denied)) {
        struct stat status{};
        if (::lstat(entry.path().c_str(), &status) == 0 && (status.st_mode & 0177) != 0) ++loose;
      }
  });
  for (int i = 0; i < 100; ++i) ASSERT_EQ(written(at("k"), std::string(1000, 'a')), "written");
  done = true;
  watcher.join();
  EXPECT_EQ(loose, 0);
}

TEST_F(PrivateFileTest, a_reader_sees_the_old_bytes_or_the_new) {
  ASSERT_EQ(written(at("k"), std::string(5000, 'a')), "written");
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::thread reader([&] {
    while (!done)
      if (const auto text = read(at("k")); text != std::string(5000, 'a') && text != std::string(7000, 'b')) ++torn;
  });
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(written(at("k"), std::string(7000, 'b')), "written");
    ASSERT_EQ(written(at("k"), std::string(5000, 'a')), "written");
  }
  done = true;
  reader.join();
  EXPECT_EQ(torn, 0);
}

TEST_F(PrivateFileTest, planted_links_are_replaced_not_followed) {
  put("victim", "untouched", 0644);
  fs::create_symlink("victim", at("k"));
  EXPECT_EQ(written(at("k"), "secret"), "written");
  EXPECT_FALSE(fs::is_symlink(at("k")));
  std::string victim;
  std::ifstream(at("victim")) >> victim;
  EXPECT_EQ(victim, "untouched");
}

TEST_F(PrivateFileTest, a_failed_write_leaves_everything_as_it_was) {
  fs::create_directory(at("k"));
  put("k/inside", "x");
  EXPECT_THAT(written(at("k"), "secret"), HasSubstr("fault: cannot write " + at("k")));
  EXPECT_EQ(files(folder_), 1U);
  put("file", "x");
  EXPECT_THAT(written(at("file/k"), "secret"), HasSubstr("is not a folder"));
}

TEST_F(PrivateFileTest, a_private_folder_is_closed_to_others_in_every_way) {
  for (const mode_t mode : {0750U, 0701U, 0704U, 0720U}) {
    ::chmod(folder_.c_str(), mode);
    const auto status = make_private_folder(folder_);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("chmod 700 " + folder_));
  }
  ::chmod(folder_.c_str(), 0700);
  EXPECT_TRUE(make_private_folder(folder_));
}

TEST_F(PrivateFileTest, another_users_file_is_not_used) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  constexpr uid_t kOther = 12345, kUs = 23456;
  put("theirs", "k");
  put("ours", "k");
  ASSERT_EQ(::chown(at("theirs").c_str(), kOther, kOther), 0);
  ASSERT_EQ(::chown(at("ours").c_str(), kUs, kUs), 0);
  ASSERT_EQ(::chown(folder_.c_str(), kUs, kUs), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::seteuid(kUs) != 0) ::_exit(1);
    // Not readable at all for us, which is said too; and in a folder of theirs our own is refused.
    const bool right = read(at("ours")) == "k" && read(at("theirs")).starts_with("fault: cannot read");
    ::_exit(right ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ASSERT_EQ(::chown(folder_.c_str(), kOther, kOther), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  const pid_t second = ::fork();
  if (second == 0) {
    if (::seteuid(kUs) != 0) ::_exit(1);
    ::_exit(read(at("ours")) == "fault: " + folder_ + " belongs to another user, so no secret is kept there" ? 0 : 2);
  }
  ASSERT_EQ(::waitpid(second, &status, 0), second);
  EXPECT_EQ(status, 0);
}

TEST_F(PrivateFileTest, removing) {
  put("k", "x");
  EXPECT_TRUE(remove_private(at("k")));
  EXPECT_EQ(files(folder_), 0U);
  EXPECT_TRUE(remove_private(at("k")));
  EXPECT_TRUE(remove_private(at("no/such/folder")));
  fs::create_directory(at("d"));
  EXPECT_FALSE(remove_private(at("d")));
}

}  // namespace
}  // namespace penstock::credentials
