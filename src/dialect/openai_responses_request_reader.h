// A client's Responses request, read into the gateway's vocabulary for a provider that speaks another dialect.
#pragma once

#include "base/result.h"
#include "dialect/responses_echo.h"
#include "json/scan.h"
#include "llm/request.h"

namespace penstock::dialect {

/// Reads the request (wire-reference 3.11). `body` must stay as it is while the result is used; inspect_openai_responses() has refused what
/// is no request. `echo`, where it is given, is for the writer of the answer (openai_responses_answer_writer.h): without it, calls of tools
/// that the client does not know as functions come back as functions. Hosted tools, and fields without a place in the vocabulary, are named
/// in `dropped`. Fails with invalid_request where the client asks for what nobody can do who keeps nothing: an answer or an item from
/// before (`previous_response_id`, `conversation`, `prompt`, an item_reference), an answer to be fetched later (`background`), or for a
/// broken history (openai_responses_history_reader.h).
Result<llm::Request> read_openai_responses_request(const json::Document& body, ResponsesEcho* echo = nullptr);

}  // namespace penstock::dialect
