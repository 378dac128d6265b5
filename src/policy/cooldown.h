// When something that failed is left alone, and when it may prove itself again. One for each target and for each credential.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "policy/time.h"

namespace penstock::policy {

/// The section `cooldown` of the configuration, and what it leaves open.
struct CooldownLimits {
  unsigned failures = 3;                        // in a row
  Duration rest = std::chrono::seconds(30);     // the first; doubled each time that the probe fails
  Duration longest = std::chrono::minutes(10);  // of rests that failures bring, not of those that a provider tells
  double share = 0.5;                           // of failures, above which it rests
  unsigned least = 10;                          // attempts in the window before the share counts
  Duration window = std::chrono::seconds(60);
  Duration probe = std::chrono::seconds(15);  // after that the next one may try, when nothing was heard of a probe
};

/// A value that its owner locks. Failures in a row, or their share in a sliding window, bring a rest. When that ends, one attempt is the
/// probe: its success ends all, its failure brings a longer rest. A rest that the provider told ends without a probe.
/// While troubled() is false, successes need not be reported: the share counts from the first failure on.
class Cooldown {
 public:
  explicit Cooldown(const CooldownLimits& limits = {}) : limits_(limits) {}

  /// Until when it rests; none: it may be used. While a probe is out, until others may try.
  [[nodiscard]] std::optional<TimePoint> resting_until(TimePoint now) const;
  /// An attempt begins. True: it is the probe, and abandon() is owed if it ends without a verdict.
  bool begin(TimePoint now);

  /// The attempt that began at `begun` went well: call it at the commit point.
  void succeeded(TimePoint begun, TimePoint now);
  /// It failed in a way that counts. A failure of an attempt older than the rest changes nothing.
  void failed(TimePoint begun, TimePoint now, std::uint64_t random);
  /// The probe ended without a verdict: the client left, or the fault was the client's.
  void abandon() { probe_until_ = TimePoint::min(); }

  /// The provider says so: 429, 402, 401 (kUntilChanged). The longer of two rests stands.
  void rest_for(TimePoint now, Duration rest);
  /// Somebody has seen that it is well: the probe may begin now. A rest that the provider told stays.
  void end_early(TimePoint now) { cool_until_ = std::min(cool_until_, now); }
  /// What rested is another thing now: a new key, a new configuration.
  void reset() { *this = Cooldown(limits_); }

  /// Something is not well, or was not within the window.
  [[nodiscard]] bool troubled(TimePoint now) const;
  /// Failures in a row, and rests since the last success: for /health and the admin API.
  [[nodiscard]] unsigned failures() const { return streak_; }
  [[nodiscard]] unsigned rests() const { return openings_; }

 private:
  static constexpr std::size_t kSlots = 6;
  struct Slot {
    std::int64_t number = -1;  // of the slot since the clock's epoch; -1: unused
    unsigned attempts = 0, failures = 0;
  };

  [[nodiscard]] std::int64_t slot_number(TimePoint now) const;
  void note(TimePoint now, bool failed);
  [[nodiscard]] Slot sum(TimePoint now) const;
  void open(TimePoint now, std::uint64_t random);
  void close();

  CooldownLimits limits_;
  std::array<Slot, kSlots> slots_{};
  unsigned streak_ = 0, openings_ = 0;
  bool open_ = false;                         // resting, or waiting for the probe's verdict
  TimePoint cool_until_ = TimePoint::min();   // end of the rest that failures brought
  TimePoint probe_until_ = TimePoint::min();  // a probe is out until then
  TimePoint told_until_ = TimePoint::min();   // end of the rest that was told
  TimePoint rested_at_ = TimePoint::min();    // when the last rest of either kind began
};

}  // namespace penstock::policy
