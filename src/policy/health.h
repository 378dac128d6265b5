// What a request's course may know of the world at one moment: who rests. Its owner reads the shared state; tests have a table.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "policy/time.h"

namespace penstock::policy {

/// A credential of a provider, by its place in the provider's pool.
struct CredentialState {
  std::size_t credential = 0;
  std::optional<TimePoint> rests_until;  // none: it may be used
};

class Health {
 public:
  virtual ~Health() = default;
  /// Until when the target rests; none: it may be used. `target` is an index of the course's targets.
  [[nodiscard]] virtual std::optional<TimePoint> target_rest(std::size_t target) const = 0;
  /// All credentials of the target's provider, those to take first in front (see pool.h), added to `out`. A provider that needs none has
  /// one that never rests; no credential at all: the target cannot be used.
  virtual void credentials(std::size_t target, std::vector<CredentialState>& out) const = 0;
};

}  // namespace penstock::policy
