// The quirks of the list of messages: system turns, empty messages, the order of tool results.
#pragma once

#include "dialect/edit.h"

namespace penstock::dialect {

/// Edits all messages and their blocks. What is left is a conversation that a strict provider takes: results directly behind their calls,
/// no empty message.
void edit_messages(const Edit& edit, json::Value messages);

/// The value of `system`, text or blocks: attribution, cache_control, empty blocks. False when nothing of it is left.
bool edit_system(const Edit& edit, json::Value system);

}  // namespace penstock::dialect
