// In which order a request meets its targets and their credentials, and which of them rest.
#include "gateway/candidates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "policy/hash.h"

namespace penstock::gateway {
namespace {

using namespace std::chrono_literals;
using config::Balance;
using policy::CredentialState;
using policy::Duration;
using policy::TimePoint;
using policy::Trouble;
using testing::ElementsAre;
using Names = std::vector<std::string>;
using States = std::vector<std::pair<std::size_t, Duration>>;  // credentials, and how long each rests yet

constexpr TimePoint kStart = TimePoint() + 1000h;
constexpr auto kMoment = TimePoint::duration(1);

policy::PlannedTarget target(const std::string& provider, const std::string& model = "m", unsigned weight = 1) {
  return {{provider, model, weight}, policy::target_id(provider, model)};
}

catalog::Price price(std::int64_t input, std::int64_t output) {
  return {.input = input, .output = output, .cache_read = input / 10, .cache_write = input, .known = true};
}

/// One request and the world that it meets; nothing is sent. Providers are `a`, `b`, `c`, … with a model `m` and a key each.
class CandidatesTest : public testing::Test {
 protected:
  CandidatesTest() {
    for (const char* name : {"a", "b", "c", "d"}) add(name);
    plan({"a", "b", "c"});
  }

  Upstream& add(const std::string& name) {
    Upstream& made = providers_.emplace_back();
    made.name = name;
    made.models.push_back({.id = "m", .display_name = "", .window = 1000});
    snapshot_.by_name.emplace(made.name, &made);
    set_keys(name, 1);
    return made;
  }
  Upstream& provider(const std::string& name) { return const_cast<Upstream&>(*snapshot_.find(name)); }
  /// Keys of the provider in place of what it has.
  void set_keys(const std::string& name, std::size_t count) {
    Upstream& of = provider(name);
    of.credentials.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string key = name + std::to_string(i);
      of.credentials.push_back({.key = Secret(key),
                                .token_source = {},
                                .source = key,
                                .standing = std::make_shared<Standing>(key, kLimits),
                                .id = policy::hash_of(key)});
    }
  }
  Standing& key(const std::string& name, std::size_t index = 0) { return *provider(name).credentials.at(index).standing; }
  Standing& standing(const std::string& name) { return standings_.target(policy::target_id(name, "m"), name, "m"); }

  void plan(const Names& providers, Balance balance = Balance::ordered) {
    std::vector<policy::PlannedTarget> targets;
    for (const auto& name : providers) targets.push_back(target(name));
    record_.plan.fallback_from = targets.size();
    record_.plan.targets = policy::Targets(std::move(targets));
    record_.plan.balance = balance;
  }
  Candidates candidates(const Draw& draw = {}) { return {work_, known_, tickets_, draw, now_, random_}; }
  Names order(const Draw& draw = {}) {
    const auto made = candidates(draw);
    Names all;
    for (std::size_t i = 0; i < made.course_targets().size(); ++i) all.push_back(made[i].provider);
    return all;
  }
  States keys(const Candidates& made, std::size_t index = 0) {
    std::vector<CredentialState> states;
    made.credentials(index, states);
    States all;
    for (const auto& state : states)
      all.emplace_back(state.credential, std::chrono::ceil<Duration>(state.rests_until.value_or(now_) - now_));
    return all;
  }
  States keys(const Draw& draw = {}) { return keys(candidates(draw)); }
  /// The session's seat at the provider, of so long ago.
  policy::Seat seat(const std::string& name, Duration ago = 0s, std::uint64_t cached = 100) const {
    return {.target = policy::target_id(name, "m"), .credential = 0, .cached = cached, .when = now_ - ago};
  }

