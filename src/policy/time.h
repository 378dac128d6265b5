// Time as the policies see it: always an argument, never read from a clock.
#pragma once

#include <chrono>

namespace penstock::policy {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::milliseconds;
/// What a calendar says; for the dates that headers carry.
using UnixTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// A rest that only a change ends: another key, a restart.
inline constexpr Duration kUntilChanged = Duration::max();

/// `now` and `wait` more, without overflow.
[[nodiscard]] inline TimePoint after(TimePoint now, Duration wait) {
  const auto room = std::chrono::duration_cast<Duration>(TimePoint::max() - now);
  return wait < room ? now + wait : TimePoint::max();
}

}  // namespace penstock::policy
