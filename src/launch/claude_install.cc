#include "launch/claude_install.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/descriptor.h"
#include "base/process.h"
#include "base/text.h"
#include "credentials/private_file.h"
#include "json/padded.h"
#include "json/scan.h"
#include "launch/claude_program.h"

namespace penstock::launch {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::string_view kPackage = "@anthropic-ai/claude-code";
constexpr std::string_view kUnfinished = ".new-";
constexpr milliseconds kAskPatience{60'000}, kTryPatience{60'000};
constexpr std::size_t kMostLines = 6;  // of npm's words

std::string versions_folder(const std::string& state_dir) { return fs::path(version_folder(state_dir, "x")).parent_path().string(); }

bool is_program(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

std::string last_lines(std::string_view text) {
  auto lines = split(text, '\n');
  if (lines.size() > kMostLines) lines.erase(lines.begin(), lines.end() - kMostLines);
  std::string out;
  for (const auto line : lines) out += "\n  " + std::string(line);
  return out;
}

/// npm, from the PATH and with the HOME that we were given; no shell between.
Result<ProcessResult> npm(std::vector<std::string> arguments, milliseconds patience, const InstallGround& ground) {
  std::map<std::string, std::string> variables{{"npm_config_update_notifier", "false"}};
  for (const auto* name : {"PATH", "HOME"})
    if (const auto value = ground.environment(name)) variables[name] = *value;
  std::string program;
  for (const auto folder : split(variables["PATH"], ':'))
    if (const std::string path = std::string(folder) + "/npm"; program.empty() && is_program(path)) program = path;
  if (program.empty())
    return fail(
        config_error("npm, which installs Claude Code's versions, was not found in PATH; mend: install Node.js with npm (apt-get "
                     "install npm), or leave --claude-version out to use the claude that is there"));
  arguments.insert(arguments.begin(), program);
  return run(arguments, "", patience, variables);
}

/// Held while one process installs; ends with it.
Result<Descriptor> lock_versions(const std::string& folder, const InstallGround& ground) {
  TRY_STATUS(credentials::make_private_folder(folder));
  Descriptor file(::open((folder + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return fail(config_error(fmt::format("cannot write {}: {}", folder, std::strerror(errno))));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  ground.say("another penstock is installing; waiting for it");
  while (::flock(file.get(), LOCK_EX) != 0)
    if (errno != EINTR) return fail(config_error(fmt::format("cannot lock {}: {}", folder, std::strerror(errno))));
  return file;
}

/// What an installation left that was cut off. Only under the lock.
void sweep(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> left;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().filename().string().starts_with(kUnfinished)) left.push_back(at->path());
  for (const auto& path : left) fs::remove_all(path, error);
}

/// A folder beside the final one, gone with this object.
class Workplace {
 public:
  explicit Workplace(const std::string& folder) : path_(folder + "/" + std::string(kUnfinished) + "XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The program says its version, in a config dir that is thrown away.
Status try_program(const std::string& folder, const std::string& version) {
  const auto said = run({folder + std::string(kInstalledProgram), "--version"}, "", kTryPatience,
                        {{"CLAUDE_CONFIG_DIR", folder + "/tried"}, {"DISABLE_AUTOUPDATER", "1"}});
  if (said && said->code == 0 && trim(said->out).starts_with(version)) {
    std::error_code error;
    fs::remove_all(folder + "/tried", error);
    return {};
  }
  const std::string why = !said ? "\n  " + said.error().message : last_lines(said->err + said->out);
  return fail(
      config_error(fmt::format("npm installed Claude Code {}, but its program does not start; its install script must be allowed to "
                               "run (npm config get ignore-scripts){}",
                               version, why)));
}

Status install_into(const std::string& folder, const std::string& version, const InstallGround& ground) {
  TRY(const auto done,
      npm({"install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error", fmt::format("{}@{}", kPackage, version)},
          ground.patience, ground));
  if (done.code != 0)
    return fail(config_error(fmt::format("npm could not install Claude Code {}:{}", version, last_lines(done.err + done.out))));
  return try_program(folder, version);
}

Status put_in_place(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::remove_all(to, error);  // one whose program is gone
  fs::rename(from, to, error);
  if (error) return fail(config_error(fmt::format("cannot make {}: {}", to, error.message())));
  return {};
}

bool is_digits(std::string_view text) { return parse_unsigned(text).has_value(); }

}  // namespace

bool is_version(std::string_view text) {
  const auto numbers = text.substr(0, text.find('-'));
  const auto first = numbers.find('.'), second = numbers.rfind('.');
  if (first == std::string_view::npos || first == second) return false;
  const auto safe = [](char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '.' || c == '-'; };
  return is_digits(numbers.substr(0, first)) && is_digits(numbers.substr(first + 1, second - first - 1)) &&
         is_digits(numbers.substr(second + 1)) && text.back() != '-' && std::ranges::all_of(text, safe);
}

bool is_channel(std::string_view text) { return text == "latest" || text == "stable"; }

Result<std::string> resolve_version(const std::string& wanted, const InstallGround& ground) {
  if (is_version(wanted)) return wanted;
  if (!is_channel(wanted))
    return fail(client_error(ErrorKind::invalid_request, json_quote(wanted) + " is no version; write X.Y.Z, latest or stable"));
  TRY(const auto said, npm({"view", std::string(kPackage), "dist-tags", "--json", "--loglevel=error"}, kAskPatience, ground));
  if (said.code != 0) return fail(config_error("npm could not tell the versions of Claude Code:" + last_lines(said.err + said.out)));
  const json::Padded text(said.out);
  json::Document document;
  if (!document.index(text.text())) return fail(config_error("npm's answer cannot be read:" + last_lines(said.out)));
  const auto tag = document.root().find(wanted);
  if (tag && is_version(tag->text())) return tag->text();
  std::string known;
  for (const auto [key, value] : document.root().members()) known += (known.empty() ? "" : ", ") + key.text() + " (" + value.text() + ")";
  return fail(config_error(fmt::format("the registry has no version of Claude Code that it calls {}; it has: {}", wanted, known)));
}

Result<std::string> install_claude(const std::string& version, const InstallGround& ground) {
  if (!is_version(version)) return fail(client_error(ErrorKind::invalid_request, json_quote(version) + " is no version; write X.Y.Z"));
  const std::string place = version_folder(ground.state_dir, version), program = place + std::string(kInstalledProgram);
  if (is_program(program)) return program;
  const std::string folder = versions_folder(ground.state_dir);
  TRY(const auto lock, lock_versions(folder, ground));
  if (is_program(program)) return program;
  sweep(folder);
  ground.say(fmt::format("installing Claude Code {} from npm; this may take a minute", version));
  const Workplace work(folder);
  if (work.path().empty()) return fail(config_error(fmt::format("cannot write {}: {}", folder, std::strerror(errno))));
  TRY_STATUS(install_into(work.path(), version, ground));
  TRY_STATUS(put_in_place(work.path(), place));
  return program;
}

Status point_channel(const std::string& state_dir, const std::string& channel, const std::string& version) {
  const std::string link = version_folder(state_dir, channel),
                    beside = fmt::format("{}/{}{}", versions_folder(state_dir), kUnfinished, channel);
  std::error_code error;
  fs::remove(beside, error);
  fs::create_directory_symlink(version, beside, error);
  if (!error) fs::rename(beside, link, error);
  if (error) return fail(config_error(fmt::format("cannot make {}: {}", link, error.message())));
  return {};
}

std::vector<std::string> remove_other_versions(const std::string& state_dir, const std::vector<std::string>& keep) {
  std::vector<std::string> kept = keep, found, removed;
  std::error_code error;
  for (fs::directory_iterator at(versions_folder(state_dir), error), end; !error && at != end; at.increment(error))
    found.push_back(at->path().filename().string());
  for (const auto& name : keep)
    if (is_channel(name)) kept.push_back(fs::read_symlink(version_folder(state_dir, name), error).string());
  std::ranges::sort(found);
  for (const auto& name : found) {
    const bool ours = is_version(name) || is_channel(name);
    if (!ours || std::ranges::find(kept, name) != kept.end()) continue;
    fs::remove_all(version_folder(state_dir, name), error);  // of a channel, the link alone
    if (!error) removed.push_back(name);
  }
  return removed;
}

}  // namespace penstock::launch
