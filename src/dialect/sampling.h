// Sampling fields as every translated request writes them.
#pragma once

#include <optional>
#include <string>

#include "dialect/quirks.h"

namespace penstock::dialect {

/// The nearest temperature that the provider takes; just above a lower bound that is itself excluded.
[[nodiscard]] double clamped(double temperature, const std::optional<Range>& range);

/// Appends the shortest text that reads as the same number.
void append_number(std::string& out, double number);

}  // namespace penstock::dialect
