// A client's Chat Completions request, read into the gateway's vocabulary for a provider that speaks another dialect.
#pragma once

#include "base/result.h"
#include "json/scan.h"
#include "llm/request.h"

namespace penstock::dialect {

/// Reads the request (wire-reference 3.1). `body` must stay as it is while the result is used; inspect_openai_chat() has refused what is no
/// request. Tools that are no functions, and fields without a place in the vocabulary, are named in `dropped`. Fails with invalid_request,
/// which names the path, where the client asks for what nobody can do: more than one answer (`n`), or a broken history
/// (openai_chat_history_reader.h).
Result<llm::Request> read_openai_chat_request(const json::Document& body);

}  // namespace penstock::dialect
