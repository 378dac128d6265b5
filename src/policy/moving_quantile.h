// How long something usually takes, as of late.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "policy/time.h"

namespace penstock::policy {

/// Quantiles of durations in which what is old counts less: half as much after `half_life`. A histogram with four buckets to each doubling,
/// so values come back within an eighth of what they were, and those that are nearly the same come back the same. 350 bytes, constant; a
/// value, which its owner locks.
class MovingQuantile {
 public:
  explicit MovingQuantile(Duration half_life = std::chrono::minutes(2)) : half_life_(half_life) {}

  /// `now` never goes back.
  void add(Duration value, TimePoint now);
  /// The duration that a share of `quantile` (0 to 1) stays below; nothing without a sample that still counts, which a single one does for
  /// four half-lives.
  [[nodiscard]] std::optional<Duration> value(double quantile, TimePoint now) const;

 private:
  static constexpr std::size_t kOctaves = 20;  // 1 ms to 17 minutes
  static constexpr std::size_t kBuckets = kOctaves * 4;
  static constexpr double kLeast = 1.0 / 16;  // of a sample's weight

  [[nodiscard]] static std::size_t bucket_of(Duration value);
  [[nodiscard]] static Duration middle_of(std::size_t bucket);
  /// What a sample at `now` weighs, so that the older ones need not be changed.
  [[nodiscard]] double weight_at(TimePoint now) const;
  void shift(TimePoint now);

  Duration half_life_;
  std::optional<TimePoint> base_;  // when a sample weighed 1
  std::array<float, kBuckets> weights_{};
  double total_ = 0;
};

}  // namespace penstock::policy
