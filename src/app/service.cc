#include "app/service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/background.h"
#include "app/state_dir.h"
#include "base/plain_file.h"
#include "base/text.h"

namespace penstock::app {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnit = "penstock.service", kLabel = "penstock.gateway";
constexpr std::size_t kMostRead = 1U << 20;
constexpr std::chrono::seconds kPatience{60};  // systemctl waits for the start and the stop

std::string value(const config::Environment& environment, const char* name) { return environment(name).value_or(""); }

std::string absolute(const std::string& path) {
  std::error_code error;
  return path.empty() ? "" : fs::absolute(path, error).lexically_normal().string();
}

/// Empty when there is no such file; what is no file was not written by us.
std::string read(const std::string& path) {
  auto text = read_plain_file(path, kMostRead);
  return text && *text ? std::move(**text) : "";
}

unsigned missing_folders(fs::path folder) {
  unsigned count = 0;
  for (std::error_code error; !folder.empty() && !fs::exists(folder, error) && folder != folder.root_path(); folder = folder.parent_path())
    ++count;
  return count;
}

Status write_file(const std::string& path, const std::string& text) {
  const auto failed = [&] { return fail(config_error(fmt::format("cannot write {}: {}", path, std::strerror(errno)))); };
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  const std::string beside = path + ".new";
  if (!(std::ofstream(beside, std::ios::trunc) << text << std::flush)) return failed();
  if (std::rename(beside.c_str(), path.c_str()) != 0) return failed();
  return {};
}

/// A line break in a path would be a line of the service's file.
Status are_words(const ServiceText& text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  for (const auto* word : {&text.program, &text.config, &text.listen, &text.environment_file, &text.state_dir, &text.log_file})
    if (std::ranges::any_of(*word, control))
      return fail(config_error(
          fmt::format("\"{}\" holds a line break or another control character, which a service's file cannot carry", printable(*word))));
  return {};
}

Result<ServiceText> describe(const ServiceOptions& options, unsigned folders) {
  ServiceText text;
  std::error_code error;
  text.program = options.program.empty() ? fs::read_symlink("/proc/self/exe", error).string() : options.program;
  if (text.program.empty() || !fs::exists(text.program, error))
    return fail(internal_error("this program's own file is gone; install the service with the one that is to run"));
  if (options.platform == ServicePlatform::systemd && text.program.find_first_of("\"'\\") != std::string::npos)
    return fail(config_error("systemd runs no program whose path holds a quote or a backslash: " + text.program));
  text.config = absolute(config::find_file(options.config, options.environment));
  text.listen = options.listen;
  text.environment_file = config::config_home(options.environment) + "/penstock/environment";
  const auto state = absolute(state_dir(options.environment));
  const auto says = [&](const char* name) { return !value(options.environment, name).empty(); };
  if (says("PENSTOCK_STATE_DIR") || says("XDG_STATE_HOME")) text.state_dir = state;
  if (options.platform == ServicePlatform::launchd) text.log_file = log_path(state);
  text.made_folders = folders;
  TRY_STATUS(are_words(text));
  return text;
}

std::string file_text(ServicePlatform platform, const ServiceText& text) {
  return platform == ServicePlatform::systemd ? systemd_unit(text) : launchd_plist(text);
}

Error foreign(const std::string& path) { return config_error(path + " was not written by penstock service install; move it away first"); }

std::vector<std::string> systemctl(std::initializer_list<std::string> words) {
  std::vector<std::string> argv{"systemctl", "--user"};
  argv.insert(argv.end(), words);
  return argv;
}

std::string domain() { return fmt::format("gui/{}", ::getuid()); }

/// What makes the service known, before anything that runs is touched.
std::vector<std::vector<std::string>> commands_to_enable(ServicePlatform platform) {
  if (platform == ServicePlatform::systemd) return {systemctl({"daemon-reload"}), systemctl({"enable", std::string(kUnit)})};
  return {};
}

std::vector<std::string> command_to_start(ServicePlatform platform, const std::string& path) {
  if (platform == ServicePlatform::systemd) return systemctl({"restart", std::string(kUnit)});
  return {"launchctl", "bootstrap", domain(), path};
}

std::vector<std::string> command_to_stop(ServicePlatform platform) {
  if (platform == ServicePlatform::systemd) return systemctl({"disable", "--now", std::string(kUnit)});
  return {"launchctl", "bootout", fmt::format("{}/{}", domain(), kLabel)};
}

/// Succeeds when the program was there and content.
Status run_checked(const ServiceOptions& options, const std::vector<std::string>& argv) {
  TRY(const auto result, options.run(argv));
  if (result.code == 0) return {};
  return fail(internal_error(fmt::format("{}: {}", join(argv, " "), trim(result.err.empty() ? result.out : result.err))));
}

/// A gateway in the background has the address that the service wants.
Status make_room(const config::Environment& environment, ServiceDone& done) {
  TRY(const auto running, find_running(environment));
  if (!running || !running->service.empty()) return {};
  TRY_STATUS(stop_in_background(environment));
  done.notes.push_back(fmt::format("the gateway that ran before (process {}) was stopped; the service takes its place", running->pid));
  return {};
}

Status enable(const ServiceOptions& options, ServiceDone& done) {
  if (options.platform == ServicePlatform::launchd)
    static_cast<void>(options.run(command_to_stop(options.platform)));  // an older one of ours
  for (const auto& argv : commands_to_enable(options.platform)) TRY_STATUS(run_checked(options, argv));
  TRY_STATUS(make_room(options.environment, done));
  return run_checked(options, command_to_start(options.platform, done.path));
}

std::vector<std::string> by_hand(ServicePlatform platform, const std::string& path) {
  std::vector<std::string> lines;
  for (const auto& argv : commands_to_enable(platform)) lines.push_back(join(argv, " "));
  lines.push_back(join(command_to_start(platform, path), " "));
  return lines;
}

void remove_folders(const std::string& path, unsigned count) {
  std::error_code error;
  auto folder = fs::path(path).parent_path();
  // fs::remove takes only empty folders, and stops us at the first that is not.
  for (; count > 0 && fs::remove(folder, error); --count) folder = folder.parent_path();
}

/// What `systemctl enable` made, for when it cannot be asked to undo it.
void remove_link(const std::string& path) {
  std::error_code error;
  const auto wants = fs::path(path).parent_path() / "default.target.wants";
  if (fs::is_symlink(wants / kUnit, error) && fs::remove(wants / kUnit, error)) fs::remove(wants, error);  // if it is empty
}

}  // namespace

