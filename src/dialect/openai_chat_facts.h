// What a Chat Completions request says about itself: the facts that anthropic_request.h finds in an Anthropic one.
#pragma once

#include "base/result.h"
#include "json/scan.h"
#include "llm/facts.h"

namespace penstock::dialect {

/// Reads the facts of a request body in one walk (wire-reference 3.1). `thinking` and `effort` come from reasoning_effort, `session` from
/// prompt_cache_key or else `user` (as it is where it fits a log line, else a hash of it). Fails (invalid_request, the client's fault) with
/// the field's path: the root is no object, `model` or `messages` is missing or of the wrong kind, a field that decides something stands
/// there twice, or a key is written with an escape that JSON does not have.
Result<llm::Facts> inspect_openai_chat(const json::Document& document);

}  // namespace penstock::dialect
