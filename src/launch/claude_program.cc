#include "launch/claude_program.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "base/text.h"

namespace penstock::launch {

namespace {

constexpr auto kUsualPlaces = std::to_array<std::string_view>({"/.local/bin/claude", "/.claude/local/claude", "/.npm-global/bin/claude"});

bool is_program(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

bool is_claude(const std::string& path) { return is_program(path) && !is_variant_script(path); }

}  // namespace

std::string version_folder(const std::string& state_dir, const std::string& version) { return state_dir + "/claude-code/" + version; }

bool is_variant_script(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 256> head{};
  file.read(head.data(), head.size());
  return std::string_view(head.data(), static_cast<std::size_t>(file.gcount())).contains(kVariantMark);
}

Result<std::string> find_claude(const config::Environment& environment, const std::string& state_dir, const std::string& version) {
  if (!version.empty()) {
    const std::string path = version_folder(state_dir, version) + std::string(kInstalledProgram);
    if (is_program(path)) return path;
    return fail(config_error(fmt::format("Claude Code {} is not installed in {}; mend: penstock variant update", version, path)));
  }
  if (const auto named = environment("CLAUDE_PATH"); named && !named->empty()) {
    if (is_claude(*named)) return *named;
    return fail(config_error(fmt::format("CLAUDE_PATH names {}, which is not the claude program", *named)));
  }
  for (const auto folder : split(environment("PATH").value_or(""), ':'))
    if (const std::string path = std::string(folder) + "/claude"; is_claude(path)) return path;
  const std::string home = environment("HOME").value_or("");
  for (const auto place : kUsualPlaces)
    if (const std::string path = home + std::string(place); is_claude(path)) return path;
  return fail(
      config_error("the program claude was not found in PATH; install it (npm install -g @anthropic-ai/claude-code), or set CLAUDE_PATH"));
}

}  // namespace penstock::launch
