// How targets and credentials stand: when one rests, who may try it again, and what is forgotten.
#include "gateway/standing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <tuple>
#include <vector>

namespace penstock::gateway {
namespace {

using namespace std::chrono_literals;
using policy::CooldownLimits;
using policy::Duration;
using policy::Limits;
using policy::TimePoint;
using policy::Trouble;

constexpr std::uint64_t kNoJitter = 0;
constexpr TimePoint kStart = TimePoint() + 1h;

void fail(Standing& standing, TimePoint now, unsigned times = 3) {
  for (unsigned i = 0; i < times; ++i) standing.failed(now, now, Trouble::server_error, true, kNoJitter);
}
/// How long it rests yet; 0: it does not.
Duration rest_of(const Standing& standing, TimePoint now) {
  return std::chrono::duration_cast<Duration>(standing.resting_until(now).value_or(now) - now);
}

/// A standing and a clock that is ticked.
struct Ticked {
  Standing standing{"one/m", {}};
  TimePoint now = kStart;

  void fail(unsigned times = 3) { gateway::fail(standing, now, times); }
  [[nodiscard]] Duration left() const { return rest_of(standing, now); }
};

TEST(Standing, three_failures_in_a_row_bring_a_rest) {
  Ticked t;
  t.fail(2);
  EXPECT_EQ(t.left(), 0s);
  t.standing.succeeded(t.now, t.now);
  t.fail(2);
  EXPECT_EQ(t.left(), 0s) << "a success was between them";
  t.fail(1);
  EXPECT_EQ(t.left(), 30s);
}

TEST(Standing, failures_that_do_not_count_are_remembered_and_bring_no_rest) {
  Ticked t;
  for (int i = 0; i < 20; ++i) t.standing.failed(t.now, t.now, Trouble::bad_request, false, kNoJitter);
  EXPECT_EQ(t.left(), 0s);
  EXPECT_EQ(t.standing.report(t.now).failures, 0U);
  EXPECT_EQ(t.standing.report(t.now).last_trouble, Trouble::bad_request);
}

TEST(Standing, what_comes_of_the_probe_decides) {
  struct Row {
    const char* what;
    std::function<void(Ticked&)> end;
    Duration rest;  // afterwards
    unsigned failures;
  };
  const Row rows[] = {
      {"well", [](Ticked& t) { t.standing.succeeded(t.now, t.now); }, 0s, 0},
      {"failed", [](Ticked& t) { t.fail(1); }, 60s, 3},
      {"given up", [](Ticked& t) { t.standing.abandoned(); }, 0s, 3},
      {"nobody's fault",
       [](Ticked& t) {
         t.standing.failed(t.now, t.now, Trouble::bad_request, false, kNoJitter);
         t.standing.abandoned();
       },
       0s, 3},
      {"not heard of", [](Ticked& t) { t.now += 15s; }, 0s, 3},
  };
  for (const auto& row : rows) {
    Ticked t;
    t.fail();
    t.now += 30s;
    EXPECT_EQ(t.left(), 0s) << row.what;
    t.standing.begin(t.now);
    EXPECT_EQ(t.left(), 15s) << row.what << ": for everybody but the probe";
    row.end(t);
    EXPECT_EQ(t.left(), row.rest) << row.what;
    EXPECT_EQ(t.standing.report(t.now).failures, row.failures) << row.what;
  }
}

TEST(Standing, an_attempt_that_began_before_the_rest_does_not_end_it) {
  Ticked t;
  const auto begun = t.now;
  t.now += 1s;
  t.fail();
  t.standing.succeeded(begun, t.now);
  EXPECT_EQ(t.left(), 30s);
}

TEST(Standing, a_rest_that_was_told_ends_without_a_probe) {
  Ticked t;
  t.standing.rest_for(t.now, 60s, Trouble::rate_limited);
  EXPECT_EQ(t.standing.report(t.now).last_trouble, Trouble::rate_limited);
  t.now += 59'999ms;
  EXPECT_EQ(t.left(), 1ms);
  t.now += 1ms;
  t.standing.begin(t.now);
  EXPECT_EQ(t.left(), 0s) << "the next one may be asked at the same time";
}

TEST(Standing, a_provider_that_is_well_may_be_tried_unless_it_said_otherwise) {
  Ticked failing, told;
  failing.fail();
  failing.standing.end_cooldown(failing.now);
  EXPECT_EQ(failing.left(), 0s);
  failing.standing.begin(failing.now);
  EXPECT_EQ(failing.left(), 15s) << "by one";
  told.standing.rest_for(told.now, 60s, Trouble::rate_limited);
  told.standing.end_cooldown(told.now);
  EXPECT_EQ(told.left(), 60s);
}

Limits left(double remaining, std::optional<Duration> resets_in) {
  Limits limits{.known = true, .remaining = remaining};
  if (resets_in) limits.resets = kStart + *resets_in;
  return limits;
}
Limits plan(policy::PlanStatus status, Duration resets_in) {
  return {.known = true, .remaining = 0, .resets = kStart + 1s, .plan = status, .plan_resets = kStart + resets_in};
}

TEST(Standing, rests_as_long_as_nothing_is_left_of_its_limits) {
  struct Row {
    const char* what;
    Limits limits;
    Duration rest;
  };
  for (const auto& [what, limits, rest] : {
           Row{"half is left", left(0.5, 30s), 0s},
           Row{"nothing is left", left(0, 30s), 30s},
           Row{"and nobody knows until when", left(0, {}), 0s},
           Row{"that was before", left(0, -1s), 0s},
           Row{"a plan that rejects", plan(policy::PlanStatus::rejected, 5h), 5h},
           Row{"a plan that goes on", plan(policy::PlanStatus::allowed, 5h), 0s},
           Row{"nothing is known", {}, 0s},
       }) {
    Ticked t;
    t.standing.note(limits, t.now);
    EXPECT_EQ(t.left(), rest) << what;
    EXPECT_EQ(t.standing.limits().known, limits.known) << what;
    EXPECT_EQ(t.standing.limits().remaining, limits.remaining) << what;
    EXPECT_EQ(t.standing.report(t.now).last_trouble, std::nullopt) << what << ": it was not refused";
  }
}

TEST(Standing, the_last_answer_tells_the_limits) {
  Ticked t;
  t.standing.note(left(0.25, 30s), t.now);
  EXPECT_EQ(t.standing.report(t.now).remaining, 0.25);
  EXPECT_EQ(t.standing.report(t.now + 30s).remaining, 1) << "it is full again";
  t.standing.note({}, t.now);
  EXPECT_FALSE(t.standing.limits().known);
  EXPECT_EQ(t.standing.report(t.now).remaining, 1);
}

TEST(Standing, limits_are_not_taken_for_failures) {
  Ticked t;
  t.fail(2);
  t.standing.note(left(0, 30s), t.now);
  t.now += 30s;
  EXPECT_EQ(t.left(), 0s);
  t.fail(1);
  EXPECT_EQ(t.left(), 30s) << "the third in a row";
}

TEST(Standing, other_limits_of_cooldowns_begin_anew) {
  Ticked t;
  t.fail();
  t.standing.use({.failures = 1, .rest = 5s});
  EXPECT_EQ(t.left(), 0s);
  t.fail(1);
  EXPECT_EQ(t.left(), 5s);
}

TEST(Standing, the_first_byte_is_the_usual_one_as_of_late) {
  Ticked t;
  EXPECT_EQ(t.standing.first_byte(t.now), std::nullopt);
  for (const auto took : {200ms, 200ms, 200ms, 200ms, 9000ms}) t.standing.note_first_byte(took, t.now);
  const auto usual = t.standing.first_byte(t.now);
  ASSERT_TRUE(usual);
  EXPECT_NEAR(static_cast<double>(usual->count()), 200, 25) << "within an eighth";
  EXPECT_EQ(t.standing.first_byte(t.now + 24h), std::nullopt) << "that was yesterday";
}

TEST(Standing, the_line_is_counted_apart_from_the_places) {
  Standing standing("one", {});
  ASSERT_TRUE(standing.try_enter(1));
  EXPECT_TRUE(standing.try_line_up(2));
  EXPECT_TRUE(standing.try_line_up(2));
  EXPECT_FALSE(standing.try_line_up(2));
  EXPECT_EQ(standing.busy(), 1U);
  standing.leave_line();
  EXPECT_TRUE(standing.try_line_up(2));
  standing.leave();
  EXPECT_EQ(standing.busy(), 0U);
  EXPECT_FALSE(standing.try_line_up(0)) << "nobody may wait";
}

TEST(Standing, reports_what_a_person_asks_for) {
  Ticked t;
  EXPECT_EQ(t.standing.report(t.now).rests_until, std::nullopt);
  EXPECT_EQ(t.standing.report(t.now).last_trouble, std::nullopt);
  ASSERT_TRUE(t.standing.try_enter(0));
  t.standing.begin(t.now);
  t.standing.begin(t.now);
  t.fail();
  const auto report = t.standing.report(t.now);
  EXPECT_EQ(report.rests_until, t.now + 30s);
  EXPECT_EQ(report.failures, 3U);
  EXPECT_EQ(report.busy, 1U);
  EXPECT_EQ(report.used, 2U);
  EXPECT_EQ(report.last_trouble, Trouble::server_error);
  EXPECT_GT(report.last_failed.time_since_epoch(), 0s);
}

// ---- all of them

TEST(Standings, a_target_is_the_same_for_everybody_who_asks) {
  Standings all;
  Standing& one = all.target(1, "zai", "glm");
  EXPECT_EQ(one.name(), "zai/glm");
  EXPECT_EQ(&all.target(1, "zai", "glm"), &one);
  EXPECT_NE(&all.target(2, "zai", "glm-air"), &one);
  std::vector<std::string> names;
  all.for_each_target([&](const Standing& standing) { names.push_back(standing.name()); });
  EXPECT_THAT(names, testing::UnorderedElementsAre("zai/glm", "zai/glm-air"));
}

TEST(Standings, targets_beyond_the_most_share_one) {
  Standings all;
  Standing& first = all.target(0, "any", "0");
  for (std::uint64_t id = 1; id < Standings::kMost; ++id) all.target(id, "any", "m");
  Standing& beyond = all.target(Standings::kMost, "any", "one too many");
  EXPECT_EQ(&all.target(Standings::kMost + 1, "other", "m"), &beyond);
  EXPECT_EQ(&all.target(0, "any", "0"), &first) << "those that are known stay";
  EXPECT_NE(&beyond, &all.target(Standings::kMost - 1, "any", "m")) << "so many have their own";
  std::size_t count = 0;
  all.for_each_target([&](const Standing&) { ++count; });
  EXPECT_EQ(count, Standings::kMost);
}

TEST(Standings, a_credential_keeps_its_standing_while_somebody_has_it) {
  Standings all;
  auto before = all.credential("zai", "f1", "ZAI_API_KEY");
  before->rest_for(kStart, 60s, Trouble::bad_credential);
  auto after = all.credential("zai", "f1", "a file");  // the configuration was loaded again
  EXPECT_EQ(after, before);
  EXPECT_EQ(after->name(), "ZAI_API_KEY");
  EXPECT_NE(all.credential("zai", "f2", "ZAI_API_KEY"), before) << "another key in the same place";
  EXPECT_NE(all.credential("zai-cn", "f1", "ZAI_API_KEY"), before) << "the same key at another provider";
  before.reset();
  EXPECT_EQ(rest_of(*all.credential("zai", "f1", ""), kStart), 60s);
  after.reset();
  EXPECT_EQ(rest_of(*all.credential("zai", "f1", ""), kStart), 0s) << "it went, and came again";
}

TEST(Standings, a_check_ends_the_cooldowns_of_its_provider_alone) {
  struct Row {
    const char *provider, *model;
    bool ends;
  };
  const Row rows[] = {
      {"zai", "glm", true}, {"zai", "a/b", true}, {"zai-cn", "glm", false}, {"za", "i/glm", false}, {"or", "zai/glm", false}};
  Standings all;
  std::uint64_t id = 0;
  for (const auto& [provider, model, ends] : rows) fail(all.target(++id, provider, model), kStart);
  all.end_cooldowns("zai", kStart);
  id = 0;
  for (const auto& [provider, model, ends] : rows)
    EXPECT_EQ(rest_of(all.target(++id, provider, model), kStart), ends ? 0s : 30s) << provider << "/" << model;
}

TEST(Standings, a_reload_with_the_same_section_changes_nothing) {
  Standings all;
  fail(all.target(1, "zai", "glm"), kStart);
  all.use({});
  EXPECT_EQ(rest_of(all.target(1, "zai", "glm"), kStart), 30s);
}

TEST(Standings, another_section_holds_for_all_that_are_there_and_that_come) {
  for (const auto& [limits, rest] : {std::pair(CooldownLimits{.failures = 1}, 30s), std::pair(CooldownLimits{.rest = 7s}, 7s)}) {
    Standings all;
    Standing& target = all.target(1, "zai", "glm");
    const auto credential = all.credential("zai", "f1", "");
    fail(target, kStart);
    credential->rest_for(kStart, 60s, Trouble::rate_limited);
    all.use(limits);
    const auto later = all.credential("zai", "f2", "");
    for (Standing* each : {&target, credential.get(), &all.target(2, "zai", "new"), later.get()}) {
      EXPECT_EQ(rest_of(*each, kStart), 0s) << each->name();
      fail(*each, kStart, limits.failures - 1);
      EXPECT_EQ(rest_of(*each, kStart), 0s) << each->name();
      fail(*each, kStart, 1);
      EXPECT_EQ(rest_of(*each, kStart), rest) << each->name();
    }
  }
}

// ---- several workers at once

TEST(StandingThreads, everybody_asks_and_fails_at_the_same_time) {
  constexpr int kThreads = 4, kTurns = 2000;
  Standings all;
  const auto credential = all.credential("zai", "f", "");
  const auto work = [&](int number) {
    for (int turn = 0; turn < kTurns; ++turn) {
      const auto now = kStart + turn * 10ms;
      Standing& target = all.target(static_cast<std::uint64_t>(turn % 7), "zai", "m");
      for (Standing* each : {&target, credential.get()}) {
        std::ignore = each->try_enter(0);
        each->begin(now);
        std::ignore = each->resting_until(now);
        switch ((turn + number) % 4) {
          case 0: fail(*each, now, 1); break;
          case 1: each->abandoned(); break;
          default: each->succeeded(now, now);
        }
        each->leave();
      }
      credential->note(left(turn % 3 == 0 ? 0 : 0.5, turn * 10ms + 1s), now);
      std::ignore = credential->limits();
      target.note_first_byte(20ms, kStart);
      std::ignore = target.first_byte(kStart);
      std::ignore = target.report(now);
      if (turn % 100 == 0) all.end_cooldowns("zai", now);
      if (turn % 500 == 0) all.use({.failures = static_cast<unsigned>(2 + number)});
    }
  };
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) threads.emplace_back(work, number);
  for (auto& thread : threads) thread.join();
  std::uint64_t used = 0;
  all.for_each_target([&](const Standing& standing) {
    used += standing.used();
    EXPECT_EQ(standing.busy(), 0U);
  });
  EXPECT_EQ(used, kThreads * kTurns);
  EXPECT_EQ(credential->used(), kThreads * kTurns);
  EXPECT_EQ(credential->busy(), 0U);
}

TEST(Standings, those_without_a_standing_of_their_own_follow_the_section_too) {
  Standings all;
  const policy::TimePoint now = policy::TimePoint() + 1h;
  for (std::uint64_t id = 0; id < Standings::kMost; ++id) all.target(id, "any", "m");
  all.use({.failures = 1});
  Standing& shared = all.target(Standings::kMost, "any", "one too many");
  shared.failed(now, now, Trouble::server_error, true, kNoJitter);
  EXPECT_TRUE(shared.resting_until(now));
}

}  // namespace
}  // namespace penstock::gateway
