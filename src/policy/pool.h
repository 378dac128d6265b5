// Which of a provider's credentials a request takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "policy/health.h"
#include "policy/time.h"

namespace penstock::policy {

enum class Rotation : std::uint8_t { round_robin, least_used, weighted, remaining };
/// By the word of the configuration.
[[nodiscard]] std::optional<Rotation> parse_rotation(std::string_view word);

/// One credential, as it stands.
struct PoolMember {
  unsigned weight = 1;     // weighted; 0: only when all others rest
  unsigned busy = 0;       // requests under way
  std::uint64_t used = 0;  // requests so far
  double remaining = 1;    // share of its limits (Limits::remaining_at)
  bool near_end = false;   // of its limits (Limits::near_end): behind all that are not
  std::optional<TimePoint> rests_until;
};

/// What one choice brings along.
struct Draw {
  std::optional<std::size_t> preferred;  // by affinity: first, unless it rests or is near its end
  std::uint64_t turn = 0;                // counts up with each request; round_robin, and among equals
  std::uint64_t random = 0;              // weighted
};

/// All members, best first, added to `out`: free ones by the rotation, then those near their end, then resting ones by when that ends.
void order_pool(std::span<const PoolMember> members, Rotation rotation, const Draw& draw, TimePoint now, std::vector<CredentialState>& out);

}  // namespace penstock::policy
