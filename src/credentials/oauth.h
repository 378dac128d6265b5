// The OAuth protocol as values: what is sent, what the answers mean, and when to ask again. No I/O; time is an argument.
// RFC 8628 (device authorization), RFC 6749 section 6 (refresh); wire-reference 4.3 and 5.1.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace penstock::credentials {

/// Wall-clock time, as login files count it.
using UnixSeconds = std::int64_t;

/// What a login consists of.
struct TokenSet {
  Secret access, refresh;       // refresh may be empty: then the login ends with the access token
  UnixSeconds expires_at = 0;   // of the access token; 0: the server did not say
  std::int64_t expires_in = 0;  // seconds; its whole life, which tells when to refresh ahead; 0: unknown
  std::string scope, token_type;
};

/// What the user is shown while we poll.
struct DeviceCode {
  std::string user_code;
  Secret device_code;
  std::string url, complete_url;    // where the code is typed; the same with the code in it, or empty
  std::chrono::seconds life{};      // of the code
  std::chrono::seconds interval{};  // between polls
};

/// Bodies for application/x-www-form-urlencoded.
[[nodiscard]] std::string device_form(std::string_view client_id, std::string_view scope);
[[nodiscard]] std::string poll_form(std::string_view client_id, std::string_view device_code);
[[nodiscard]] std::string refresh_form(std::string_view client_id, std::string_view refresh_token);

/// The answer to device_form(). Fails on any status but 200, on what is no such answer, and on codes or URLs that a terminal should not be
/// shown.
Result<DeviceCode> read_device_answer(int status, std::string_view body);

/// What a token endpoint said.
enum class Verdict : unsigned char {
  tokens,
  pending,    // the user has not decided yet
  slow_down,  // the same, and polls must come less often from now on
  denied,     // the user said no
  expired,    // the device code's time is over
  refused,    // the refresh token is not worth anything any more: log in again
  busy,       // 429 or 5xx: later
  broken,     // anything else; asking again would not help
};
struct TokenAnswer {
  Verdict verdict = Verdict::broken;
  TokenSet tokens;
  std::string words;  // what is wrong, fit for a person's terminal; never a token
};

/// Reads the answer to poll_form() or refresh_form() that came at `now`. Strict: a 200 that is not JSON with a usable bearer token is
/// Verdict::broken. `secrets` are what the request carried and what it was about; they do not come back in the words.
[[nodiscard]] TokenAnswer read_token_answer(int status, std::string_view body, UnixSeconds now,
                                            std::span<const std::string_view> secrets = {});

/// When an access token is to be replaced: max(300 s, half its life) before its end, as Kimi's own client does; half-way for one that lives
/// 300 s or less, which would be due at once, and at its end without a refresh token. 0: never (nobody knows its end).
[[nodiscard]] UnixSeconds due_at(const TokenSet& tokens);
/// It should be replaced by now.
[[nodiscard]] bool is_due(const TokenSet& tokens, UnixSeconds now);
/// Until when it may still be sent: a few seconds before its end. 0: for ever, as far as we know.
[[nodiscard]] UnixSeconds usable_until(const TokenSet& tokens);

/// The polls of one device code. Each answer moves the time of the next poll.
class DevicePoll {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class State : unsigned char { waiting, done, denied, expired, broken };

  DevicePoll(const DeviceCode& code, Time now);
  /// When to ask next. Not past the code's end: then state_at() says expired.
  [[nodiscard]] Time next() const { return next_; }
  /// Expired once the code's time is over.
  [[nodiscard]] State state_at(Time now) const;
  /// What an answer changes. `slow_down` adds 5 s for good; a server that is busy, or not reached at all, is asked half as often each
  /// time (RFC 8628 section 3.5).
  State answered(Verdict verdict, Time now);
  State unreachable(Time now) { return answered(Verdict::busy, now); }

 private:
  std::chrono::milliseconds interval_;
  Time end_, next_;
};

}  // namespace penstock::credentials
