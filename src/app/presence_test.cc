// Locks are a process's own, so whoever is looked for here is a child process.
#include "app/presence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "app/child_for_test.h"

namespace penstock::app {
namespace {

using testing::HasSubstr;
using tests::Child;

class PresenceTest : public testing::Test {
 protected:
  PresenceTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-presence-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~PresenceTest() override { std::filesystem::remove_all(folder_); }
  /// Takes its place (r, or n when there is one), leaves at a first word (l), ends at a second.
  Child gateway(const std::string& text) const {
    return Child([folder = folder_, text](Child::Pipes& parent) {
      auto presence = Presence::take(folder, text);
      parent.say(presence && *presence ? 'r' : 'n');
      parent.hear();
      if (presence && *presence) (*presence)->leave();
      parent.say('l');
      parent.hear();
    });
  }
  [[nodiscard]] Sighting look() const { return look_for_gateway(folder_).value(); }
  std::string folder_;
};

TEST_F(PresenceTest, of_nobody) {
  for (const auto& folder : {std::string(), folder_, folder_ + "/nowhere"}) {
    const auto seen = look_for_gateway(folder);
    ASSERT_TRUE(seen) << folder;
    EXPECT_EQ(seen->pid, 0);
    EXPECT_EQ(seen->text, "");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "looking leaves no traces";
}

TEST_F(PresenceTest, is_seen_and_a_second_one_is_not_taken) {
  auto first = gateway("first");
  ASSERT_EQ(first.hear(), 'r');
  auto second = gateway("second, and much longer");
  EXPECT_EQ(second.hear(), 'n');
  const auto seen = look();
  EXPECT_EQ(seen.pid, first.pid());
  EXPECT_EQ(seen.text, "first");
  EXPECT_EQ(seen.draining, 0);
}

TEST_F(PresenceTest, of_one_that_was_killed_is_a_text_without_a_process) {
  auto first = gateway("first");
  ASSERT_EQ(first.hear(), 'r');
  first.end(SIGKILL);
  EXPECT_EQ(look().pid, 0);
  EXPECT_EQ(look().text, "first");
  clear_stale(folder_);
  EXPECT_EQ(look().text, "");
  auto second = gateway("second");
  EXPECT_EQ(second.hear(), 'r');
  EXPECT_EQ(look().pid, second.pid());
  clear_stale(folder_);
  EXPECT_EQ(look().text, "second") << "one that runs is left alone";
}

TEST_F(PresenceTest, of_a_foreign_process_in_the_file_counts_for_nothing) {
  std::ofstream(folder_ + "/gateway.json") << R"({"pid":)" << ::getpid() << "}";
  EXPECT_EQ(look().pid, 0);
}

TEST_F(PresenceTest, goes_to_a_next_one_while_the_first_drains) {
  auto first = gateway("first");
  ASSERT_EQ(first.hear(), 'r');
  first.say('g');
  ASSERT_EQ(first.hear(), 'l');
  EXPECT_EQ(look().pid, 0);
  EXPECT_EQ(look().draining, first.pid());
  EXPECT_EQ(look().text, "");
  auto second = gateway("second");
  ASSERT_EQ(second.hear(), 'r');
  EXPECT_EQ(look().pid, second.pid());
  EXPECT_EQ(look().draining, first.pid());
  first.say('g');
  EXPECT_EQ(first.hear(), 0);
  EXPECT_EQ(look().draining, 0);
  EXPECT_EQ(look().text, "second") << "the first one's end does not touch it";
}

TEST_F(PresenceTest, a_stranger_who_locks_the_whole_file_holds_nobody_up) {
  std::ofstream(folder_ + "/gateway.json") << "";
  Child stranger([folder = folder_](Child::Pipes& parent) {
    const Descriptor file(::open((folder + "/gateway.json").c_str(), O_RDWR | O_CLOEXEC));
    struct flock whole{};
    whole.l_type = F_WRLCK;
    parent.say(::fcntl(file.get(), F_SETLK, &whole) == 0 ? 'r' : 'n');
    parent.hear();
  });
  ASSERT_EQ(stranger.hear(), 'r');
  EXPECT_THAT(look_for_gateway(folder_).error().message, HasSubstr("is locked by process " + std::to_string(stranger.pid())));
}

TEST_F(PresenceTest, goes_to_exactly_one_of_many) {
  std::vector<Child> all;
  for (int i = 0; i < 8; ++i) all.push_back(gateway("x"));
  int taken = 0, refused = 0;
  for (auto& one : all) {
    const char said = one.hear();
    taken += said == 'r';
    refused += said == 'n';
  }
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(refused, 7);
}

TEST_F(PresenceTest, in_a_folder_that_is_not_there_is_told) {
  const auto taken = Presence::take(folder_ + "/nowhere", "x");
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("/nowhere/gateway.json"));
}

}  // namespace
}  // namespace penstock::app
