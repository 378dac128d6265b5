#include "base/core_dump.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace penstock {
namespace {

namespace fs = std::filesystem;

rlimit core_limit() {
  rlimit limit{};
  EXPECT_EQ(::getrlimit(RLIMIT_CORE, &limit), 0);
  return limit;
}

/// In a child: sets the soft limit as high as it goes, calls `prepare`, dies of SIGQUIT in `folder`. How it ended.
template <typename Prepare>
int end_of_child(const std::string& folder, Prepare prepare) {
  const pid_t child = ::fork();
  if (child == 0) {
    rlimit limit = core_limit();
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_CORE, &limit) != 0 || ::chdir(folder.c_str()) != 0) ::_exit(1);
    prepare();
    ::signal(SIGQUIT, SIG_DFL);
    ::raise(SIGQUIT);
    ::_exit(2);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(CoreDump, none_is_left) {
  std::string pattern = (fs::temp_directory_path() / "penstock-core-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  const int status = end_of_child(folder, [] { forbid_core_dumps(); });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(WCOREDUMP(status));
  EXPECT_TRUE(fs::is_empty(folder));
  fs::remove_all(folder);
}

TEST(CoreDump, what_the_user_had_comes_back) {
  const rlimit before = core_limit();
  forbid_core_dumps();
  EXPECT_EQ(core_limit().rlim_cur, std::min<rlim_t>(1, before.rlim_max));
  EXPECT_EQ(core_limit().rlim_max, before.rlim_max);
  forbid_core_dumps();  // a second call must not take the first one's limit for the user's
  allow_core_dumps();
  EXPECT_EQ(core_limit().rlim_cur, before.rlim_cur);
}

}  // namespace
}  // namespace penstock
