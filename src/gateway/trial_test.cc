// How an attempt went is told once, to whom it concerns, and its places are given back.
#include "gateway/trial.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

namespace penstock::gateway {
namespace {

using namespace std::chrono_literals;
using policy::Blame;
using policy::Duration;
using policy::Judgement;
using policy::TimePoint;
using policy::Trouble;

constexpr std::uint64_t kNoJitter = 0;
constexpr TimePoint kStart = TimePoint() + 1h;

Judgement blames(Blame fault, bool counts) { return {.trouble = Trouble::server_error, .fault = fault, .counts = counts}; }

/// A target, a credential, and a worker that gives tickets for them.
class TrialTest : public testing::Test {
 protected:
  void begin(std::optional<Trial>& trial) { trial.emplace(tickets_.unlimited(target_, credential_), now_); }
  /// It rests, and that ends; the next attempt is its probe.
  void exhaust(Standing& standing) {
    for (int i = 0; i < 3; ++i) standing.failed(now_, now_, Trouble::server_error, true, kNoJitter);
    now_ = standing.resting_until(now_).value_or(now_);
  }
  [[nodiscard]] Duration rest_of(const Standing& standing) const {
    return std::chrono::duration_cast<Duration>(standing.resting_until(now_).value_or(now_) - now_);
  }
  [[nodiscard]] unsigned failures(const Standing& standing) const { return standing.report(now_).failures; }

