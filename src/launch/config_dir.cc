#include "launch/config_dir.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
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

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
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

Status carry_over(const std::string& from, const std::string& to) {
  for (const auto name : kCarried) {
    const fs::path source = fs::path(from) / name;
    std::error_code error;
    if (!fs::exists(source, error)) continue;
    const auto how = fs::copy_options::recursive | fs::copy_options::update_existing;
    fs::copy(source, fs::path(to) / name, how, error);
    if (error) return fail(config_error(fmt::format("cannot copy {} to {}: {}", source.string(), to, error.message())));
  }
  return {};
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

Status prepare_config_dir(const ConfigDirWish& wish) {
  TRY_STATUS(make_folder(wish.folder));
  const auto own = own_files(wish);
  const std::string state = wish.folder + "/.claude.json";
  if (own.state == state) return {};  // the user's usual folder
  const std::string before = read_text(state);
  const std::string overlay = answered_questions(read_text(own.state), wish.work_dir, wish.carry);
  if (!overlay.empty()) {
    const auto merged = json::merge(before, overlay);
    if (!merged) return fail(config_error(fmt::format("{}: {}; mend or remove it", state, merged.error().message)));
    if (*merged != before) TRY_STATUS(credentials::write_private(state, *merged));
  }
  return wish.carry ? carry_over(own.folder, wish.folder) : Status{};
}

Result<std::string> write_settings(const std::string& folder, std::string_view settings) {
  TRY_STATUS(make_folder(folder));
  const std::string path = fmt::format("{}/penstock-{:016x}.json", folder, std::hash<std::string_view>{}(settings));
  if (read_text(path) != settings) TRY_STATUS(credentials::write_private(path, settings));
  return path;
}

}  // namespace penstock::launch
