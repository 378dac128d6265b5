// A request written for a provider that speaks OpenAI's Responses API, without a store there (wire-reference 3.4 to 3.6, 3.11).
#pragma once

#include <string>
#include <vector>

#include "dialect/openai_chat_request_writer.h"
#include "llm/request.h"

namespace penstock::dialect {

/// The body. What has no place in it is named in `dropped`, once each. Of the quirks those count that have a meaning here: `reasoning` is
/// none for a model without reasoning, anything else for one with it, and `thinking_fields` are the members of the object `reasoning`
/// beside the effort (`"summary":"auto"` where nothing is said). Reasoning always goes back to the model that made it.
[[nodiscard]] std::string write_openai_responses_request(const llm::Request& request, const OpenAiChatOptions& options,
                                                         std::vector<std::string>& dropped);

}  // namespace penstock::dialect
