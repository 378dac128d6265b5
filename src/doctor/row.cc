#include "doctor/row.h"

#include <array>

namespace penstock::doctor {

std::string_view name(Verdict verdict) {
  constexpr std::array<std::string_view, 4> kNames{"ok", "warning", "fault", "skipped"};
  return kNames[static_cast<std::size_t>(verdict)];
}

}  // namespace penstock::doctor
