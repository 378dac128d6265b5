#include "credentials/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/descriptor.h"
#include "base/text.h"

namespace penstock::credentials {

namespace {

constexpr std::size_t kMaxFile = 64 * 1024;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO, kOthersWrite = S_IWGRP | S_IWOTH;

Error cannot(std::string_view what, const std::string& path) {
  return config_error(fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// Somebody else's: neither ours nor the system's. Root may use what a user owns (a container that mounts a home folder).
bool is_foreign(const struct stat& status) { return status.st_uid != ::geteuid() && status.st_uid != 0 && ::geteuid() != 0; }

/// Nobody else may put another file into the folder: its contents would not be ours. With the sticky bit (/tmp) a file stays its owner's.
Status only_we_write(const std::string& folder) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) return fail(cannot("look at", folder));
  if (is_foreign(status)) return fail(config_error(fmt::format("{} belongs to another user, so no secret is kept there", folder)));
  if ((status.st_mode & kOthersWrite) == 0 || (status.st_mode & S_ISVTX) != 0) return {};
  return fail(config_error(
      fmt::format("others may write to {}, and so exchange the files in it; they are not used; mend: chmod go-w {}", folder, folder)));
}

Status is_ours_alone(const struct stat& status, const std::string& path) {
  if (is_foreign(status)) return fail(config_error(path + " belongs to another user, so it is not used"));
  if ((status.st_mode & kOthers) == 0) return {};
  return fail(config_error(fmt::format("{} can be read by others, so it is not used; mend: chmod 600 {}", path, path)));
}

/// At most one byte more than a file may have.
Result<std::string> read_all(const Descriptor& file, const std::string& path) {
  std::string text(kMaxFile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(cannot("read", path));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  if (size > kMaxFile) return fail(config_error(path + " is too large to hold a key"));
  return text;
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// A name that nobody can foresee, hidden, beside `path`.
Result<std::string> name_beside(const std::string& path) {
  std::array<unsigned char, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return fail(cannot("find random bytes for", path));
  return fmt::format("{}/.{}.{}", folder_of(path), std::filesystem::path(path).filename().string(), to_hex(random));
}

/// A new file that holds the bytes, on disk. O_EXCL follows no link, dangling ones included.
Status write_new(const std::string& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return fail(cannot("write", path));
  // An odd umask may have taken our own rights away.
  if (::fchmod(file.get(), 0600) != 0 || !write_all(file.get(), bytes) || ::fsync(file.get()) != 0) return fail(cannot("write", path));
  return {};
}

/// The change of name reaches the disk too. Some file systems cannot do this for a folder; then it gets there a little later.
void sync_folder(const std::string& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened) ::fsync(opened.get());
}

/// Every missing folder on the way, 0700.
Status make_folders(const std::string& folder) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    return fail(config_error(folder + " is in the way: it is not a folder"));
  }
  if (const auto above = folder_of(folder); above != folder) TRY_STATUS(make_folders(above));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail(cannot("make the folder", folder));
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_private(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    // What lies where we may not look is not there for us; a service's HOME may be such a place.
    if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) return std::nullopt;
    return fail(cannot("read", path));
  }
  if (S_ISDIR(status.st_mode)) return std::nullopt;
  const Descriptor file(S_ISREG(status.st_mode) ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1);
  if (!S_ISREG(status.st_mode) || (file && ::fstat(file.get(), &status) == 0 && !S_ISREG(status.st_mode)))
    return fail(config_error(path + " is a pipe or a device, not a file, so it is not used"));
  if (!file) return fail(cannot("read", path));
  TRY_STATUS(is_ours_alone(status, path));
  TRY_STATUS(only_we_write(folder_of(path)));
  TRY(auto text, read_all(file, path));
  return text;
}

Status write_private(const std::string& path, std::string_view bytes) {
  const auto folder = folder_of(path);
  TRY_STATUS(make_folders(folder));
  TRY_STATUS(only_we_write(folder));
  TRY(const auto beside, name_beside(path));
  Status written = write_new(beside, bytes);
  if (written && ::rename(beside.c_str(), path.c_str()) != 0) written = fail(cannot("write", path));
  if (!written) {
    ::unlink(beside.c_str());
    return written;
  }
  sync_folder(folder);
  return {};
}

Status remove_private(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) return fail(cannot("remove", path));
  return {};
}

Status make_folders_above(const std::string& path) { return make_folders(folder_of(path)); }

Status make_private_folder(const std::string& folder) {
  TRY_STATUS(make_folders(folder));
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) return fail(cannot("look at", folder));
  if (is_foreign(status)) return fail(config_error(folder + " belongs to another user, so no secret is kept there"));
  if ((status.st_mode & kOthers) == 0) return {};
  return fail(config_error(fmt::format("{} is open to others, so no secret is kept there; mend: chmod 700 {}", folder, folder)));
}

}  // namespace penstock::credentials
