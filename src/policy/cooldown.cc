#include "policy/cooldown.h"

#include <algorithm>

#include "policy/random.h"

namespace penstock::policy {

namespace {
constexpr double kJitter = 0.25;
}

std::optional<TimePoint> Cooldown::resting_until(TimePoint now) const {
  TimePoint until = told_until_;
  if (open_) until = std::max(until, now < cool_until_ ? cool_until_ : probe_until_);
  return until > now ? std::optional(until) : std::nullopt;
}

bool Cooldown::begin(TimePoint now) {
  if (!open_ || now < cool_until_ || probe_until_ > now) return false;
  probe_until_ = after(now, limits_.probe);
  return true;
}

void Cooldown::succeeded(TimePoint begun, TimePoint now) {
  note(now, false);
  streak_ = 0;
  if (begun < rested_at_) return;  // it says nothing of what came after it began
  told_until_ = TimePoint::min();
  if (open_) close();
  openings_ = 0;
}

void Cooldown::failed(TimePoint begun, TimePoint now, std::uint64_t random) {
  if (open_) {
    if (begun >= cool_until_) open(now, random);
    return;
  }
  if (begun < rested_at_) return;
  note(now, true);
  ++streak_;
  const auto seen = sum(now);
  const bool too_many = seen.attempts >= limits_.least && seen.failures > limits_.share * seen.attempts;
  if (streak_ >= limits_.failures || too_many) open(now, random);
}

void Cooldown::rest_for(TimePoint now, Duration rest) {
  const auto until = after(now, rest);
  if (until <= now) return;
  told_until_ = std::max(told_until_, until);
  rested_at_ = now;
}

bool Cooldown::troubled(TimePoint now) const { return open_ || told_until_ > now || streak_ > 0 || sum(now).failures > 0; }

std::int64_t Cooldown::slot_number(TimePoint now) const {
  const auto width = std::max<std::int64_t>(1, limits_.window.count() / static_cast<std::int64_t>(kSlots));
  return std::chrono::duration_cast<Duration>(now.time_since_epoch()).count() / width;
}

void Cooldown::note(TimePoint now, bool failed) {
  const auto number = slot_number(now);
  auto& slot = slots_[static_cast<std::size_t>(number) % kSlots];
  if (slot.number != number) slot = {.number = number};
  ++slot.attempts;
  slot.failures += failed;
}

Cooldown::Slot Cooldown::sum(TimePoint now) const {
  const auto oldest = slot_number(now) - static_cast<std::int64_t>(kSlots);
  Slot all;
  for (const auto& slot : slots_) {
    if (slot.number <= oldest || slot.number < 0) continue;
    all.attempts += slot.attempts;
    all.failures += slot.failures;
  }
  return all;
}

void Cooldown::open(TimePoint now, std::uint64_t random) {
  Duration rest = std::min(limits_.rest, limits_.longest);
  for (unsigned i = 0; i < openings_ && rest < limits_.longest && rest.count() > 0; ++i) rest = std::min(rest * 2, limits_.longest);
  const auto jittered = static_cast<double>(rest.count()) * (1 - kJitter * unit(random));
  open_ = true;
  ++openings_;
  cool_until_ = after(now, Duration(static_cast<std::int64_t>(jittered)));
  probe_until_ = TimePoint::min();
  rested_at_ = now;
}

void Cooldown::close() {
  open_ = false;
  probe_until_ = TimePoint::min();
  slots_ = {};  // what it did before says nothing of what it is now
}

}  // namespace penstock::policy
