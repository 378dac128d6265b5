// The items of a Responses request, read into the gateway's vocabulary (wire-reference 3.11).
#pragma once

#include "base/result.h"
#include "dialect/openai_responses_tools.h"
#include "json/scan.h"
#include "llm/request.h"

namespace penstock::dialect {

/// Lists of tools may stand among the items: those of additional_tools, and what the client's own tool search found. They are read first,
/// since calls anywhere in the history bear their names.
Status read_openai_responses_item_tools(json::Value input, ResponsesToolReader& tools);

/// Reads `input`, a text or a list of items, into `request.system` and `request.messages`. System and developer messages that stand before
/// all others are the system prompt, later ones system turns. Successive items of the assistant become one message, as do successive
/// outputs. Our own reasoning items are opened (responses_reasoning.h), all others left out. Items without a counterpart are named in
/// `dropped`. Fails with invalid_request and the path where nobody could do anything with an item: an item_reference, since nothing is
/// stored here; no known role; a call without name or id; an output without its call's id; a data URL that is none.
Status read_openai_responses_history(json::Value input, const ResponsesTools& tools, llm::Request& request);

}  // namespace penstock::dialect
