// The array `messages` of a Chat Completions request (wire-reference 3.4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/openai_chat_request_writer.h"

namespace penstock::dialect {

/// Appends the array. Tool results stand directly behind their calls and in their order, each call has one, and what belongs to no call
/// becomes the user's text. `instruction` (the inside of a JSON string) ends the system prompt; may be empty.
void append_chat_messages(const llm::Request& request, const OpenAiChatOptions& options, std::string_view instruction,
                          std::vector<std::string>& dropped, std::string& out);

}  // namespace penstock::dialect
