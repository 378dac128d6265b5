// What each generation of Claude takes in a request (wire-reference 1.4, 1.5).
#pragma once

#include <cstdint>
#include <string_view>

#include "dialect/efforts.h"

namespace penstock::dialect {

/// The traits of one model. Those of a model that is no Claude are the newest Claude's, which quirks then bring to what its provider takes.
struct ClaudeModel {
  enum class Thinking : std::uint8_t { none, enabled, adaptive };
  /// How thinking is kept off: it is off unless asked for, `disabled` says so, or it cannot be and the lowest effort is all there is.
  enum class Off : std::uint8_t { unasked, disabled, lowest };

  bool is_claude = false;
  Thinking thinking = Thinking::adaptive;
  Off off = Off::disabled;
  EffortLevels efforts;               // of output_config.effort; empty: the field is refused
  bool forced_while_thinking = true;  // tool_choice may be `any` or `tool` while it thinks
  bool sampling = true;               // temperature, top_p and top_k
  bool both_samplings = true;         // temperature and top_p in one request
  bool system_turns = true;           // messages with the role `system`
  bool formats = true;                // output_config.format
};

/// Told by the model's name, as Anthropic and the aggregators write it. A Claude of no known number counts as the newest.
[[nodiscard]] ClaudeModel claude_model(std::string_view id);

}  // namespace penstock::dialect
