// What a provider says is left of a credential's limits, read from the head of every answer, so that a credential near its end is passed
// over before it is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "policy/time.h"
#include "wire/http_head.h"

namespace penstock::policy {

/// anthropic-ratelimit-unified-status: how a subscription's plan stands (wire-reference 1.11).
enum class PlanStatus : std::uint8_t { none, allowed, warning, rejected };

struct Limits {
  bool known = false;                  // the head told something
  double remaining = 1;                // share, 0 to 1, of the limit that is nearest to its end
  std::optional<TimePoint> resets;     // when that one is full again
  PlanStatus plan = PlanStatus::none;  // none: no unified limits are named
  std::optional<TimePoint> plan_resets;

  /// The share, as far as it still holds: what has been reset is full.
  [[nodiscard]] double remaining_at(TimePoint now) const { return resets && *resets <= now ? 1 : remaining; }
  /// Less than `least` is left: others first.
  [[nodiscard]] bool near_end(TimePoint now, double least = 0.02) const {
    return remaining_at(now) < least || spent_until(now).has_value();
  }
  /// Nothing is left until then: it would be refused. None: it may be used.
  [[nodiscard]] std::optional<TimePoint> spent_until(TimePoint now) const;
};

/// Reads anthropic-ratelimit-* (per minute, and unified-* of plans), x-ratelimit-* of OpenAI and those like it, ratelimit-* and the
/// structured ratelimit of the IETF's draft. `now` and `unix_now` are one moment. Fields of no use are skipped at the cost of a look at
/// their name.
[[nodiscard]] Limits read_limits(std::span<const wire::Field> fields, TimePoint now, UnixTime unix_now);

/// The head names unified plan limits: what Failure::plan_limits asks.
[[nodiscard]] inline bool names_plan_limits(const Limits& limits) { return limits.plan != PlanStatus::none; }

}  // namespace penstock::policy