  static constexpr policy::CooldownLimits kLimits{};
  std::deque<Upstream> providers_;
  Snapshot snapshot_;
  Record record_;
  net::Worker worker_{0};
  net::Stream nobody_;
  net::ServerLimits limits_;
  net::Exchange exchange_{worker_, nobody_, limits_};
  Work work_{exchange_, record_, snapshot_, ""};
  Standings standings_;
  KnownStandings known_{standings_};
  Tickets tickets_{worker_};
  TimePoint now_ = kStart;
  std::uint64_t random_ = 0;
};

// ---- the order of targets

TEST_F(CandidatesTest, stand_as_in_the_plan_and_the_other_chains_follow) {
  record_.plan.overflow = policy::Targets({target("d")});
  record_.plan.refusal = policy::Targets({target("a", "unknown"), target("b", "unknown")});
  provider("b").models.clear();
  const auto made = candidates();
  EXPECT_EQ(order(), (Names{"a", "b", "c", "d", "a", "b"}));
  const auto targets = made.course_targets();
  ASSERT_EQ(targets.size(), 6U);
  using policy::Chain;
  const std::pair<Chain, std::uint64_t> expected[] = {{Chain::main, 1000},     {Chain::main, 0},    {Chain::main, 1000},
                                                      {Chain::overflow, 1000}, {Chain::refusal, 0}, {Chain::refusal, 0}};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    EXPECT_EQ(targets[i].chain, expected[i].first) << i;
    EXPECT_EQ(targets[i].window, expected[i].second) << i << ": 0 is unknown";
  }
  EXPECT_EQ(targets[0].provider, targets[4].provider) << "they share their keys";
  EXPECT_NE(targets[0].provider, targets[1].provider);
  EXPECT_EQ(&made.standing(3), &standing("d"));
}

TEST_F(CandidatesTest, each_balance_goes_by_its_figures) {
  standing("a").note_first_byte(900ms, kStart);
  standing("b").note_first_byte(100ms, kStart);
  standing("c").note_first_byte(400ms, kStart);
  for (const auto* name : {"a", "a", "b"}) std::ignore = standing(name).try_enter(0);
  provider("a").models[0].price = price(200, 200);
  provider("b").models[0].price = price(300, 300);
  provider("c").models[0].price = price(100, 100);
  struct Row {
    Balance balance;
    std::uint64_t turn;
    Names order;
  };
  for (const auto& [balance, turn, expected] : {
           Row{Balance::ordered, 1, {"a", "b", "c"}},
           Row{Balance::round_robin, 1, {"b", "c", "a"}},
           Row{Balance::round_robin, 5, {"c", "a", "b"}},
           Row{Balance::least_busy, 0, {"c", "b", "a"}},
           Row{Balance::fastest, 0, {"b", "c", "a"}},
           Row{Balance::cheapest, 0, {"c", "a", "b"}},
       }) {
    plan({"a", "b", "c"}, balance);
    EXPECT_EQ(order({.turn = turn, .tokens = 10}), expected) << static_cast<int>(balance);
  }
}

