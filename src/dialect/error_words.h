// Words by which errors are known whatever their status says: in types, codes and messages of every provider (wire-reference 3.9, 4). What
// a client is told (anthropic_errors.cc) and what is tried next (policy/failure.cc) must not read one error in two ways.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

namespace penstock::dialect {

/// An account without money or quota.
inline constexpr std::string_view kNoBalanceWords[] = {"insufficient balance",   "insufficient_balance",      "insufficient credit",
                                                       "insufficient_credit",    "insufficient quota",        "insufficient_quota",
                                                       "insufficient funds",     "credit balance is too low", "exceeded your current quota",
                                                       "exceeded_current_quota", "no resource package",       "arrearage",
                                                       "overdue-payment",        "payment required",          "requires more credits",
                                                       "billing_error",          "billing hard limit",        "out of credits"};
/// The error speaks of a key: enough under 403.
inline constexpr std::string_view kKeyWords[] = {"api key",       "api_key",          "apikey",         "api-key",      "invalid token",
                                                 "token expired", "token is expired", "expired token",  "access token", "credential",
                                                 "unauthorized",  "unauthenticated",  "authentication", "no auth"};
/// A key that is refused: enough under 400 too, where other errors speak of keys as well.
inline constexpr std::string_view kBadKeyWords[] = {"api key not valid", "incorrect api key",      "invalid api key",
                                                    "invalid_api_key",   "invalidapikey",          "api_key_invalid",
                                                    "api key expired",   "invalid authentication", "login fail"};
inline constexpr std::string_view kNoModelWords[] = {"model_not_found",      "modelnotfound",    "model not found", "model not exist",
                                                     "model does not exist", "no such model",    "unknown model",   "is not a valid model",
                                                     "invalid model name",   "unsupported model"};

/// `lowered`: in lower case, as the words are.
[[nodiscard]] inline bool holds_any(std::string_view lowered, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return lowered.contains(word); });
}

}  // namespace penstock::dialect
