#include "policy/backoff.h"

#include <algorithm>

#include "policy/random.h"

namespace penstock::policy {

namespace {

constexpr double kJitter = 0.25;
constexpr double kToldJitter = 0.1;
constexpr Duration kMostToldJitter = std::chrono::seconds(1);

Duration scaled(Duration wait, double factor) { return Duration(static_cast<std::int64_t>(static_cast<double>(wait.count()) * factor)); }

}  // namespace

Duration backoff_wait(const Backoff& backoff, unsigned retry, std::uint64_t random) {
  Duration wait = std::min(backoff.first, backoff.longest);
  for (unsigned i = 0; i < retry && wait < backoff.longest && wait.count() > 0; ++i) wait = std::min(wait * 2, backoff.longest);
  return scaled(wait, 1 - kJitter * unit(random));
}

Duration retry_wait(const Backoff& backoff, unsigned retry, std::optional<Duration> told, std::uint64_t random) {
  const auto usual = backoff_wait(backoff, retry, random);
  if (!told || *told < usual) return usual;
  return *told + std::min(scaled(*told, kToldJitter * unit(random)), kMostToldJitter);
}

}  // namespace penstock::policy
