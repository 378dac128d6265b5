#include "policy/checkup.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock::policy {
namespace {

using namespace std::chrono_literals;

std::vector<Advice> advice(std::initializer_list<int> statuses) {
  Checkup checkup(30s);
  std::vector<Advice> all;
  for (const int status : statuses) all.push_back(checkup.take(finding_of(status)));
  return all;
}
using All = std::vector<Advice>;

TEST(Checkup, ItRestsAfterTwoFailuresInARowUntilACheckSucceeds) {
  EXPECT_EQ(advice({200, 503, 200}), (All{Advice::forget, Advice::leave, Advice::forget}));  // it was never unwell
  EXPECT_EQ(advice({0, 529, 0}), (All{Advice::leave, Advice::rest, Advice::rest}));
  EXPECT_EQ(advice({500, 200, 500, 500, 204, 500}),
            (All{Advice::leave, Advice::forget, Advice::leave, Advice::rest, Advice::welcome, Advice::leave}));
}

TEST(Checkup, WhatIsNoAnswerToTheCheckBreaksTheRowAndPromisesNothing) {
  for (const int status : {301, 400, 401, 402, 403, 404, 429})
    EXPECT_EQ(advice({0, status, 0, 0, status}), (All{Advice::leave, Advice::forget, Advice::leave, Advice::rest, Advice::forget}))
        << status;
}

TEST(Checkup, TheNextOneComesUpToATenthEarly) {
  const Checkup checkup(30s);
  const TimePoint now = TimePoint() + 1h;
  EXPECT_EQ(checkup.next(now, 0), now + 30s);
  EXPECT_GT(checkup.next(now, ~0ULL), now + 26'999ms);
  EXPECT_LT(checkup.next(now, ~0ULL), now + 27'001ms);
  EXPECT_EQ(checkup.next(now, 1ULL << 63U), now + 28'500ms);
}

TEST(Checkup, ALongCountOfFailuresDoesNotEnd) {
  Checkup checkup(1s);
  EXPECT_EQ(checkup.take(Finding::unwell), Advice::leave);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(checkup.take(Finding::unwell), Advice::rest);
}

}  // namespace
}  // namespace penstock::policy
