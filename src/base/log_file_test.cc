#include "base/log_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/descriptor.h"

namespace penstock {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

/// A log file in place of a descriptor of the test's own.
class LogFileTest : public testing::Test {
 protected:
  LogFileTest() {
    std::string pattern = (fs::temp_directory_path() / "penstock-log-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~LogFileTest() override { fs::remove_all(folder_); }
  Result<LogFile> take_over(LogFile::Limits limits = {}) { return LogFile::take_over(path(), limits, {out_.get()}); }
  [[nodiscard]] std::string path() const { return folder_ + "/the log"; }
  void say(const std::string& text) const { EXPECT_EQ(::write(out_.get(), text.data(), text.size()), std::ssize(text)); }
  static std::string content(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  static mode_t mode(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
  }
  std::string folder_;
  Descriptor out_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
};

TEST_F(LogFileTest, takes_what_is_written_and_is_private) {
  std::ofstream(path()) << "before\n";
  ::chmod(path().c_str(), 0644);
  ASSERT_TRUE(take_over());
  say("after\n");
  EXPECT_EQ(content(path()), "before\nafter\n");
  EXPECT_EQ(mode(path()), 0600U);
}

TEST_F(LogFileTest, that_is_too_large_becomes_an_older_one) {
  auto log = take_over({.size = 10, .keep = 3});
  ASSERT_TRUE(log);
  for (const auto* text : {"one-------\n", "two-------\n", "three-----\n", "four------\n", "five\n"}) {
    say(text);
    log->look();
  }
  EXPECT_EQ(content(path()), "five\n") << "short enough to stay";
  EXPECT_EQ(content(path() + ".1"), "four------\n");
  EXPECT_EQ(content(path() + ".2"), "three-----\n");
  EXPECT_EQ(content(path() + ".3"), "two-------\n");
  EXPECT_FALSE(fs::exists(path() + ".4"));
  EXPECT_EQ(mode(path()), 0600U);
}

TEST_F(LogFileTest, loses_no_line_of_writers_that_do_not_stop) {
  auto log = take_over({.size = 500, .keep = 50});
  ASSERT_TRUE(log);
  std::atomic<bool> enough = false;
  std::atomic<int> written = 0;
  std::vector<std::thread> writers;
  for (const char* name : {"a", "b"})
    writers.emplace_back([&, name] {
      for (; !enough; ++written) say(std::string(name) + " says something\n");
    });
  const auto files = [&] { return std::distance(fs::directory_iterator(folder_), {}); };
  while (files() < 6) log->look();
  enough = true;
  for (auto& writer : writers) writer.join();
  int lines = 0;
  for (const auto& entry : fs::directory_iterator(folder_)) lines += static_cast<int>(std::ranges::count(content(entry.path()), '\n'));
  EXPECT_EQ(lines, written);
}

TEST_F(LogFileTest, is_followed_when_it_is_moved_or_deleted) {
  auto log = take_over();
  ASSERT_TRUE(log);
  say("one\n");
  fs::rename(path(), path() + ".moved");
  say("two\n");
  log->look();
  say("three\n");
  EXPECT_EQ(content(path() + ".moved"), "one\ntwo\n");
  EXPECT_EQ(content(path()), "three\n");
  fs::remove(path());
  log->reopen();
  say("four\n");
  EXPECT_EQ(content(path()), "four\n");
}

TEST_F(LogFileTest, that_cannot_be_exchanged_goes_on) {
  auto log = take_over({.size = 1, .keep = 3});
  ASSERT_TRUE(log);
  for (const auto* older : {".1", ".2", ".3"}) {  // full folders, which nothing can be renamed to
    fs::create_directory(path() + older);
    std::ofstream(path() + older + "/file") << "x";
  }
  say("one\n");
  log->look();
  say("two\n");
  EXPECT_EQ(content(path()), "one\ntwo\n");
}

TEST_F(LogFileTest, on_a_device_is_never_exchanged) {
  auto log = LogFile::take_over("/dev/full", {.size = 0, .keep = 3}, {out_.get()});
  ASSERT_TRUE(log);
  log->look();
  EXPECT_EQ(::write(out_.get(), "x", 1), -1) << "a full disk is the writers' affair";
  EXPECT_FALSE(fs::exists("/dev/full.1"));
}

TEST_F(LogFileTest, that_cannot_be_opened_is_told) {
  const auto log = LogFile::take_over(folder_ + "/nowhere/log", {}, {out_.get()});
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error().message, HasSubstr("/nowhere/log"));
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_FALSE(take_over()) << "a pipe that nobody reads would block";
}

}  // namespace
}  // namespace penstock
