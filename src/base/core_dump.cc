#include "base/core_dump.h"

#include <sys/resource.h>

#include <algorithm>
#include <optional>

namespace penstock {

namespace {

// Not 0: the kernel ignores the limit when cores go to a program (core(5), "Piping core dumps"), but for the value 1, at which it gives up
// (fs/coredump.c). For a file 1 is as good as 0, since no core fits.
constexpr rlim_t kNoCore = 1;

std::optional<rlim_t> limit_before;

}  // namespace

void forbid_core_dumps() {
  rlimit limit{};
  if (limit_before || ::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit_before = limit.rlim_cur;
  limit.rlim_cur = std::min(kNoCore, limit.rlim_max);  // the soft limit, so that it can be given back
  ::setrlimit(RLIMIT_CORE, &limit);
}

void allow_core_dumps() {
  rlimit limit{};
  if (!limit_before || ::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = *limit_before;
  limit_before.reset();
  ::setrlimit(RLIMIT_CORE, &limit);
}

}  // namespace penstock