ServicePlatform own_platform() {
#ifdef __APPLE__
  return ServicePlatform::launchd;
#else
  return ServicePlatform::systemd;
#endif
}

ServiceRunner system_runner() {
  return [](const std::vector<std::string>& argv) { return run(argv, "", kPatience); };
}

std::string service_path(ServicePlatform platform, const config::Environment& environment) {
  if (platform == ServicePlatform::launchd) {
    const auto home = value(environment, "HOME");
    return home.empty() ? "" : fmt::format("{}/Library/LaunchAgents/{}.plist", home, kLabel);
  }
  const auto folder = config::config_home(environment);
  return folder.empty() ? "" : fmt::format("{}/systemd/user/{}", folder, kUnit);
}

Result<std::string> service_file(const ServiceOptions& options) {
  const auto path = service_path(options.platform, options.environment);
  if (path.empty()) return fail(config_error("HOME is not set: there is no place for the service's file"));
  std::error_code error;
  auto folders = missing_folders(fs::path(path).parent_path());
  if (fs::exists(path, error)) {
    const auto before = made_folders(read(path));
    if (!before) return fail(foreign(path));
    folders = *before;
  }
  TRY(const auto text, describe(options, folders));
  return file_text(options.platform, text);
}

Result<ServiceDone> install_service(const ServiceOptions& options) {
  TRY(const auto text, service_file(options));
  ServiceDone done;
  done.path = service_path(options.platform, options.environment);
  done.changed = true;
  TRY_STATUS(write_file(done.path, text));
  const auto enabled = enable(options, done);
  if (enabled) return done;
  done.left_to_do = by_hand(options.platform, done.path);
  if (enabled.error().kind == ErrorKind::not_found) return done;
  return fail(internal_error(fmt::format("{}\n{} is written; where your services run (after a login), finish with:\n  {}",
                                         enabled.error().message, done.path, join(done.left_to_do, "\n  "))));
}

Result<ServiceDone> remove_service(const ServiceOptions& options) {
  ServiceDone done;
  done.path = service_path(options.platform, options.environment);
  std::error_code error;
  if (done.path.empty() || !fs::exists(done.path, error)) return done;
  const auto folders = made_folders(read(done.path));
  if (!folders) return fail(foreign(done.path));
  if (const auto stopped = run_checked(options, command_to_stop(options.platform)); !stopped)
    done.notes.push_back(stopped.error().message + "; if the service runs, stop it with penstock stop");
  if (options.platform == ServicePlatform::systemd) remove_link(done.path);
  if (!fs::remove(done.path, error)) return fail(config_error(fmt::format("cannot remove {}: {}", done.path, error.message())));
  remove_folders(done.path, *folders);
  done.changed = true;
  if (options.platform == ServicePlatform::systemd) static_cast<void>(options.run(systemctl({"daemon-reload"})));
  return done;
}

}  // namespace penstock::app
