#include "config/load.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "config/check.h"
#include "config/document.h"
#include "config/expand.h"
#include "config/parts.h"

namespace penstock::config {

namespace {

constexpr std::string_view kFileName = "penstock.yaml";

std::vector<Fault> sorted(std::vector<Fault> faults) {
  std::ranges::sort(faults, {}, [](const Fault& fault) { return std::tie(fault.line, fault.column, fault.message); });
  return faults;
}

constexpr std::size_t kMostRead = (1U << 20) + 1;  // one byte more than parse() allows

/// The file's text, or why there is none. Never waits: a pipe or a device without end is no configuration file.
std::expected<std::string, std::string> read_text(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return std::unexpected(std::strerror(errno));
  struct stat status{};
  std::string text, fault;
  if (::fstat(file, &status) != 0) fault = std::strerror(errno);
  if (S_ISDIR(status.st_mode)) fault = std::strerror(EISDIR);
  if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) fault = "it is not a file";
  std::array<char, 16 * 1024> piece;
  for (ssize_t count = 1; fault.empty() && count > 0 && text.size() < kMostRead;) {
    count = ::read(file, piece.data(), piece.size());
    if (count < 0) fault = std::strerror(errno);
    if (count > 0) text.append(piece.data(), static_cast<std::size_t>(count));
  }
  ::close(file);
  if (!fault.empty()) return std::unexpected(fault);
  return text;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace

std::string to_text(const Fault& fault) {
  if (fault.line == 0) return fault.file + ": " + fault.message;
  return fault.file + ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column) + ": " + fault.message;
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::expected<Config, std::vector<Fault>> parse(std::string_view text, const std::string& path, const LoadContext& context) {
  Report report{path, {}};
  const Surroundings around{context.environment, std::filesystem::path(path).parent_path().string()};
  Node root = read_yaml(text, report);
  check(root, around, report);

  // From here on every value that is left is well formed; the parts hold keys against each other.
  Config config;
  config.path = path;
  const Source source{root, context, around};
  fill_server(source, config, report);
  fill_providers(source, config, report);
  fill_models(source, config, report);
  fill_routing(source, config, report);
  fill_profiles(source, config, report);
  fill_answers(source, config);
  fill_web_search(source, config, report);
  if (!report.faults.empty()) return std::unexpected(sorted(std::move(report.faults)));
  for (const Fault& warning : sorted(std::move(report.warnings))) config.warnings.push_back(to_text(warning));
  return config;
}

std::expected<Config, std::vector<Fault>> load(const std::string& path, const LoadContext& context) {
  auto text = read_text(path);
  if (!text) return std::unexpected(std::vector{Fault{path, 0, 0, "cannot be read: " + text.error()}});
  auto config = parse(*text, path, context);
  if (config) config->blank = trim(*text).empty();
  return config;
}

std::string config_home(const Environment& environment) {
  if (auto xdg = environment("XDG_CONFIG_HOME").value_or(""); xdg.starts_with('/')) return xdg;
  const auto home = environment("HOME").value_or("");
  return home.empty() ? "" : home + "/.config";
}

std::string find_file(const std::string& explicit_path, const Environment& environment) {
  if (!explicit_path.empty()) return explicit_path;
  if (auto named = environment("PENSTOCK_CONFIG").value_or(""); !named.empty()) return named;
  std::vector<std::string> places{std::string("./") + std::string(kFileName)};
  if (const auto home = config_home(environment); !home.empty()) places.push_back(home + "/penstock/" + std::string(kFileName));
  places.push_back("/etc/penstock/" + std::string(kFileName));
  const auto found = std::ranges::find_if(places, exists);
  return found == places.end() ? "" : *found;
}

}  // namespace penstock::config
