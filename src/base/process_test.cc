#include "base/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;

constexpr auto kAmple = 30s;

/// A shell, which is in every system; scripts here are fixed texts.
Result<ProcessResult> shell(const std::string& script, std::string_view input = "", std::chrono::milliseconds patience = kAmple) {
  return run({"sh", "-c", script}, input, patience);
}

TEST(Process, input_output_and_code) {
  const auto result = shell("cat; echo trouble >&2; exit 3", "hello\n");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->code, 3);
  EXPECT_EQ(result->out, "hello\n");
  EXPECT_EQ(result->err, "trouble\n");
}

TEST(Process, a_code_that_is_not_known_is_no_success) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  const auto result = shell("read line; exit 3", "it is watched by now\n");
  ::signal(SIGCHLD, before);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("sh has ended, but how is not known"));
}

TEST(Process, much_on_every_pipe_at_once) {
  const std::string input(3'000'000, 'x');
  const auto result = shell("head -c 2000000 /dev/zero >&2 & cat; wait", input);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, input);
  EXPECT_EQ(result->err.size(), 2'000'000U);
}

TEST(Process, a_program_need_not_read_its_input) {
  const auto result = shell("exec <&-; echo done", std::string(1'000'000, 'x'));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "done\n");
  sigset_t pending;
  ASSERT_EQ(sigpending(&pending), 0);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST(Process, a_signal_is_told_as_a_shell_does) { EXPECT_EQ(shell("kill -TERM $$")->code, 128 + SIGTERM); }

TEST(Process, patience_ends_the_program_and_reaps_it) {
  const auto before = std::chrono::steady_clock::now();
  const auto result = run({"sleep", "1000"}, "", 100ms);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::timeout);
  EXPECT_THAT(result.error().message, HasSubstr("sleep did not end in time"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, 20s);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Process, one_that_closes_its_pipes_and_stays_is_ended_too) {
  const auto result = shell("exec sleep 1000 <&- >&- 2>&-", "", 200ms);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::timeout);
}

TEST(Process, what_it_leaves_behind_is_not_waited_for) {
  // The sleep holds our pipes open; its number comes back, so that it does not outlive the test.
  const auto result = shell("sleep 1000 & echo $!");
  ASSERT_TRUE(result);
  const auto pid = parse_unsigned(trim(result->out));
  ASSERT_TRUE(pid);
  EXPECT_EQ(::kill(static_cast<pid_t>(*pid), SIGKILL), 0);
}

TEST(Process, a_missing_program_and_arguments_that_stay_secret) {
  const auto result = run({"penstock-no-such-program", "hunter2"}, "", kAmple);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::not_found);
  EXPECT_EQ(result.error().message, "penstock-no-such-program is not installed, or not in PATH");
  const auto folder = run({"/", "hunter2"}, "", kAmple);
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, testing::StartsWith("/ cannot be started: "));
}

TEST(Process, too_much_output_ends_it) {
  const auto result = shell("cat /dev/zero");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("sh wrote more than 16777216 bytes"));
}

TEST(Process, variables_go_over_our_own) {
  ASSERT_EQ(::setenv("PENSTOCK_TEST_KEPT", "kept", 1), 0);
  ASSERT_EQ(::setenv("PENSTOCK_TEST_OVER", "ours", 1), 0);
  const auto result =
      run({"sh", "-c", "echo $PENSTOCK_TEST_KEPT $PENSTOCK_TEST_OVER $PENSTOCK_TEST_NEW; env | grep -c ^PENSTOCK_TEST_OVER="}, "", kAmple,
          {{"PENSTOCK_TEST_OVER", "theirs"}, {"PENSTOCK_TEST_NEW", "new"}});
  ::unsetenv("PENSTOCK_TEST_KEPT");
  ::unsetenv("PENSTOCK_TEST_OVER");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "kept theirs new\n1\n");
}

TEST(Process, starts_with_its_own_descriptors_and_signals_only) {
  const int leak = ::fcntl(STDERR_FILENO, F_DUPFD, 57);  // as a socket without close-on-exec
  ASSERT_GE(leak, 57);
  sigset_t term, before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &term, &before), 0);
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  const auto result = shell("ls /proc/self/fd; grep -E '^Sig(Blk|Ign)' /proc/self/status");
  ::signal(SIGPIPE, old);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(leak);
  ASSERT_TRUE(result);
  EXPECT_THAT(result->out, testing::Not(HasSubstr(std::to_string(leak))));
  EXPECT_THAT(result->out, HasSubstr("SigBlk:\t0000000000000000"));
  // Bit 12 of the last digits is SIGPIPE (13).
  const auto ignored = result->out.substr(result->out.find("SigIgn:\t") + 8, 16);
  EXPECT_EQ(std::stoull(ignored, nullptr, 16) & (1ULL << (SIGPIPE - 1)), 0U) << ignored;
}

}  // namespace
}  // namespace penstock
