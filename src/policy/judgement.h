// What follows from a failed attempt: who is at fault, where else to try, and who rests.
#pragma once

#include <cstdint>
#include <optional>

#include "policy/failure.h"
#include "policy/repair.h"
#include "policy/time.h"

namespace penstock::policy {

enum class Blame : std::uint8_t { client, provider, credential, us };

/// Whether the same target, asked again after a wait, may do better. last: rather than give up, but any other target comes first.
enum class Again : std::uint8_t { no, last, yes };

/// The list of targets that a request follows.
enum class Chain : std::uint8_t { main, overflow, refusal };

struct Judgement {
  Trouble trouble = Trouble::ours;
  Blame fault = Blame::us;
  Again retry_same = Again::no;
  bool other_credential = false;                         // another credential of the provider may do better
  bool fallback = false;                                 // the next target of the main chain may
  Chain chain = Chain::main;                             // targets of this chain come before the main chain's
  bool whole_provider = false;                           // the provider's other targets fail alike
  bool counts = false;                                   // against the target, in its cooldown
  bool spends_credential = false;                        // this credential is of no use for the rest of the request, whatever the target
  std::optional<Duration> credential_rest, target_rest;  // none: the credential does not rest; the target by `counts`
  std::optional<Duration> wait;                          // the least before the same is asked again, as the provider says
  std::optional<Repair> repair;  // with feature_refused: what to apply before the same target is asked again, at once
  std::uint64_t tokens = 0;      // with overflow: what the prompt has, as far as the provider says
  int telling = 0;               // of a request's failures the client is shown the most telling one
};

/// How long a credential rests that the provider refused without saying how long.
struct Rests {
  Duration limited = std::chrono::seconds(60);  // providers.*.credentials.cooldown
  Duration plan = std::chrono::minutes(15);
  Duration unpaid = std::chrono::hours(1);
};

/// Of an attempt that was not made: its target and its credentials had no place for it in time. Nobody's fault; another target may have
/// one.
[[nodiscard]] Judgement no_place();

[[nodiscard]] Judgement judge(const Failure& failure, const Rests& rests = {});

}  // namespace penstock::policy
