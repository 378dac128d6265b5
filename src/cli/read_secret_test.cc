#include "cli/read_secret.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/descriptor.h"

namespace penstock::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kPatience = 20'000;  // milliseconds

bool echoes(int terminal) {
  termios now{};
  return ::tcgetattr(terminal, &now) == 0 && (now.c_lflag & ECHO) != 0;
}

/// The person's side of a terminal.
class Person {
 public:
  explicit Person(int master) : master_(master) {}
  void type(std::string_view text) const { ASSERT_EQ(::write(master_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size())); }
  /// Looks on until the screen holds `text` behind what was looked at before; false when it does not come.
  bool sees(std::string_view text) {
    for (auto at = screen_.find(text, seen_); true; at = screen_.find(text, seen_)) {
      if (at != std::string::npos) {
        seen_ = at + text.size();
        return true;
      }
      pollfd on{master_.get(), POLLIN, 0};
      std::array<char, 1024> piece{};
      if (::poll(&on, 1, kPatience) <= 0) return false;
      const ssize_t count = ::read(master_.get(), piece.data(), piece.size());
      if (count <= 0) return false;
      screen_.append(piece.data(), static_cast<std::size_t>(count));
    }
  }
  const std::string& screen() const { return screen_; }
  bool echoes() const { return cli::echoes(master_.get()); }

 private:
  Descriptor master_;
  std::string screen_;
  std::size_t seen_ = 0;
};

TEST(AskSecret, what_is_typed_is_not_shown_and_the_echo_comes_back) {
  int master = -1, slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const Descriptor terminal(slave);
  Person person(master);
  ASSERT_TRUE(person.echoes());
  Result<Secret> secret = Secret();
  std::thread asking([&] { secret = ask_secret(slave, slave, "Key: "); });
  EXPECT_TRUE(person.sees("Key: "));
  EXPECT_FALSE(person.echoes());
  person.type("hunter2x\x7f\n");  // with a correction
  EXPECT_TRUE(person.sees("\n"));
  asking.join();
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->reveal(), "hunter2");
  EXPECT_TRUE(person.echoes());
  EXPECT_THAT(person.screen(), Not(HasSubstr("hunter")));
}

TEST(AskSecret, a_line_that_the_terminal_has_cut_is_refused) {
  int master = -1, slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const Descriptor terminal(slave);
  Person person(master);
  Result<Secret> secret = Secret();
  std::thread asking([&] { secret = ask_secret(slave, slave, "Key: "); });
  EXPECT_TRUE(person.sees("Key: "));
  person.type(std::string(4000, 'x'));
  person.type(std::string(1000, 'x') + "\n");
  asking.join();
  ASSERT_FALSE(secret);
  EXPECT_THAT(secret.error().message, HasSubstr("use --from-file"));
}

TEST(AskSecret, the_end_of_input_is_an_empty_secret) {
  int master = -1, slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const Descriptor terminal(slave);
  Person person(master);
  Result<Secret> secret = Secret("x");
  std::thread asking([&] { secret = ask_secret(slave, slave, "Key: "); });
  EXPECT_TRUE(person.sees("Key: "));
  person.type("\x04");
  asking.join();
  ASSERT_TRUE(secret);
  EXPECT_TRUE(secret->empty());
}

TEST(AskSecret, without_a_terminal_there_is_no_question) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const Descriptor in(ends[0]), out(ends[1]);
  EXPECT_THAT(ask_secret(ends[0], ends[1], "Key: ").error().message, HasSubstr("standard input"));
}

/// A process that asks on a terminal of its own; it exits with 0 when it got "hunter2".
pid_t asking_process(int& master) {
  const pid_t child = ::forkpty(&master, nullptr, nullptr, nullptr);
  if (child == 0) {
    const auto secret = ask_secret(STDIN_FILENO, STDERR_FILENO, "Key: ");
    ::_exit(secret && secret->reveal() == "hunter2" ? 0 : 1);
  }
  return child;
}

