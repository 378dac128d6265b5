// How long to wait before the same is asked again.
#pragma once

#include <cstdint>
#include <optional>

#include "policy/time.h"

namespace penstock::policy {

/// The section `retry` of the configuration.
struct Backoff {
  unsigned attempts = 2;  // for each target, the first included
  Duration first = std::chrono::milliseconds(500);
  Duration longest = std::chrono::seconds(8);
};

/// The wait before retry `retry` (0: the first): doubled each time up to the longest, less up to a quarter of it by chance, so that
/// requests that failed together do not come back together.
[[nodiscard]] Duration backoff_wait(const Backoff& backoff, unsigned retry, std::uint64_t random);

/// The same, but never before `told` (what the provider asked for) has passed. Chance then adds instead, up to a tenth of it and at most a
/// second.
[[nodiscard]] Duration retry_wait(const Backoff& backoff, unsigned retry, std::optional<Duration> told, std::uint64_t random);

}  // namespace penstock::policy