TEST_F(CandidatesTest, the_cheapest_depends_on_the_length_of_the_request) {
  provider("a").models[0].price = price(10, 1000);
  provider("b").models[0].price = price(100, 100);
  plan({"a", "b", "c"}, Balance::cheapest);
  EXPECT_EQ(order({.tokens = 10}), (Names{"b", "a", "c"})) << "the answer costs most; nobody knows what c costs";
  EXPECT_EQ(order({.tokens = 100'000}), (Names{"a", "b", "c"}));
  provider("c").models.clear();
  EXPECT_EQ(order({.tokens = 10}), (Names{"b", "a", "c"})) << "a model that nobody knows";
}

TEST_F(CandidatesTest, a_weighted_choice_goes_by_the_session_else_by_chance) {
  plan({"a", "b", "c"}, Balance::weighted);
  std::set<Names> by_session, by_chance;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    random_ = i;
    by_session.insert(order({.session = 77}));
    by_chance.insert(order());
  }
  EXPECT_EQ(by_session.size(), 1U);
  EXPECT_EQ(by_chance.size(), 6U);
}

TEST_F(CandidatesTest, a_session_stays_where_its_cache_is_warm_and_returns_when_that_is_worth_more) {
  struct Row {
    const char* what;
    std::optional<policy::Seat> seat;
    std::function<void()> given;
    Names order;
  };
  const auto nothing = [] {};
  const Row rows[] = {
      {"no seat", std::nullopt, nothing, {"a", "b", "c"}},
      {"no prices", seat("b"), nothing, {"b", "a", "c"}},
      {"at the first", seat("a", 6min), nothing, {"a", "b", "c"}},
      {"at none of them", seat("d"), nothing, {"a", "b", "c"}},
      {"cold", seat("c", 6min), nothing, {"a", "c", "b"}},
      {"nothing cached", seat("c", 0s, 0), nothing, {"a", "c", "b"}},
      {"cold, but the first rests", seat("c", 6min), [this] { standing("a").rest_for(now_, 60s, Trouble::rate_limited); }, {"c", "a", "b"}},
      {"the same prices",
       seat("b"),
       [this] {
         for (const char* name : {"a", "b"}) provider(name).models[0].price = price(100, 100);
       },
       {"b", "a", "c"}},
      {"the first costs nothing",
       seat("b"),
       [this] {
         provider("a").models[0].price = price(0, 0);
         provider("b").models[0].price = price(100, 100);
       },
       {"a", "b", "c"}},
  };
  for (const auto& row : rows) {
    standings_.use({.failures = 7});  // all rests end
    standings_.use({});
    for (const char* name : {"a", "b", "c"}) provider(name).models[0].price = {};
    row.given();
    EXPECT_EQ(order({.session = 1, .seat = row.seat}), row.order) << row.what;
  }
}

TEST_F(CandidatesTest, a_session_at_the_first_target_stays_whosever_turn_it_is) {
  plan({"a", "b", "c"}, Balance::round_robin);
  EXPECT_EQ(order({.session = 1, .seat = seat("a", 6min), .turn = 1}), (Names{"a", "b", "c"}));
}

TEST_F(CandidatesTest, a_session_does_not_return_to_a_provider_whose_checks_fail) {
  snapshot_.any_checked = true;
  provider("a").check = {.path = "/", .every = 30s, .standing = std::make_shared<Standing>("a", kLimits)};
  provider("a").check->standing->rest_for(now_, 60s, Trouble::unreachable);
  EXPECT_EQ(order({.session = 1, .seat = seat("b", 6min)}), (Names{"b", "a", "c"}));
}

TEST_F(CandidatesTest, a_dearer_seat_is_kept_as_long_as_the_cache_is_worth_it) {
  provider("a").models[0].price = price(1000, 1000);
  provider("b").models[0].price = price(2000, 2000);
  EXPECT_EQ(order({.session = 1, .seat = seat("b", 0s, 100'000)}), (Names{"b", "a", "c"})) << "to warm the other costs more";
  EXPECT_EQ(order({.session = 1, .seat = seat("b", 0s, 100), .tokens = 100'000}), (Names{"a", "b", "c"})) << "most of it is new";
  EXPECT_EQ(order({.session = 1, .seat = seat("b", 6min, 100'000)}), (Names{"a", "b", "c"})) << "it is cold";
}

// ---- who rests

TEST_F(CandidatesTest, a_target_rests_by_itself_in_whatever_place_it_stands) {
  record_.plan.overflow = policy::Targets({target("d")});
  standing("b").rest_for(now_, 60s, Trouble::rate_limited);
  standing("d").rest_for(now_, 5s, Trouble::rate_limited);
  auto made = candidates({.session = 1, .seat = seat("b")});  // stands first
  const std::optional<TimePoint> expected[] = {now_ + 60s, std::nullopt, std::nullopt, now_ + 5s};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(made.target_rest(i), expected[i]) << i;
  made.look(now_ + 5s, 0);
  EXPECT_EQ(made.target_rest(0), now_ + 60s);
  EXPECT_EQ(made.target_rest(3), std::nullopt) << "the moment has passed";
}

TEST_F(CandidatesTest, all_targets_of_a_provider_rest_while_its_checks_fail) {
  snapshot_.any_checked = true;
  provider("a").check = {.path = "/", .every = 30s, .standing = std::make_shared<Standing>("a", kLimits)};
  record_.plan.targets = policy::Targets({target("a", "m"), target("a", "n"), target("b", "m")});
  EXPECT_EQ(candidates().target_rest(0), std::nullopt) << "it is well";
  provider("a").check->standing->rest_for(now_, 60s, Trouble::unreachable);
  const auto made = candidates();
  EXPECT_EQ(made.target_rest(0), now_ + 60s);
  EXPECT_EQ(made.target_rest(1), now_ + 60s);
  EXPECT_EQ(made.target_rest(2), std::nullopt) << "another provider";
}

TEST_F(CandidatesTest, a_full_target_rests_for_a_moment) {
  snapshot_.any_limited = true;
  provider("a").max_inflight = 1;
  for (const char* name : {"a", "b"}) std::ignore = standing(name).try_enter(0);
  EXPECT_EQ(candidates().target_rest(0), now_ + kMoment);
  EXPECT_EQ(candidates().target_rest(1), std::nullopt) << "nothing limits it";
  standing("a").rest_for(now_, 60s, Trouble::overloaded);
  EXPECT_EQ(candidates().target_rest(0), now_ + 60s) << "a longer rest goes before";
  standings_.use({.failures = 7});
  standing("a").leave();
  EXPECT_EQ(candidates().target_rest(0), std::nullopt);
}

// ---- credentials

TEST_F(CandidatesTest, a_target_may_have_no_key_or_need_none) {
  EXPECT_EQ(keys(), (States{{0, 0s}}));
  provider("a").credentials[0].key = Secret();
  EXPECT_EQ(keys(), States{}) << "there is none";
  provider("a").auth = AuthScheme::none;
  EXPECT_EQ(keys(), (States{{0, 0s}})) << "it needs none";
  record_.plan.targets = policy::Targets({target("gone")});
  EXPECT_EQ(keys(), States{}) << "a provider that is not there";
}

TEST_F(CandidatesTest, a_single_key_says_how_it_stands) {
  key("a").rest_for(now_, 60s, Trouble::rate_limited);
  EXPECT_EQ(keys(), (States{{0, 60s}}));
  provider("a").credential_inflight = 1;
  key("a").use({});
  std::ignore = key("a").try_enter(0);
  EXPECT_EQ(keys(), (States{{0, 1ms}})) << "it is full";
}

TEST_F(CandidatesTest, keys_come_by_rotation_and_those_of_less_use_behind) {
  set_keys("a", 5);
  provider("a").credential_inflight = 2;
  key("a", 0).rest_for(now_, 60s, Trouble::rate_limited);
  for (int i = 0; i < 2; ++i) std::ignore = key("a", 1).try_enter(0);               // full
  key("a", 2).note({.known = true, .remaining = 0.01, .resets = now_ + 1h}, now_);  // nearly at its end
  const States behind{{2, 0s}, {1, 1ms}, {0, 60s}};
  for (const auto& [turn, first] : {std::pair<std::uint64_t, States>{0, {{3, 0s}, {4, 0s}}}, {2, {{4, 0s}, {3, 0s}}}}) {
    States expected = first;
    expected.insert(expected.end(), behind.begin(), behind.end());
    EXPECT_EQ(keys({.turn = turn}), expected) << turn;
  }
}

TEST_F(CandidatesTest, every_rotation_has_its_figures) {
  set_keys("a", 3);
  for (std::size_t i : {0U, 0U, 1U}) key("a", i).begin(now_);  // used so often
  key("a", 1).note({.known = true, .remaining = 0.9}, now_);
  key("a", 0).note({.known = true, .remaining = 0.5}, now_);
  key("a", 2).note({.known = true, .remaining = 0.2}, now_);
  const auto first = [&](policy::Rotation rotation) {
    provider("a").rotation = rotation;
    return keys().front().first;
  };
  EXPECT_EQ(first(policy::Rotation::round_robin), 0U);
  EXPECT_EQ(first(policy::Rotation::least_used), 2U);
  EXPECT_EQ(first(policy::Rotation::remaining), 1U);
  for (std::size_t only : {0U, 1U, 2U}) {
    for (std::size_t i : {0U, 1U, 2U}) provider("a").credentials[i].weight = i == only ? 1 : 0;
    EXPECT_EQ(first(policy::Rotation::weighted), only);
  }
  for (auto& credential : provider("a").credentials) credential.weight = 1;
  std::set<std::size_t> by_chance;
  for (random_ = 1; random_ <= 50; ++random_) by_chance.insert(first(policy::Rotation::weighted));
  EXPECT_THAT(by_chance, ElementsAre(0, 1, 2));
  std::ignore = key("a", 2).try_enter(0);
  EXPECT_EQ(first(policy::Rotation::least_used), 1U) << "what is under way goes before";
}

TEST_F(CandidatesTest, a_session_keeps_its_key) {
  set_keys("a", 4);
  const auto at = [&](std::uint64_t id) {
    auto there = seat("a");
    there.credential = id;
    return there;
  };
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(keys({.session = 1, .seat = at(provider("a").credentials[i].id), .turn = 2}).front().first, i);
  const auto drawn = keys({.session = 1}).front().first;
  EXPECT_EQ(keys({.session = 1, .seat = at(99), .turn = drawn + 1}).front().first, drawn) << "its key is no more: as if it were new";
  EXPECT_EQ(keys({.seat = at(provider("a").credentials[3].id), .turn = 1}).front().first, 1U) << "affinity is off";
  key("a", 3).rest_for(now_, 60s, Trouble::rate_limited);
  const auto moved = keys({.session = 1, .seat = at(provider("a").credentials[3].id)});
  EXPECT_EQ(moved.back(), (std::pair<std::size_t, Duration>{3, 60s}));
}

TEST_F(CandidatesTest, every_gateway_puts_a_new_session_on_the_same_key) {
  set_keys("a", 4);
  provider("a").credentials[2].weight = 0;
  std::map<std::size_t, int> counts;
  for (std::uint64_t i = 1; i <= 400; ++i) {
    const auto session = policy::hash_of(i, 0);
    const auto first = keys({.session = session, .turn = i}).front().first;
    EXPECT_EQ(keys({.session = session, .turn = i + 1}).front().first, first) << "whosever turn it is";
    ++counts[first];
  }
  EXPECT_EQ(counts[2], 0) << "weights count";
  for (const std::size_t i : {0U, 1U, 3U}) EXPECT_GT(counts[i], 80) << i;
}

TEST_F(CandidatesTest, the_clients_own_credential_is_one_that_never_rests) {
  set_keys("a", 3);
  provider("a").passthrough = true;
  for (std::size_t i = 0; i < 3; ++i) key("a", i).rest_for(now_, 60s, Trouble::rate_limited);
  EXPECT_EQ(keys({.session = 1}), (States{{0, 0s}}));
}

TEST_F(CandidatesTest, keys_are_those_of_the_endpoint_that_suits_the_client) {
  Upstream other = provider("a");
  other.api = dialect::Api::openai_chat;
  other.auth = AuthScheme::none;
  provider("a").credentials[0].key = Secret();
  other.credentials = provider("a").credentials;
  provider("a").others.push_back(std::move(other));
  EXPECT_EQ(keys(), States{});
  record_.client = dialect::Api::openai_chat;
  EXPECT_EQ(keys(), (States{{0, 0s}}));
}

// ---- what an attempt needs a place at

TEST_F(CandidatesTest, a_wish_names_the_target_and_the_chosen_key) {
  set_keys("a", 3);
  provider("a").max_inflight = 7;
  provider("a").credential_inflight = 5;
  Standing own("client", {});
  const auto wish = candidates().wish(0, 2, false, own);
  EXPECT_EQ(wish.target, &standing("a"));
  EXPECT_EQ(wish.target_limit, 7U);
  EXPECT_EQ(wish.credential_limit, 5U);
  ASSERT_EQ(wish.credentials.size(), 1U);
  EXPECT_EQ(wish.credentials[0].credential, 2U);
  EXPECT_EQ(wish.credentials[0].standing, &key("a", 2));
  EXPECT_FALSE(wish.in_spite);
}

TEST_F(CandidatesTest, a_wish_for_any_key_names_each_once_the_chosen_one_first) {
  set_keys("a", 3);
  Standing own("client", {});
  const auto wish = candidates({.turn = 1}).wish(0, 2, true, own);
  std::vector<std::size_t> chosen;
  for (const auto& choice : wish.credentials) {
    chosen.push_back(choice.credential);
    EXPECT_EQ(choice.standing, &key("a", choice.credential));
  }
  EXPECT_THAT(chosen, ElementsAre(2, 1, 0));
}

TEST_F(CandidatesTest, a_wish_for_a_key_that_rests_is_in_spite_of_it) {
  Standing own("client", {});
  key("a").rest_for(now_, 60s, Trouble::rate_limited);
  EXPECT_TRUE(candidates().wish(0, 0, false, own).in_spite);
  auto made = candidates();
  made.look(now_ + 60s, 0);
  EXPECT_FALSE(made.wish(0, 0, false, own).in_spite);
}

TEST_F(CandidatesTest, the_clients_own_credential_has_no_limit) {
  set_keys("a", 3);
  provider("a").passthrough = true;
  provider("a").max_inflight = 7;
  provider("a").credential_inflight = 5;
  Standing own("client", {});
  const auto wish = candidates().wish(0, 0, true, own);
  EXPECT_EQ(wish.target_limit, 7U);
  EXPECT_EQ(wish.credential_limit, 0U);
  ASSERT_EQ(wish.credentials.size(), 1U);
  EXPECT_EQ(wish.credentials[0].standing, &own);
}

// ---- a worker's way to the standings

TEST(KnownStandings, lead_to_the_ones_that_all_share) {
  Standings all;
  KnownStandings mine(all), others(all);
  EXPECT_EQ(&mine.target(target("a")), &others.target(target("a")));
  EXPECT_NE(&mine.target(target("a")), &mine.target(target("a", "n")));
  EXPECT_EQ(mine.target(target("a", "n")).name(), "a/n");
}

TEST(KnownStandings, still_do_after_more_names_than_are_kept) {
  Standings all;
  KnownStandings mine(all);
  Standing& first = mine.target(target("a"));
  for (std::size_t i = 0; i < Standings::kMost; ++i) mine.target(target("a", std::to_string(i)));
  EXPECT_EQ(&mine.target(target("a")), &first);
  EXPECT_EQ(&mine.target(target("a", "0")), &all.target(target("a", "0").id, "a", "0"));
  EXPECT_EQ(&mine.target(target("b", "new")), &mine.target(target("b", "newer"))) << "there is no room for more";
}

TEST_F(CandidatesTest, an_idle_session_stays_among_equals) {
  plan({"a", "b"}, Balance::round_robin);
  for (const auto* name : {"a", "b"})
    for (std::uint64_t turn = 0; turn < 2; ++turn)
      EXPECT_EQ(order({.session = 1, .seat = seat(name, 6min, 5), .turn = turn}).front(), name) << turn;
}

}  // namespace
}  // namespace penstock::gateway
