#include "config/profile_files.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/plain_file.h"
#include "base/text.h"
#include "config/check.h"
#include "config/document.h"
#include "config/parts.h"
#include "config/values.h"

namespace penstock::config {

namespace {

namespace fs = std::filesystem;
constexpr std::string_view kEnding = ".yaml";
constexpr std::size_t kMost = 1U << 20;  // bytes of one file

/// The file's tree where it would stand in a configuration file, so that one table and one reader serve both.
Node as_configuration(const std::string& name, Node profile) {
  Node profiles{.kind = Node::Kind::map, .at = {1, 1}, .keys = {{name, {1, 1}}}};
  profiles.items.push_back(std::move(profile));
  Node root{.kind = Node::Kind::map, .at = {1, 1}, .keys = {{"profiles", {1, 1}}}};
  root.items.push_back(std::move(profiles));
  return root;
}

std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename().string();
    if (name.ends_with(kEnding) && !name.starts_with('.')) files.push_back(at->path().string());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<Fault> load_file(const std::string& path, const LoadContext& context, Config& config) {
  const auto text = read_plain_file(path, kMost);
  if (!text) return {{path, 0, 0, text.error().message.substr(path.size() + 2)}};  // it begins with the path, as every fault does
  if (!*text) return {{path, 0, 0, "cannot be read"}};
  return add_profile(**text, path, context, config);
}

/// Quoted so that YAML and the reader of references give the text back as it is.
std::string yaml_text(std::string_view value) {
  std::string escaped;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value.substr(i).starts_with("${")) escaped += '$';
    escaped += value[i];
  }
  return json_quote(escaped);
}

std::string line(std::string_view key, const std::string& value) {
  return value.empty() ? "" : std::string(key) + ": " + yaml_text(value) + "\n";
}

std::string section(std::string_view key, const std::string& lines) { return lines.empty() ? "" : std::string(key) + ":\n" + lines; }

std::string models_of(const Profile& profile) {
  return line("  main", profile.main) + line("  opus", profile.opus) + line("  sonnet", profile.sonnet) + line("  haiku", profile.haiku) +
         line("  subagent", profile.subagent);
}

}  // namespace

std::string profile_folder(const Environment& environment) {
  const auto xdg = environment("XDG_CONFIG_HOME").value_or("");
  if (xdg.starts_with('/')) return xdg + "/penstock/profiles";
  const auto home = environment("HOME").value_or("");
  return home.empty() ? "" : home + "/.config/penstock/profiles";
}

std::string profile_file(const std::string& folder, const std::string& name) { return folder + "/" + name + std::string(kEnding); }

std::vector<Fault> add_profile(std::string_view text, const std::string& path, const LoadContext& context, Config& config) {
  const fs::path file(path);
  const std::string name = file.stem().string();
  Report report{path, {}};
  const Surroundings around{context.environment, file.parent_path().string()};
  Node root = as_configuration(name, read_yaml(text, report));
  if (report.faults.empty() && root.items[0].items[0].kind == Node::Kind::null)
    report.add({}, "is empty; a profile needs a provider, or models with main");
  check(root, around, report);
  if (std::ranges::find(config.profiles, name, &Profile::name) != config.profiles.end())
    report.add({}, "the configuration has a profile " + shown(name) + " already; give this file another name");
  if (!report.faults.empty()) return report.faults;
  const std::size_t before = config.profiles.size();
  fill_profiles({root, context, around}, config, report);
  if (!report.faults.empty()) config.profiles.resize(before);
  return report.faults;
}

std::vector<Fault> load_profile_files(const std::string& folder, const LoadContext& context, Config& config) {
  std::vector<Fault> faults;
  if (folder.empty()) return faults;
  for (const auto& path : files_of(folder)) {
    auto found = load_file(path, context, config);
    for (const auto& fault : found) config.left_out[fs::path(path).stem().string()] += to_text(fault) + "\n";
    std::ranges::move(found, std::back_inserter(faults));
  }
  return faults;
}

std::string to_yaml(const Profile& profile) {
  std::string env, args;
  for (const auto& [name, value] : profile.env) env += "  " + json_quote(name) + ": " + yaml_text(value) + "\n";
  for (const auto& argument : profile.args) args += "  - " + yaml_text(argument) + "\n";
  return line("provider", profile.provider) + section("models", models_of(profile)) + section("env", env) + section("args", args) +
         line("append_system_prompt", profile.append_system_prompt) + line("config_dir", profile.config_dir) +
         line("claude_version", profile.claude_version) + line("claude_channel", profile.claude_channel) + line("theme", profile.theme) +
         (profile.status_line ? "status_line: on\n" : "") + line("command", profile.command);
}

}  // namespace penstock::config
