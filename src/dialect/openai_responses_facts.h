// What a Responses request says about itself: the facts that anthropic_request.h finds in an Anthropic one.
#pragma once

#include "base/result.h"
#include "json/scan.h"
#include "llm/facts.h"

namespace penstock::dialect {

/// Reads the facts of a request body in one walk (wire-reference 3.11). `messages` counts the items of `input`; `effort` comes from
/// reasoning.effort, `session` from prompt_cache_key or else `user` (openai_facts.h). Fails (invalid_request, the client's fault) with the
/// field's path: the root is no object, `model` is missing, `input` is missing while nothing else stands for it or is of the wrong kind,
/// a field that decides something stands there twice, or a key is written with an escape that JSON does not have.
Result<llm::Facts> inspect_openai_responses(const json::Document& document);

}  // namespace penstock::dialect
