// A provider's failure, or one of our own, as an Anthropic client should see it: Anthropic's statuses and types (wire-reference 1.10), and
// the wordings from which Claude Code recovers (2.8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace penstock::dialect {

/// What a provider answered instead of a message. Views into the caller's buffers.
struct ProviderFailure {
  int status = 0;
  std::string_view body;
  std::string_view content_type;
  std::optional<std::string_view> retry_after, should_retry;  // the headers retry-after and x-should-retry
};

/// What the gateway knows of the request that failed. Numbers are tokens, 0: unknown.
struct ErrorContext {
  std::string_view provider;
  std::string_view model;
  std::string_view key_variable;  // environment variable that usually holds the provider's key; empty: none
  std::string_view key_source;    // where the key was found (gateway::Credential::source); empty: not known
  std::string_view login;         // what `penstock login` takes, when the credential is a login; empty: it is a key
  std::uint64_t window = 0;
  std::uint64_t estimated_input_tokens = 0;
  bool passthrough_credentials = false;  // the client's own credential went to the provider: a 401 is the client's
};

/// An error for an Anthropic client.
struct ClientError {
  int status = 500;
  std::string type = "api_error";
  std::string message;                     // valid UTF-8, at most 2,000 bytes of the provider's words
  std::optional<std::string> retry_after;  // header retry-after
  std::optional<bool> should_retry;        // header x-should-retry
};

/// How a key that a provider refuses is replaced: where it was found, since no other key takes its place there. `variable` as in
/// ErrorContext; a sentence without its full stop.
[[nodiscard]] std::string key_mend(std::string_view provider, std::string_view source, std::string_view variable);

/// The type that goes with a status.
[[nodiscard]] std::string_view error_type(int status);

/// A third party's error in the client's terms. (Anthropic's own bodies pass untouched and do not come here.)
[[nodiscard]] ClientError translate(const ProviderFailure& failure, const ErrorContext& context);

/// The failure inside a whole answer with status 2xx: an error object, MiniMax's base_resp, an empty body, HTML, or no JSON. Ordinary
/// answers are told from their bytes without being parsed. Not for event streams.
[[nodiscard]] std::optional<ClientError> fault_in_answer(std::string_view body, std::string_view content_type, const ErrorContext& context);

/// An error of our own.
[[nodiscard]] ClientError from_error(const Error& error);

/// `{"type":"error","error":{"type","message"},"request_id"}`; without the id when it is empty.
[[nodiscard]] std::string error_body(const ClientError& error, std::string_view request_id);

/// The same as an SSE event, for a stream that has begun.
[[nodiscard]] std::string error_event(const ClientError& error, std::string_view request_id);

}  // namespace penstock::dialect
