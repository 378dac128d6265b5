#include "policy/course.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

namespace penstock::policy {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint() + 1h;

/// Who rests, as a table; and a course that is taken step by step with a clock that is ticked.
struct World : Health {
  std::vector<CourseTarget> targets;
  CourseLimits limits;
  std::map<std::size_t, TimePoint> target_rests;
  std::map<std::pair<std::size_t, std::size_t>, TimePoint> credential_rests;  // provider, credential
  std::map<std::size_t, std::size_t> pools;                                   // provider -> credentials; one where nothing is said
  TimePoint now = kStart;
  std::optional<Course> course;
  Step step;

  explicit World(std::vector<CourseTarget> all, CourseLimits with = {}) : targets(std::move(all)), limits(with) {}

  [[nodiscard]] std::optional<TimePoint> target_rest(std::size_t target) const override {
    const auto found = target_rests.find(target);
    return found == target_rests.end() ? std::nullopt : std::optional(found->second);
  }
  void credentials(std::size_t target, std::vector<CredentialState>& out) const override {
    const auto provider = targets[target].provider;
    const auto pool = pools.find(provider);
    for (std::size_t i = 0; i < (pool == pools.end() ? 1 : pool->second); ++i) {
      const auto rest = credential_rests.find({provider, i});
      out.push_back({i, rest == credential_rests.end() ? std::nullopt : std::optional(rest->second)});
    }
  }

