#include "app/background.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "app/detach.h"
#include "app/load_catalog.h"
#include "app/process_handle.h"
#include "app/process_proof.h"
#include "app/server.h"
#include "app/state_dir.h"
#include "base/log.h"
#include "base/text.h"

extern char** environ;

namespace penstock::app {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr int kConfigFault = 78;                  // EX_CONFIG, serve's exit code for it
constexpr milliseconds kAfterDrain{5'000};        // what a gateway may need beyond its drain time
constexpr milliseconds kLongestDrain{3'600'000};  // server.drain's largest value
constexpr milliseconds kAtOnce{2'000};            // from the second SIGTERM to SIGKILL
constexpr milliseconds kAfterKill{5'000};         // the kernel's time to take a process apart
constexpr milliseconds kLetGo{10'000};            // from SIGTERM to the next gateway's turn
constexpr std::size_t kTailLines = 20, kTail = 8 * 1024;

Error cannot(const char* what, const std::string& path) {
  return config_error(fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

/// Absolute: the gateway's own folder is /.
std::string folder_of(const config::Environment& environment) {
  const auto folder = state_dir(environment);
  std::error_code error;
  return folder.empty() ? "" : fs::absolute(folder, error).string();
}

Result<Sighting> look(const std::string& folder) {
  TRY_STATUS(check_state_dir(folder));
  auto seen = look_for_gateway(folder);
  if (seen && seen->pid == Sighting::kElsewhere)
    return fail(
        config_error(fmt::format("a gateway holds {}/gateway.json that cannot be seen from here (in a container, or on another machine); "
                                 "set PENSTOCK_STATE_DIR to a "
                                 "folder of this machine's own",
                                 folder)));
  return seen;
}

Result<std::optional<Running>> running_in(const std::string& folder) {
  TRY(const Sighting seen, look(folder));
  if (seen.pid == 0) return std::nullopt;
  auto running = running_from(seen.text);
  if (!running) return fail(internal_error(fmt::format("{}/gateway.json: {}", folder, running.error().message)));
  running->pid = seen.pid;  // the lock's holder, not what is written
  return *running;
}

/// One start or restart at a time: who comes second waits here until the first one's gateway runs.
Result<Descriptor> take_turn(const std::string& folder) {
  TRY_STATUS(make_state_dir(folder));
  const std::string path = folder + "/start.lock";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return fail(cannot("write", path));
  while (::flock(file.get(), LOCK_EX) != 0)
    if (errno != EINTR) return fail(cannot("lock", path));
  return file;
}

std::string own_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

std::vector<std::string> own_variables() {
  std::vector<std::string> out;
  for (char** one = environ; *one; ++one) out.emplace_back(*one);
  return out;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  return path.empty() ? "" : fs::absolute(path, error).lexically_normal().string();
}

std::vector<std::string> arguments(const StartOptions& options, const std::string& folder) {
  std::vector<std::string> argv{options.program.empty() ? own_program() : options.program,
                                "serve",
                                "--log-file",
                                log_path(folder),
                                "--ready-fd",
                                std::to_string(kReadyDescriptor)};
  // Found here, because "./penstock.yaml" is somewhere else for a process whose folder is /.
  if (const auto file = config::find_file(options.config, options.environment); !file.empty())
    argv.insert(argv.end(), {"--config", absolute(file)});
  if (!options.listen.empty()) argv.insert(argv.end(), {"--listen", options.listen});
  return argv;
}

std::vector<std::string> variables(const StartOptions& options, const std::string& folder) {
  auto out = options.variables ? *options.variables : background_variables(own_variables());
  if (folder == state_dir(options.environment)) return out;
  std::erase_if(out, [](const auto& one) { return one.starts_with("PENSTOCK_STATE_DIR="); });
  out.push_back("PENSTOCK_STATE_DIR=" + folder);  // it was relative to our folder
  return out;
}

off_t size_of(int file) {
  struct stat status{};
  return ::fstat(file, &status) == 0 ? status.st_size : 0;
}

/// The last lines of what was written to `path` behind `from`.
std::string tail(const std::string& path, off_t from) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return "";
  const off_t size = size_of(file.get());
  from = std::max(size < from ? 0 : from, size - static_cast<off_t>(kTail));
  std::string text(kTail, '\0');
  const auto count = ::pread(file.get(), text.data(), text.size(), from);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) lines.emplace_back(line);
  if (lines.size() > kTailLines) lines.erase(lines.begin(), lines.end() - kTailLines);
  return join(lines, "\n");
}

Error fault_of(const Word& word, const std::string& log, off_t from, milliseconds patience) {
  const auto said = tail(log, from);
  const auto words = said.empty() ? "" : ":\n" + said;
  if (word.kind == Word::Kind::silent)
    return internal_error(fmt::format("the gateway was not ready after {} s and was ended; its log is {}{}",
                                      std::chrono::duration<double>(patience).count(), log, words));
  if (word.kind == Word::Kind::failed && word.code == kConfigFault && !said.empty()) return config_error(said);
  return internal_error(fmt::format("the gateway did not start; its log is {}{}", log, words));
}

Result<Running> start_now(const StartOptions& options, const std::string& folder) {
  const auto log = log_path(folder);
  const Descriptor output(::open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600));
  if (!output) return fail(cannot("write", log));
  const auto before = size_of(output.get());
  TRY(const Descriptor pipe, start_detached(arguments(options, folder), variables(options, folder), output.get()));
  const Word word = wait_for_word(pipe, options.patience);
  if (word.kind != Word::Kind::ready) return fail(fault_of(word, log, before, options.patience));
  TRY(Running running, running_from(word.text));
  running.fresh = true;
  return running;
}

/// Waits for its end as long as is right, then ends it. True when it had to be killed.
bool end_process(const ProcessHandle& process, milliseconds patience, bool ask) {
  if (ask) process.signal(SIGTERM);
  if (process.wait_for_end(patience)) return false;
  process.signal(SIGTERM);  // a second one lets it say goodbye to its clients, and go
  if (process.wait_for_end(kAtOnce)) return false;
  process.signal(SIGKILL);
  static_cast<void>(process.wait_for_end(kAfterKill));
  return true;
}

/// The handle of a process that, with the handle open, still holds the lock and is a gateway of ours: so the handle is nobody else's.
/// Nothing when it has ended; fails when the lock is a stranger's.
template <int Sighting::* kRole>
Result<std::optional<ProcessHandle>> proven(const std::string& folder, int pid) {
  auto process = ProcessHandle::open(pid);
  const auto seen = look_for_gateway(folder);
  if (!process || !seen || (*seen).*kRole != pid) return std::nullopt;
  const auto running = running_from(seen->text);
  const int named = kRole == &Sighting::draining ? 0 : running ? running->pid : -1;  // the text is not of those who drain
  if (const auto doubt = why_no_gateway(pid, named); !doubt.empty() && !process->wait_for_end(milliseconds{0}))
    return fail(
        config_error(fmt::format("process {} holds a lock on {}/gateway.json, but {}: nothing was done to it; mend: end it yourself, "
                                 "or set PENSTOCK_STATE_DIR to another folder",
                                 pid, folder, doubt)));
  return process;
}

/// Until the process has left its place to a next gateway, or has ended.
bool wait_until_left(const ProcessHandle& process, const std::string& folder, int pid) {
  const Descriptor watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ::inotify_add_watch(watch.get(), (folder + "/gateway.json").c_str(), IN_MODIFY);
  const auto deadline = std::chrono::steady_clock::now() + kLetGo;
  for (;;) {
    const auto seen = look_for_gateway(folder);
    if (!seen || seen->pid != pid) return true;
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    std::array<pollfd, 2> events{pollfd{watch.get(), POLLIN, 0}, pollfd{process.descriptor(), POLLIN, 0}};
    if (left <= 0 || ::poll(events.data(), events.size(), static_cast<int>(left)) == 0) return false;
    char notes[4096];
    while (::read(watch.get(), notes, sizeof notes) > 0) {
    }
  }
}

/// What the last gateway was started with, wherever the new call is silent; a gateway that died is asked too, by what it left.
void take_over_options(const Sighting& seen, StartOptions& options) {
  const auto last = running_from(seen.text);
  if (!last) return;
  if (options.config.empty()) options.config = last->config_option.empty() ? last->config_path : last->config_option;
  if (options.listen.empty()) options.listen = last->listen_option;
}

/// A gateway that runs is not given up for one that would not start.
Status check_configuration(const StartOptions& options) {
  TRY(const auto catalog, load_catalog(options.environment));
  const auto config = read_config({.config_path = options.config, .listen = {}, .environment = options.environment}, catalog);
  if (!config) return fail(config_error(config.error() + "The gateway goes on as it was."));
  return {};
}

Status let_go(const std::string& folder, const Sighting& seen) {
  if (seen.pid == 0) return {};
  TRY(const auto process, proven<&Sighting::pid>(folder, seen.pid));
  if (!process) return {};  // it ended meanwhile
  if (!process->signal(SIGTERM)) return fail(internal_error(fmt::format("cannot stop process {}: {}", seen.pid, std::strerror(errno))));
  if (!wait_until_left(*process, folder, seen.pid)) end_process(*process, milliseconds{0}, false);
  return {};
}

bool is_name_of_session(std::string_view name) {
  if (name == "CLAUDE_CODE_OAUTH_TOKEN") return false;  // a credential (interface.md), not a mark
  return name == "CLAUDECODE" || name == "CLAUDE_PID" || name.starts_with("CLAUDE_CODE_") || name == "PENSTOCK_SERVICE" || name == "PWD" ||
         name == "OLDPWD";
}

}  // namespace

std::string log_path(const std::string& state_folder) { return state_folder + "/penstock.log"; }

std::vector<std::string> background_variables(const std::vector<std::string>& variables) {
  auto out = variables;
  std::erase_if(out, [](const std::string& one) { return is_name_of_session(one.substr(0, one.find('='))); });
  return out;
}

Result<std::optional<Running>> find_running(const config::Environment& environment) { return running_in(folder_of(environment)); }

Result<Running> start_in_background(const StartOptions& options) {
  const auto folder = folder_of(options.environment);
  TRY(auto running, running_in(folder));
  if (running) return *running;
  TRY(const Descriptor turn, take_turn(folder));
  TRY(auto meanwhile, running_in(folder));
  if (meanwhile) return *meanwhile;
  auto started = start_now(options, folder);
  if (started) return started;
  // One that was not started by us, a service's say, may have been faster.
  if (const auto other = running_in(folder); other && *other) return **other;
  return started;
}

Result<Stopped> stop_in_background(const config::Environment& environment, std::optional<milliseconds> patience) {
  const auto folder = folder_of(environment);
  TRY(const Sighting seen, look(folder));
  Stopped stopped;
  TRY(const auto first, proven<&Sighting::pid>(folder, seen.pid));
  if (first) {
    stopped.pid = seen.pid;
    const auto running = running_from(seen.text);
    stopped.killed = end_process(*first, patience.value_or((running ? running->drain : kLongestDrain) + kAfterDrain), true);
  }
  // Those that a restart, or a stop that was not waited for, has left draining. They have had their signal.
  for (int last = 0;;) {
    TRY(const Sighting now, look(folder));
    if (now.draining <= 0 || now.draining == last) break;
    TRY(const auto process, proven<&Sighting::draining>(folder, now.draining));
    if (!process) break;
    last = stopped.pid = now.draining;
    stopped.killed = end_process(*process, patience.value_or(kLongestDrain + kAfterDrain), false) || stopped.killed;
  }
  clear_stale(folder);
  return stopped;
}

Result<Running> restart_in_background(StartOptions options) {
  const auto folder = folder_of(options.environment);
  TRY(const Descriptor turn, take_turn(folder));
  TRY(const Sighting seen, look(folder));
  const auto last = running_from(seen.text);
  if (seen.pid > 0 && last && !last->service.empty())
    return fail(config_error(fmt::format("the gateway (process {}) is run by {}; mend: {}", seen.pid, last->service,
                                         last->service == "systemd" ? "systemctl --user restart penstock" : "restart the service there")));
  StartOptions before = options;  // as it runs now
  before.config = before.listen = "";
  take_over_options(seen, before);
  take_over_options(seen, options);
  if (seen.pid > 0) TRY_STATUS(check_configuration(options));
  TRY_STATUS(let_go(folder, seen));
  auto started = start_now(options, folder);
  if (started || seen.pid == 0) return started;
  // The new options did not do: what ran before is better than nothing.
  if (const auto back = start_now(before, folder)) started.error().message += fmt::format("\nthe gateway runs as before, at {}", back->url);
  return started;
}

std::optional<Presence> announce(const config::Environment& environment, const Running& running) {
  const auto folder = folder_of(environment);
  auto taken = Presence::take(folder, to_json(running));
  if (!taken) {
    log_warning("penstock status will not find this gateway: {}", taken.error().message);
    return std::nullopt;
  }
  if (!*taken) log_info("another gateway has {} already: penstock status and stop mean that one", folder);
  return std::move(*taken);
}

}  // namespace penstock::app
