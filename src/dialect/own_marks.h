// What only Penstock can read in a conversation that moved to a provider which gets its body as it is: such a provider would refuse it.
#pragma once

#include <string_view>
#include <vector>

#include "dialect/api.h"
#include "dialect/chat_quirks.h"
#include "json/patch.h"
#include "json/scan.h"

namespace penstock::dialect {

/// Takes reasoning of other providers that we sealed (kOwnReasoning, kReasoningFormat) out of a body of Chat Completions or Responses.
/// `quirks`: a provider that wants reasoning with every turn gets an empty one.
void cut_own_reasoning(Api api, const json::Document& body, const ChatQuirks& quirks, json::Patch& patch);

/// The ids, as written, of the web searches in an Anthropic body whose results are not Anthropic's own (kOwnSearchText).
[[nodiscard]] std::vector<std::string_view> own_searches(json::Value root);

}  // namespace penstock::dialect
