// Pages on how everything stands: who is ready, who rests and until when, and what was learned. No key, nor a part of one, is on them.
#pragma once

#include <chrono>

#include "gateway/learned.h"
#include "gateway/pages.h"
#include "gateway/standing.h"

namespace penstock::gateway {

/// One moment on both clocks: rests are counted on one and shown on the other.
struct Moment {
  policy::TimePoint steady = std::chrono::steady_clock::now();
  std::chrono::system_clock::time_point calendar = std::chrono::system_clock::now();
};

/// GET /health: 503 when a configured provider has no credential. A provider's `state` is the first of these that holds:
///   no_key        it has no credential
///   login_needed  only a new login helps
///   bad_key       every credential was refused, and rests until it changes
///   no_balance    every credential rests, and the one that is back first has no money
///   limited       the same, and it was asked too often, or has nothing left of its limits
///   cooling       its health checks fail, or every target of it that was ever asked rests
///   ready
/// Who shows no token is told the status only.
PageBody health_page(const Snapshot& snapshot, const Standings& standings, bool draining, bool with_providers, const Moment& now = {});

/// GET /admin/v1/targets: every target that was asked, or about which something was learned, by name; and every credential in use.
PageBody targets_page(const Snapshot& snapshot, const Standings& standings, const Learned& learned, const Moment& now = {});

}  // namespace penstock::gateway
