#include "credentials/token_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace penstock::credentials {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kKimi =
    R"({"access_token": "at-1", "refresh_token": "rt-1", "expires_at": 1763640000.25, "scope": "kimi-code", )"
    R"("token_type": "Bearer", "expires_in": 900.0, "device": {"id": "\u00e9", "n": [1, 2]}})";

class TokenFileTest : public testing::Test {
 protected:
  TokenFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-login-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TokenFileTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ + "/kimi-code.json"; }
  void write(std::string_view text, mode_t mode = 0600) const {
    std::ofstream(path()) << text;
    ::chmod(path().c_str(), mode);
  }
  [[nodiscard]] std::string text() const {
    std::ifstream file(path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::string fault() const {
    const auto loaded = load_login(path());
    return loaded ? "no fault" : loaded.error().message;
  }
  static TokenSet fresh() { return {Secret("at-2"), Secret("rt-2"), 1'763'650'000, 900, "kimi-code", "Bearer"}; }

  std::string folder_;
};

TEST_F(TokenFileTest, a_login_of_kimis_client_is_read) {
  write(kKimi);
  const auto loaded = load_login(path());
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->access.reveal(), "at-1");
  EXPECT_EQ((*loaded)->refresh.reveal(), "rt-1");
  EXPECT_EQ((*loaded)->expires_at, 1'763'640'000);
  EXPECT_EQ((*loaded)->expires_in, 900);
  EXPECT_EQ((*loaded)->scope, "kimi-code");
}

TEST_F(TokenFileTest, what_is_no_login) {
  EXPECT_FALSE(load_login(path()).value()) << "no file";
  for (const auto* empty : {"", "\n", "{}", R"({"access_token":"","refresh_token":null})"}) {
    write(empty);
    EXPECT_FALSE(load_login(path()).value()) << empty;
  }
  write("no json");
  EXPECT_THAT(fault(), HasSubstr("is no login"));
  write(R"({"access_token":"at\r\nx-evil: 1"})");
  EXPECT_THAT(fault(), HasSubstr("it is not used"));
  EXPECT_THAT(fault(), Not(HasSubstr("evil")));
  write(kKimi, 0644);
  EXPECT_THAT(fault(), HasSubstr("chmod 600"));
}

TEST_F(TokenFileTest, strange_times_are_no_times) {
  for (const auto* time : {"-5", "1e300", "\"soon\"", "null", "true"}) {
    write(R"({"access_token":"a","expires_at":)" + std::string(time) + "}");
    EXPECT_EQ(load_login(path()).value()->expires_at, 0) << time;
  }
}

TEST_F(TokenFileTest, storing_changes_only_what_is_ours) {
  write(kKimi);
  ::chmod(folder_.c_str(), 0755);  // as Kimi's client makes it
  ASSERT_TRUE(store_login(path(), fresh()));
  EXPECT_EQ(text(), R"({"access_token": "at-2", "refresh_token": "rt-2", "expires_at": 1763650000, "scope": "kimi-code", )"
                    R"("token_type": "Bearer", "expires_in": 900, "device": {"id": "\u00e9", "n": [1, 2]}})");
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(TokenFileTest, a_new_file_has_every_member) {
  ASSERT_TRUE(store_login(path(), fresh()));
  EXPECT_EQ(text(), R"({"access_token":"at-2","refresh_token":"rt-2","expires_at":1763650000,"scope":"kimi-code",)"
                    R"("token_type":"Bearer","expires_in":900})");
  write("rubbish");
  ASSERT_TRUE(store_login(path(), fresh())) << "a login mends a broken file";
  EXPECT_EQ(load_login(path()).value()->refresh.reveal(), "rt-2");
}

TEST_F(TokenFileTest, a_stamp_tells_a_new_file) {
  EXPECT_EQ(stamp_of(path()), FileStamp{});
  ASSERT_TRUE(store_login(path(), fresh()));
  const auto first = stamp_of(path());
  EXPECT_EQ(stamp_of(path()), first);
  ASSERT_TRUE(store_login(path(), fresh()));
  EXPECT_NE(stamp_of(path()), first);
}

TEST_F(TokenFileTest, the_lock_is_the_one_of_kimis_client) {
  EXPECT_EQ(lock_path("/home/u/.kimi/credentials/kimi-code.json"), "/home/u/.kimi/credentials/kimi-code.lock");
  auto lock = LoginLock::take(path(), {});
  ASSERT_TRUE(lock);
  // As kimi-cli does it: open, flock without waiting.
  const int other = ::open((folder_ + "/kimi-code.lock").c_str(), O_CREAT | O_RDWR, 0600);
  EXPECT_EQ(::flock(other, LOCK_EX | LOCK_NB), -1);
  {
    const LoginLock gone = std::move(*lock);
  }
  EXPECT_EQ(::flock(other, LOCK_EX | LOCK_NB), 0);
  const auto refused = LoginLock::take(path(), {60ms, {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::timeout);
  EXPECT_TRUE(refused.error().retry_safe);
  const auto stopped = LoginLock::take(path(), {60s, [] { return true; }});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
  ::close(other);
}

TEST_F(TokenFileTest, a_lock_ends_with_its_process) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open((folder_ + "/kimi-code.lock").c_str(), O_CREAT | O_RDWR, 0600);
    const char locked = ::flock(file, LOCK_EX) == 0 ? 'y' : 'n';
    if (::write(ready[1], &locked, 1) == 1) ::pause();
    ::_exit(0);
  }
  char locked = 0;
  ASSERT_EQ(::read(ready[0], &locked, 1), 1);
  ASSERT_EQ(locked, 'y');
  EXPECT_FALSE(LoginLock::take(path(), {0ms, {}}));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(LoginLock::take(path(), {0ms, {}}));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(TokenFileTest, a_missing_folder_is_made_for_nobody_else) {
  ASSERT_TRUE(LoginLock::take(folder_ + "/a/b/x.json", {}));
  struct stat status{};
  ASSERT_EQ(::stat((folder_ + "/a/b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  std::ofstream(folder_ + "/file") << "";
  EXPECT_FALSE(LoginLock::take(folder_ + "/file/x.json", {}));
}

}  // namespace
}  // namespace penstock::credentials
