// A second process for a test, with a pipe in each direction.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <utility>

#include "base/descriptor.h"

namespace penstock::tests {

/// A child process that runs `life`, and is killed in the end. Both sides talk in single letters.
class Child {
 public:
  /// One side's ends.
  struct Pipes {
    Descriptor in, out;
    void say(char letter) const { static_cast<void>(!::write(out.get(), &letter, 1)); }
    /// The other's next letter; 0 when it is gone, or says nothing for long.
    char hear() const {
      char letter = 0;
      pollfd wanted{in.get(), POLLIN, 0};
      return ::poll(&wanted, 1, 20'000) == 1 && ::read(in.get(), &letter, 1) == 1 ? letter : '\0';
    }
  };

  explicit Child(const std::function<void(Pipes& parent)>& life) {
    int up[2], down[2];
    EXPECT_EQ(::pipe2(up, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(down, O_CLOEXEC), 0);
    pipes_ = {Descriptor(up[0]), Descriptor(down[1])};
    Pipes child{Descriptor(down[0]), Descriptor(up[1])};
    pid_ = ::fork();
    if (pid_ != 0) return;
    pipes_ = {};
    life(child);
    ::_exit(0);
  }
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), pipes_(std::move(other.pipes_)) {}
  Child& operator=(Child&&) = delete;
  ~Child() { end(SIGKILL); }

  [[nodiscard]] int pid() const { return pid_; }
  char hear() const { return pipes_.hear(); }
  void say(char letter) const { pipes_.say(letter); }
  /// Sends the signal, and waits for the end; how it ended, as waitpid() tells.
  int end(int signal) {
    int status = 0;
    if (pid_ <= 0) return 0;
    if (signal != 0) ::kill(pid_, signal);
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return status;
  }

 private:
  pid_t pid_ = 0;
  Pipes pipes_;
};

}  // namespace penstock::tests
