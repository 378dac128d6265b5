// The one error value of the program: what went wrong, whose fault it is, and whether trying again is safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace penstock {

/// What went wrong, in the terms of the Anthropic API where it has a word for it (wire-reference 1.10).
enum class ErrorKind : std::uint8_t {
  invalid_request,
  authentication,
  permission,
  not_found,
  too_large,
  rate_limited,
  overloaded,
  timeout,
  connection,  // a peer could not be reached, or went away
  protocol,    // a peer broke HTTP, TLS, SSE or JSON
  config,      // the user's configuration is at fault
  cancelled,   // the client went away, or we are stopping
  internal,    // ours
};

/// Who has to mend it.
enum class Fault : std::uint8_t { client, provider, us };

/// An error as a value. Cheap to move; carries a sentence that names the mend where there is one.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  Fault fault = Fault::us;
  std::string message;
  bool retry_safe = false;  // true only when nothing reached the peer, or repeating is known to be harmless
};

/// A client's mistake.
inline Error client_error(ErrorKind kind, std::string message) { return {kind, Fault::client, std::move(message)}; }
/// A provider's failure.
inline Error provider_error(ErrorKind kind, std::string message, bool retry_safe = false) {
  return {kind, Fault::provider, std::move(message), retry_safe};
}
/// A failure of our own.
inline Error internal_error(std::string message) { return {ErrorKind::internal, Fault::us, std::move(message)}; }
/// A fault in the user's configuration or files.
inline Error config_error(std::string message) { return {ErrorKind::config, Fault::us, std::move(message)}; }

/// The kind's name, for logs.
std::string_view name(ErrorKind kind);

}  // namespace penstock
