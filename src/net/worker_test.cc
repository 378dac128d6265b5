// A worker's parts: its buffers, its deadlines, how many there are.
#include "net/worker.h"

#include <gtest/gtest.h>

#include <future>

namespace penstock::net {
namespace {

TEST(worker, cores_of_a_quota) {
  EXPECT_EQ(cores_of_quota("max 100000"), std::nullopt);
  EXPECT_EQ(cores_of_quota("100000 100000"), 1U);
  EXPECT_EQ(cores_of_quota("150000 100000"), 2U);
  EXPECT_EQ(cores_of_quota("5000 100000"), 1U);
  EXPECT_EQ(cores_of_quota("100000 0"), std::nullopt);
  EXPECT_EQ(cores_of_quota(""), std::nullopt);
  EXPECT_GE(usable_cores(), 1U);
}

TEST(worker, jobs_run_on_its_thread_in_order) {
  Worker worker(0);
  worker.run();
  std::vector<int> order;
  std::promise<std::thread::id> done;
  for (int i = 0; i < 3; ++i) worker.post([&order, i] { order.push_back(i); });
  worker.post([&] { done.set_value(std::this_thread::get_id()); });
  EXPECT_NE(done.get_future().get(), std::this_thread::get_id());
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

/// Notes when its time came.
struct Noted : Deadline {
  explicit Noted(std::vector<int>& order, int number) : order(order), number(number) {}
  void expired() override { order.push_back(number); }
  std::vector<int>& order;
  int number;
};

TEST(deadlines, expire_when_due_unless_moved_or_taken_away) {
  asio::io_context context(1);
  Deadlines deadlines(context.get_executor());
  std::vector<int> order;
  Noted soon(order, 1), later(order, 2), moved(order, 3), taken(order, 4), past(order, 5);
  auto gone = std::make_unique<Noted>(order, 6);
  const auto now = Clock::now();
  deadlines.set(later, now + std::chrono::milliseconds(120));
  deadlines.set(soon, now + std::chrono::milliseconds(30));
  deadlines.set(moved, now + std::chrono::milliseconds(30));
  deadlines.set(moved, now + std::chrono::hours(1));
  deadlines.set(taken, now + std::chrono::milliseconds(30));
  deadlines.set(taken, kNever);
  deadlines.set(*gone, now + std::chrono::milliseconds(30));
  deadlines.set(past, now - std::chrono::seconds(1));
  gone.reset();
  while (order.size() < 3) context.run_one();
  EXPECT_EQ(order, (std::vector{5, 1, 2}));
  EXPECT_GE(Clock::now() - now, std::chrono::milliseconds(120));
  EXPECT_EQ(soon.at(), kNever);
}

TEST(deadlines, one_that_expires_may_destroy_others) {
  struct Destroyer : Deadline {
    std::vector<std::unique_ptr<Deadline>>* all = nullptr;
    void expired() override { all->clear(); }
  };
  asio::io_context context(1);
  Deadlines deadlines(context.get_executor());
  std::vector<std::unique_ptr<Deadline>> all;
  for (int i = 0; i < 5; ++i) {
    auto one = std::make_unique<Destroyer>();
    one->all = &all;
    deadlines.set(*one, Clock::now());
    all.push_back(std::move(one));
  }
  while (!all.empty()) context.run_one();
}

TEST(deadlines, outlived_by_what_it_held) {
  asio::io_context context(1);
  std::vector<int> order;
  Noted one(order, 1);
  {
    Deadlines deadlines(context.get_executor());
    deadlines.set(one, Clock::now());
  }
  context.run();
  EXPECT_TRUE(order.empty());
}

TEST(buffer_pool, gives_the_same_memory_again) {
  BufferPool pool;
  Buffer small = pool.take(1);
  EXPECT_EQ(small.size(), BufferPool::kSmall);
  const char* const place = small.data();
  small.release();
  EXPECT_FALSE(small);
  Buffer again = pool.take(BufferPool::kSmall);
  EXPECT_EQ(again.data(), place);

  Buffer large = pool.take(100'000);
  EXPECT_EQ(large.size(), 131'072U);
  const char* const large_place = large.data();
  large = Buffer();
  EXPECT_EQ(pool.take(120'000).data(), large_place) << "any request of that power of two";
  Buffer moved = std::move(again);
  EXPECT_EQ(moved.data(), place);
  EXPECT_FALSE(again);  // NOLINT: moved from
}

TEST(buffer_pool, huge_buffers_are_exact) {
  BufferPool pool;
  EXPECT_EQ(pool.take(BufferPool::kKeepBusy + 1).size(), BufferPool::kKeepBusy + 1);
  EXPECT_FALSE(pool.swollen()) << "and not kept";
  EXPECT_TRUE(pool.wants_trim()) << "the allocator may keep it";
  pool.trim();
  EXPECT_FALSE(pool.wants_trim());
}

TEST(buffer_pool, what_a_burst_left_is_given_back) {
  BufferPool pool;
  {
    std::vector<Buffer> burst;
    for (int i = 0; i < 8; ++i) burst.push_back(pool.take(1 << 20));
  }
  EXPECT_TRUE(pool.swollen());
  pool.trim();
  EXPECT_FALSE(pool.swollen());
  EXPECT_EQ(pool.take(1 << 20).size(), 1U << 20);
}

}  // namespace
}  // namespace penstock::net
