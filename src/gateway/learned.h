// What providers refused, and how their requests were mended: found out once, and right from then on.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "policy/repair.h"

namespace penstock::gateway {

/// Lasting repairs by target (provider/model). For any thread; outlives reloads.
class Learned {
 public:
  static constexpr std::size_t kMost = 1000;  // targets

  /// Nothing costs nothing, which is the rule.
  [[nodiscard]] std::vector<policy::Repair> of(std::string_view target) const {
    if (count_.load(std::memory_order_relaxed) == 0) return {};
    const std::lock_guard lock(mutex_);
    const auto found = repairs_.find(target);
    return found == repairs_.end() ? std::vector<policy::Repair>() : found->second;
  }
  void add(const std::string& target, const policy::Repair& repair);
  [[nodiscard]] std::map<std::string, std::vector<policy::Repair>, std::less<>> all() const {
    const std::lock_guard lock(mutex_);
    return repairs_;
  }
  /// In the place of what is there: what an earlier run found out.
  void restore(std::map<std::string, std::vector<policy::Repair>, std::less<>> repairs);
  /// Called on the thread that learned something, after it is there.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<policy::Repair>, std::less<>> repairs_;
  std::atomic<std::size_t> count_{0};
  std::function<void()> changed_;
};

}  // namespace penstock::gateway
