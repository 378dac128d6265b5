#include "policy/cooldown.h"

#include <gtest/gtest.h>

#include <random>

namespace penstock::policy {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kNoJitter = 0;

/// A cooldown and a clock that is ticked.
struct Ticked {
  CooldownLimits limits{};
  TimePoint now = TimePoint() + 1h;
  Cooldown cooldown{limits};

  void fail() { cooldown.failed(now, now, kNoJitter); }
  void succeed() { cooldown.succeeded(now, now); }
  void fail(unsigned times) {
    for (unsigned i = 0; i < times; ++i) fail();
  }
  [[nodiscard]] bool rests() const { return cooldown.resting_until(now).has_value(); }
  [[nodiscard]] Duration left() const { return std::chrono::duration_cast<Duration>(cooldown.resting_until(now).value_or(now) - now); }
};

TEST(Cooldown, FailuresInARowBringARest) {
  Ticked t;
  t.fail(2);
  EXPECT_FALSE(t.rests());
  t.succeed();
  t.fail(2);
  EXPECT_FALSE(t.rests());
  t.fail();
  EXPECT_EQ(t.left(), 30s);
  t.now += 29'999ms;
  EXPECT_TRUE(t.rests());
  t.now += 1ms;
  EXPECT_FALSE(t.rests());
}

TEST(Cooldown, OneProbeWhenTheRestEnds) {
  Ticked t;
  t.fail(3);
  EXPECT_FALSE(t.cooldown.begin(t.now)) << "no probe while it rests";
  t.now += 30s;
  EXPECT_TRUE(t.cooldown.begin(t.now));
  EXPECT_TRUE(t.rests()) << "for everyone else";
  EXPECT_FALSE(t.cooldown.begin(t.now));
  t.succeed();
  EXPECT_FALSE(t.rests());
  EXPECT_FALSE(t.cooldown.troubled(t.now));
  t.fail(2);
  EXPECT_FALSE(t.rests()) << "all is as at the beginning";
}

TEST(Cooldown, ARestThatEndsEarlyEndsWithAProbe) {
  Ticked t;
  t.fail(3);
  t.now += 1s;
  t.cooldown.end_early(t.now);
  EXPECT_FALSE(t.rests());
  EXPECT_TRUE(t.cooldown.begin(t.now));
  t.cooldown.end_early(t.now);
  EXPECT_TRUE(t.rests()) << "one probe at a time";
  t.fail();
  EXPECT_EQ(t.left(), 60s) << "twice as long, as after any probe that fails";
  t.cooldown.end_early(t.now);
  t.cooldown.rest_for(t.now, 5s);
  t.cooldown.end_early(t.now);
  EXPECT_EQ(t.left(), 5s) << "the provider has said so itself";
}

TEST(Cooldown, AFailedProbeRestsTwiceAsLongUpToTheLongest) {
  Ticked t;
  t.fail(3);
  const Duration rests[] = {30s, 60s, 120s, 240s, 480s, 600s, 600s};
  for (const auto rest : rests) {
    EXPECT_EQ(t.left(), rest);
    t.now += rest;
    ASSERT_TRUE(t.cooldown.begin(t.now));
    t.fail();
  }
  t.now += 600s;
  ASSERT_TRUE(t.cooldown.begin(t.now));
  t.succeed();
  t.fail(3);
  EXPECT_EQ(t.left(), 30s) << "success begins anew";
}

TEST(Cooldown, AProbeOfWhichNothingIsHeard) {
  Ticked t;
  t.fail(3);
  t.now += 30s;
  ASSERT_TRUE(t.cooldown.begin(t.now));
  t.now += 14s;
  EXPECT_TRUE(t.rests());
  t.now += 1s;
  EXPECT_FALSE(t.rests());
  EXPECT_TRUE(t.cooldown.begin(t.now)) << "the next one may try";
  t.cooldown.abandon();
  EXPECT_FALSE(t.rests());
  EXPECT_TRUE(t.cooldown.begin(t.now));
}

TEST(Cooldown, AShareOfFailuresBringsARestToo) {
  Ticked t;
  for (int i = 0; i < 5; ++i) {  // never three in a row
    t.fail();
    t.succeed();
    t.now += 1s;
  }
  EXPECT_FALSE(t.rests()) << "half of ten is not more than half";
  t.fail();
  EXPECT_TRUE(t.rests());
}

TEST(Cooldown, TheWindowForgets) {
  Ticked t;
  for (int i = 0; i < 40; ++i) {  // one of two fails, but never ten attempts within a minute
    t.fail();
    t.now += 7s;
    t.succeed();
    t.now += 7s;
  }
  EXPECT_FALSE(t.rests());
  EXPECT_TRUE(t.cooldown.troubled(t.now));
  t.now += 61s;
  EXPECT_FALSE(t.cooldown.troubled(t.now));
}

TEST(Cooldown, LateFailuresOfOlderAttemptsDoNotLengthenTheRest) {
  Ticked t;
  const auto begun = t.now;
  t.now += 5s;
  for (int i = 0; i < 10; ++i) t.cooldown.failed(begun, t.now, kNoJitter);
  EXPECT_EQ(t.left(), 30s);
  t.now += 30s;
  t.cooldown.failed(begun, t.now, kNoJitter);
  EXPECT_FALSE(t.rests());
  t.cooldown.succeeded(begun, t.now);
  EXPECT_TRUE(t.cooldown.begin(t.now)) << "an older success is no proof either";
}

TEST(Cooldown, AToldRestEndsWithoutAProbe) {
  Ticked t;
  t.cooldown.rest_for(t.now, 5s);
  EXPECT_EQ(t.left(), 5s);
  EXPECT_TRUE(t.cooldown.troubled(t.now));
  t.cooldown.rest_for(t.now, 2s);
  EXPECT_EQ(t.left(), 5s) << "the longer stands";
  t.now += 5s;
  EXPECT_FALSE(t.rests());
  EXPECT_FALSE(t.cooldown.begin(t.now));
  t.cooldown.rest_for(t.now, 0s);
  t.cooldown.rest_for(t.now, -5s);
  EXPECT_FALSE(t.rests());
}

TEST(Cooldown, UntilItChanges) {
  Ticked t;
  t.cooldown.rest_for(t.now, kUntilChanged);
  t.now += 24h * 365;
  EXPECT_EQ(t.cooldown.resting_until(t.now), TimePoint::max());
  t.cooldown.reset();
  EXPECT_FALSE(t.rests());
}

TEST(Cooldown, SuccessOfALaterAttemptEndsEveryRest) {
  Ticked t;
  const auto before = t.now;
  t.now += 1s;
  t.cooldown.rest_for(t.now, kUntilChanged);
  t.cooldown.succeeded(before, t.now);
  EXPECT_TRUE(t.rests()) << "that one began before the refusal";
  t.now += 1s;
  t.succeed();  // used at once, because everything rested
  EXPECT_FALSE(t.rests());
}

TEST(Cooldown, JitterOnlyShortens) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 1000; ++i) {
    Ticked t;
    for (int j = 0; j < 3; ++j) t.cooldown.failed(t.now, t.now, random());
    EXPECT_LE(t.left(), 30s);
    EXPECT_GE(t.left(), 22'499ms);
  }
}