  net::Worker worker_{0};
  Tickets tickets_{worker_};
  Standing target_{"zai/glm", {}}, credential_{"ZAI_API_KEY", {}};
  TimePoint now_ = kStart;
};

TEST_F(TrialTest, is_counted_once_and_leaves_its_places_however_it_ends) {
  const std::pair<const char*, std::function<void(Trial&)>> ends[] = {
      {"well", [](Trial& trial) { trial.succeeded(kStart); }},
      {"failed", [](Trial& trial) { trial.failed(blames(Blame::provider, true), kStart, kNoJitter); }},
      {"the key's fault", [](Trial& trial) { trial.failed(blames(Blame::credential, true), kStart, kNoJitter); }},
      {"broke off later",
       [](Trial& trial) {
         trial.succeeded(kStart);
         trial.failed(blames(Blame::provider, true), kStart, kNoJitter);
       }},
      {"given up", [](Trial&) {}},
  };
  std::uint64_t used = 0;
  for (const auto& [what, end] : ends) {
    {
      Trial trial(tickets_.unlimited(target_, credential_), now_);
      EXPECT_EQ(trial.begun(), now_);
      EXPECT_EQ(target_.busy(), 1U) << what;
      EXPECT_EQ(credential_.busy(), 1U) << what;
      end(trial);
      EXPECT_EQ(target_.busy(), 1U) << what << ": its answer still runs";
      ++used;
    }
    EXPECT_EQ(target_.busy(), 0U) << what;
    EXPECT_EQ(credential_.busy(), 0U) << what;
    EXPECT_EQ(target_.used(), used) << what;
    EXPECT_EQ(credential_.used(), used) << what;
  }
}

TEST_F(TrialTest, a_failure_counts_against_who_is_at_fault) {
  struct Row {
    const char* what;
    Judgement judgement;
    unsigned target, credential;            // failures of each
    Duration target_rest, credential_rest;  // of each
    std::optional<Trouble> target_trouble, credential_trouble;
  };
  const auto resting = [](Judgement judgement, std::optional<Duration> credential, std::optional<Duration> target) {
    judgement.credential_rest = credential;
    judgement.target_rest = target;
    return judgement;
  };
  constexpr auto kError = Trouble::server_error;
  const Row rows[] = {
      {"the provider", blames(Blame::provider, true), 1, 0, 0s, 0s, kError, {}},
      {"the provider, but it does not count", blames(Blame::provider, false), 0, 0, 0s, 0s, kError, {}},
      {"the client", blames(Blame::client, false), 0, 0, 0s, 0s, kError, {}},
      {"the key", blames(Blame::credential, true), 0, 1, 0s, 0s, {}, kError},
      {"the key, which rests instead", resting(blames(Blame::credential, true), 60s, {}), 0, 0, 0s, 60s, {}, kError},
      {"the provider, which rests", resting(blames(Blame::provider, true), {}, 5s), 1, 0, 5s, 0s, kError, {}},
      {"both rest", resting(blames(Blame::provider, true), 60s, 5s), 1, 0, 5s, 60s, kError, kError},
  };
  for (const auto& row : rows) {
    Standing target("zai/glm", {}), credential("ZAI_API_KEY", {});
    {
      Trial trial(tickets_.unlimited(target, credential), now_);
      trial.failed(row.judgement, now_, kNoJitter);
    }
    EXPECT_EQ(failures(target), row.target) << row.what;
    EXPECT_EQ(failures(credential), row.credential) << row.what;
    EXPECT_EQ(rest_of(target), row.target_rest) << row.what;
    EXPECT_EQ(rest_of(credential), row.credential_rest) << row.what;
    EXPECT_EQ(target.report(now_).last_trouble, row.target_trouble) << row.what;
    EXPECT_EQ(credential.report(now_).last_trouble, row.credential_trouble) << row.what;
  }
}

TEST_F(TrialTest, a_success_ends_the_row_of_failures_of_both) {
  for (Standing* each : {&target_, &credential_})
    for (int i = 0; i < 2; ++i) each->failed(now_, now_, Trouble::server_error, true, kNoJitter);
  Trial(tickets_.unlimited(target_, credential_), now_).succeeded(now_);
  EXPECT_EQ(failures(target_), 0U);
  EXPECT_EQ(failures(credential_), 0U);
}

TEST_F(TrialTest, given_up_changes_nothing) {
  for (Standing* each : {&target_, &credential_})
    for (int i = 0; i < 2; ++i) each->failed(now_, now_, Trouble::server_error, true, kNoJitter);
  {
    const Trial trial(tickets_.unlimited(target_, credential_), now_);
  }
  EXPECT_EQ(failures(target_), 2U);
  EXPECT_EQ(failures(credential_), 2U);
}

TEST_F(TrialTest, one_that_breaks_off_after_it_went_well_counts_as_a_failure) {
  Trial trial(tickets_.unlimited(target_, credential_), now_);
  trial.succeeded(now_);
  trial.failed(blames(Blame::provider, true), now_ + 1s, kNoJitter);
  EXPECT_EQ(failures(target_), 1U);
}

TEST_F(TrialTest, how_an_attempt_went_that_is_older_than_the_rest_changes_nothing) {
  for (const bool well : {true, false}) {
    std::optional<Trial> old;
    begin(old);
    now_ += 1s;
    exhaust(target_);
    well ? old->succeeded(now_) : old->failed(blames(Blame::provider, true), now_, kNoJitter);
    EXPECT_EQ(rest_of(target_), 0s);
    EXPECT_EQ(failures(target_), well ? 0U : 3U) << "the row of failures ends";
    std::optional<Trial> probe;
    begin(probe);
    EXPECT_EQ(rest_of(target_), 15s) << "that has to be proved by a new one";
    probe->succeeded(now_);
  }
}

TEST_F(TrialTest, a_probe_without_a_verdict_lets_the_next_one_try) {
  constexpr auto kProbe = 15s, kLonger = 60s;  // others wait for it; it failed
  struct Row {
    const char* what;
    std::optional<Judgement> judgement;
    Duration target, credential;  // how long each rests
  };
  for (const auto& [what, judgement, of_target, of_credential] : {
           Row{"given up", std::nullopt, 0s, 0s},
           Row{"the key's fault", blames(Blame::credential, true), 0s, kLonger},
           Row{"the provider's fault", blames(Blame::provider, true), kLonger, 0s},
           Row{"the client's fault", blames(Blame::client, false), 0s, 0s},
       }) {
    now_ = kStart;
    Standing target("zai/glm", {}), credential("ZAI_API_KEY", {});
    exhaust(target);
    now_ = kStart;
    exhaust(credential);
    {
      Trial probe(tickets_.unlimited(target, credential), now_);
      ASSERT_EQ(rest_of(target), kProbe) << what;
      ASSERT_EQ(rest_of(credential), kProbe) << what;
      if (judgement) probe.failed(*judgement, now_, kNoJitter);
    }
    EXPECT_EQ(rest_of(target), of_target) << what;
    EXPECT_EQ(rest_of(credential), of_credential) << what;
  }
}

TEST_F(TrialTest, one_that_has_a_verdict_does_not_speak_for_a_later_probe) {
  for (const bool well : {true, false}) {
    std::optional<Trial> earlier, probe;
    exhaust(target_);
    begin(earlier);
    well ? earlier->succeeded(now_) : earlier->failed(blames(Blame::provider, true), now_, kNoJitter);
    exhaust(target_);
    begin(probe);
    ASSERT_EQ(rest_of(target_), 15s);
    earlier.reset();
    EXPECT_EQ(rest_of(target_), 15s) << "its answer has come to its end; the probe is still out";
    probe->succeeded(now_);
  }
}

TEST_F(TrialTest, an_older_one_that_is_given_up_does_not_make_room_for_a_second_probe) {
  std::optional<Trial> older, probe;
  begin(older);
  exhaust(target_);
  begin(probe);
  ASSERT_EQ(rest_of(target_), 15s);
  older.reset();
  EXPECT_EQ(rest_of(target_), 15s);
}

}  // namespace
}  // namespace penstock::gateway
