#include "base/memory.h"

/// Null where the program has another allocator.
extern "C" __attribute__((weak)) void mi_collect(bool force) noexcept;

namespace penstock {

void give_back_memory() {
  if (mi_collect != nullptr) mi_collect(true);
}

}  // namespace penstock
