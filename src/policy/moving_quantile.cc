#include "policy/moving_quantile.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace penstock::policy {

namespace {

/// Half-lives after which the weights are brought down again, long before a float overflows.
constexpr double kMostHalvings = 32;

}  // namespace

std::size_t MovingQuantile::bucket_of(Duration value) {
  const auto ms = static_cast<std::uint64_t>(std::max<Duration::rep>(value.count(), 1));
  const auto octave = static_cast<std::size_t>(std::bit_width(ms)) - 1;
  // The two bits behind the first one; durations below 4 ms have fewer.
  const auto quarter = static_cast<std::size_t>(octave >= 2 ? (ms >> (octave - 2)) & 3U : (ms << (2 - octave)) & 3U);
  return std::min(octave * 4 + quarter, kBuckets - 1);
}

Duration MovingQuantile::middle_of(std::size_t bucket) {
  const auto low = std::ldexp(1 + static_cast<double>(bucket % 4) / 4, static_cast<int>(bucket / 4));
  const auto width = std::ldexp(0.25, static_cast<int>(bucket / 4));
  return Duration(static_cast<Duration::rep>(low + width / 2));
}

double MovingQuantile::weight_at(TimePoint now) const {
  if (!base_) return 1;
  return std::exp2(std::chrono::duration<double>(now - *base_) / std::chrono::duration<double>(half_life_));
}

void MovingQuantile::shift(TimePoint now) {
  const double scale = 1 / weight_at(now);
  for (auto& weight : weights_) weight = static_cast<float>(weight * scale);
  total_ *= scale;
  base_ = now;
}

void MovingQuantile::add(Duration value, TimePoint now) {
  if (!base_ || weight_at(now) > std::exp2(kMostHalvings)) shift(now);
  const double weight = weight_at(now);
  weights_[bucket_of(value)] += static_cast<float>(weight);
  total_ += weight;
}

std::optional<Duration> MovingQuantile::value(double quantile, TimePoint now) const {
  if (total_ < kLeast * weight_at(now)) return std::nullopt;
  const double wanted = total_ * std::clamp(quantile, 0.0, 1.0);
  double below = 0;
  std::size_t last = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    if (weights_[bucket] == 0) continue;
    last = bucket;
    below += weights_[bucket];
    if (below >= wanted) break;
  }
  return middle_of(last);
}

}  // namespace penstock::policy
