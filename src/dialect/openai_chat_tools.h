// Tools, the choice among them, and the shape of the answer, in a Chat Completions request (wire-reference 3.4).
#pragma once

#include <string>
#include <vector>

#include "dialect/openai_chat_request_writer.h"

namespace penstock::dialect {

/// Appends `tools`, `tool_choice` and `parallel_tool_calls`, each with a comma before it. Tools that only Anthropic carries out are left
/// out. `thinks`: the model will think; some then refuse a forced choice.
void append_chat_tools(const llm::Request& request, const OpenAiChatOptions& options, bool thinks, std::vector<std::string>& dropped,
                       std::string& out);

/// Appends `response_format`, with a comma before it, as far as the provider has it.
void append_format(const llm::AnswerFormat& format, const ChatQuirks& quirks, std::string& out);
/// What the system prompt has to say about the answer's shape, for a provider that cannot be told by schema; the inside of a JSON string.
[[nodiscard]] std::string format_instruction(const llm::AnswerFormat& format, const ChatQuirks& quirks);

}  // namespace penstock::dialect
