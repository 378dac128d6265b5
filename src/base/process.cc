#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>

#include "base/descriptor.h"

namespace penstock {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOutput = 16U << 20;
constexpr int kFirstOther = STDERR_FILENO + 1;

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(internal_error(fmt::format("no pipe: {}", std::strerror(errno))));
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

void never_block(const Descriptor& ours) { ::fcntl(ours.get(), F_SETFL, O_NONBLOCK); }

/// A program that does not read its input must not end us: SIGPIPE is held back in this thread, and dropped if one came of it.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t waiting;
    sigpending(&waiting);
    was_pending_ = sigismember(&waiting, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;
  ~NoPipeSignal() {
    const timespec at_once{};
    while (!was_pending_ && sigtimedwait(&pipe_, nullptr, &at_once) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{}, before_{};
  bool was_pending_ = false;
};

/// Our environment with `variables` over it, as NAME=value.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> lines;
  for (char** line = environ; line != nullptr && *line != nullptr; ++line) {
    const std::string_view text = *line;
    if (!variables.contains(std::string(text.substr(0, text.find('='))))) lines.emplace_back(text);
  }
  for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
  return lines;
}

/// The form that the C interface wants: valid while `texts` is, and ends with a null.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// What posix_spawn is to do in the child, freed at the end.
class SpawnPlan {
 public:
  SpawnPlan(int in, int out, int err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, kFirstOther);  // sockets of ours are not all close-on-exec
    posix_spawnattr_init(&attributes_);
    sigset_t none, pipe;  // a program expects to start with no signal blocked, and to die of SIGPIPE
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &pipe);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  int start(pid_t& pid, char* const* argv, char* const* environment) {
    return posix_spawnp(&pid, argv[0], &actions_, &attributes_, argv, environment);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// A running program and our ends of its pipes. Killed and reaped at the latest when it dies.
class Child {
 public:
  Child(std::string name, std::string_view input) : name_(std::move(name)), input_(input) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    reap();
  }

  Status start(std::vector<std::string> argv, const std::map<std::string, std::string>& variables) {
    TRY(auto in, open_pipe());
    TRY(auto out, open_pipe());
    TRY(auto err, open_pipe());
    auto lines = environment_with(variables);
    SpawnPlan plan(in.read.get(), out.write.get(), err.write.get());
    pid_t pid = -1;
    if (const int why = plan.start(pid, pointers(argv).data(), pointers(lines).data()); why != 0) return fail(not_started(why));
    pid_ = pid;
    ended_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));  // the header of glibc 2.36 does not link in C++
    if (!ended_) return fail(internal_error(fmt::format("{} cannot be watched: {}", name_, std::strerror(errno))));
    input_end_ = std::move(in.write);
    out_.end = std::move(out.read);
    err_.end = std::move(err.read);
    for (const auto* ours : {&input_end_, &out_.end, &err_.end}) never_block(*ours);
    if (input_.empty()) input_end_.reset();
    return {};
  }

  /// Feeds and listens until the program has ended.
  Result<ProcessResult> converse(Clock::time_point end) {
    for (bool running = true; running;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
      if (left <= 0) return fail({ErrorKind::timeout, Fault::us, name_ + " did not end in time and was stopped"});
      std::array<pollfd, 4> on{
          {{input_end_.get(), POLLOUT, 0}, {out_.end.get(), POLLIN, 0}, {err_.end.get(), POLLIN, 0}, {ended_.get(), POLLIN, 0}}};
      if (::poll(on.data(), on.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000))) < 0 && errno != EINTR)
        return fail(internal_error(fmt::format("{} cannot be watched: {}", name_, std::strerror(errno))));
      running = on[3].revents == 0;
      if (on[0].revents != 0) feed();
      // Once it has ended, all that it wrote lies in the pipes; their end may never come, because somebody else may hold them open.
      if (!out_.drain() || !err_.drain())
        return fail(internal_error(fmt::format("{} wrote more than {} bytes and was stopped", name_, kMostOutput)));
    }
    const auto waited = reap();
    if (!waited) return fail(internal_error(fmt::format("{} has ended, but how is not known: {}", name_, std::strerror(errno))));
    const int status = *waited;
    return ProcessResult{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), std::move(out_.text), std::move(err_.text)};
  }

 private:
  struct Output {
    Descriptor end;
    std::string text;
    /// Takes what is there now; false when it is too much.
    bool drain() {
      std::array<char, 16 * 1024> piece;
      while (end) {
        const ssize_t count = ::read(end.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        if (count > 0) text.append(piece.data(), static_cast<std::size_t>(count));
        if (count <= 0) end.reset();
        if (text.size() > kMostOutput) return false;
      }
      explicit_bzero(piece.data(), piece.size());  // a program may print a key
      return true;
    }
  };

  Error not_started(int why) const {
    if (why == ENOENT) return {ErrorKind::not_found, Fault::us, name_ + " is not installed, or not in PATH"};
    return internal_error(fmt::format("{} cannot be started: {}", name_, std::strerror(why)));
  }

  void feed() {
    const ssize_t count = ::write(input_end_.get(), input_.data(), input_.size());
    if (count > 0) input_.remove_prefix(static_cast<std::size_t>(count));
    const bool later = count < 0 && (errno == EAGAIN || errno == EINTR);
    if (input_.empty() || (count < 0 && !later)) input_end_.reset();  // it need not read all of it
  }

  /// Nothing when the system has thrown the status away, as it does when we inherited that SIGCHLD is ignored.
  std::optional<int> reap() {
    int status = 0;
    pid_t ended = 0;
    do ended = ::waitpid(pid_, &status, 0);
    while (ended < 0 && errno == EINTR);
    pid_ = -1;
    return ended < 0 ? std::nullopt : std::optional(status);
  }

  std::string name_;
  std::string_view input_;
  pid_t pid_ = -1;
  Descriptor input_end_, ended_;
  Output out_, err_;
};

}  // namespace

Result<ProcessResult> run(const std::vector<std::string>& argv, std::string_view input, std::chrono::milliseconds patience,
                          const std::map<std::string, std::string>& variables) {
  const auto end = Clock::now() + patience;
  const NoPipeSignal no_signal;
  Child child(argv.front(), input);
  TRY_STATUS(child.start(argv, variables));
  return child.converse(end);
}

}  // namespace penstock
