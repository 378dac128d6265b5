// How many requests run at once. Beyond the limit a request is told so at once: waiting in a line would only time out later.
#pragma once

#include <atomic>
#include <utility>

#include "base/result.h"

namespace penstock::gateway {

/// A place among those in flight; given back when it dies.
class Slot {
 public:
  Slot() = default;
  explicit Slot(std::atomic<unsigned>& inflight) : inflight_(&inflight) {}
  Slot(Slot&& other) noexcept : inflight_(std::exchange(other.inflight_, nullptr)) {}
  Slot& operator=(Slot&&) = delete;
  ~Slot() {
    if (inflight_) inflight_->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::atomic<unsigned>* inflight_ = nullptr;
};

/// Takes a place, or fails with overloaded (Fault::us).
inline Result<Slot> admit(std::atomic<unsigned>& inflight, unsigned most) {
  if (inflight.fetch_add(1, std::memory_order_relaxed) >= most) {
    inflight.fetch_sub(1, std::memory_order_relaxed);
    return fail(Error{ErrorKind::overloaded, Fault::us, "too many requests at once (server.max_inflight); try again soon", true});
  }
  return Slot(inflight);
}

}  // namespace penstock::gateway
