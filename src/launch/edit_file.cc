#include "launch/edit_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace penstock::launch {

namespace {

namespace fs = std::filesystem;
constexpr int kMaxLinks = 40;  // the kernel's own limit
constexpr mode_t kNewFile = 0644;

Error cannot(std::string_view what, const std::string& path, int reason = errno) {
  return config_error(fmt::format("cannot {} {}: {}; not a byte of it was changed", what, path, std::strerror(reason)));
}

/// The file at the end of the links, whether it exists or not.
Result<std::string> follow_links(const std::string& path) {
  fs::path at = path;
  for (int i = 0; i < kMaxLinks; ++i) {
    std::error_code error;
    if (!fs::is_symlink(at, error)) return at.string();
    const fs::path target = fs::read_symlink(at, error);
    if (error) return fail(cannot("follow the link", at.string(), error.value()));
    at = target.is_absolute() ? target : at.parent_path() / target;
  }
  return fail(cannot("follow the links of", path, ELOOP));
}

/// A file as it is: nothing when there is none.
struct Present {
  std::string text;
  struct stat status{};
};

Result<std::optional<Present>> read(const std::string& path) {
  Present present;
  if (::stat(path.c_str(), &present.status) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return fail(cannot("look at", path));
  }
  if (!S_ISREG(present.status.st_mode)) return fail(cannot("edit", path, EINVAL));
  // Renaming over it would work all the same; but who took the right to write away wants it as it is.
  if (::access(path.c_str(), R_OK | W_OK) != 0) return fail(cannot("edit", path));
  std::ifstream file(path, std::ios::binary);
  present.text.assign(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) return fail(cannot("read", path, EIO));
  return present;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Owner before mode, because a change of the owner may clear bits of the mode.
bool dress_like(int file, const struct stat& model) {
  struct stat own{};
  if (::fstat(file, &own) != 0) return false;
  const bool same_owner = own.st_uid == model.st_uid && own.st_gid == model.st_gid;
  return (same_owner || ::fchown(file, model.st_uid, model.st_gid) == 0) && ::fchmod(file, model.st_mode & 07777) == 0;
}

/// Writes a new file next to `path`, dressed like `model`; returns its name. It is nobody else's to read before it is dressed.
Result<std::string> write_beside(const std::string& path, std::string_view text, const struct stat* model) {
  std::string beside = fmt::format("{}.penstock-{}", path, ::getpid());
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, model ? 0600 : kNewFile);
  if (file < 0) return fail(cannot("write beside", path));
  const bool whole = write_all(file, text) && (!model || dress_like(file, *model)) && ::fsync(file) == 0;
  const int reason = errno;
  ::close(file);
  if (whole) return beside;
  ::unlink(beside.c_str());
  return fail(cannot("write beside", path, reason));
}

/// A link does not replace what is there: the first backup stays, and it is whole or absent.
Status keep_backup(const std::string& backup, const Present& present) {
  if (::access(backup.c_str(), F_OK) == 0) return {};
  TRY(const auto beside, write_beside(backup, present.text, &present.status));
  const bool linked = ::link(beside.c_str(), backup.c_str()) == 0 || errno == EEXIST;
  const int reason = errno;
  ::unlink(beside.c_str());
  if (!linked) return fail(cannot("write the backup", backup, reason));
  return {};
}

Status make_folder_of(const std::string& path) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return fail(cannot("make the folder of", path, error.value()));
  return {};
}

Status replace(const std::string& path, std::string_view text, const struct stat* model) {
  TRY_STATUS(make_folder_of(path));
  TRY(const auto beside, write_beside(path, text, model));
  if (::rename(beside.c_str(), path.c_str()) == 0) return {};
  const int reason = errno;
  ::unlink(beside.c_str());
  return fail(cannot("replace", path, reason));
}

}  // namespace

Result<Edited> edit_file(const std::string& path, const Edit& edit) {
  TRY(const auto real, follow_links(path));
  TRY(const auto present, read(real));
  const std::string before = present ? present->text : "";
  TRY(const auto after, edit(before));
  const std::string backup = path + ".penstock-backup";
  const bool has_backup = ::access(backup.c_str(), F_OK) == 0;
  if (after == before) return Edited{path, false, has_backup ? backup : ""};
  if (after.empty() && !has_backup) {
    if (::unlink(real.c_str()) != 0) return fail(cannot("remove", real));
    return Edited{path, true, ""};
  }
  if (present) TRY_STATUS(keep_backup(backup, *present));
  TRY_STATUS(replace(real, after, present ? &present->status : nullptr));
  return Edited{path, true, present || has_backup ? backup : ""};
}

}  // namespace penstock::launch
