#include "credentials/token_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/text.h"
#include "config/values.h"
#include "credentials/private_file.h"
#include "json/padded.h"
#include "json/patch.h"

namespace penstock::credentials {

namespace {

constexpr int kLookAgain = 20;  // milliseconds between two tries for the lock
constexpr double kLastSecond = 1e11;

/// Somebody's file, indexed. The document's views last as long as this.
struct Text {
  json::Padded bytes;
  json::Document document;
  explicit Text(std::string_view text) : bytes(text) {}
  [[nodiscard]] bool is_object() { return document.index(bytes.text()).has_value() && document.root().is_object(); }
  [[nodiscard]] std::string text(std::string_view name) const {
    const auto value = document.root().find(name);
    return value ? value->text() : std::string();
  }
  /// Whole seconds; Kimi's client writes fractions. 0 for what is no time.
  [[nodiscard]] std::int64_t seconds(std::string_view name) const {
    const auto value = document.root().find(name);
    const double number = value ? value->number().value_or(0) : 0;
    return std::isfinite(number) && number > 0 && number < kLastSecond ? static_cast<std::int64_t>(number) : 0;
  }
};

/// The members of a login file, as JSON.
std::vector<std::pair<std::string_view, std::string>> members_of(const TokenSet& tokens) {
  return {{"access_token", json_quote(tokens.access.reveal())}, {"refresh_token", json_quote(tokens.refresh.reveal())},
          {"expires_at", std::to_string(tokens.expires_at)},    {"scope", json_quote(tokens.scope)},
          {"token_type", json_quote(tokens.token_type)},        {"expires_in", std::to_string(tokens.expires_in)}};
}

}  // namespace

Result<std::optional<TokenSet>> load_login(const std::string& path) {
  TRY(const auto bytes, read_private(path));
  if (!bytes || trim(*bytes).empty()) return std::nullopt;
  Text file(*bytes);
  if (!file.is_object()) return fail(config_error(path + " is no login: it holds no JSON object. Log in again, or remove it"));
  TokenSet tokens;
  tokens.access = Secret(file.text("access_token"));
  tokens.refresh = Secret(file.text("refresh_token"));
  tokens.scope = file.text("scope");
  tokens.token_type = file.text("token_type");
  tokens.expires_at = file.seconds("expires_at");
  tokens.expires_in = file.seconds("expires_in");
  if (tokens.access.empty() && tokens.refresh.empty()) return std::nullopt;
  if (!config::is_secret_text(tokens.access.reveal()) || !config::is_secret_text(tokens.refresh.reveal()))
    return fail(config_error(path + " holds a token with a space, a line break or another character that no token has; it is not used"));
  return tokens;
}

Status store_login(const std::string& path, const TokenSet& tokens) {
  TRY(const auto before, read_private(path));
  Text file(before && !trim(*before).empty() ? *before : std::string("{}"));
  if (!file.is_object()) file = Text("{}");
  if (!file.is_object()) return fail(internal_error("an empty object is no object"));
  json::Patch patch(file.document);
  for (auto& [name, value] : members_of(tokens)) {
    if (const auto old = file.document.root().find(name))
      patch.replace(*old, std::move(value));
    else
      patch.add_member(file.document.root(), name, value);
  }
  return write_private(path, patch.text());
}

FileStamp stamp_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec, status.st_ino, status.st_size};
}

std::string lock_path(const std::string& login_path) { return std::filesystem::path(login_path).replace_extension(".lock").string(); }

Result<LoginLock> LoginLock::take(const std::string& login_path, const Patience& patience) {
  const auto path = lock_path(login_path);
  TRY_STATUS(make_folders_above(path));
  LoginLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.file_ < 0)
    return fail(config_error(fmt::format("cannot open {}, without which a login is not refreshed: {}", path, std::strerror(errno))));
  const auto end = std::chrono::steady_clock::now() + patience.most;
  while (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return fail(config_error(fmt::format("cannot lock {}: {}", path, std::strerror(errno))));
    if (patience.give_up && patience.give_up())
      return fail(Error{ErrorKind::cancelled, Fault::us, "stopped while another process refreshed"});
    if (std::chrono::steady_clock::now() >= end)
      return fail(Error{ErrorKind::timeout, Fault::us, "another process has held " + path + " for too long", true});
    ::poll(nullptr, 0, kLookAgain);
  }
  return lock;
}

LoginLock::~LoginLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace penstock::credentials
