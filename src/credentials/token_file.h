// A login as a file: the form that Kimi's own client writes, read and written under the lock that this client takes too.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/result.h"
#include "credentials/oauth.h"

namespace penstock::credentials {

/// The login in the file; nothing when there is no file, or no token in it. Fails when others can read it, and when it is no login at all.
Result<std::optional<TokenSet>> load_login(const std::string& path);

/// Puts the tokens into the file, whole or not at all. Members that are not ours stay as they are. For the holder of the lock.
Status store_login(const std::string& path, const TokenSet& tokens);

/// A file's identity for "has it changed": time, inode, size; all zero without one.
using FileStamp = std::tuple<std::int64_t, std::uint64_t, std::int64_t>;
FileStamp stamp_of(const std::string& path);

/// One process at a time refreshes a login. A lock of the kernel on a file beside it (flock, exclusive), so it ends with its process:
/// nothing can go stale. Kimi's client locks kimi-code.lock beside its kimi-code.json in the same way, so the two wait for each other.
class LoginLock {
 public:
  /// How long to wait for another process (its own refresh may take that long), and what ends the wait early; it is asked again and again.
  struct Patience {
    std::chrono::milliseconds most{15'000};
    std::function<bool()> give_up;
  };
  /// Makes the folder (0700) and the lock file when they are missing. Fails with timeout (a retry is safe), cancelled, or config.
  static Result<LoginLock> take(const std::string& login_path, const Patience& patience);
  ~LoginLock();
  LoginLock(LoginLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  LoginLock& operator=(LoginLock&&) = delete;

 private:
  explicit LoginLock(int file) : file_(file) {}
  int file_;
};

/// The lock's file: `x.json` is locked by `x.lock`.
std::string lock_path(const std::string& login_path);

}  // namespace penstock::credentials
