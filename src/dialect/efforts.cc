#include "dialect/efforts.h"

#include <algorithm>

#include "base/text.h"

namespace penstock::dialect {

namespace {

// Where a token budget becomes a word (wire-reference 3.5).
struct Step {
  std::uint64_t below;  // tokens
  EffortLevel level;
};
constexpr Step kBudgets[] = {{4'000, EffortLevel::low}, {16'000, EffortLevel::medium}, {32'000, EffortLevel::high}};

EffortLevel level_of_budget(std::uint64_t budget) {
  for (const auto& step : kBudgets)
    if (budget < step.below) return step.level;
  return EffortLevel::max;
}

}  // namespace

std::optional<EffortLevel> effort_level(std::string_view word) {
  const auto found = std::ranges::find(kEffortLevelWords, word);
  if (found == kEffortLevelWords.end()) return std::nullopt;
  return static_cast<EffortLevel>(found - kEffortLevelWords.begin());
}

std::optional<EffortLevel> EffortLevels::nearest(EffortLevel wanted) const {
  std::optional<EffortLevel> best;
  const auto distance = [&](EffortLevel level) { return std::abs(static_cast<int>(level) - static_cast<int>(wanted)); };
  for (auto level = EffortLevel::minimal; level <= EffortLevel::max; level = static_cast<EffortLevel>(static_cast<int>(level) + 1))
    if (has(level) && (!best || distance(level) <= distance(*best))) best = level;
  return best;
}

std::optional<EffortLevels> read_effort_levels(std::string_view list) {
  EffortLevels levels;
  for (const auto word : split(list, ',')) {
    const auto level = effort_level(word);
    if (!level) return std::nullopt;
    levels.add(*level);
  }
  return levels;
}

WantedThinking wanted_thinking(const llm::Reasoning& reasoning) {
  using Mode = llm::Reasoning::Mode;
  const auto said = effort_level(reasoning.effort);
  if (reasoning.mode == Mode::off || said == EffortLevel::none) return {};
  if (reasoning.mode == Mode::absent && reasoning.effort.empty()) return {};
  if (said || reasoning.mode != Mode::budget || reasoning.budget == 0) return {true, said};
  return {true, level_of_budget(reasoning.budget)};
}

}  // namespace penstock::dialect
