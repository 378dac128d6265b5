#include "gateway/learned.h"

#include <algorithm>
#include <utility>

namespace penstock::gateway {

void Learned::add(const std::string& target, const policy::Repair& repair) {
  {
    const std::lock_guard lock(mutex_);
    if (repairs_.size() >= kMost && !repairs_.contains(target)) return;
    auto& known = repairs_[target];
    const auto same = std::ranges::find(known, repair.quirk, &policy::Repair::quirk);
    if (same == known.end())
      known.push_back(repair);
    else
      *same = repair;  // a stronger one
    count_.store(repairs_.size(), std::memory_order_relaxed);
  }
  if (changed_) changed_();
}

void Learned::restore(std::map<std::string, std::vector<policy::Repair>, std::less<>> repairs) {
  const std::lock_guard lock(mutex_);
  repairs_ = std::move(repairs);
  count_.store(repairs_.size(), std::memory_order_relaxed);
}

}  // namespace penstock::gateway
