#include "app/detach.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/process_handle.h"

namespace penstock::app {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Scripts that are started in the background, with their output in a file.
class DetachTest : public testing::Test {
 protected:
  DetachTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock detach-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~DetachTest() override { std::filesystem::remove_all(folder_); }
  Word start(const std::string& script, std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    const Descriptor log(::open(log_file().c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    const auto pipe = start_detached({"/bin/sh", "-c", script, "a name"}, {"ONE=1", "TWO=a b"}, log.get());
    EXPECT_TRUE(pipe);
    return wait_for_word(*pipe, patience);
  }
  [[nodiscard]] std::string log_file() const { return folder_ + "/log"; }
  [[nodiscard]] std::string said() const {
    std::stringstream text;
    text << std::ifstream(log_file()).rdbuf();
    return text.str();
  }
  std::string folder_;
};

TEST_F(DetachTest, the_word_comes) {
  const auto ready = start("echo 'ready {}' >&3");
  EXPECT_EQ(ready.kind, Word::Kind::ready);
  EXPECT_EQ(ready.text, "{}");
  const auto failed = start("echo said before; echo 'failed 78' >&3");
  EXPECT_EQ(failed.kind, Word::Kind::failed);
  EXPECT_EQ(failed.code, 78);
  EXPECT_EQ(said(), "said before\n");
}

TEST_F(DetachTest, an_end_without_a_word_is_noticed) {
  EXPECT_EQ(start("exit 0").kind, Word::Kind::ended);
  EXPECT_EQ(start("printf 'ready but cut' >&3").kind, Word::Kind::ended);
  EXPECT_EQ(start("echo nonsense >&3").kind, Word::Kind::ended);
}

TEST_F(DetachTest, one_that_stays_silent_is_ended) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(start("echo $$; exec sleep 1000", std::chrono::milliseconds(300)).kind, Word::Kind::silent);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  const auto left = ProcessHandle::open(std::stoi(said()));
  if (left) EXPECT_TRUE(left->wait_for_end(std::chrono::seconds(20)));
}

TEST_F(DetachTest, it_stands_alone) {
  const Descriptor ours(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  ASSERT_TRUE(ours);
  ASSERT_EQ(
      start("pwd; env; ls -l /proc/$$/fd | sed 's/.* \\([0-9]* ->\\)/fd \\1/'; cat /proc/$$/stat; echo 'ready' >&3; read x || echo empty; "
            "echo 'ready x' >&3")
          .kind,
      Word::Kind::ended);  // "ready" without its blank
  const auto text = said();
  EXPECT_THAT(text, testing::StartsWith("/\n"));
  EXPECT_THAT(text, HasSubstr("ONE=1\n"));
  EXPECT_THAT(text, HasSubstr("TWO=a b\n"));
  EXPECT_THAT(text, Not(HasSubstr("HOME=")));
  EXPECT_THAT(text, HasSubstr("fd 0 -> /dev/null"));
  EXPECT_THAT(text, HasSubstr("fd 1 -> " + log_file()));
  EXPECT_THAT(text, HasSubstr("fd 3 -> pipe:"));
  EXPECT_THAT(text, Not(HasSubstr("fd 4 ->")));
  EXPECT_THAT(text, Not(HasSubstr("fd " + std::to_string(ours.get()) + " -> /dev/null"))) << "nothing is handed on";
  std::istringstream fields(text.substr(text.rfind(") ") + 2));
  std::string state;
  int parent = 0, group = 0, session = 0;
  fields >> state >> parent >> group >> session;
  EXPECT_NE(parent, ::getpid());
  EXPECT_NE(session, ::getsid(0)) << "no terminal";
}

TEST_F(DetachTest, a_program_that_is_not_there_says_so) {
  const Descriptor log(::open(log_file().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const auto pipe = start_detached({"/nowhere/penstock", "serve"}, {}, log.get());
  ASSERT_TRUE(pipe);
  EXPECT_EQ(wait_for_word(*pipe, std::chrono::seconds(20)).kind, Word::Kind::ended);
  EXPECT_EQ(said(), "cannot run /nowhere/penstock\n");
}

TEST(starter, speaks_once_and_to_nobody_without_fault) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor ours(ends[0]);
  Starter starter(ends[1]);
  starter.ready("{}");
  starter.failed(1);
  char text[64] = {};
  EXPECT_EQ(::read(ours.get(), text, sizeof text), 9);
  EXPECT_STREQ(text, "ready {}\n");
  EXPECT_EQ(::read(ours.get(), text, sizeof text), 0) << "the pipe is closed";
  Starter(-1).ready("x");
  Starter(987654).ready("x");
}

}  // namespace
}  // namespace penstock::app
