#include "base/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/descriptor.h"

namespace penstock {

Result<std::optional<std::string>> read_plain_file(const std::string& path, std::size_t most) {
  const auto refused = [&](const std::string& why) { return fail(config_error(path + ": " + why)); };
  struct stat status{};
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) return std::nullopt;
  if (!file || ::fstat(file.get(), &status) != 0) return refused(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return refused("it is not a file");
  std::string text;
  std::array<char, 16 * 1024> piece;
  for (;;) {
    const ssize_t count = ::read(file.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refused(std::strerror(errno));
    if (count == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > most) return refused("it is larger than " + std::to_string(most) + " bytes");
  }
}

}  // namespace penstock
