// What an Anthropic Messages request says about itself: one walk over the index, before anything is decided.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/scan.h"
#include "llm/facts.h"

namespace penstock::dialect {

enum class Endpoint : std::uint8_t { messages, count_tokens };

/// Longest model name that is accepted, in bytes.
inline constexpr std::size_t kMaxModelName = 256;

/// Reads the facts of a request body. The bytes of long strings are not looked at; fields that nobody here needs are not judged.
/// Fails (invalid_request, the client's fault) with the field's path in the message: the root is no object, `model` or `messages` is
/// missing or of the wrong kind, or a field that decides something stands there twice: what we read and what the provider reads must be the
/// same.
Result<llm::Facts> inspect(const json::Document& document, Endpoint endpoint = Endpoint::messages);

/// The session's id in `metadata.user_id`: a JSON text with `session_id`, or the older `user_…_session_<uuid>` (wire-reference 1.4). Empty
/// when there is none, or none that is fit for a log line (letters, digits, `-_.:`, at most 128).
std::string session_of(std::string_view user_id);

}  // namespace penstock::dialect
