// Where tool results stand: in the user message directly behind the calls, before all else in it (wire-reference 1.6).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "dialect/quirk_blocks.h"

namespace penstock::dialect {

enum class Role : std::uint8_t { user, assistant, system };

/// One message that stays, as the edits so far have it.
struct Turn {
  json::Value message, content;
  Role role = Role::user;
  bool has_content = false;
  bool was_system = false;     // a system turn that became a user's
  bool empty = false;          // nothing is left in it
  bool lost_thinking = false;  // a thinking block of it was taken out
  std::vector<Block> blocks;

  [[nodiscard]] bool is_text() const { return content.is_string(); }
  [[nodiscard]] bool has(BlockKind kind) const { return std::ranges::find(blocks, kind, &Block::kind) != blocks.end(); }
};

/// tool_results: merge makes each run of user turns one message. Otherwise only what stands between calls and their results is put behind
/// them, when it was a system turn that became a user's.
void order_turns(const Edit& edit, json::Value messages, std::span<const Turn> turns);

}  // namespace penstock::dialect