TEST(AskSecret, an_interrupt_ends_it_with_the_echo_on) {
  int master = -1;
  const pid_t child = asking_process(master);
  ASSERT_GT(child, 0);
  Person person(master);
  ASSERT_TRUE(person.sees("Key: "));
  EXPECT_FALSE(person.echoes());
  person.type("hunt\x03");
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) << status;
  EXPECT_TRUE(person.echoes());
  EXPECT_THAT(person.screen(), Not(HasSubstr("hunt")));
}

TEST(AskSecret, a_signal_to_the_process_does_too) {
  int master = -1;
  const pid_t child = asking_process(master);
  ASSERT_GT(child, 0);
  Person person(master);
  ASSERT_TRUE(person.sees("Key: "));
  ASSERT_EQ(::kill(child, SIGTERM), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  EXPECT_TRUE(person.echoes());
}

/// What a shell does with a job that stops: takes the terminal, looks at it, and puts the job to the front again. 0 when all was right.
int shell_with_a_job() {
  ::signal(SIGTTOU, SIG_IGN);  // or handing out the terminal would stop us
  const pid_t job = ::fork();
  if (job == 0) {
    ::setpgid(0, 0);
    ::tcsetpgrp(STDIN_FILENO, ::getpid());
    ::signal(SIGTTOU, SIG_DFL);
    const auto secret = ask_secret(STDIN_FILENO, STDERR_FILENO, "Key: ");
    ::_exit(secret && secret->reveal() == "hunter2" ? 0 : 1);
  }
  int status = 0;
  if (::waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status)) return 2;
  if (!echoes(STDIN_FILENO)) return 3;
  ::tcsetpgrp(STDIN_FILENO, job);
  ::kill(job, SIGCONT);
  if (::waitpid(job, &status, 0) != job || !WIFEXITED(status)) return 4;
  return WEXITSTATUS(status);
}

TEST(AskSecret, a_stop_gives_the_terminal_back_and_the_question_comes_again) {
  int master = -1;
  const pid_t shell = ::forkpty(&master, nullptr, nullptr, nullptr);
  if (shell == 0) ::_exit(shell_with_a_job());
  Person person(master);
  EXPECT_TRUE(person.sees("Key: "));
  person.type("hun\x1a");
  EXPECT_TRUE(person.sees("Key: "));
  EXPECT_FALSE(person.echoes());
  person.type("hunter2\n");
  int status = 0;
  ASSERT_EQ(::waitpid(shell, &status, 0), shell);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_THAT(person.screen(), Not(HasSubstr("hun")));
}

/// All of a pipe's content.
Result<Secret> through_pipe(const std::string& text) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const Descriptor in(ends[0]);
  Descriptor out(ends[1]);
  std::thread writer([&] {
    EXPECT_EQ(::write(out.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    out.reset();
  });
  auto secret = read_secret(in.get());
  writer.join();
  return secret;
}

TEST(ReadSecret, everything_up_to_the_end) {
  EXPECT_EQ(through_pipe(" a\nb\n").value().reveal(), " a\nb\n");
  EXPECT_EQ(through_pipe("").value().reveal(), "");
  EXPECT_EQ(through_pipe(std::string(64 * 1024, 'x')).value().reveal().size(), 64U * 1024);
  EXPECT_THAT(through_pipe(std::string(64 * 1024 + 1, 'x')).error().message, HasSubstr("too large"));
}

TEST(SecretFromFile, is_as_careful_as_the_store) {
  std::string pattern = (std::filesystem::temp_directory_path() / "penstock-secret-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  const std::string path = folder + "/key";
  EXPECT_THAT(secret_from_file(path).error().message, Not(HasSubstr(path)));
  std::ofstream(path) << "hunter2\n";
  ::chmod(path.c_str(), 0644);
  EXPECT_THAT(secret_from_file(path).error().message, HasSubstr("chmod 600 " + path));
  ::chmod(path.c_str(), 0600);
  EXPECT_EQ(secret_from_file(path).value().reveal(), "hunter2\n");
  EXPECT_THAT(secret_from_file(folder).error().message, HasSubstr("is a folder"));

  ASSERT_EQ(::mkfifo((folder + "/pipe").c_str(), 0644), 0);
  std::thread writer([&] { std::ofstream(folder + "/pipe") << "piped"; });
  EXPECT_EQ(secret_from_file(folder + "/pipe").value().reveal(), "piped");
  writer.join();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace penstock::cli
