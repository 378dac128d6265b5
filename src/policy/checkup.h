// Whether a provider is well, as the requests tell that are made for nothing else.
#pragma once

#include <cstdint>

#include "policy/time.h"

namespace penstock::policy {

/// What one health check tells of the provider. An answer that refuses the credential, asks for patience or knows no such path only says
/// that somebody is there.
enum class Finding : std::uint8_t { well, unwell, nothing };

/// By the answer's status; 0: none came, because there was no connection, no trust in it, or no answer in time.
[[nodiscard]] Finding finding_of(int status);

/// What to do after a check.
enum class Advice : std::uint8_t {
  leave,    // all stays as it is
  rest,     // the provider is left alone
  forget,   // nobody knows any more that it is unwell: it is asked as if there were no checks
  welcome,  // it was unwell: it is asked again, and so is what else rests because it failed
};

/// The checks of one provider, in their order.
class Checkup {
 public:
  static constexpr unsigned kInARow = 2;  // failures before the provider rests: one may be chance

  explicit Checkup(Duration every) : every_(every) {}

  [[nodiscard]] Advice take(Finding finding);
  /// When the next check begins, after one that ended now: up to a tenth early, so that many providers and gateways do not ask in step.
  [[nodiscard]] TimePoint next(TimePoint now, std::uint64_t random) const;

 private:
  Duration every_;
  unsigned failures_ = 0;  // in a row
};

}  // namespace penstock::policy
