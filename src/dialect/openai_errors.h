// Errors as OpenAI's clients know them, for Chat Completions and Responses alike (wire-reference 3.2, error body).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialect/anthropic_errors.h"

namespace penstock::dialect {

/// An error in OpenAI's words.
struct OpenAiError {
  int status = 500;
  std::string type;     // invalid_request_error, server_error, …
  std::string code;     // context_length_exceeded, model_not_found, …; empty: null
  std::string param;    // the field at fault; empty: null
  std::string message;  // valid UTF-8
};

/// The statuses that OpenAI does not know become those that it uses instead: 529 becomes 503, and a want of credit is 429 with
/// insufficient_quota. A full context gets the code and the wording by which clients know it. The headers retry-after and x-should-retry
/// stay as the ClientError has them.
[[nodiscard]] OpenAiError openai_error(const ClientError& error);

/// `{"error":{"message","type","param","code"}}`
[[nodiscard]] std::string openai_error_body(const ClientError& error);

/// The same as a chunk, for a stream that has begun. Nothing follows it.
[[nodiscard]] std::string openai_error_event(const ClientError& error);

/// The end of a Responses stream that has begun: the event `error`, on which the SDKs raise, and `response.failed`, in which codex looks
/// for the code. `response`: the response object with its error; empty: one is made. `sequence`: the number of the first of the two events.
[[nodiscard]] std::string openai_responses_error_event(const ClientError& error, std::string_view response = {},
                                                       std::uint64_t sequence = 0);

/// The field `error` of a response that failed: `{"code","message"}`.
[[nodiscard]] std::string openai_response_error(const ClientError& error);

}  // namespace penstock::dialect
