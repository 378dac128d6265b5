#include "app/presence.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace penstock::app {

namespace {

constexpr std::chrono::seconds kPatience{2};
constexpr int kLookAgain = 5;  // milliseconds

enum class Byte : off_t { runs, written, drains };

std::string file_in(const std::string& folder) { return folder + "/gateway.json"; }

struct flock record(Byte byte, short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(byte);
  lock.l_len = 1;
  return lock;
}

bool set(int file, Byte byte, short type, int command) {
  struct flock lock = record(byte, type);
  int done = 0;
  do done = ::fcntl(file, command, &lock);
  while (done < 0 && errno == EINTR);
  return done == 0;
}
bool try_lock(int file, Byte byte) { return set(file, byte, F_WRLCK, F_SETLK); }

/// Who writes has the byte for a moment; a stranger, who locked the whole file, may have it for ever.
bool wait_lock(int file, Byte byte, short type) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!set(file, byte, type, F_SETLK)) {
    if ((errno != EAGAIN && errno != EACCES) || std::chrono::steady_clock::now() >= end) return false;
    ::poll(nullptr, 0, kLookAgain);
  }
  return true;
}
void unlock(int file, Byte byte) { set(file, byte, F_UNLCK, F_SETLK); }

/// Who holds the byte, in the kernel's words; 0: nobody.
int holder(int file, Byte byte) {
  struct flock lock = record(byte, F_WRLCK);
  if (::fcntl(file, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
  return lock.l_pid > 0 ? lock.l_pid : Sighting::kElsewhere;
}

bool write_whole(int file, std::string_view text) {
  return ::ftruncate(file, 0) == 0 && ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

std::string read_whole(int file) {
  std::string text(64 * 1024, '\0');
  const auto count = ::pread(file, text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

Error cannot(const char* what, const std::string& path) {
  return config_error(fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

/// Why the file's text cannot be had.
Error locked(const Descriptor& file, const std::string& path) {
  const int why = errno;
  const int pid = file && (why == EAGAIN || why == EACCES) ? holder(file.get(), Byte::written) : 0;
  errno = why;
  if (pid == 0) return cannot("lock", path);
  return config_error(fmt::format("{} is locked by {}, which is no gateway; mend: end it, or set PENSTOCK_STATE_DIR to another folder",
                                  path, pid > 0 ? fmt::format("process {}", pid) : "a process that cannot be seen from here"));
}

}  // namespace

Result<std::optional<Presence>> Presence::take(const std::string& folder, std::string_view text) {
  const std::string path = file_in(folder);
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || !wait_lock(file.get(), Byte::written, F_WRLCK)) return fail(locked(file, path));
  if (!try_lock(file.get(), Byte::runs)) return std::nullopt;
  if (!write_whole(file.get(), text)) return fail(cannot("write", path));
  unlock(file.get(), Byte::written);
  return std::optional<Presence>(Presence(std::move(file)));
}

void Presence::leave() {
  if (!file_ || left_) return;
  left_ = true;
  if (wait_lock(file_.get(), Byte::written, F_WRLCK)) write_whole(file_.get(), "");
  wait_lock(file_.get(), Byte::drains, F_RDLCK);
  unlock(file_.get(), Byte::runs);
  unlock(file_.get(), Byte::written);
}

Presence::~Presence() { leave(); }

Result<Sighting> look_for_gateway(const std::string& folder) {
  Sighting seen;
  if (folder.empty()) return seen;
  const std::string path = file_in(folder);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return seen;
  if (!file) return fail(cannot("read", path));
  if (!wait_lock(file.get(), Byte::written, F_RDLCK)) return fail(locked(file, path));
  // Nobody can begin or leave now; only die, and then the text is what was left behind.
  seen.text = read_whole(file.get());
  seen.pid = holder(file.get(), Byte::runs);
  seen.draining = holder(file.get(), Byte::drains);
  return seen;
}

void clear_stale(const std::string& folder) {
  const Descriptor file(::open(file_in(folder).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file || !wait_lock(file.get(), Byte::written, F_WRLCK)) return;
  if (try_lock(file.get(), Byte::runs)) write_whole(file.get(), "");
}

}  // namespace penstock::app
