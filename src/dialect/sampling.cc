#include "dialect/sampling.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace penstock::dialect {

double clamped(double temperature, const std::optional<Range>& range) {
  constexpr double kStep = 0.01;
  if (!range) return temperature;
  if (range->low_excluded && temperature <= range->low) return std::min(range->low + kStep, range->high);
  return std::clamp(temperature, range->low, range->high);
}

void append_number(std::string& out, double number) {
  std::array<char, 32> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

}  // namespace penstock::dialect
