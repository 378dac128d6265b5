// How targets and credentials stand: who fails, who rests, who is busy. Shared by all workers; outlives every reload.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "policy/cooldown.h"
#include "policy/failure.h"
#include "policy/limits.h"
#include "policy/moving_quantile.h"
#include "policy/time.h"

namespace penstock::gateway {

/// One target or one credential, or what the health checks say of a provider. What is well takes no lock.
class Standing {
 public:
  Standing(std::string name, const policy::CooldownLimits& limits) : name_(std::move(name)), cooldown_(limits) {}
  Standing(const Standing&) = delete;
  Standing& operator=(const Standing&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }  // provider/model; of a credential: where it was found

  /// Until when it rests; none: it may be used.
  [[nodiscard]] std::optional<policy::TimePoint> resting_until(policy::TimePoint now) const;
  /// Takes one of `limit` places; 0: there is no limit. leave() is owed when it could.
  [[nodiscard]] bool try_enter(unsigned limit) { return try_add(busy_, limit == 0 ? kNoLimit : limit); }
  void leave() { busy_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] bool full(unsigned limit) const { return limit != 0 && busy() >= limit; }
  /// Of a provider's first credential: the line of all who wait for a place at the provider, on all workers, has room for `most`.
  [[nodiscard]] bool try_line_up(unsigned most) { return try_add(waiting_, most); }
  void leave_line() { waiting_.fetch_sub(1, std::memory_order_relaxed); }
  /// An attempt begins. True: it is the probe after a rest, and abandoned() is owed when nobody will know how it went.
  bool begin(policy::TimePoint now);
  /// How the attempt went that began at `begun`. A failure that does not count says nothing of who was asked.
  void succeeded(policy::TimePoint begun, policy::TimePoint now);
  void failed(policy::TimePoint begun, policy::TimePoint now, policy::Trouble trouble, bool counts, std::uint64_t random);
  void abandoned();

  void rest_for(policy::TimePoint now, policy::Duration rest, policy::Trouble trouble);
  /// Of a target: its provider is well, so that it need not wait for its rest's end to be tried.
  void end_cooldown(policy::TimePoint now);
  /// Of a credential: what the head of an answer says. Rests until its limit is full again, when nothing is left.
  void note(const policy::Limits& limits, policy::TimePoint now);
  [[nodiscard]] policy::Limits limits() const;

  /// Of a target: how long its first content took, for `balance: fastest`.
  void note_first_byte(policy::Duration took, policy::TimePoint now);
  [[nodiscard]] std::optional<policy::Duration> first_byte(policy::TimePoint now) const;

  [[nodiscard]] unsigned busy() const { return busy_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

  /// For a person.
  struct Report {
    std::optional<policy::TimePoint> rests_until;
    unsigned failures = 0, busy = 0;
    std::uint64_t used = 0;
    std::optional<policy::Trouble> last_trouble;
    std::chrono::system_clock::time_point last_failed;
    double remaining = 1;   // share of its limits
    bool by_check = false;  // a health check found the last trouble; never set by report()
  };
  [[nodiscard]] Report report(policy::TimePoint now) const;

  /// Other limits hold from now on; what rested does so no longer.
  void use(const policy::CooldownLimits& limits);

 private:
  static constexpr unsigned kNoLimit = std::numeric_limits<unsigned>::max();
  static bool try_add(std::atomic<unsigned>& count, unsigned limit) {
    unsigned now = count.load(std::memory_order_relaxed);
    while (now < limit)
      if (count.compare_exchange_weak(now, now + 1, std::memory_order_relaxed)) return true;
    return false;
  }
  void look(policy::TimePoint now) { troubled_.store(cooldown_.troubled(now), std::memory_order_relaxed); }
  const std::string name_;
  std::atomic<bool> troubled_{false}, has_limits_{false};
  std::atomic<unsigned> busy_{0}, waiting_{0};
  std::atomic<std::uint64_t> used_{0};
  mutable std::mutex mutex_;  // guards what follows
  policy::Cooldown cooldown_;
  policy::Limits limits_;
  policy::MovingQuantile first_byte_;
  std::optional<policy::Trouble> last_trouble_;
  std::chrono::system_clock::time_point last_failed_;
};

/// All of them. For any thread.
class Standings {
 public:
  static constexpr std::size_t kMost = 20'000;  // targets; what is beyond shares one

  /// A target by the number of its plan (PlannedTarget::id). Lives as long as this.
  Standing& target(std::uint64_t id, std::string_view provider, std::string_view model);
  /// A credential: the same one after a reload has the same standing, another one begins anew.
  std::shared_ptr<Standing> credential(std::string_view provider, std::string_view fingerprint, std::string_view source);
  /// What the health checks of this address say of a provider: likewise the same one after a reload.
  std::shared_ptr<Standing> checked(std::string_view provider, std::string_view url);
  /// A health check has seen that the provider is well: see Standing::end_cooldown().
  void end_cooldowns(std::string_view provider, policy::TimePoint now);
  /// The configuration's section `cooldown`.
  void use(const policy::CooldownLimits& limits);
  /// Calls `take` with each target that was ever asked.
  template <typename Take>
  void for_each_target(Take take) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, standing] : targets_) take(*standing);
  }

 private:
  mutable std::mutex mutex_;
  policy::CooldownLimits limits_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Standing>> targets_;
  std::unordered_map<std::string, std::weak_ptr<Standing>> credentials_;
  Standing rest_{"others", {}};
};

}  // namespace penstock::gateway
