#include "launch/config_dir.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "credentials/private_file.h"
#include "json/merge.h"
#include "json/padded.h"

namespace penstock::launch {

namespace {

namespace fs = std::filesystem;

// The answers to the questions of a first start, as 2.1.197 and 2.1.328 keep them in .claude.json.
constexpr auto kAnswers =
    std::to_array<std::string_view>({"hasCompletedOnboarding", "lastOnboardingVersion", "theme", "bypassPermissionsModeAccepted"});
constexpr auto kProjectAnswers = std::to_array<std::string_view>({"hasTrustDialogAccepted", "hasCompletedProjectOnboarding"});
constexpr auto kCarried = std::to_array<std::string_view>({"CLAUDE.md", "skills", "agents", "commands"});

// More than any .claude.json has; and a pipe in its place would be read for ever.
constexpr std::uintmax_t kMostRead = 64U << 20;
constexpr int kDeepest = 16;  // folders in folders
constexpr std::chrono::hours kSettingsAge{30 * 24};

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string read_own(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && fs::file_size(path, error) <= kMostRead ? read_text(path) : "";
}

/// `folder` is `path` or one of the folders above it.
bool is_above(std::string_view folder, std::string_view path) {
  return path.starts_with(folder) && (path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/');
}

void append_member(std::string& object, std::string_view key, std::string_view json) {
  object += (object.empty() ? "" : ",") + json_quote(key) + ":" + std::string(json);
}

/// `"PATH":{answers}` of every project that the work folder lies in.
std::string projects_of(json::Value projects, const std::string& work_dir) {
  std::string out;
  for (const auto [key, project] : projects.members()) {
    const std::string path = key.text();
    if (!is_above(path, work_dir)) continue;
    std::string answers;
    for (const auto answer : kProjectAnswers)
      if (const auto value = project.find(answer); value && value->boolean().value_or(false)) append_member(answers, answer, "true");
    if (!answers.empty()) append_member(out, path, "{" + answers + "}");
  }
  return out;
}

/// The user's own .claude.json, and the folder with the user's CLAUDE.md and skills.
struct OwnFiles {
  std::string state, folder;
};

OwnFiles own_files(const ConfigDirWish& wish) {
  if (!wish.own_config_dir.empty()) return {wish.own_config_dir + "/.claude.json", wish.own_config_dir};
  return {wish.home + "/.claude.json", wish.home + "/.claude"};
}

/// A folder that the user chose may be as open as the user likes; a new one is private.
Status make_folder(const std::string& folder) {
  std::error_code error;
  return fs::is_directory(folder, error) ? Status{} : credentials::make_private_folder(folder);
}

/// Copies files and folders, and tells what it left out. The links in a folder may lead anywhere, so none is followed.
class Carrier {
 public:
  /// `name` is below both folders. What the user's folder has under that name may itself be a link: dotfiles are kept so.
  Status carry(const fs::path& from, const fs::path& to, std::string_view name) {
    std::error_code error;
    const fs::path source = fs::canonical(from / name, error);
    return error ? Status{} : copy(source, to / name, 0);
  }
  std::vector<std::string> take_warnings() { return std::move(warnings_); }

 private:
  Status copy(const fs::path& source, const fs::path& target, int depth) {
    std::error_code error;
    const auto kind = fs::symlink_status(source, error).type();
    if (fs::is_symlink(fs::symlink_status(target, error))) return leave_out(target, "is a symbolic link");
    if (kind == fs::file_type::regular) return copy_file(source, target);
    if (kind != fs::file_type::directory) return leave_out(source, kind == fs::file_type::symlink ? "is a symbolic link" : "is no file");
    if (depth == kDeepest) return leave_out(source, "lies too deep");
    fs::create_directory(target, error);
    for (fs::directory_iterator at(source, error), end; !error && at != end; at.increment(error))
      TRY_STATUS(copy(at->path(), target / at->path().filename(), depth + 1));
    return error ? fault(source, target, error) : Status{};
  }

  static Status copy_file(const fs::path& source, const fs::path& target) {
    std::error_code error;
    fs::copy_file(source, target, fs::copy_options::update_existing, error);
    return error ? fault(source, target, error) : Status{};
  }
  static Status fault(const fs::path& source, const fs::path& target, const std::error_code& error) {
    return fail(config_error(fmt::format("cannot copy {} to {}: {}", source.string(), target.string(), error.message())));
  }
  Status leave_out(const fs::path& path, std::string_view why) {
    warnings_.push_back(fmt::format("--carry leaves out {}: it {}", path.string(), why));
    return {};
  }

  std::vector<std::string> warnings_;
};

Result<std::vector<std::string>> carry_over(const std::string& from, const std::string& to) {
  Carrier carrier;
  for (const auto name : kCarried) TRY_STATUS(carrier.carry(from, to, name));
  return carrier.take_warnings();
}

bool same_folder(const std::string& one, const std::string& other) {
  std::error_code error;
  return fs::equivalent(one, other, error);
}

/// One of ours: penstock-, 16 digits, .json.
bool is_settings_file(const fs::path& path) {
  const std::string name = path.filename().string();
  constexpr std::string_view kBegin = "penstock-", kEnd = ".json";
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd) || name.size() != kBegin.size() + 16 + kEnd.size()) return false;
  return name.find_first_not_of("0123456789abcdef", kBegin.size()) == name.size() - kEnd.size();
}

/// Each session in other circumstances has a settings file of its own; those that none has used for long go.
void remove_old_settings(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> old;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code inner;
    const auto age = fs::file_time_type::clock::now() - fs::last_write_time(at->path(), inner);
    if (!inner && is_settings_file(at->path()) && at->symlink_status(inner).type() == fs::file_type::regular && age > kSettingsAge)
      old.push_back(at->path());
  }
  for (const auto& path : old) fs::remove(path, error);
}

}  // namespace

