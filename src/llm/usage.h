// Tokens that an answer cost, as the provider counts them.
#pragma once

#include <cstdint>

namespace penstock::llm {

/// The three input counts are disjoint: the whole prompt is their sum (wire-reference 1.8).
struct Usage {
  std::uint64_t input = 0;   // tokens neither read from nor written to a cache
  std::uint64_t output = 0;  // thinking included
  std::uint64_t cache_read = 0;
  std::uint64_t cache_write = 0;
  std::uint64_t thinking = 0;  // the part of `output` that is thinking, where the provider tells it
  bool known = false;          // the provider has reported something

  [[nodiscard]] std::uint64_t prompt() const { return input + cache_read + cache_write; }
  bool operator==(const Usage&) const = default;
};

}  // namespace penstock::llm
