// Thinking, as each Chat Completions provider wants to be asked for it (wire-reference 3.3, 3.5).
#pragma once

#include <string>

#include "dialect/chat_quirks.h"
#include "llm/request.h"

namespace penstock::dialect {

/// Appends the members that turn thinking on or off, each with a comma before it. True when the model will think, as far as one can know.
bool append_chat_reasoning(const llm::Reasoning& reasoning, const ChatQuirks& quirks, std::string& out);

}  // namespace penstock::dialect
