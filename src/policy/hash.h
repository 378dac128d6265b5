// Hashes that mean the same in every process, on every machine and in every version: gateways that never talk agree by them. Not for
// secrets, and not against those who look for collisions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policy/random.h"

namespace penstock::policy {

/// Two numbers as one; the order counts.
[[nodiscard]] constexpr std::uint64_t hash_of(std::uint64_t a, std::uint64_t b) { return more_random(a ^ (more_random(b) + (a << 6U))); }

namespace detail {

/// Up to eight bytes in little-endian order.
[[nodiscard]] constexpr std::uint64_t word_of(const char* bytes, std::size_t count) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i) word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return word;
}

}  // namespace detail

/// The text's bytes, eight at a time.
[[nodiscard]] constexpr std::uint64_t hash_of(std::string_view text, std::uint64_t seed = 0) {
  std::uint64_t hash = hash_of(seed, text.size());
  const auto take = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32U;
  };
  const std::size_t whole = text.size() / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8) take(detail::word_of(text.data() + at, 8));  // compilers make it one load
  if (whole < text.size()) take(detail::word_of(text.data() + whole, text.size() - whole));
  return more_random(hash);
}

/// What stands for a target everywhere.
[[nodiscard]] constexpr std::uint64_t target_id(std::string_view provider, std::string_view model) {
  return hash_of(model, hash_of(provider));
}

}  // namespace penstock::policy
