#include "gateway/seats.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace penstock::gateway {
namespace {

using namespace std::chrono_literals;

constexpr policy::TimePoint kStart = policy::TimePoint() + 1h;

policy::Seat seat(std::uint64_t target) { return {.target = target, .credential = 2 * target, .cached = 3 * target, .when = kStart}; }

TEST(Seats, each_session_has_its_own) {
  Seats seats;
  for (std::uint64_t key = 1; key <= 100; ++key) seats.put(key, seat(key));
  for (std::uint64_t key = 1; key <= 100; ++key) {
    const auto found = seats.find(key, kStart);
    ASSERT_TRUE(found) << key;
    EXPECT_EQ(found->target, key);
    EXPECT_EQ(found->credential, 2 * key);
    EXPECT_EQ(found->cached, 3 * key);
  }
  EXPECT_FALSE(seats.find(101, kStart));
}

TEST(Seats, the_last_answer_moves_the_session) {
  Seats seats;
  seats.put(1, seat(7));
  seats.put(1, seat(8));
  EXPECT_EQ(seats.find(1, kStart)->target, 8U);
}

TEST(Seats, who_is_nobody_has_none) {
  Seats seats;
  seats.put(0, seat(7));
  EXPECT_FALSE(seats.find(0, kStart));
}

TEST(Seats, one_that_was_not_used_for_long_is_forgotten) {
  Seats seats;
  seats.put(1, seat(7));
  EXPECT_TRUE(seats.find(1, kStart + 59min));
  EXPECT_FALSE(seats.find(1, kStart + 2h));
}

TEST(Seats, are_bounded_whatever_the_keys_are) {
  for (const std::uint64_t step : {1U, 16U}) {  // spread over all, or all in one place
    Seats seats;
    constexpr std::uint64_t kSessions = 2 * policy::AffinityTable::kMost;
    for (std::uint64_t i = 1; i <= kSessions; ++i) seats.put(i * step, seat(i));
    std::size_t there = 0;
    for (std::uint64_t i = 1; i <= kSessions; ++i) there += seats.find(i * step, kStart).has_value();
    EXPECT_LE(there, policy::AffinityTable::kMost);
    EXPECT_GE(there, policy::AffinityTable::kMost / 16);
    EXPECT_TRUE(seats.find(kSessions * step, kStart)) << "the last ones stay";
  }
}

TEST(SeatsThreads, sessions_come_and_go_on_all_workers) {
  Seats seats;
  std::vector<std::thread> threads;
  for (std::uint64_t number = 0; number < 4; ++number)
    threads.emplace_back([&seats, number] {
      for (std::uint64_t i = 1; i <= 5000; ++i) {
        const auto key = 1 + (i + number * 175) % 700;
        seats.put(key, seat(key));
        const auto found = seats.find(1 + i % 700, kStart);
        if (found) EXPECT_EQ(found->credential, 2 * found->target) << "never half of one";
      }
    });
  for (auto& thread : threads) thread.join();
  for (std::uint64_t key = 1; key <= 700; ++key) EXPECT_EQ(seats.find(key, kStart).value_or(policy::Seat{}).target, key);
}

}  // namespace
}  // namespace penstock::gateway
