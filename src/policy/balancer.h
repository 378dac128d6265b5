// In which order the targets of a plan are tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "policy/plan.h"
#include "policy/time.h"

namespace penstock::policy {

/// What balancing may ask of a target, by its place in Plan::targets; only what the plan's balance looks at, and only of what was asked
/// for. Its owner reads the shared state; tests have a table.
class TargetState {
 public:
  virtual ~TargetState() = default;
  /// Requests under way.
  [[nodiscard]] virtual unsigned busy(std::size_t target) const = 0;
  /// How long its first byte takes (MovingQuantile); nothing: not known.
  [[nodiscard]] virtual std::optional<Duration> first_byte(std::size_t target) const = 0;
  /// What the request would cost (expected_cost()); nothing: no price is known.
  [[nodiscard]] virtual std::optional<std::int64_t> cost(std::size_t target) const = 0;
};

/// What one choice brings along.
struct BalanceDraw {
  std::uint64_t session = 0;        // session_key(); 0: none, or affinity is off. With it, gateways agree on a weighted choice
  std::optional<std::size_t> seat;  // where the session is, by affinity
  bool stays = true;                // at its seat; false: it should return (worth_returning), and the seat comes second
  std::uint64_t turn = 0;           // counts up with each request: round_robin, and among equals
  std::uint64_t random = 0;         // weighted, without a session
};

/// Every place in Plan::targets once, best first, put into `order` (whose memory is used again): the seat, then what was asked for as
/// Plan::balance says, then the fallbacks. Of a long list the best sixteen are put in order, the others follow as they stand in the file.
/// With fastest, targets of which nothing is known come first, so that something becomes known.
void order_targets(const Plan& plan, const TargetState& state, const BalanceDraw& draw, std::vector<std::uint32_t>& order);

}  // namespace penstock::policy
