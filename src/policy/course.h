// One request's attempts: which target with which credential, when, and when to give up. Decides only; the caller sends, judges
// (judgement.h) and tells the registry who rests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/backoff.h"
#include "policy/health.h"
#include "policy/judgement.h"
#include "policy/time.h"

namespace penstock::policy {

/// A target of the plan. Its index is its place among the course's targets.
struct CourseTarget {
  std::size_t provider = 0;  // targets of one provider share its credentials
  Chain chain = Chain::main;
  std::uint64_t window = 0;  // tokens; 0: unknown
};

struct CourseLimits {
  Backoff retry;
  TimePoint deadline = TimePoint::max();         // of the whole request: no attempt begins after it
  unsigned most_attempts = 12;                   // in all
  Duration patience = std::chrono::seconds(10);  // the longest wait for one that rests
};

/// Why an attempt is made; for logs, metrics and x-penstock-route.
enum class Why : std::uint8_t {
  first,       // the plan's best, and nothing failed yet
  retry,       // the same target again
  credential,  // the same target with another credential
  repair,      // the same target, the request repaired
  fallback,    // the next target of the main chain: those before it failed or rest
  overflow,    // a larger window
  refusal,     // the refusal chain
  soonest,     // everything rests, and this one's rest ends first (or is used in spite of it)
};
[[nodiscard]] std::string_view name(Why why);

struct Step {
  enum class What : std::uint8_t { attempt, give_up };
  What what = What::give_up;
  // attempt
  std::size_t target = 0, credential = 0;
  TimePoint at{};  // when to begin; not after the deadline
  Why why = Why::first;
  std::optional<Repair> repair;  // with Why::repair: to be applied from now on to what this target gets of the request
  // give_up
  std::optional<std::size_t> failure;   // the most telling one, by the order of the calls of failed(); none: nothing could be tried
  std::optional<TimePoint> come_again;  // when the first of those that rest is back: for the client's retry-after
};

/// next() gives a step; when the attempt fails, failed() says how, and next() gives the following one. After success nothing more is
/// called. Ends after at most `most_attempts` attempts. Never uses what rests while another is free. 1,000 targets cost nothing unless they
/// rest.
class Course {
 public:
  Course(std::vector<CourseTarget> targets, const CourseLimits& limits) : targets_(std::move(targets)), limits_(limits) { follow_main(); }

  [[nodiscard]] Step next(TimePoint now, const Health& health, std::uint64_t random);
  /// The first attempt is made with another credential than its step says: that one was free first.
  void takes(std::size_t credential);
  /// The attempt of the last step failed, before anything of its answer reached the client (or after it: then nothing follows).
  void failed(const Judgement& judgement);

  [[nodiscard]] unsigned attempts() const { return attempts_; }
  [[nodiscard]] std::span<const CourseTarget> targets() const { return targets_; }
  /// What the target's share of the request was repaired with, in order.
  [[nodiscard]] std::span<const Repair> repairs(std::size_t target) const;

 private:
  /// What happened to one target so far.
  struct Tried {
    std::size_t target;
    unsigned retries = 0;
    Judgement last;
    std::vector<std::size_t> used;   // credentials that it was tried with
    std::vector<std::size_t> spent;  // of these, those of no use for it
    std::vector<Repair> repairs;
  };
  /// What next() looks at.
  struct Moment {
    TimePoint now;
    const Health& health;
    std::uint64_t random;
  };
  /// A target and credential that may be used later.
  struct Later {
    std::size_t target, credential;
    TimePoint ends;                   // of its rest
    std::optional<TimePoint> anyway;  // when it may be used in spite of its rest
  };

  void follow_main();
  void follow_overflow(std::uint64_t needed);
  void follow_refusal(bool main_too);
  [[nodiscard]] bool may_go_on(TimePoint now) const;

  [[nodiscard]] std::optional<Step> repaired(const Moment& moment);
  [[nodiscard]] std::optional<Step> other_credential(const Moment& moment);
  [[nodiscard]] std::optional<Step> again(const Moment& moment, Duration most);
  [[nodiscard]] std::optional<Step> next_target(const Moment& moment);
  [[nodiscard]] std::optional<Step> soonest(const Moment& moment);
  [[nodiscard]] Step choose(const Moment& moment);
  [[nodiscard]] Step give_up(const Moment& moment);
  void note(const Step& step);

  [[nodiscard]] const Tried* tried(std::size_t target) const;
  [[nodiscard]] Tried& tried_now(std::size_t target);
  [[nodiscard]] bool may_retry(const Tried& past) const;
  [[nodiscard]] bool is_spent(std::size_t target, std::size_t credential) const;
  [[nodiscard]] bool is_down(std::size_t target) const;
  /// A credential with which the target may be used at `at`: `first` if it may, else the best; only one that the target was not tried with
  /// when `fresh`. None too when the target rests.
  [[nodiscard]] std::optional<std::size_t> free_credential(const Moment& moment, std::size_t target, TimePoint at,
                                                           std::optional<std::size_t> first, bool fresh);
  [[nodiscard]] std::vector<Later> all_later(const Moment& moment);
  [[nodiscard]] std::optional<Later> later(const Moment& moment, std::size_t target);
  [[nodiscard]] std::optional<Later> later(const Moment& moment, std::size_t target, const CredentialState& state,
                                           TimePoint target_end) const;
  [[nodiscard]] Step attempt(std::size_t target, std::size_t credential, TimePoint at, Why why) const;
  [[nodiscard]] Why why_next(std::size_t target) const;

  std::vector<CourseTarget> targets_;
  CourseLimits limits_;
  std::vector<std::size_t> order_;                          // targets that may be used, best first
  std::vector<Tried> tried_;                                // in order of first use
  std::vector<std::pair<std::size_t, std::size_t>> spent_;  // provider, credential
  std::vector<std::size_t> down_;                           // providers whose every target fails
  std::vector<CredentialState> credentials_;                // of one look at the health
  Chain following_ = Chain::main;
  std::uint64_t needed_ = 0;                 // tokens that a window must exceed, after an overflow
  std::size_t target_ = 0, credential_ = 0;  // of the last attempt
  unsigned attempts_ = 0;
  std::size_t failures_ = 0;
  std::optional<std::size_t> telling_;
  int most_telling_ = -1;
  bool stopped_ = false;
};

}  // namespace penstock::policy
