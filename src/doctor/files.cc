// The user's files: is the configuration sound, and who else can read or change what holds keys?
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/plain_file.h"
#include "doctor/checks.h"

namespace penstock::doctor {

namespace {

constexpr std::size_t kMostRead = 4U << 20;
constexpr mode_t kOthersRead = S_IRGRP | S_IROTH, kOthersWrite = S_IWGRP | S_IWOTH, kOthers = S_IRWXG | S_IRWXO;

/// The permission bits; nothing when there is no such file.
std::optional<mode_t> mode_of(const std::string& path) {
  struct stat status{};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_mode & 07777;
}

std::string text_of(const std::string& path) {
  auto text = read_plain_file(path, kMostRead);
  return text && *text ? std::move(**text) : "";
}

/// Everything that the configuration gave us as a secret.
std::vector<Secret> secrets_of(const config::Config& config) {
  std::vector<Secret> secrets = config.auth_tokens;
  for (const auto& provider : config.providers) {
    if (provider.api_key) secrets.push_back(*provider.api_key);
    for (const auto& [key, weight] : provider.credentials.pool) secrets.push_back(key);
  }
  return secrets;
}

/// Keys that stand in the file itself, not in a variable or another file that it names.
bool holds_keys(const config::Config& config) {
  const std::string text = text_of(config.path);
  for (const auto& secret : secrets_of(config))
    if (!secret.empty() && text.contains(secret.reveal())) return true;
  return false;
}

void look_at_configuration(const config::Config& config, Rows& rows) {
  const auto mode = mode_of(config.path);
  if (!mode) return;
  if ((*mode & kOthersWrite) != 0)
    rows.push_back(fault(config.path + " can be changed by others, who could send your keys elsewhere", "chmod go-w " + config.path));
  if ((*mode & kOthersRead) != 0 && holds_keys(config))
    rows.push_back(fault(config.path + " holds keys and can be read by others", "chmod 600 " + config.path));
}

void look_at_private(const std::string& path, Rows& rows, std::size_t& seen) {
  const auto mode = mode_of(path);
  if (!mode) return;
  ++seen;
  if ((*mode & kOthers) != 0) rows.push_back(fault(path + " is open to others", "chmod go-rwx " + path));
}

/// A folder and the files in it, not deeper.
void look_at_folder(const std::string& folder, Rows& rows, std::size_t& seen) {
  look_at_private(folder, rows, seen);
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file(error)) look_at_private(at->path().string(), rows, seen);
}

void look_at_keys(const Inputs& inputs, Rows& rows, std::size_t& seen) {
  look_at_folder(inputs.places.key_folder, rows, seen);
  if (inputs.places.home.empty()) return;
  for (const auto& row : inputs.catalog.providers) {
    for (const auto& name : row.key_files) look_at_private(inputs.places.home + "/" + name, rows, seen);
    if (row.oauth && !row.oauth->credentials_file.empty())
      look_at_private(inputs.places.home + "/" + row.oauth->credentials_file, rows, seen);
  }
}

/// A key that cannot be used is the next check's to tell.
bool concerns_file(std::string_view warning, const config::Config& config) {
  for (const std::string_view key : {"providers.", "fallbacks.", "routes.", "picker:"})
    if (warning.starts_with(key)) return true;
  return !config.path.empty() && warning.starts_with(config.path + ":");
}

}  // namespace

Rows check_configuration(const Evidence& evidence) {
  const Inputs& inputs = evidence.inputs;
  if (!inputs.config_faults.empty()) {
    std::string text = inputs.config_faults;
    while (text.ends_with('\n')) text.pop_back();
    return {fault(std::move(text), "change the file; penstock config check says when it is sound")};
  }
  Rows rows;
  for (const auto& text : inputs.warnings)
    if (concerns_file(text, inputs.config)) rows.push_back(warning(text, "change the configuration"));
  rows.insert(rows.begin(), ok(inputs.config.path.empty() ? "no file; providers with a credential are in use"
                                                          : fmt::format("{}, {} in use", inputs.config.path, inputs.patients.size())));
  return rows;
}

Rows check_permissions(const Evidence& evidence) {
  Rows rows;
  std::size_t seen = 0;
  look_at_configuration(evidence.inputs.config, rows);
  look_at_keys(evidence.inputs, rows, seen);
  look_at_folder(evidence.inputs.state_dir, rows, seen);
  if (rows.empty()) rows.push_back(ok(fmt::format("the configuration and {} files and folders with keys and state are yours alone", seen)));
  return rows;
}

}  // namespace penstock::doctor
