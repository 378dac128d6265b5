#include "app/detach.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "app/process_handle.h"

namespace penstock::app {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kReady = "ready ", kFailed = "failed ";

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));  // execve() does not write there
  out.push_back(nullptr);
  return out;
}

/// All that the new process needs, made before the fork: after it, only system calls are safe.
struct Launch {
  std::vector<char*> argv, variables;
  std::string complaint;
  int output, pipe;
};

/// Standard descriptors, the pipe, and nothing else.
bool arrange_descriptors(const Launch& launch) {
  const int nothing = ::open("/dev/null", O_RDWR);
  // Duplicates above the places that are about to be filled, so that none is overwritten before it was used.
  const int output = ::fcntl(launch.output, F_DUPFD, kReadyDescriptor + 1), pipe = ::fcntl(launch.pipe, F_DUPFD, kReadyDescriptor + 1);
  if (nothing < 0 || output < 0 || pipe < 0) return false;
  const bool placed = ::dup2(nothing, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 && ::dup2(output, STDERR_FILENO) >= 0 &&
                      ::dup2(pipe, kReadyDescriptor) >= 0;
  if (::close_range(kReadyDescriptor + 1, ~0U, 0) != 0)  // a kernel before 5.9, or a container that hides the call
    for (int number = kReadyDescriptor + 1; number < 1024; ++number) ::close(number);
  return placed;
}

[[noreturn]] void become(const Launch& launch) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const pid_t self = ::getpid();
  if (arrange_descriptors(launch) && ::chdir("/") == 0 && ::write(kReadyDescriptor, &self, sizeof self) == sizeof self)
    ::execve(launch.argv[0], launch.argv.data(), launch.variables.data());
  static_cast<void>(!::write(STDERR_FILENO, launch.complaint.data(), launch.complaint.size()));
  ::_exit(127);
}

/// False at the end of the pipe, and when the time is over.
bool read_some(int pipe, std::string& heard, Clock::time_point deadline, bool& late) {
  pollfd wanted{pipe, POLLIN, 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  const int came = ::poll(&wanted, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
  if (came < 0 && errno == EINTR) return true;
  late = came == 0;
  char piece[4096];
  const auto count = came > 0 ? ::read(pipe, piece, sizeof piece) : 0;
  if (count > 0) heard.append(piece, static_cast<std::size_t>(count));
  return count > 0;
}

/// It has its end of the pipe open, so it lives, and the number that it sent is still its own.
void end_silent(std::string_view heard) {
  pid_t pid = 0;
  if (heard.size() < sizeof pid) return;
  std::memcpy(&pid, heard.data(), sizeof pid);
  if (const auto process = ProcessHandle::open(pid)) process->signal(SIGKILL);
}

Word understand(std::string_view line) {
  if (line.starts_with(kReady)) return {Word::Kind::ready, std::string(line.substr(kReady.size()))};
  Word word{Word::Kind::ended, {}};
  if (!line.starts_with(kFailed)) return word;
  word.kind = Word::Kind::failed;
  line.remove_prefix(kFailed.size());
  std::from_chars(line.data(), line.data() + line.size(), word.code);
  return word;
}

}  // namespace

Result<Descriptor> start_detached(const std::vector<std::string>& argv, const std::vector<std::string>& variables, int output) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(internal_error(fmt::format("no pipe: {}", std::strerror(errno))));
  Descriptor ours(ends[0]), theirs(ends[1]);
  const Launch launch{pointers(argv), pointers(variables), "cannot run " + argv.front() + "\n", output, theirs.get()};
  const pid_t between = ::fork();
  if (between < 0) return fail(internal_error(fmt::format("cannot start a process: {}", std::strerror(errno))));
  if (between == 0) {
    ::setsid();
    if (::fork() == 0) become(launch);
    ::_exit(0);
  }
  while (::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
  }
  return ours;
}

Word wait_for_word(const Descriptor& pipe, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  std::string heard;
  bool late = false;
  while (!heard.ends_with('\n') && read_some(pipe.get(), heard, deadline, late)) {
  }
  if (late) {
    end_silent(heard);
    return {Word::Kind::silent, {}};
  }
  if (heard.size() < sizeof(pid_t) || !heard.ends_with('\n')) return {Word::Kind::ended, {}};
  return understand(std::string_view(heard).substr(sizeof(pid_t), heard.size() - sizeof(pid_t) - 1));
}

Starter::Starter(int descriptor) : pipe_(descriptor) {
  if (pipe_ && ::fcntl(pipe_.get(), F_SETFD, FD_CLOEXEC) != 0) pipe_.reset();
}

void Starter::say(std::string_view line) {
  if (!pipe_) return;
  static_cast<void>(!::write(pipe_.get(), line.data(), line.size()));
  pipe_.reset();
}

void Starter::ready(std::string_view text) { say(fmt::format("{}{}\n", kReady, text)); }

void Starter::failed(int code) { say(fmt::format("{}{}\n", kFailed, code)); }

}  // namespace penstock::app
