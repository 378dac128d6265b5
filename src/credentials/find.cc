#include "credentials/find.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "config/values.h"
#include "json/padded.h"

namespace penstock::credentials {

namespace {

constexpr std::size_t kMaxKeyFile = 64 * 1024;
constexpr std::string_view kKimiCredentials = ".kimi/credentials/kimi-code.json";

/// The file's text without white space at its ends; nothing when there is no such file.
Result<std::optional<std::string>> read_private(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return fail(config_error(fmt::format("{} can be read by others, so it is not used; mend: chmod 600 {}", path, path)));
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.size() > kMaxKeyFile) return fail(config_error(path + " is too large to hold a key"));
  return std::string(trim(text));
}

/// A key goes into a header: a line break in it would be a header of its own.
Result<std::optional<Found>> usable(std::string key, const std::string& source) {
  if (key.empty()) return std::nullopt;
  if (!config::is_secret_text(key))
    return fail(config_error(
        fmt::format("the key from {} holds a space, a line break or another character that no key has; it is not used", source)));
  return Found{Secret(std::move(key)), source};
}

Result<std::optional<Found>> in_file(const std::string& path) {
  TRY(auto text, read_private(path));
  return usable(text.value_or(""), path);
}

/// The access token that Kimi's own client left, unless it has expired.
Result<std::optional<Found>> kimi_login(const std::string& path) {
  TRY(const auto text, read_private(path));
  if (!text) return std::nullopt;
  const json::Padded copy(*text);
  json::Document document;
  if (!document.index(copy.text())) return std::nullopt;
  const auto token = document.root().find("access_token");
  const auto expires = document.root().find("expires_at");
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (!token) return std::nullopt;
  if (expires && expires->number().value_or(0) > 0 && *expires->number() < static_cast<double>(now)) return std::nullopt;
  return usable(token->text(), path);
}

}  // namespace

Places process_places() {
  Places places;
  places.environment = config::process_environment();
  places.home = places.environment("HOME").value_or("");
  const auto config_home = places.environment("XDG_CONFIG_HOME");
  const std::string base = config_home && !config_home->empty() ? *config_home : places.home + "/.config";
  places.key_folder = base + "/penstock/keys";
  return places;
}

Result<std::optional<Found>> find(const catalog::Provider& provider, const Places& places) {
  for (const auto& variable : provider.env)
    if (const auto value = places.environment(variable); value && !trim(*value).empty())
      return usable(std::string(trim(*value)), "$" + variable);
  TRY(auto ours, in_file(places.key_folder + "/" + provider.name));
  if (ours) return ours;
  if (places.home.empty()) return std::nullopt;
  for (const auto& name : provider.key_files) {
    TRY(auto older, in_file(places.home + "/" + name));
    if (older) return older;
  }
  if (provider.name == "kimi") return kimi_login(fmt::format("{}/{}", places.home, kKimiCredentials));
  return std::nullopt;
}

}  // namespace penstock::credentials
