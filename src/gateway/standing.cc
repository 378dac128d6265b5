#include "gateway/standing.h"

namespace penstock::gateway {

std::optional<policy::TimePoint> Standing::resting_until(policy::TimePoint now) const {
  if (!troubled_.load(std::memory_order_relaxed)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return cooldown_.resting_until(now);
}

bool Standing::begin(policy::TimePoint now) {
  used_.fetch_add(1, std::memory_order_relaxed);
  if (!troubled_.load(std::memory_order_relaxed)) return false;
  const std::lock_guard lock(mutex_);
  return cooldown_.begin(now);
}

void Standing::succeeded(policy::TimePoint begun, policy::TimePoint now) {
  if (!troubled_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  cooldown_.succeeded(begun, now);
  look(now);
}

void Standing::failed(policy::TimePoint begun, policy::TimePoint now, policy::Trouble trouble, bool counts, std::uint64_t random) {
  const std::lock_guard lock(mutex_);
  last_trouble_ = trouble;
  last_failed_ = std::chrono::system_clock::now();
  if (counts) cooldown_.failed(begun, now, random);
  look(now);
}

void Standing::abandoned() {
  if (!troubled_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  cooldown_.abandon();
}

void Standing::rest_for(policy::TimePoint now, policy::Duration rest, policy::Trouble trouble) {
  const std::lock_guard lock(mutex_);
  cooldown_.rest_for(now, rest);
  last_trouble_ = trouble;
  last_failed_ = std::chrono::system_clock::now();
  look(now);
}

void Standing::end_cooldown(policy::TimePoint now) {
  if (!troubled_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  cooldown_.end_early(now);
}

void Standing::note(const policy::Limits& limits, policy::TimePoint now) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;  // another answer of this instant says the same
  limits_ = limits;
  has_limits_.store(limits.known, std::memory_order_relaxed);
  if (const auto until = limits.spent_until(now); until && *until > now)
    cooldown_.rest_for(now, std::chrono::duration_cast<policy::Duration>(*until - now));
  look(now);
}

policy::Limits Standing::limits() const {
  if (!has_limits_.load(std::memory_order_relaxed)) return {};
  const std::lock_guard lock(mutex_);
  return limits_;
}

void Standing::note_first_byte(policy::Duration took, policy::TimePoint now) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock) first_byte_.add(took, now);
}

std::optional<policy::Duration> Standing::first_byte(policy::TimePoint now) const {
  constexpr double kUsual = 0.5;
  const std::lock_guard lock(mutex_);
  return first_byte_.value(kUsual, now);
}

Standing::Report Standing::report(policy::TimePoint now) const {
  const std::lock_guard lock(mutex_);
  return {cooldown_.resting_until(now), cooldown_.failures(), busy(), used(), last_trouble_, last_failed_, limits_.remaining_at(now)};
}

void Standing::use(const policy::CooldownLimits& limits) {
  const std::lock_guard lock(mutex_);
  cooldown_ = policy::Cooldown(limits);
  troubled_.store(false, std::memory_order_relaxed);
}

Standing& Standings::target(std::uint64_t id, std::string_view provider, std::string_view model) {
  const std::lock_guard lock(mutex_);
  const auto found = targets_.find(id);
  if (found != targets_.end()) return *found->second;
  if (targets_.size() >= kMost) return rest_;
  auto made = std::make_unique<Standing>(std::string(provider) + "/" + std::string(model), limits_);
  return *targets_.emplace(id, std::move(made)).first->second;
}

std::shared_ptr<Standing> Standings::credential(std::string_view provider, std::string_view fingerprint, std::string_view source) {
  const std::lock_guard lock(mutex_);
  auto& place = credentials_[std::string(provider) + "/" + std::string(fingerprint)];
  auto standing = place.lock();
  if (!standing) place = standing = std::make_shared<Standing>(std::string(source), limits_);
  return standing;
}

std::shared_ptr<Standing> Standings::checked(std::string_view provider, std::string_view url) {
  return credential(provider, std::string("check ").append(url), url);  // no fingerprint has a blank
}

void Standings::end_cooldowns(std::string_view provider, policy::TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, standing] : targets_) {
    const std::string_view name = standing->name();
    if (name.starts_with(provider) && name.substr(provider.size()).starts_with('/')) standing->end_cooldown(now);
  }
}

void Standings::use(const policy::CooldownLimits& limits) {
  const std::lock_guard lock(mutex_);
  if (limits_.failures == limits.failures && limits_.rest == limits.rest) return;
  limits_ = limits;
  rest_.use(limits);
  for (auto& [id, standing] : targets_) standing->use(limits);
  for (auto& [name, weak] : credentials_)
    if (const auto standing = weak.lock()) standing->use(limits);
}

}  // namespace penstock::gateway
