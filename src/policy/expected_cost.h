// What requests are expected to cost, for choosing among targets. In the unit of catalog::Price times tokens: 10^-12 US dollars.
#pragma once

#include <algorithm>
#include <cstdint>

#include "catalog/catalog.h"

namespace penstock::policy {

/// The tokens of a request as they are expected.
struct ExpectedTokens {
  std::uint64_t prompt = 0;  // all input, cached or not
  std::uint64_t cached = 0;  // of these, what the provider's cache holds
  std::uint64_t output = 0;
};

/// Tokens are capped at ten million each, so that no price that a configuration may hold overflows.
[[nodiscard]] constexpr std::int64_t expected_cost(const catalog::Price& price, const ExpectedTokens& tokens) {
  const auto count = [](std::uint64_t number) { return static_cast<std::int64_t>(std::min<std::uint64_t>(number, 10'000'000)); };
  const auto prompt = count(tokens.prompt), cached = std::min(count(tokens.cached), prompt);
  return cached * price.cache_read + (prompt - cached) * price.input + count(tokens.output) * price.output;
}

}  // namespace penstock::policy
