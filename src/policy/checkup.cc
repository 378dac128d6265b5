#include "policy/checkup.h"

#include <algorithm>
#include <utility>

#include "policy/random.h"

namespace penstock::policy {

namespace {
constexpr double kJitter = 0.1;
}

Finding finding_of(int status) {
  if (status == 0 || status >= 500) return Finding::unwell;
  return status >= 200 && status < 300 ? Finding::well : Finding::nothing;
}

Advice Checkup::take(Finding finding) {
  if (finding != Finding::unwell) {
    const bool was_unwell = std::exchange(failures_, 0) == kInARow;
    return finding == Finding::well && was_unwell ? Advice::welcome : Advice::forget;
  }
  failures_ = std::min(failures_ + 1, kInARow);
  return failures_ < kInARow ? Advice::leave : Advice::rest;
}

TimePoint Checkup::next(TimePoint now, std::uint64_t random) const {
  const auto wait = static_cast<double>(every_.count()) * (1 - kJitter * unit(random));
  return after(now, Duration(static_cast<std::int64_t>(wait)));
}

}  // namespace penstock::policy
