#include "doctor/child_gateway.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/text.h"

namespace penstock::doctor {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kStart{10}, kEnd{5};
constexpr std::string_view kListening = "listening on ";

int milliseconds_until(Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// Our own environment, but with a state folder that nobody else uses.
std::vector<std::string> environment_with(const std::string& state_dir) {
  constexpr std::string_view kName = "PENSTOCK_STATE_DIR=";
  std::vector<std::string> variables{std::string(kName) + state_dir};
  for (char** at = ::environ; at && *at; ++at)
    if (!std::string_view(*at).starts_with(kName)) variables.emplace_back(*at);
  return variables;
}

/// In the child, between fork and exec: system calls only. It ends when we do, however that is.
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment, int output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execve(program, arguments, environment);
  constexpr std::string_view kFailed = "the program cannot be run\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kFailed.data(), kFailed.size());
  ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<ChildGateway>> ChildGateway::start(const std::string& program, const std::string& config) {
  std::unique_ptr<ChildGateway> gateway(new ChildGateway);
  TRY_STATUS(gateway->spawn(program, config));
  TRY_STATUS(gateway->wait_for_url());
  gateway->drainer_ = std::thread([raw = gateway.get()] { raw->drain(); });
  return gateway;
}

Status ChildGateway::spawn(const std::string& program, const std::string& config) {
  std::error_code error;
  std::string pattern = (std::filesystem::temp_directory_path(error) / "penstock-doctor-XXXXXX").string();
  const char* made = ::mkdtemp(pattern.data());
  if (!made) return fail(internal_error(fmt::format("cannot make a folder {}: {}", pattern, std::strerror(errno))));
  state_dir_ = made;
  std::vector<std::string> arguments{program, "serve", "--listen", "127.0.0.1:0"};
  if (!config.empty()) arguments.insert(arguments.end(), {"--config", config});
  std::vector<std::string> environment = environment_with(state_dir_);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(internal_error(fmt::format("cannot make a pipe: {}", std::strerror(errno))));
  output_.reset(ends[0]);
  const Descriptor input(ends[1]);
  const auto argv = pointers(arguments), envp = pointers(environment);
  const pid_t parent = ::getpid();
  child_ = ::fork();
  if (child_ == 0) become(program.c_str(), argv.data(), envp.data(), input.get(), parent);
  if (child_ < 0) return fail(internal_error(fmt::format("cannot start the gateway: {}", std::strerror(errno))));
  return {};
}

Status ChildGateway::wait_for_url() {
  const auto end = Clock::now() + kStart;
  std::array<char, 4096> piece{};
  for (;;) {
    pollfd wait{output_.get(), POLLIN, 0};
    const int ready = ::poll(&wait, 1, milliseconds_until(end));
    if (ready < 0 && errno == EINTR) continue;
    const auto got = ready > 0 ? ::read(output_.get(), piece.data(), piece.size()) : 0;
    if (got <= 0) return fail(why_not());
    written_.append(piece.data(), static_cast<std::size_t>(got));
    const auto at = written_.find(kListening);
    const auto stop = at == std::string::npos ? at : written_.find('\n', at);
    if (stop == std::string::npos) continue;
    url_ = written_.substr(at + kListening.size(), stop - at - kListening.size());
    return {};
  }
}

Error ChildGateway::why_not() const {
  const auto words = trim(written_);
  return internal_error(words.empty() ? "the gateway did not start" : fmt::format("the gateway did not start: {}", words));
}

void ChildGateway::drain() {
  std::array<char, 4096> piece{};
  for (;;) {
    const auto got = ::read(output_.get(), piece.data(), piece.size());
    if (got == 0 || (got < 0 && errno != EINTR)) return;
  }
}

/// A gateway without requests ends at once.
void ChildGateway::end() {
  ::kill(child_, SIGTERM);
  const auto deadline = Clock::now() + kEnd;
  for (;;) {
    if (::waitpid(child_, nullptr, WNOHANG) != 0) return;
    if (Clock::now() >= deadline) break;
    ::poll(nullptr, 0, 10);
  }
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

ChildGateway::~ChildGateway() {
  if (child_ > 0) end();
  if (drainer_.joinable()) drainer_.join();
  std::error_code error;
  if (!state_dir_.empty()) std::filesystem::remove_all(state_dir_, error);
}

}  // namespace penstock::doctor
