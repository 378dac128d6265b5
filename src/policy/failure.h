// What one attempt came to, as values, and which trouble that is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dialect/error_text.h"
#include "policy/repair.h"
#include "policy/time.h"

namespace penstock::policy {

/// How far an attempt had come when it failed.
enum class Stage : std::uint8_t {
  connect,         // name, address, connection; no byte of the request was sent
  tls,             // the handshake
  send,            // a part of the request was sent
  first_byte,      // all of it was sent, nothing came back
  head,            // a part of the answer's head came
  before_content,  // the head came, and perhaps message_start and pings; nothing of the answer reached the client
  content,         // beyond the commit point: nothing is tried again
};

/// How an answer with status 2xx failed all the same.
enum class Inside : std::uint8_t {
  no,
  error,      // an error event, or an error as the body
  refusal,    // the model refused (stop_reason refusal, finish_reason content_filter)
  empty,      // a whole answer without content
  malformed,  // no JSON, HTML, an unknown shape
  cut,        // the bytes ended before the answer did
};

/// One failed attempt. What does not apply stays as it is.
struct Failure {
  Stage stage = Stage::connect;
  ErrorKind kind = ErrorKind::connection;  // where there was no answer: status 0 and Inside::no
  int status = 0;                          // of the answer; 0: none came
  Inside inside = Inside::no;
  dialect::ErrorText text;              // of an error body or event
  std::optional<Duration> retry_after;  // headers retry-after-ms and retry-after; see header_times.h
  std::optional<bool> should_retry;     // header x-should-retry
  bool plan_limits = false;             // the head names unified plan limits: a 429 is then no passing one (wire-reference 1.11)
  bool own_credential = false;          // the client's own credential went along (passthrough)
  double window_share = 0;              // how full the request makes the target's window, by our estimate; 0: unknown
  QuirkSet quirks = QuirkSet::anthropic;
  std::vector<Repair> repaired;  // what this request was repaired with already, for this target; or has by its quirks
};

/// What is wrong.
enum class Trouble : std::uint8_t {
  unreachable,      // no connection
  tls,              // a certificate that is not trusted, no common protocol
  timeout,          // no answer in time
  reset,            // the connection ended before the answer did
  overloaded,       // too much to do for everyone
  server_error,     // 5xx
  rate_limited,     // this credential asked too often
  plan_limit,       // this credential's plan is used up for hours or days
  no_balance,       // this credential has no money
  bad_credential,   // it is not known, or expired
  forbidden,        // it may not do this, or nobody may from here
  no_model,         // unknown to the provider, or to the credential
  overflow,         // the prompt does not fit
  feature_refused,  // a field that a repair can keep away
  bad_request,      // any other 400
  too_large,        // the body in bytes, or a prompt beyond what the rate allows at once
  refusal,          // by the model or by the provider's moderation
  empty,
  malformed,
  conflict,
  redirect,
  cancelled,  // the client left, or we are stopping
  ours,       // a failure of our own, or of the configuration
};
inline constexpr std::size_t kTroubles = static_cast<std::size_t>(Trouble::ours) + 1;

/// The trouble's name, for logs and the admin API.
[[nodiscard]] std::string_view name(Trouble trouble);

/// Reads the status and, where it says too little, the words (wire-reference 1.10, 3.9, 3.10 and section 4).
[[nodiscard]] Trouble recognise(const Failure& failure);

}  // namespace penstock::policy
