// `instructions` and the items of `input` in a Responses request (wire-reference 3.4, 3.11).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/openai_chat_request_writer.h"

namespace penstock::dialect {

/// Appends `,"instructions":…` where there is a system prompt. `apart` may be null.
void append_instructions(const std::vector<llm::Part>& system, LongTexts* apart, std::string& out);

/// Appends `,"input":[…]`. Each call has its output, in the order of the calls and directly behind them; what belongs to no call becomes
/// the user's text; reasoning of this very model stands before the item that it led to. Only reasoning carries ids: they would have to be
/// known to the provider, and with them it demands that the items come in the same pairs. `instruction` (the inside of a JSON string)
/// becomes the first item: the provider does not look into `instructions` for the word JSON. May be empty.
void append_responses_input(const llm::Request& request, const OpenAiChatOptions& options, std::string_view instruction,
                            std::vector<std::string>& dropped, std::string& out);

}  // namespace penstock::dialect
