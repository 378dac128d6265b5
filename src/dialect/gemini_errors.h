// Errors of Google's APIs: what error_text.h and anthropic_errors.h cannot know of them (google.rpc.RetryInfo and QuotaFailure).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dialect/anthropic_errors.h"

namespace penstock::dialect {

/// What the `details` of an error say, of an object or of the first in an array.
struct GeminiDetails {
  std::optional<std::uint64_t> retry_delay;  // seconds, rounded up
  bool day_is_spent = false;                 // a quota that only a new day fills
};
[[nodiscard]] GeminiDetails read_gemini_details(std::string_view body);

/// translate(), with the provider's own delay as retry_after where no header says one. Google calls every limit a quota, in the words that
/// elsewhere mean an empty account: one that is full again in seconds may be tried again, one of the day may not.
[[nodiscard]] ClientError translate_gemini(const ProviderFailure& failure, const ErrorContext& context);

}  // namespace penstock::dialect
