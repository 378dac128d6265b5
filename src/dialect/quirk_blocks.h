// The quirks of content blocks: thinking, images, documents, cache_control, empty and unknown ones, at the top of a message or in a tool
// result.
#pragma once

#include <optional>

#include "dialect/edit.h"

namespace penstock::dialect {

enum class BlockKind : std::uint8_t { text, thinking, tool_use, tool_result, other };

/// A block that stays, perhaps as another one.
struct Block {
  json::Value value;
  BlockKind kind;
};

/// Edits one block of a list; nothing when it was removed from it.
std::optional<Block> edit_block(const Edit& edit, json::Value list, json::Value block);

}  // namespace penstock::dialect
