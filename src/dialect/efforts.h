// How much a model is to think, as the dialects say it: words from `none` to `max`, of which each model takes some.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "llm/request.h"

namespace penstock::dialect {

/// Lowest first (wire-reference 3.1, reasoning_effort).
enum class EffortLevel : std::uint8_t { none, minimal, low, medium, high, xhigh, max };
inline constexpr std::array<std::string_view, 7> kEffortLevelWords{"none", "minimal", "low", "medium", "high", "xhigh", "max"};

[[nodiscard]] inline std::string_view word_of(EffortLevel level) { return kEffortLevelWords[static_cast<std::size_t>(level)]; }
[[nodiscard]] std::optional<EffortLevel> effort_level(std::string_view word);

/// The levels that a model takes.
class EffortLevels {
 public:
  void add(EffortLevel level) { bits_ = static_cast<std::uint8_t>(bits_ | 1U << static_cast<unsigned>(level)); }
  [[nodiscard]] bool has(EffortLevel level) const { return (bits_ >> static_cast<unsigned>(level) & 1U) != 0; }
  [[nodiscard]] bool empty() const { return bits_ == 0; }
  /// The one of the levels that thinks and is nearest to `wanted`, the higher of two as near; nothing where none thinks.
  [[nodiscard]] std::optional<EffortLevel> nearest(EffortLevel wanted) const;
  bool operator==(const EffortLevels&) const = default;

 private:
  std::uint8_t bits_ = 0;
};

/// `low,high,max`. Nothing on an unknown word.
[[nodiscard]] std::optional<EffortLevels> read_effort_levels(std::string_view list);

/// What a request asks for (wire-reference 3.5).
struct WantedThinking {
  bool thinks = false;
  std::optional<EffortLevel> level;  // none: the provider's default
};
[[nodiscard]] WantedThinking wanted_thinking(const llm::Reasoning& reasoning);

}  // namespace penstock::dialect
