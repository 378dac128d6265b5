// Waits and moments as providers write them, in headers and in words. What cannot be read is nothing, never a guess.
#pragma once

#include <optional>
#include <string_view>

#include "policy/time.h"

namespace penstock::policy {

/// Nobody is believed for longer.
inline constexpr Duration kLongestWait = std::chrono::hours(31 * 24);

/// The header retry-after: seconds (`30`, `0.5`) or a date (RFC 9110 section 5.6.7, all three forms); a date that is past is no wait. At
/// most kLongestWait.
[[nodiscard]] std::optional<Duration> parse_retry_after(std::string_view value, UnixTime now);
/// The header retry-after-ms: milliseconds, fractions allowed.
[[nodiscard]] std::optional<Duration> parse_retry_after_ms(std::string_view value);
/// What both say together: retry-after-ms counts where it can be read (wire-reference 1.10).
[[nodiscard]] std::optional<Duration> retry_after(std::optional<std::string_view> milliseconds, std::optional<std::string_view> seconds,
                                                  UnixTime now);

/// `1m2.5s`, `6ms`, `1d4h`: numbers with units, as OpenAI and Groq write them.
[[nodiscard]] std::optional<Duration> parse_spelled_duration(std::string_view text);
[[nodiscard]] std::optional<UnixTime> parse_http_date(std::string_view text);
/// RFC 3339: `2026-11-20T09:13:32Z`, with fractions and offsets.
[[nodiscard]] std::optional<UnixTime> parse_rfc3339(std::string_view text);

/// How long until a limit is reset: any of the forms above, seconds from now, or Unix time in seconds or milliseconds, told by its size.
[[nodiscard]] std::optional<Duration> parse_reset(std::string_view value, UnixTime now);

/// The wait that a message speaks of: `Please try again in 5.289s`, `retry after 30 seconds`.
[[nodiscard]] std::optional<Duration> wait_in_words(std::string_view message);

}  // namespace penstock::policy