/// Whatever comes in whatever order: a rest has an end, at most one probe is out at a time, a success of a new attempt frees.
TEST(Cooldown, Properties) {
  std::mt19937_64 random(4);
  for (int run = 0; run < 300; ++run) {
    Ticked t;
    TimePoint probe_until = TimePoint::min();
    for (int step = 0; step < 200; ++step) {
      t.now += Duration(static_cast<std::int64_t>(random() % 20'000));
      switch (random() % 5) {
        case 0:
          t.succeed();
          EXPECT_FALSE(t.rests());
          probe_until = TimePoint::min();
          break;
        case 1: t.cooldown.rest_for(t.now, Duration(static_cast<std::int64_t>(random() % 60'000))); break;
        default:
          if (t.cooldown.begin(t.now)) {
            EXPECT_GE(t.now, probe_until);
            probe_until = t.now + t.limits.probe;
          }
          if (random() % 2 == 0) {
            const bool rested = t.rests();
            t.cooldown.failed(t.now, t.now, random());
            if (rested && t.cooldown.rests() > 0) EXPECT_TRUE(t.rests());
            if (t.rests()) probe_until = TimePoint::min();
          }
      }
      EXPECT_LE(t.left(), t.limits.longest);
      if (t.rests()) EXPECT_TRUE(t.cooldown.troubled(t.now));
    }
  }
}

/// The owner skips successes while all is well: nothing else may come of it.
TEST(Cooldown, UnreportedSuccessesChangeNothingOnceItIsWell) {
  std::mt19937_64 random(5);
  Ticked full, sparse;
  for (int step = 0; step < 5000; ++step) {
    full.now = sparse.now += Duration(static_cast<std::int64_t>(random() % 30'000));
    if (random() % 4 == 0) {
      full.fail();
      sparse.fail();
    } else {
      if (sparse.cooldown.troubled(sparse.now)) sparse.succeed();
      full.succeed();
    }
    if (full.rests()) EXPECT_TRUE(sparse.rests()) << "it may rest earlier, never later";
  }
}

}  // namespace
}  // namespace penstock::policy
