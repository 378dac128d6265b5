#include "policy/judgement.h"

#include <gtest/gtest.h>

namespace penstock::policy {
namespace {

using namespace std::chrono_literals;

Failure answered(int status, std::string_view message = "no") {
  Failure failure;
  failure.stage = Stage::before_content;
  failure.status = status;
  failure.text.message = message;
  return failure;
}

TEST(Judgement, RestsAreToldOrByDefault) {
  Failure failure = answered(429);
  EXPECT_EQ(judge(failure).credential_rest, 60s);
  EXPECT_EQ(judge(failure, {.limited = 5s}).credential_rest, 5s);
  failure.retry_after = 7s;
  EXPECT_EQ(judge(failure).credential_rest, 7s);
  EXPECT_EQ(judge(failure).wait, 7s);
  EXPECT_EQ(judge(failure).target_rest, std::nullopt);
  failure.plan_limits = true;
  failure.retry_after = 3h;
  EXPECT_EQ(judge(failure).credential_rest, 3h);
  failure.retry_after.reset();
  EXPECT_EQ(judge(failure).credential_rest, 15min);
  EXPECT_EQ(judge(answered(429, "Please try again in 5.5s.")).credential_rest, 5500ms);
  EXPECT_EQ(judge(answered(401)).credential_rest, kUntilChanged);
  EXPECT_EQ(judge(answered(402)).credential_rest, 1h);
}

TEST(Judgement, AnOverloadedTargetRestsWhenTold) {
  Failure failure = answered(529);
  EXPECT_EQ(judge(failure).target_rest, std::nullopt);
  EXPECT_TRUE(judge(failure).counts);
  failure.retry_after = 20s;
  EXPECT_EQ(judge(failure).target_rest, 20s);
  EXPECT_EQ(judge(failure).credential_rest, std::nullopt);
}

TEST(Judgement, ShouldRetryDecidesAboutTheSameTarget) {
  Failure failure = answered(500);
  EXPECT_EQ(judge(failure).retry_same, Again::yes);
  failure.should_retry = false;
  EXPECT_EQ(judge(failure).retry_same, Again::no);
  EXPECT_TRUE(judge(failure).fallback);
  failure = answered(400);
  EXPECT_EQ(judge(failure).retry_same, Again::no);
  failure.should_retry = true;
  EXPECT_EQ(judge(failure).retry_same, Again::last);
  failure = answered(400, "prompt is too long: 213462 tokens > 200000 maximum");
  failure.should_retry = true;
  EXPECT_EQ(judge(failure).retry_same, Again::no);
}

TEST(Judgement, TheClientsOwnCredentialIsTheClients) {
  Failure failure = answered(401);
  failure.own_credential = true;
  const auto judgement = judge(failure);
  EXPECT_EQ(judgement.fault, Blame::client);
  EXPECT_FALSE(judgement.other_credential);
  EXPECT_EQ(judgement.credential_rest, std::nullopt);
}

TEST(Judgement, ARefusalIsAnAnswerUnlessModerationMadeIt) {
  Failure failure = answered(200);
  failure.inside = Inside::refusal;
  EXPECT_FALSE(judge(failure).fallback);
  EXPECT_EQ(judge(failure).chain, Chain::refusal);
  failure = answered(400);
  failure.text.code = "content_filter";
  EXPECT_TRUE(judge(failure).fallback);
  EXPECT_EQ(judge(failure).chain, Chain::refusal);
}

TEST(Judgement, OverflowTellsTheTokensAndHarmsNobody) {
  const auto judgement = judge(answered(400, "prompt is too long: 213462 tokens > 200000 maximum"));
  EXPECT_EQ(judgement.tokens, 213462U);
  EXPECT_EQ(judgement.chain, Chain::overflow);
  EXPECT_FALSE(judgement.counts);
  EXPECT_EQ(judgement.credential_rest, std::nullopt);
  EXPECT_EQ(judgement.target_rest, std::nullopt);
}

TEST(Judgement, AFeatureComesWithItsRepair) {
  const auto judgement = judge(answered(400, "context_management: Extra inputs are not permitted"));
  ASSERT_TRUE(judgement.repair);
  EXPECT_EQ(judgement.repair->quirk, "context_management");
  EXPECT_EQ(judge(answered(400)).repair, std::nullopt);
}

/// Whatever happens beyond the commit point, nothing is asked again; what the target did still counts.
TEST(Judgement, NothingIsTriedAgainBeyondTheCommitPoint) {
  for (const int status : {0, 200, 400, 401, 402, 404, 408, 409, 413, 429, 500, 503, 529}) {
    for (const auto inside : {Inside::no, Inside::error, Inside::refusal, Inside::cut, Inside::malformed}) {
      Failure failure = answered(status, "context_management: Extra inputs are not permitted");
      failure.stage = Stage::content;
      failure.inside = inside;
      failure.should_retry = true;
      const auto judgement = judge(failure);
      EXPECT_EQ(judgement.retry_same, Again::no);
      EXPECT_FALSE(judgement.other_credential || judgement.fallback || judgement.repair) << status;
      EXPECT_EQ(judgement.chain, Chain::main);
    }
  }
  Failure cut = answered(200);
  cut.stage = Stage::content;
  cut.inside = Inside::cut;
  EXPECT_TRUE(judge(cut).counts);
}

/// The table as a whole: what must hold of every row.
TEST(Judgement, ClientsFaultsHarmNoTarget) {
  for (const int status : {400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529}) {
    const auto judgement = judge(answered(status));
    if (judgement.fault == Blame::client) EXPECT_FALSE(judgement.counts || judgement.target_rest || judgement.credential_rest) << status;
    if (judgement.credential_rest) EXPECT_EQ(judgement.fault, Blame::credential) << status;
    if (judgement.fault == Blame::credential) EXPECT_TRUE(judgement.other_credential && !judgement.counts) << status;
    EXPECT_TRUE(judgement.fallback) << status;
  }
}

TEST(Judgement, WhatTheClientCanMendIsMoreTellingThanWhatPasses) {
  const auto telling = [](int status, std::string_view message = "no") { return judge(answered(status, message)).telling; };
  EXPECT_GT(telling(400, "prompt is too long: 213462 tokens > 200000 maximum"), telling(529));
  EXPECT_GT(telling(413), telling(529));
  EXPECT_GT(telling(529), telling(400));
  EXPECT_GT(telling(429), telling(401));
  EXPECT_GT(telling(400), telling(401));
}

TEST(Judgement, that_there_was_no_place_is_nobodys_fault) {
  const auto judgement = no_place();
  EXPECT_EQ(judgement.trouble, Trouble::overloaded);
  EXPECT_EQ(judgement.fault, Blame::us);
  EXPECT_FALSE(judgement.counts || judgement.target_rest || judgement.credential_rest || judgement.whole_provider);
  EXPECT_TRUE(judgement.fallback);
}

}  // namespace
}  // namespace penstock::policy
