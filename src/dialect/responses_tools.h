// Tools, the choice among them, and the shape of the answer, in a Responses request (wire-reference 3.4, 3.11).
#pragma once

#include <string>
#include <vector>

#include "dialect/openai_chat_request_writer.h"

namespace penstock::dialect {

/// Appends `tools`, `tool_choice` and `parallel_tool_calls`, each with a comma before it. Tools that only Anthropic carries out are left
/// out, but for web search where the provider searches by itself. `thinks`: the model will think; some then refuse a forced choice. True
/// when the provider may search.
bool append_responses_tools(const llm::Request& request, const OpenAiChatOptions& options, bool thinks, std::vector<std::string>& dropped,
                            std::string& out);

/// Appends `text`, with a comma before it, as far as the provider takes a format.
void append_text_format(const llm::AnswerFormat& format, const ChatQuirks& quirks, std::string& out);

}  // namespace penstock::dialect
