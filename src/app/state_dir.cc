#include "app/state_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/plain_file.h"

namespace penstock::app {

namespace {

Error cannot(const std::string& what, const std::string& path) {
  return config_error(
      fmt::format("cannot {} {}: {}; set PENSTOCK_STATE_DIR to a folder that can be written", what, path, std::strerror(errno)));
}

/// Others could have planted what they can write.
Status is_private(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail(cannot("look at", path));
  if (status.st_uid == ::geteuid() && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return fail(config_error(
      fmt::format("{} must be yours alone; mend: chown and chmod go-rwx {}, or remove it to have a new one made", path, path)));
}

constexpr std::size_t kMostRead = 4096;
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

/// Writes beside and links into place, so that two first starts at once agree on one key.
Status write_new(const std::string& path, const dialect::SignatureCodec::Key& key) {
  const std::string beside = fmt::format("{}.{}", path, ::getpid());
  ::unlink(beside.c_str());  // of a process that died, and had our number
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return fail(cannot("write", beside));
  const bool written = ::write(file, key.data(), key.size()) == static_cast<ssize_t>(key.size());
  ::close(file);
  const bool linked = written && (::link(beside.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const Status status = linked ? Status{} : fail(cannot("write", path));
  ::unlink(beside.c_str());
  return status;
}

}  // namespace

std::string state_dir(const config::Environment& environment) {
  if (const auto own = environment("PENSTOCK_STATE_DIR"); own && !own->empty()) return *own;
  if (const auto xdg = environment("XDG_STATE_HOME"); xdg && !xdg->empty()) return *xdg + "/penstock";
  const auto home = environment("HOME");
  return home && !home->empty() ? *home + "/.local/state/penstock" : "";
}

Status check_state_dir(const std::string& folder) {
  struct stat status{};
  if (folder.empty() || ::stat(folder.c_str(), &status) != 0) return {};
  if (status.st_uid != ::geteuid())
    return fail(
        config_error(fmt::format("the state folder {} belongs to another user (number {}), who could lead you astray with what lies "
                                 "in it; mend: chown it, or set PENSTOCK_STATE_DIR to a folder of your own",
                                 folder, status.st_uid)));
  if ((status.st_mode & kOthersWrite) == 0) return {};
  return fail(
      config_error(fmt::format("others may write to the state folder {}, and exchange what lies in it; mend: chmod go-w {}, or set "
                               "PENSTOCK_STATE_DIR to a folder of your own",
                               folder, folder)));
}

Status make_state_dir(const std::string& folder) {
  if (folder.empty()) return fail(config_error("there is no place for state: set HOME or PENSTOCK_STATE_DIR"));
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail(cannot("make the folder", folder));
  return check_state_dir(folder);
}

Result<dialect::SignatureCodec::Key> signature_key(const std::string& folder) {
  TRY_STATUS(make_state_dir(folder));
  const std::string path = folder + "/signature.key";
  dialect::SignatureCodec::Key key{};
  if (::access(path.c_str(), F_OK) != 0) {
    if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
      return fail(internal_error("no random bytes for the signature key"));
    TRY_STATUS(write_new(path, key));
  }
  TRY_STATUS(is_private(path));
  const auto bytes = read_plain_file(path, kMostRead);
  if (!bytes || !*bytes || (*bytes)->size() < key.size())
    return fail(config_error(path + " cannot be read or is damaged; remove it to have a new one made"));
  std::copy_n((*bytes)->begin(), key.size(), key.begin());
  return key;
}

}  // namespace penstock::app
