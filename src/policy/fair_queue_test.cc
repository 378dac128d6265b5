#include "policy/fair_queue.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace penstock::policy {
namespace {

/// Takes at most that many, and tells which.
std::string take(FairQueue<char>& queue, std::size_t most) {
  std::string taken;
  queue.offer([&](char item) {
    if (taken.size() == most) return false;
    taken += item;
    return true;
  });
  return taken;
}

FairQueue<char> queue_of(std::initializer_list<std::pair<std::uint64_t, char>> items) {
  FairQueue<char> queue;
  for (const auto& [session, item] : items) queue.add(session, item);
  return queue;
}

TEST(FairQueue, one_session_is_a_line) {
  auto queue = queue_of({{1, 'a'}, {1, 'b'}, {1, 'c'}});
  EXPECT_EQ(take(queue, 2), "ab");
  EXPECT_EQ(take(queue, 2), "c");
  EXPECT_TRUE(queue.empty());
}

TEST(FairQueue, sessions_take_turns) {
  auto queue = queue_of({{1, 'a'}, {1, 'b'}, {1, 'c'}, {2, 'x'}, {3, 'm'}, {2, 'y'}});
  EXPECT_EQ(take(queue, 9), "axmbyc");
}

TEST(FairQueue, the_turns_go_on_from_one_offer_to_the_next) {
  auto queue = queue_of({{1, 'a'}, {1, 'b'}, {1, 'c'}, {2, 'x'}, {2, 'y'}});
  std::string taken;
  while (!queue.empty()) taken += take(queue, 1);
  EXPECT_EQ(taken, "axbyc");
}

TEST(FairQueue, a_session_that_comes_late_waits_for_one_of_each_other_at_most) {
  auto queue = queue_of({{1, 'a'}, {1, 'b'}, {1, 'c'}, {1, 'd'}});
  EXPECT_EQ(take(queue, 1), "a");
  queue.add(2, 'x');
  EXPECT_EQ(take(queue, 2), "bx");
}

TEST(FairQueue, what_cannot_be_taken_holds_nobody_up) {
  auto queue = queue_of({{1, 'a'}, {1, 'b'}, {2, 'x'}});
  std::string taken;
  queue.offer([&](char item) {
    if (item == 'a') return false;
    taken += item;
    return true;
  });
  EXPECT_EQ(taken, "bx");
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_TRUE(queue.any([](char item) { return item == 'a'; }));
}

TEST(FairQueue, who_leaves_is_gone) {
  auto queue = queue_of({{1, 'a'}, {1, 'b'}, {2, 'x'}});
  queue.remove('a');
  queue.remove('x');
  queue.remove('?');
  EXPECT_EQ(take(queue, 9), "b");
}

TEST(FairQueue, nobody_is_overtaken_by_another_session_twice) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    FairQueue<int> queue;
    std::vector<std::uint64_t> session_of;
    for (int item = 0; item < 40; ++item) {
      session_of.push_back(random() % 5);
      queue.add(session_of.back(), item);
    }
    std::vector<int> since(5);  // others' turns since a session's last one
    while (!queue.empty()) {
      int taken = -1;
      queue.offer([&](int item) { return taken < 0 && (taken = item, true); });
      ASSERT_GE(taken, 0);
      const auto session = session_of[static_cast<std::size_t>(taken)];
      for (auto& turns : since) ++turns;
      EXPECT_LE(since[session], 5);
      since[session] = 0;
    }
  }
}

}  // namespace
}  // namespace penstock::policy
