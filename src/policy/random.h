// Chance as an argument: the caller draws 64 random bits, a policy makes of them what it needs.
#pragma once

#include <cstdint>

namespace penstock::policy {

/// Bits as a number in [0, 1).
[[nodiscard]] constexpr double unit(std::uint64_t random) { return static_cast<double>(random >> 11U) * 0x1.0p-53; }

/// Further bits from the same draw: the step of SplitMix64 (Steele, Lea, Flood 2014).
[[nodiscard]] constexpr std::uint64_t more_random(std::uint64_t random) {
  std::uint64_t z = random + 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

}  // namespace penstock::policy
