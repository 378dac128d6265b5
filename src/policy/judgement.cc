#include "policy/judgement.h"

#include <algorithm>
#include <array>

#include "dialect/overflow.h"
#include "policy/header_times.h"

namespace penstock::policy {

namespace {

/// Who rests, and for how long.
enum class Rest : std::uint8_t {
  none,
  limited,  // the credential, as told, else Rests::limited
  plan,     // the credential, as told, else Rests::plan
  unpaid,   // the credential, for Rests::unpaid
  changed,  // the credential, until it changes
  if_told,  // the target, when told
};

struct Row {
  Trouble trouble;
  Blame fault;
  Again same;
  bool other_credential, fallback;
  Chain chain;
  bool whole_provider, counts;
  Rest rest;
  int telling;
};

constexpr auto kClient = Blame::client, kProvider = Blame::provider, kCredential = Blame::credential, kUs = Blame::us;
constexpr auto kNo = Again::no, kLast = Again::last, kYes = Again::yes;
constexpr auto kMain = Chain::main;

// How telling: what the client can mend by itself comes first (9, 8), then what passes, since the client tries again after it (6, 5), then
// what only the user can mend.
// clang-format off
constexpr std::array<Row, kTroubles> kRows{{
    // trouble                 fault        same   other  fallback chain          whole  counts rest           telling
    {Trouble::unreachable,     kProvider,   kYes,  false, true,  kMain,           true,  true,  Rest::none,    5},
    {Trouble::tls,             kProvider,   kLast, false, true,  kMain,           true,  true,  Rest::none,    3},
    {Trouble::timeout,         kProvider,   kLast, false, true,  kMain,           false, true,  Rest::none,    5},
    {Trouble::reset,           kProvider,   kYes,  false, true,  kMain,           false, true,  Rest::none,    5},
    {Trouble::overloaded,      kProvider,   kYes,  false, true,  kMain,           false, true,  Rest::if_told, 6},
    {Trouble::server_error,    kProvider,   kYes,  false, true,  kMain,           false, true,  Rest::if_told, 5},
    {Trouble::rate_limited,    kCredential, kYes,  true,  true,  kMain,           false, false, Rest::limited, 6},
    {Trouble::plan_limit,      kCredential, kNo,   true,  true,  kMain,           false, false, Rest::plan,    4},
    {Trouble::no_balance,      kCredential, kNo,   true,  true,  kMain,           false, false, Rest::unpaid,  3},
    {Trouble::bad_credential,  kCredential, kNo,   true,  true,  kMain,           false, false, Rest::changed, 3},
    {Trouble::forbidden,       kProvider,   kNo,   true,  true,  kMain,           false, true,  Rest::none,    3},
    {Trouble::no_model,        kProvider,   kNo,   true,  true,  kMain,           false, true,  Rest::none,    3},
    {Trouble::overflow,        kClient,     kNo,   false, true,  Chain::overflow, false, false, Rest::none,    9},
    {Trouble::feature_refused, kProvider,   kNo,   false, true,  kMain,           false, false, Rest::none,    4},
    {Trouble::bad_request,     kClient,     kNo,   false, true,  kMain,           false, false, Rest::none,    4},
    {Trouble::too_large,       kClient,     kNo,   false, true,  kMain,           false, false, Rest::none,    7},
    {Trouble::refusal,         kClient,     kNo,   false, false, Chain::refusal,  false, false, Rest::none,    8},
    {Trouble::empty,           kProvider,   kYes,  false, true,  kMain,           false, true,  Rest::none,    5},
    {Trouble::malformed,       kProvider,   kYes,  false, true,  kMain,           false, true,  Rest::none,    5},
    {Trouble::conflict,        kProvider,   kYes,  false, true,  kMain,           false, false, Rest::none,    5},
    {Trouble::redirect,        kProvider,   kNo,   false, true,  kMain,           true,  true,  Rest::none,    2},
    {Trouble::cancelled,       kClient,     kNo,   false, false, kMain,           false, false, Rest::none,    0},
    {Trouble::ours,            kUs,         kNo,   false, true,  kMain,           false, false, Rest::none,    1},
}};
// clang-format on

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].trouble != static_cast<Trouble>(i)) return false;
  return true;
}
static_assert(is_in_order());

Judgement from_row(const Row& row) {
  Judgement out;
  out.trouble = row.trouble;
  out.fault = row.fault;
  out.retry_same = row.same;
  out.other_credential = row.other_credential;
  out.fallback = row.fallback;
  out.chain = row.chain;
  out.whole_provider = row.whole_provider;
  out.counts = row.counts;
  out.spends_credential = row.fault == Blame::credential && row.same == Again::no;
  out.telling = row.telling;
  return out;
}

void add_rest(Rest rest, const Rests& rests, Judgement& out) {
  switch (rest) {
    case Rest::none: return;
    case Rest::limited: out.credential_rest = out.wait.value_or(rests.limited); return;
    case Rest::plan: out.credential_rest = out.wait.value_or(rests.plan); return;
    case Rest::unpaid: out.credential_rest = std::max(out.wait.value_or(rests.unpaid), rests.unpaid); return;
    case Rest::changed: out.credential_rest = kUntilChanged; return;
    case Rest::if_told: out.target_rest = out.wait; return;
  }
}

/// The client's own credential: it is the client's trouble, and no other may take its place.
void leave_to_client(Judgement& out) {
  out.other_credential = false;
  out.credential_rest.reset();
  if (out.fault == Blame::credential) out.fault = Blame::client;
}

/// x-should-retry decides about the same target, as it does for the clients of the provider (wire-reference 1.10).
void heed(bool should_retry, Judgement& out) {
  if (!should_retry) out.retry_same = Again::no;
  if (should_retry && out.retry_same == Again::no && out.chain == Chain::main && !out.spends_credential) out.retry_same = Again::last;
}

void stop_everything(Judgement& out) {
  out.retry_same = Again::no;
  out.other_credential = out.fallback = false;
  out.chain = Chain::main;
  out.repair.reset();
}

}  // namespace

Judgement no_place() {
  Judgement out = from_row(kRows[static_cast<std::size_t>(Trouble::overloaded)]);
  out.fault = Blame::us;
  out.retry_same = Again::no;
  out.counts = false;
  return out;
}

Judgement judge(const Failure& failure, const Rests& rests) {
  const auto trouble = recognise(failure);
  Judgement out = from_row(kRows[static_cast<std::size_t>(trouble)]);
  out.wait = failure.retry_after ? failure.retry_after : wait_in_words(failure.text.message);
  add_rest(kRows[static_cast<std::size_t>(trouble)].rest, rests, out);
  // Moderation in front of a model is the provider's; a model that refuses has answered, and only a chain for that asks another.
  if (trouble == Trouble::refusal && failure.inside != Inside::refusal) out.fallback = true;
  if (trouble == Trouble::feature_refused) out.repair = repair_for(failure.quirks, failure.text.message, failure.repaired);
  if (const auto overflow = trouble == Trouble::overflow ? dialect::find_overflow(failure.text) : std::nullopt)
    out.tokens = overflow->prompt.value_or(0);
  if (failure.own_credential) leave_to_client(out);
  if (failure.should_retry && trouble != Trouble::cancelled) heed(*failure.should_retry, out);
  if (failure.stage == Stage::content) stop_everything(out);
  return out;
}

}  // namespace penstock::policy