std::string answered_questions(std::string_view own, const std::string& work_dir, bool carry) {
  const json::Padded copy(own);
  json::Document document;
  if (own.empty() || !document.index(copy.text())) return {};
  const auto root = document.root();
  std::string overlay;
  for (const auto answer : kAnswers)
    if (const auto value = root.find(answer)) append_member(overlay, answer, value->raw());
  if (const auto projects = root.find("projects"))
    if (const auto trusted = projects_of(*projects, work_dir); !trusted.empty()) append_member(overlay, "projects", "{" + trusted + "}");
  if (const auto servers = root.find("mcpServers"); carry && servers) append_member(overlay, "mcpServers", servers->raw());
  return overlay.empty() ? "" : "{" + overlay + "}";
}

Result<std::vector<std::string>> prepare_config_dir(const ConfigDirWish& wish) {
  TRY_STATUS(make_folder(wish.folder));
  const auto own = own_files(wish);
  const std::string state = wish.folder + "/.claude.json";
  if (same_folder(fs::path(own.state).parent_path(), wish.folder)) return std::vector<std::string>{};  // the user's usual one
  const std::string before = read_text(state);
  const std::string overlay = answered_questions(read_own(own.state), wish.work_dir, wish.carry);
  if (!overlay.empty()) {
    const auto merged = json::merge(before, overlay);
    if (!merged) return fail(config_error(fmt::format("{}: {}; mend or remove it", state, merged.error().message)));
    if (*merged != before) TRY_STATUS(credentials::write_private(state, *merged));
  }
  if (!wish.carry || same_folder(own.folder, wish.folder)) return std::vector<std::string>{};
  return carry_over(own.folder, wish.folder);
}

Result<std::string> write_settings(const std::string& folder, std::string_view settings) {
  TRY_STATUS(make_folder(folder));
  const std::string path = fmt::format("{}/penstock-{:016x}.json", folder, std::hash<std::string_view>{}(settings));
  if (read_text(path) == settings) {
    std::error_code error;
    fs::last_write_time(path, fs::file_time_type::clock::now(), error);  // it is in use
    return path;
  }
  remove_old_settings(folder);
  TRY_STATUS(credentials::write_private(path, settings));
  return path;
}

}  // namespace penstock::launch
