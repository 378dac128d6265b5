#include "dialect/fresh_ids.h"

namespace penstock::dialect {

std::string FreshIds::take(const std::string& wanted) {
  const auto [entry, is_fresh] = next_.try_emplace(wanted, 2U);
  if (is_fresh) return wanted;
  auto& number = entry->second;  // references stay when the table grows
  for (;;) {
    auto id = wanted + "_" + std::to_string(number++);
    if (next_.try_emplace(id, 2U).second) return id;
  }
}

}  // namespace penstock::dialect
