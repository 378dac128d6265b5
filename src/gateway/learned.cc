#include "gateway/learned.h"

#include <algorithm>
#include <chrono>

namespace penstock::gateway {

std::vector<policy::Repair> Learned::of(std::string_view target) const {
  if (empty()) return {};
  const std::lock_guard lock(mutex_);
  std::vector<policy::Repair> repairs;
  if (const auto found = lessons_.find(target); found != lessons_.end())
    for (const auto& lesson : found->second) repairs.push_back(lesson.repair);
  return repairs;
}

void Learned::add(const std::string& target, const policy::Repair& repair) {
  if (put(target, repair) && changed_) changed_();
}

/// True when it was not known.
bool Learned::put(const std::string& target, const policy::Repair& repair) {
  const std::lock_guard lock(mutex_);
  if (lessons_.size() >= kMost && !lessons_.contains(target)) return false;
  auto& known = lessons_[target];
  const auto same = std::ranges::find(known, repair.quirk, [](const Lesson& lesson) { return lesson.repair.quirk; });
  if (same != known.end() && same->repair == repair) return false;
  const Lesson lesson{repair, std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())};
  if (same == known.end())
    known.push_back(lesson);
  else
    *same = lesson;
  count_.store(lessons_.size(), std::memory_order_relaxed);
  return true;
}

void Learned::change(const std::function<void(Lessons&)>& how) {
  const std::lock_guard lock(mutex_);
  how(lessons_);
  count_.store(lessons_.size(), std::memory_order_relaxed);
}

}  // namespace penstock::gateway
