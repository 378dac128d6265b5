// What providers refused, and how their requests were mended: found out once, and right from then on.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/repair.h"

namespace penstock::gateway {

/// One finding, and since when it is known, in seconds since 1970.
struct Lesson {
  policy::Repair repair;
  std::int64_t since = 0;
  bool operator==(const Lesson&) const = default;
};
/// By target (provider/model); of one quirk each target has one lesson at most.
using Lessons = std::map<std::string, std::vector<Lesson>, std::less<>>;

/// Lasting repairs by target (provider/model). For any thread; outlives reloads.
class Learned {
 public:
  static constexpr std::size_t kMost = 1000;  // targets

  /// Nothing costs nothing, which is the rule.
  [[nodiscard]] std::vector<policy::Repair> of(std::string_view target) const;
  /// A stronger repair takes the place of the one before. What is known already keeps its date.
  void add(const std::string& target, const policy::Repair& repair);
  [[nodiscard]] Lessons all() const {
    const std::lock_guard lock(mutex_);
    return lessons_;
  }
  [[nodiscard]] bool empty() const { return count_.load(std::memory_order_relaxed) == 0; }
  /// Lets `how` change all of them, while nobody else does. on_change() does not hear of it.
  void change(const std::function<void(Lessons&)>& how);
  /// Called on the thread that learned something, after it is there; not for what was known already. Set before anybody learns.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

 private:
  bool put(const std::string& target, const policy::Repair& repair);
  mutable std::mutex mutex_;
  Lessons lessons_;
  std::atomic<std::size_t> count_{0};
  std::function<void()> changed_;
};

}  // namespace penstock::gateway
