// The checks that providers have in the configuration (`health_check`): a GET now and then, so that one that fails is known before a
// request meets it. What they find stands in Upstream::check and in the standings of the provider's targets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/snapshot.h"
#include "net/worker.h"

namespace penstock::gateway {

/// Makes them on a thread of its own, which is there once some provider has a check: a name that takes long to resolve holds up no request.
class HealthChecks {
 public:
  /// `standings` outlives it.
  explicit HealthChecks(Standings& standings) : standings_(standings) {}
  ~HealthChecks();
  HealthChecks(const HealthChecks&) = delete;
  HealthChecks& operator=(const HealthChecks&) = delete;

  /// From now on the checks of this snapshot are made, the first of each at once, and no others: one under way is given up. Does not wait.
  /// Calls come from one thread.
  void use(std::shared_ptr<const Snapshot> snapshot);
  /// Gives up what is under way, and ends the thread. Idempotent.
  void stop();

 private:
  class Round;
  void begin(const std::shared_ptr<const Snapshot>& snapshot);

  Standings& standings_;
  std::vector<std::shared_ptr<Round>> rounds_;  // the thread's own
  std::unique_ptr<net::Worker> worker_;         // its coroutines go before what they refer to
};

/// A check's request, whole; for tests too. The credential is the first one that does not rest; none is shown while there is none (a login
/// whose token is too old).
[[nodiscard]] std::string check_head(const Upstream& upstream, policy::TimePoint now);

}  // namespace penstock::gateway
