// The quirks of the list of messages: system turns, empty messages, the order of tool results.
#pragma once

#include "dialect/edit.h"

namespace penstock::dialect {

/// What the edited messages mean for the request's thinking.
struct Conversation {
  /// The last turn answers tool calls whose assistant turn does not begin with thinking: it was another provider's, and is gone. (For third
  /// parties also when there never was any; a conversation with Anthropic alone is its own business.) With `enabled` thinking that is a
  /// 400: "Expected `thinking` … but found `tool_use`".
  bool open_loop_without_thinking = false;
};

/// Edits all messages and their blocks. What is left is a conversation that a strict provider takes: results directly behind their calls,
/// no empty message.
Conversation edit_messages(const Edit& edit, json::Value messages);

/// The value of `system`, text or blocks: attribution, cache_control, empty blocks. False when nothing of it is left.
bool edit_system(const Edit& edit, json::Value system);

}  // namespace penstock::dialect
