// The array `contents` of a request to generateContent (wire-reference 3.4, 3.12).
#pragma once

#include <string>
#include <vector>

#include "dialect/openai_chat_request_writer.h"

namespace penstock::dialect {

/// Appends the member `contents`, without a comma before it. Turns of the user and of the model alternate and the user begins; each
/// function call has one response, in the turn directly behind and in the order of the calls; what belongs to no call becomes the user's
/// text. Thought signatures stand on the parts on which they came; under the quirk `call_signatures: google` the first call of a turn that
/// has none gets Google's word for history of another making.
void append_gemini_contents(const llm::Request& request, const OpenAiChatOptions& options, std::vector<std::string>& dropped,
                            std::string& out);

}  // namespace penstock::dialect
