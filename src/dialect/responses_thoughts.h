// Reasoning items of the Responses API on their way through the client (wire-reference 3.6, 3.11). Without a store at the provider, an item
// has to come back whole: its id, its summary, its sealed content. It travels in the tag of its thinking block (dialect/signature.h) as
//   r{"model":…,"id":…,"summary":[…],"content":[…],"encrypted_content":…}
// where a part whose text is the block's own stands without it. A model is given only what it sealed itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialect/openai_chat_request_writer.h"
#include "json/scan.h"
#include "llm/request.h"

namespace penstock::dialect {

/// The payload for the thinking block of `item`, whose text is `block_text` (the inside of a JSON string); "" for an item that holds
/// nothing which its model could read again.
[[nodiscard]] std::string reasoning_payload(json::Value item, std::string_view model, std::string_view block_text);

/// The reasoning item, as JSON, that a block of the history stands for; nothing when it is of another provider, model or dialect.
[[nodiscard]] std::optional<std::string> restored_reasoning(const llm::ThinkingPart& part, const OpenAiChatOptions& options);

}  // namespace penstock::dialect
