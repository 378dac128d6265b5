#include "launch/claude_install.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "launch/claude_program.h"

namespace penstock::launch {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A machine with an npm that is a script: it notes how it was called, and does what the test says.
class ClaudeInstall : public testing::Test {
 protected:
  ClaudeInstall() {
    std::string pattern = (fs::temp_directory_path() / "penstock-install-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(folder_ + "/bin");
  }
  ~ClaudeInstall() override { fs::remove_all(folder_); }

  void npm(const std::string& commands) {
    const std::string path = folder_ + "/bin/npm";
    std::ofstream(path) << "#!/bin/sh\necho \"$@\" >> " << folder_ << "/calls\n" << commands;
    fs::permissions(path, fs::perms::owner_all);
  }
  /// `npm install --prefix FOLDER` makes a program that says `version`.
  void npm_installs(const std::string& version) {
    npm("[ \"$1 $2\" = 'install --prefix' ] || exit 1\n"
        "mkdir -p \"$3/node_modules/.bin\" \"$3/node_modules/real\"\n"
        "printf '#!/bin/sh\\necho \"" +
        version +
        " (Claude Code)\"\\n' > \"$3/node_modules/real/claude\"\n"
        "chmod +x \"$3/node_modules/real/claude\"\n"
        "ln -s ../real/claude \"$3/node_modules/.bin/claude\"\n");
  }
  InstallGround ground() {
    const std::map<std::string, std::string> variables{{"PATH", folder_ + "/bin:/usr/bin:/bin"}, {"HOME", folder_}};
    return {.environment = [variables](const std::string& name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              return found == variables.end() ? std::nullopt : std::optional(found->second);
            },
            .state_dir = state(),
            .say =
                [this](const std::string& words) {
                  const std::lock_guard lock(mutex_);
                  said_.push_back(words);
                }};
  }
  [[nodiscard]] std::string state() const { return folder_ + "/state"; }
  [[nodiscard]] std::string calls() const {
    std::ifstream file(folder_ + "/calls");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::vector<std::string> left() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(state() + "/claude-code")) names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  std::string folder_;
  std::mutex mutex_;
  std::vector<std::string> said_;
};

TEST(claude_install, what_is_a_version) {
  for (const auto* good : {"2.1.197", "0.0.1", "10.20.30", "2.2.0-beta.1"}) EXPECT_TRUE(is_version(good)) << good;
  for (const auto* bad :
       {"", "2", "2.1", "2.1.", ".1.2", "2..1", "1.2.3.4", "latest", "2.1.x", "2.1.3-", "2.1.3-/..", "../1.2.3", "v2.1.3", "1.2.3 "})
    EXPECT_FALSE(is_version(bad)) << bad;
  EXPECT_TRUE(is_channel("latest") && is_channel("stable"));
  EXPECT_FALSE(is_channel("next"));
}

TEST_F(ClaudeInstall, a_version_gets_its_folder_once) {
  npm_installs("2.1.197");
  const auto first = install_claude("2.1.197", ground());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*first, state() + "/claude-code/2.1.197/node_modules/.bin/claude");
  EXPECT_EQ(find_claude(ground().environment, state(), "2.1.197").value_or(""), *first);
  EXPECT_THAT(
      calls(),
      testing::MatchesRegex(
          "install --prefix .*/claude-code/\\.new-...... --no-audit --no-fund --loglevel=error @anthropic-ai/claude-code@2.1.197\n"));
  ASSERT_TRUE(install_claude("2.1.197", ground()));
  EXPECT_EQ(std::ranges::count(calls(), '\n'), 1) << "what is there is not installed again";
  EXPECT_THAT(left(), ElementsAre(".lock", "2.1.197"));
  EXPECT_THAT(said_, ElementsAre("installing Claude Code 2.1.197 from npm; this may take a minute"));
}

TEST_F(ClaudeInstall, a_folder_without_its_program_is_made_again) {
  npm_installs("2.1.197");
  fs::create_directories(state() + "/claude-code/2.1.197/node_modules");
  fs::permissions(state() + "/claude-code", fs::perms::owner_all);
  fs::create_directories(state() + "/claude-code/.new-cutoff/node_modules");
  EXPECT_TRUE(install_claude("2.1.197", ground()));
  EXPECT_THAT(left(), ElementsAre(".lock", "2.1.197")) << "what an earlier call left is gone too";
}

TEST_F(ClaudeInstall, failures_leave_nothing_and_say_why) {
  npm("echo 'npm error notarget No matching version found' >&2; exit 1\n");
  EXPECT_EQ(install_claude("9.9.9", ground()).error().message,
            "npm could not install Claude Code 9.9.9:\n  npm error notarget No matching version found");
  npm_installs("2.1.0");
  EXPECT_THAT(install_claude("2.1.1", ground()).error().message, HasSubstr("ignore-scripts"));
  npm("exit 0\n");
  EXPECT_THAT(install_claude("2.1.1", ground()).error().message, HasSubstr("its program does not start"));
  EXPECT_THAT(left(), ElementsAre(".lock"));
  fs::remove(folder_ + "/bin/npm");
  auto bare = ground();
  bare.environment = [this](const std::string& name) { return name == "PATH" ? std::optional(folder_ + "/bin") : std::nullopt; };
  EXPECT_THAT(install_claude("2.1.1", bare).error().message, HasSubstr("apt-get install npm"));
  EXPECT_EQ(install_claude("../x", bare).error().message, "\"../x\" is no version; write X.Y.Z");
}

TEST_F(ClaudeInstall, many_at_once_install_once) {
  npm_installs("2.1.197");
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 6; ++i) threads.emplace_back([&] { good += install_claude("2.1.197", ground()).has_value() ? 1 : 0; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 6);
  EXPECT_EQ(std::ranges::count(calls(), '\n'), 1);
}

TEST_F(ClaudeInstall, channels_are_asked_for) {
  npm("echo '{\"latest\":\"2.1.328\",\"stable\":\"2.1.197\",\"next\":\"soon\"}'\n");
  EXPECT_EQ(resolve_version("latest", ground()).value_or(""), "2.1.328");
  EXPECT_EQ(resolve_version("stable", ground()).value_or(""), "2.1.197");
  EXPECT_EQ(resolve_version("2.0.1", ground()).value_or(""), "2.0.1");
  EXPECT_EQ(calls(),
            "view @anthropic-ai/claude-code dist-tags --json --loglevel=error\nview @anthropic-ai/claude-code dist-tags --json "
            "--loglevel=error\n");
  EXPECT_EQ(resolve_version("next", ground()).error().message, "\"next\" is no version; write X.Y.Z, latest or stable");
  npm("echo '{\"latest\":\"2.1.328\"}'\n");
  EXPECT_EQ(resolve_version("stable", ground()).error().message,
            "the registry has no version of Claude Code that it calls stable; it has: latest (2.1.328)");
  npm("echo oops\n");
  EXPECT_EQ(resolve_version("stable", ground()).error().message, "npm's answer cannot be read:\n  oops");
}

TEST_F(ClaudeInstall, versions_that_nobody_uses_go) {
  for (const auto* name : {"2.1.1", "2.1.2", "2.1.3", "notes"}) fs::create_directories(state() + "/claude-code/" + name);
  ASSERT_TRUE(point_channel(state(), "latest", "2.1.1"));
  ASSERT_TRUE(point_channel(state(), "latest", "2.1.3"));
  ASSERT_TRUE(point_channel(state(), "stable", "2.1.2"));
  EXPECT_EQ(fs::read_symlink(version_folder(state(), "latest")), "2.1.3");
  EXPECT_THAT(remove_other_versions(state(), {"latest", "2.1.1"}), ElementsAre("2.1.2", "stable"));
  EXPECT_THAT(left(), ElementsAre("2.1.1", "2.1.3", "latest", "notes"));
  EXPECT_THAT(remove_other_versions(state() + "/nowhere", {}), IsEmpty());
}

}  // namespace
}  // namespace penstock::launch
