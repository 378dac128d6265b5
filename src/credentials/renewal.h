// One careful refresh of a login: under its lock, and only when the file still holds the token that has to go.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "credentials/login.h"

namespace penstock::credentials {

/// A new login that could not be stored (a disk is full), and the refresh token in the file, which is spent.
struct Kept {
  Secret replaces;
  TokenSet tokens;
};
using Unstored = std::optional<Kept>;

/// A login whose access token may be sent: the file's, if it is not due and not the one that a provider `refused`; else a new one, asked
/// for and stored under the lock. Another process that was faster is noticed, so that a refresh token is spent once. Fails with
/// authentication when only a new login helps (the message says so); with retry_safe when the server is busy or out of reach; with config
/// when the file is at fault. Blocks: not for a worker's thread.
Result<TokenSet> renew(const Login& login, std::string_view refused, const Outside& outside);
/// The same for who refreshes one login again and again: what cannot be stored stays in `unstored`, counts for the file's as long as that
/// does not change, and is stored as soon as that works.
Result<TokenSet> renew(const Login& login, std::string_view refused, const Outside& outside, Unstored& unstored);

/// The same for a command: trouble that may pass is waited out (1, 2, 4 s, through `pause`), and a token that is not over yet will do when
/// all fails.
Result<TokenSet> renew_patiently(const Login& login, const Outside& outside, const std::function<void(std::chrono::seconds)>& pause);

/// How often, and after which pauses, a refresh is tried again (wire-reference 5.1).
inline constexpr std::array kRetryAfter{std::chrono::seconds(1), std::chrono::seconds(2), std::chrono::seconds(4)};

/// The error of a login that is over, with the mend.
Error login_needed(const std::string& provider, std::string_view why);

}  // namespace penstock::credentials
