#include "cli/read_secret.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/descriptor.h"
#include "credentials/private_file.h"

namespace penstock::cli {

namespace {

constexpr std::size_t kMostRead = 64 * 1024;
constexpr std::size_t kTerminalLine = 4096;  // with its line break; the kernel drops what is more

Error cannot(std::string_view what) { return config_error(fmt::format("{}: {}", what, std::strerror(errno))); }

/// Echo is off while this lives.
class QuietTerminal {
 public:
  explicit QuietTerminal(int terminal) : terminal_(terminal), was_(::tcgetattr(terminal, &before_) == 0) {
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK);
    quiet.c_lflag |= ECHONL;
    quiet_ = was_ && ::tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() {
    if (was_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  [[nodiscard]] bool is_quiet() const { return quiet_; }

 private:
  termios before_{};
  int terminal_;
  bool was_, quiet_ = false;
};

/// The signals that end or stop us wait while this lives, and can be polled for: no code of ours runs inside a signal.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP})
      if (struct sigaction action{}; ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) sigaddset(&held, signal);
    pthread_sigmask(SIG_BLOCK, &held, &before_);
    arrived_ = Descriptor(::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  [[nodiscard]] int descriptor() const { return arrived_.get(); }
  /// The next one that came; 0 for none.
  [[nodiscard]] int take() const {
    signalfd_siginfo info{};
    return ::read(arrived_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  sigset_t before_{};
  Descriptor arrived_;
};

/// A line, or the signal that came before it was complete.
struct Line {
  std::string text;
  int signal = 0;
};

Result<Line> read_line(int in, const HeldSignals& signals) {
  Line line;
  std::array<char, 4096> piece{};
  while (line.text.size() < kMostRead) {
    std::array<pollfd, 2> on{{{in, POLLIN, 0}, {signals.descriptor(), POLLIN, 0}}};
    if (::poll(on.data(), on.size(), -1) < 0 && errno != EINTR) return fail(cannot("cannot wait for the terminal"));
    if (line.signal = signals.take(); line.signal != 0) break;
    if (on[0].revents == 0) continue;
    const ssize_t count = ::read(in, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(cannot("cannot read from the terminal"));
    line.text.append(piece.data(), static_cast<std::size_t>(count));
    explicit_bzero(piece.data(), piece.size());
    if (count == 0 || line.text.ends_with('\n')) break;
  }
  return line;
}

/// One attempt; `signal` is set when one came in between. Everything is as before when it returns.
Result<Secret> ask_once(int in, int out, std::string_view prompt, int& signal) {
  const HeldSignals signals;
  const QuietTerminal terminal(in);
  if (!terminal.is_quiet()) return fail(config_error("the terminal does not switch its echo off; give the key on standard input"));
  if (::write(out, prompt.data(), prompt.size()) < 0) return fail(cannot("cannot write the prompt"));
  TRY(auto line, read_line(in, signals));
  signal = line.signal;
  Secret secret(std::move(line.text));
  if (signal == 0 && secret.reveal().size() >= kTerminalLine)
    return fail(
        config_error(fmt::format("a terminal cuts lines at {} characters, so this key may not be whole; nothing was stored; use "
                                 "--from-file, or standard input",
                                 kTerminalLine - 1)));
  auto text = secret.reveal();
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return Secret(std::string(text));
}

}  // namespace

Result<Secret> ask_secret(int in, int out, std::string_view prompt) {
  for (;;) {
    int signal = 0;
    auto secret = ask_once(in, out, prompt, signal);
    if (signal == 0) return secret;
    ::raise(signal);  // now that the terminal is as it was; ends or stops us
    if (signal != SIGTSTP) return fail({ErrorKind::cancelled, Fault::client, "interrupted; nothing was stored"});
  }
}

Result<Secret> read_secret(int in) {
  std::string text(kMostRead + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(in, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(cannot("cannot read the key"));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  Secret secret(std::move(text));
  if (size > kMostRead) return fail(config_error("that is too large to be a key"));
  return secret;
}

Result<Secret> secret_from_file(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail(cannot("the file of --from-file cannot be read"));
  if (S_ISDIR(status.st_mode)) return fail(config_error("the file of --from-file is a folder"));
  if (!S_ISREG(status.st_mode)) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return fail(cannot("the file of --from-file cannot be read"));
    return read_secret(file.get());
  }
  TRY(auto text, credentials::read_private(path));
  return Secret(std::move(text).value_or(""));
}

}  // namespace penstock::cli