  /// The next step, as one line: `1/0 +500ms retry`, or `give up 0`.
  std::string next() {
    if (!course) course.emplace(targets, limits);
    step = course->next(now, *this, 0);
    if (step.what == Step::What::give_up) return "give up" + (step.failure ? " " + std::to_string(*step.failure) : "");
    const auto wait = std::chrono::duration_cast<Duration>(step.at - now);
    now = step.at;
    return std::to_string(step.target) + "/" + std::to_string(step.credential) + " +" + std::to_string(wait.count()) + "ms " +
           std::string(name(step.why));
  }
  /// The attempt fails; what its judgement says of rests becomes true.
  std::string after(const Judgement& judgement) {
    if (judgement.target_rest) target_rests[step.target] = policy::after(now, *judgement.target_rest);
    if (judgement.credential_rest)
      credential_rests[{targets[step.target].provider, step.credential}] = policy::after(now, *judgement.credential_rest);
    course->failed(judgement);
    return next();
  }
  std::string after(int status, std::string_view message = "", std::optional<Duration> retry_after = {}) {
    Failure failure;
    failure.stage = Stage::before_content;
    failure.status = status;
    failure.text.message = message;
    failure.retry_after = retry_after;
    failure.repaired.assign(course->repairs(step.target).begin(), course->repairs(step.target).end());
    return after(judge(failure));
  }
};

constexpr std::string_view kTooLong = "prompt is too long: 213462 tokens > 200000 maximum";

std::vector<CourseTarget> providers(std::size_t count) {
  std::vector<CourseTarget> targets(count);
  for (std::size_t i = 0; i < count; ++i) targets[i].provider = i;
  return targets;
}

TEST(Course, RetriesThenFallsBackThenGivesUp) {
  World w(providers(2));
  EXPECT_EQ(w.next(), "0/0 +0ms first");
  EXPECT_EQ(w.after(529), "0/0 +500ms retry");
  EXPECT_EQ(w.after(529), "1/0 +0ms fallback");
  EXPECT_EQ(w.after(500), "1/0 +500ms retry");
  EXPECT_EQ(w.after(500), "give up 0") << "overloaded tells more";
}

TEST(Course, BackoffDoubles) {
  World w(providers(1), {.retry = {.attempts = 4}});
  w.next();
  EXPECT_EQ(w.after(500), "0/0 +500ms retry");
  EXPECT_EQ(w.after(500), "0/0 +1000ms retry");
  EXPECT_EQ(w.after(500), "0/0 +2000ms retry");
  EXPECT_EQ(w.after(500), "give up 0");
}

TEST(Course, ATimeoutGoesElsewhereFirstAndComesBackLast) {
  World w(providers(2));
  w.next();
  EXPECT_EQ(w.after(504), "1/0 +0ms fallback");
  EXPECT_EQ(w.after(401), "0/0 +500ms soonest");
  EXPECT_EQ(w.after(504), "give up 0");
  World alone(providers(1));
  alone.next();
  EXPECT_EQ(alone.after(504), "0/0 +500ms retry");
}

TEST(Course, OtherCredentialsAtOnce) {
  World w(providers(2));
  w.pools[0] = 3;
  EXPECT_EQ(w.next(), "0/0 +0ms first");
  EXPECT_EQ(w.after(429), "0/1 +0ms credential");
  EXPECT_EQ(w.after(401), "0/2 +0ms credential");
  EXPECT_EQ(w.after(402), "1/0 +0ms fallback");
}

TEST(Course, ASpentCredentialIsSpentForTheProvidersOtherTargetsToo) {
  World w({{.provider = 0}, {.provider = 0}, {.provider = 1}});
  w.next();
  w.credential_rests.clear();
  EXPECT_EQ(w.after(401), "2/0 +0ms fallback");
  w.credential_rests.clear();
  EXPECT_EQ(w.after(400), "give up 1") << "the client's 400 tells more than our 401";
}

TEST(Course, AnUnreachableProvidersOtherTargetsComeBehind) {
  World w({{.provider = 0}, {.provider = 0}, {.provider = 1}});
  w.next();
  EXPECT_EQ(w.after(522), "0/0 +500ms retry");
  EXPECT_EQ(w.after(522), "2/0 +0ms fallback");
  EXPECT_EQ(w.after(400), "1/0 +0ms fallback");
}

TEST(Course, AShortToldWaitIsWaitedForALongOneLeavesTheTarget) {
  World w(providers(2));
  w.next();
  EXPECT_EQ(w.after(529, "", 2s), "0/0 +2000ms retry");
  World other(providers(2));
  other.next();
  EXPECT_EQ(other.after(529, "", 9s), "1/0 +0ms fallback");
  World alone(providers(1));
  alone.next();
  EXPECT_EQ(alone.after(529, "", 9s), "0/0 +9000ms retry");
  World impatient(providers(1));
  impatient.next();
  EXPECT_EQ(impatient.after(429, "", 20s), "give up 0");
  EXPECT_EQ(impatient.step.come_again, impatient.now + 20s);
}

TEST(Course, RestingOnesArePassedOver) {
  World w(providers(3));
  w.target_rests[0] = kStart + 5min;
  w.credential_rests[{1, 0}] = kStart + 5min;
  EXPECT_EQ(w.next(), "2/0 +0ms fallback");
}

TEST(Course, WhenAllRestTheSoonestIsWaitedFor) {
  World w(providers(3));
  w.target_rests[0] = kStart + 9s;
  w.target_rests[1] = kStart + 4s;
  w.credential_rests[{2, 0}] = kStart + 7s;
  EXPECT_EQ(w.next(), "1/0 +4000ms soonest");
}

TEST(Course, WhenAllRestForLongTheSoonestIsUsedAtOnce) {
  World w(providers(2));
  w.target_rests[0] = TimePoint::max();
  w.target_rests[1] = kStart + 1h;
  EXPECT_EQ(w.next(), "1/0 +0ms soonest");
  World rejected(providers(1));
  rejected.credential_rests[{0, 0}] = TimePoint::max();
  EXPECT_EQ(rejected.next(), "0/0 +0ms soonest") << "the key may have come to life";
}

TEST(Course, ARestThatFailuresBroughtDoesNotEndTheRetriesOfAnOnlyTarget) {
  World w(providers(1));
  w.next();
  w.target_rests[0] = kStart + 30s;
  EXPECT_EQ(w.after(500), "0/0 +500ms soonest");
  EXPECT_EQ(w.after(500), "give up 0");
}

TEST(Course, ACredentialThatWasThrottledIsLeftAloneThoughItIsTheOnlyOne) {
  World w(providers(1));
  w.next();
  EXPECT_EQ(w.after(429), "give up 0") << "the client waits better than we do";
  EXPECT_EQ(w.step.come_again, w.now + 60s);
}

TEST(Course, NobodyToAsk) {
  World w(providers(1));
  w.pools[0] = 0;
  EXPECT_EQ(w.next(), "give up");
  World none({});
  EXPECT_EQ(none.next(), "give up");
}

TEST(Course, OverflowGoesToALargerWindowFirst) {
  World w({{.provider = 0, .window = 200'000},
           {.provider = 1, .window = 128'000},
           {.provider = 2, .window = 400'000},
           {.provider = 3},
           {.provider = 4, .chain = Chain::overflow, .window = 210'000},
           {.provider = 5, .chain = Chain::overflow},
           {.provider = 6, .chain = Chain::overflow, .window = 300'000},
           {.provider = 7, .chain = Chain::overflow, .window = 1'000'000}});
  EXPECT_EQ(w.next(), "0/0 +0ms first");
  EXPECT_EQ(w.after(400, kTooLong), "7/0 +0ms overflow") << "4 is too small for the 213,462 tokens that were told";
  EXPECT_EQ(w.after(400), "6/0 +0ms overflow");
  EXPECT_EQ(w.after(401), "5/0 +0ms overflow");
  EXPECT_EQ(w.after(404), "2/0 +0ms overflow");
  EXPECT_EQ(w.after(400, kTooLong), "give up 0") << "the client must hear of the overflow to compact";
}

TEST(Course, OverflowWithoutALargerWindowIsTheClients) {
  World w({{.provider = 0, .window = 200'000}, {.provider = 1, .window = 200'000}, {.provider = 2}});
  w.next();
  EXPECT_EQ(w.after(400, kTooLong), "give up 0");
}

TEST(Course, RefusalsFollowTheirChainOnly) {
  Failure refused;
  refused.stage = Stage::before_content;
  refused.status = 200;
  refused.inside = Inside::refusal;
  World w({{.provider = 0}, {.provider = 1}, {.provider = 2, .chain = Chain::refusal}});
  w.next();
  EXPECT_EQ(w.after(judge(refused)), "2/0 +0ms refusal");
  EXPECT_EQ(w.after(judge(refused)), "give up 0");
  World plain(providers(2));
  plain.next();
  EXPECT_EQ(plain.after(judge(refused)), "give up 0") << "the model has answered";
  Failure moderated;
  moderated.status = 400;
  moderated.text.code = "content_filter";
  World other(providers(2));
  other.next();
  EXPECT_EQ(other.after(judge(moderated)), "1/0 +0ms fallback");
}

TEST(Course, RepairsAreTriedOnceEachAndStay) {
  World w(providers(2));
  w.next();
  EXPECT_EQ(w.after(400, "context_management: Extra inputs are not permitted"), "0/0 +0ms repair");
  EXPECT_EQ(w.step.repair, (Repair{"context_management", "strip"}));
  EXPECT_EQ(w.after(400, "output_config: Extra inputs are not permitted"), "0/0 +0ms repair");
  EXPECT_EQ(w.after(529), "0/0 +500ms retry") << "repairs are no retries";
  ASSERT_EQ(w.course->repairs(0).size(), 2U);
  EXPECT_EQ(w.course->repairs(0)[1].quirk, "effort");
  EXPECT_EQ(w.after(400, "no"), "1/0 +0ms fallback");
  EXPECT_TRUE(w.course->repairs(1).empty());
  // A judgement that repeats itself does not make the course do so.
  World again(providers(1));
  again.next();
  Judgement same;
  same.repair = Repair{"effort", "none"};
  EXPECT_EQ(again.after(same), "0/0 +0ms repair");
  EXPECT_EQ(again.after(same), "give up 0");
}

TEST(Course, NothingFollowsWhenTheClientLeft) {
  World w(providers(3));
  w.next();
  Failure left;
  left.kind = ErrorKind::cancelled;
  EXPECT_EQ(w.after(judge(left)), "give up 0");
}

TEST(Course, NothingFollowsBeyondTheCommitPoint) {
  World w(providers(3));
  w.next();
  Failure cut;
  cut.stage = Stage::content;
  cut.status = 200;
  cut.inside = Inside::cut;
  EXPECT_EQ(w.after(judge(cut)), "give up 0");
}

TEST(Course, NoAttemptBeginsAfterTheDeadline) {
  World w(providers(2), {.deadline = kStart + 1s});
  w.next();
  w.now += 600ms;
  EXPECT_EQ(w.after(500), "1/0 +0ms fallback") << "a retry would come too late";
  w.now += 600ms;
  EXPECT_EQ(w.after(500), "give up 0");
}

TEST(Course, AttemptsInAllAreBounded) {
  World w(providers(100), {.most_attempts = 5});
  w.next();
  for (int i = 0; i < 4; ++i) EXPECT_NE(w.after(400).substr(0, 4), "give");
  EXPECT_EQ(w.after(400), "give up 0");
  EXPECT_EQ(w.course->attempts(), 5U);
}

// --- properties ---------------------------------------------------------------------------------------------------------------------

/// Random targets, failures and rests. What must hold of every step is checked against the table itself.
class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed) : random_(seed), world_(random_targets(), random_limits()) { random_rests(); }

  void run() {
    Course course(world_.targets, world_.limits);
    unsigned attempts = 0;
    for (;; ++attempts) {
      ASSERT_LE(attempts, world_.limits.most_attempts);
      const Step step = course.next(world_.now, world_, random_());
      if (step.what == Step::What::give_up) {
        EXPECT_EQ(step.failure.has_value(), attempts > 0);
        if (step.failure) EXPECT_LT(*step.failure, attempts);
        return;
      }
      check(step);
      world_.now = step.at + below(3000);
      used_.insert({step.target, step.credential});
      tried_.insert(step.target);
      const auto judgement = random_judgement();
      apply(step, judgement);
      course.failed(judgement);
      if (below_n(4) == 0) random_rests();
      if (judgement.chain != Chain::main) switched_ = true;
    }
  }

 private:
  std::uint64_t below_n(std::uint64_t n) { return random_() % n; }
  Duration below(std::uint64_t milliseconds) { return Duration(static_cast<std::int64_t>(below_n(milliseconds))); }

  std::vector<CourseTarget> random_targets() {
    std::vector<CourseTarget> targets(below_n(6));
    for (auto& each : targets)
      each = {.provider = below_n(3), .chain = static_cast<Chain>(below_n(5) < 3 ? 0 : below_n(3)), .window = below_n(4) * 100'000};
    return targets;
  }
  CourseLimits random_limits() {
    return {.retry = {.attempts = static_cast<unsigned>(1 + below_n(4)), .first = below(2000), .longest = below(10'000)},
            .deadline = kStart + below(60'000),
            .most_attempts = static_cast<unsigned>(1 + below_n(15)),
            .patience = below(20'000)};
  }
  void random_rests() {
    for (std::size_t i = 0; i < world_.targets.size(); ++i)
      if (below_n(3) == 0) world_.target_rests[i] = world_.now + below(40'000);
    for (std::size_t provider = 0; provider < 3; ++provider) {
      if (!world_.pools.contains(provider)) world_.pools[provider] = below_n(4);
      for (std::size_t i = 0; i < world_.pools[provider]; ++i)
        if (below_n(3) == 0) world_.credential_rests[{provider, i}] = below_n(8) == 0 ? TimePoint::max() : world_.now + below(40'000);
    }
  }
  Judgement random_judgement() {
    Failure failure;
    failure.stage = Stage::before_content;
    constexpr int kStatuses[] = {0, 200, 301, 400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529};
    constexpr std::string_view kMessages[] = {"", "no", kTooLong, "context_management: Extra inputs are not permitted",
                                              "top_k: unsupported"};
    failure.status = kStatuses[below_n(std::size(kStatuses))];
    failure.inside = failure.status == 200 ? static_cast<Inside>(1 + below_n(5)) : Inside::no;
    failure.text.message = kMessages[below_n(std::size(kMessages))];
    if (below_n(3) == 0) failure.retry_after = below(30'000);
    if (below_n(5) == 0) failure.should_retry = below_n(2) == 0;
    return judge(failure);
  }
  void apply(const Step& step, const Judgement& judgement) {
    if (judgement.target_rest) world_.target_rests[step.target] = after(world_.now, *judgement.target_rest);
    if (judgement.credential_rest)
      world_.credential_rests[{world_.targets[step.target].provider, step.credential}] = after(world_.now, *judgement.credential_rest);
    if (judgement.spends_credential) spent_.insert({world_.targets[step.target].provider, step.credential});
  }

  [[nodiscard]] bool rests(std::size_t target, std::size_t credential, TimePoint at) const {
    const auto provider = world_.targets[target].provider;
    const auto one = world_.target_rests.find(target);
    const auto other = world_.credential_rests.find({provider, credential});
    return (one != world_.target_rests.end() && one->second > at) || (other != world_.credential_rests.end() && other->second > at);
  }

  void check(const Step& step) {
    ASSERT_LT(step.target, world_.targets.size());
    const auto provider = world_.targets[step.target].provider;
    ASSERT_LT(step.credential, world_.pools[provider]);
    EXPECT_GE(step.at, world_.now);
    EXPECT_LE(step.at, world_.limits.deadline);
    EXPECT_LE(step.at - world_.now, std::max(world_.limits.patience, Duration(0)));
    EXPECT_FALSE(spent_.contains({provider, step.credential})) << "a credential that was refused";
    if (step.repair) EXPECT_TRUE(repaired_.insert({step.target, step.repair->quirk, step.repair->value}).second);
    if (!rests(step.target, step.credential, step.at)) return;
    // It rests: then nothing of the chain may be free that was not tried yet. (Another chain's targets are not for this request.)
    EXPECT_EQ(step.why, Why::soonest);
    if (switched_) return;
    for (std::size_t target = 0; target < world_.targets.size(); ++target)
      for (std::size_t credential = 0; credential < world_.pools[world_.targets[target].provider]; ++credential) {
        if (world_.targets[target].chain != Chain::main || tried_.contains(target)) continue;
        if (spent_.contains({world_.targets[target].provider, credential})) continue;
        EXPECT_TRUE(rests(target, credential, world_.now)) << target << '/' << credential << " is free";
      }
    for (std::size_t credential = 0; credential < world_.pools[provider]; ++credential)
      if (!tried_.contains(step.target)) EXPECT_TRUE(rests(step.target, credential, world_.now) || spent_.contains({provider, credential}));
  }

  std::mt19937_64 random_;
  World world_;
  std::set<std::pair<std::size_t, std::size_t>> used_, spent_;
  std::set<std::tuple<std::size_t, std::string, std::string>> repaired_;
  std::set<std::size_t> tried_;
  bool switched_ = false;
};

TEST(Course, Properties) {
  for (std::uint64_t seed = 0; seed < 4'000; ++seed) {
    SCOPED_TRACE(seed);
    RandomRun(seed).run();
    if (HasFailure()) return;
  }
}

/// A target that fails only with what passes, alone and never resting, gets exactly its attempts.
TEST(Course, AttemptsPerTargetAreExact) {
  for (unsigned attempts = 1; attempts <= 6; ++attempts) {
    World w(providers(3), {.retry = {.attempts = attempts}, .most_attempts = 100});
    std::map<std::size_t, unsigned> seen;
    for (auto line = w.next(); !line.starts_with("give"); line = w.after(500)) ++seen[w.step.target];
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(seen[i], attempts);
  }
}

TEST(Course, the_first_attempt_may_take_another_credential_than_its_step_says) {
  World world({{1}});
  world.pools[1] = 2;
  EXPECT_EQ(world.next(), "0/0 +0ms first");
  world.course->takes(1);
  Judgement limited;
  limited.other_credential = true;
  EXPECT_EQ(world.after(limited), "0/0 +0ms credential") << "the other one was not tried";
}

TEST(Course, without_a_place_in_time_the_next_target_is_asked_and_the_same_one_not_again) {
  World world({{1}, {2}});
  EXPECT_EQ(world.next(), "0/0 +0ms first");
  EXPECT_EQ(world.after(no_place()), "1/0 +0ms fallback");
  EXPECT_EQ(world.after(no_place()), "give up 0");
}

}  // namespace
}  // namespace penstock::policy
