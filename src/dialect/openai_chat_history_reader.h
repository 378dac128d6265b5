// The messages of a Chat Completions request, read into the gateway's vocabulary (wire-reference 3.1).
#pragma once

#include "base/result.h"
#include "json/scan.h"
#include "llm/request.h"

namespace penstock::dialect {

/// Reads the array `messages` into `request.system` and `request.messages`. System and developer messages that stand before all others are
/// the system prompt, later ones system turns. Successive tool messages become the results in one user message; the older `function_call`
/// and `function` messages become calls and results with ids made for them. Fails with invalid_request and the path where a provider could
/// do nothing with a message: no known role, a call without a name or with arguments that are no JSON object, a result without its call's
/// id, a data URL that is none.
Status read_openai_chat_history(json::Value messages, llm::Request& request);

/// `cache_control` of a part or a tool: OpenAI has none, but clients that know Claude behind such an API send it.
[[nodiscard]] llm::CacheMark cache_mark_of(json::Value holder);

}  // namespace penstock::dialect
