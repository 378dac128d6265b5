#include "base/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/descriptor.h"

namespace penstock {

namespace {

/// O_NONBLOCK: a pipe that nobody reads must not hold the program up, neither here nor when it writes.
constexpr int kAppend = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC | O_NONBLOCK;

void close_to_others(int file) {
  struct stat status{};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != ::geteuid()) return;
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) ::fchmod(file, 0600);
}

}  // namespace

Result<LogFile> LogFile::take_over(std::string path, Limits limits, std::vector<int> descriptors) {
  LogFile file(std::move(path), limits, std::move(descriptors));
  TRY_STATUS(file.open());
  return file;
}

Status LogFile::open() {
  const Descriptor file(::open(path_.c_str(), kAppend, 0600));
  if (!file) return fail(config_error(fmt::format("cannot write the log file {}: {}", path_, std::strerror(errno))));
  close_to_others(file.get());
  for (const int descriptor : descriptors_) ::dup2(file.get(), descriptor);  // in one step: no writer ever finds it closed
  return {};
}

void LogFile::reopen() { static_cast<void>(open()); }

void LogFile::look() {
  struct stat open{}, named{};
  if (::fstat(descriptors_.front(), &open) != 0) return;
  if (!S_ISREG(open.st_mode)) return;
  const bool same = ::stat(path_.c_str(), &named) == 0 && named.st_ino == open.st_ino && named.st_dev == open.st_dev;
  if (!same) return reopen();
  if (static_cast<std::uint64_t>(open.st_size) >= limits_.size) rotate();
}

void LogFile::rotate() {
  for (unsigned older = limits_.keep; older > 1; --older)
    std::rename(fmt::format("{}.{}", path_, older - 1).c_str(), fmt::format("{}.{}", path_, older).c_str());
  if (std::rename(path_.c_str(), (path_ + ".1").c_str()) == 0) reopen();
}

}  // namespace penstock
