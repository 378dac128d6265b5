#include "policy/failure.h"

#include <array>
#include <span>
#include <string>

#include "base/text.h"
#include "dialect/error_words.h"
#include "dialect/overflow.h"
#include "policy/header_times.h"

namespace penstock::policy {

namespace {

using dialect::holds_any;

constexpr std::array<std::string_view, kTroubles> kNames{"unreachable",  "tls",          "timeout",    "reset",           "overloaded",
                                                         "server_error", "rate_limited", "plan_limit", "no_balance",      "bad_credential",
                                                         "forbidden",    "no_model",     "overflow",   "feature_refused", "bad_request",
                                                         "too_large",    "refusal",      "empty",      "malformed",       "conflict",
                                                         "redirect",     "cancelled",    "ours"};

/// A word in a type or code, and the trouble that it stands for. Numbers must be the whole code.
struct Sign {
  std::string_view word;
  Trouble trouble;
};
constexpr Sign kSigns[] = {
    {"1113", Trouble::no_balance},                 // Z.ai (wire-reference 4.4)
    {"1302", Trouble::rate_limited},               // Z.ai
    {"1305", Trouble::overloaded},                 // Z.ai
    {"1301", Trouble::refusal},                    // Z.ai
    {"tool_use_failed", Trouble::malformed},       // Groq: the model's call was no JSON; asking again helps (4.11)
    {"content_filter", Trouble::refusal},          // Azure, Kimi
    {"content_policy", Trouble::refusal},          // OpenAI
    {"data_inspection_failed", Trouble::refusal},  // DashScope
    {"datainspectionfailed", Trouble::refusal},
    {"insufficient_quota", Trouble::no_balance},
    {"billing", Trouble::no_balance},
    {"arrearage", Trouble::no_balance},  // DashScope
    {"overloaded", Trouble::overloaded},
    {"server_busy", Trouble::overloaded},
    {"unavailable", Trouble::overloaded},
    {"throttling", Trouble::rate_limited},
    {"rate_limit", Trouble::rate_limited},
    {"ratelimit", Trouble::rate_limited},
    {"rate limit", Trouble::rate_limited},
    {"resource_exhausted", Trouble::rate_limited},
    {"too_many_requests", Trouble::rate_limited},
    {"timeout", Trouble::timeout},
    {"deadline_exceeded", Trouble::timeout},
    {"authentication", Trouble::bad_credential},
    {"unauthenticated", Trouble::bad_credential},
    {"permission", Trouble::forbidden},
    {"not_found", Trouble::no_model},
    {"request_too_large", Trouble::too_large},
    {"conflict", Trouble::conflict},
    {"invalid_request", Trouble::bad_request},
    {"invalidparameter", Trouble::bad_request},
    {"badrequest", Trouble::bad_request},
    {"invalid_argument", Trouble::bad_request},
    {"unprocessable", Trouble::bad_request},
};
// MiniMax's base_resp.status_code.
constexpr Sign kMinimaxSigns[] = {{"1001", Trouble::timeout},      {"1002", Trouble::rate_limited}, {"1004", Trouble::bad_credential},
                                  {"1008", Trouble::no_balance},   {"1026", Trouble::refusal},      {"1027", Trouble::refusal},
                                  {"1039", Trouble::rate_limited}, {"2013", Trouble::bad_request},  {"2049", Trouble::bad_credential},
                                  {"2056", Trouble::plan_limit}};

// A 429 that every credential would get.
constexpr std::string_view kBusyForAll[] = {"overloaded", "rate-limited upstream", "high demand", "engine is busy", "no capacity"};
// A 429 or 413 of a single request beyond a rate (OpenAI, Groq): no wait makes it smaller.
constexpr std::string_view kTooMuchAtOnce[] = {"request too large"};

std::optional<Trouble> sign_in(std::string_view code, std::span<const Sign> signs) {
  for (const auto& [word, trouble] : signs)
    if (code == word || (!parse_unsigned(word) && code.contains(word))) return trouble;
  return std::nullopt;
}

/// Most statuses say all that matters.
Trouble by_status(int status) {
  switch (status) {
    case 401: return Trouble::bad_credential;
    case 402: return Trouble::no_balance;
    case 403: return Trouble::forbidden;
    case 404: return Trouble::no_model;
    case 408:
    case 504:
    case 524: return Trouble::timeout;
    case 409:
    case 425: return Trouble::conflict;
    case 413: return Trouble::too_large;
    case 429: return Trouble::rate_limited;
    case 502: return Trouble::server_error;
    case 503:
    case 529: return Trouble::overloaded;
    case 521:
    case 522:
    case 523:
    case 530: return Trouble::unreachable;  // Cloudflare cannot reach the provider
    case 525:
    case 526: return Trouble::tls;
    default: break;
  }
  if (status < 400) return status < 300 ? Trouble::server_error : Trouble::redirect;
  return status < 500 ? Trouble::bad_request : Trouble::server_error;
}

/// No answer: what the connection says.
Trouble by_kind(const Failure& failure) {
  const bool before_request = failure.stage == Stage::connect || failure.stage == Stage::tls;
  switch (failure.kind) {
    case ErrorKind::connection: return before_request ? Trouble::unreachable : Trouble::reset;
    case ErrorKind::timeout: return before_request ? Trouble::unreachable : Trouble::timeout;
    case ErrorKind::protocol: return failure.stage == Stage::tls ? Trouble::tls : Trouble::malformed;
    case ErrorKind::cancelled: return Trouble::cancelled;
    case ErrorKind::authentication: return Trouble::bad_credential;  // a login could not be renewed
    case ErrorKind::permission: return Trouble::forbidden;
    case ErrorKind::rate_limited: return Trouble::rate_limited;
    case ErrorKind::overloaded: return Trouble::overloaded;
    case ErrorKind::not_found: return Trouble::no_model;
    case ErrorKind::too_large: return Trouble::too_large;
    case ErrorKind::invalid_request: return Trouble::bad_request;
    case ErrorKind::config:
    case ErrorKind::internal: return Trouble::ours;
  }
  return Trouble::ours;
}

/// An error that the provider put into words.
class Answer {
 public:
  explicit Answer(const Failure& failure)
      : failure_(failure),
        code_(to_lower(failure.text.code)),
        type_(to_lower(failure.text.type)),
        lowered_(type_ + ' ' + code_ + ' ' + to_lower(failure.text.message)) {}

  [[nodiscard]] Trouble trouble() const {
    const auto told = by_status_and_code();
    if (is_overflow(told)) return Trouble::overflow;
    if (is_repairable()) return Trouble::feature_refused;
    if (told == Trouble::rate_limited) return throttled();
    if (told == Trouble::too_large || told == Trouble::no_balance || told == Trouble::refusal) return told;
    if (status() != 404 && holds_any(lowered_, dialect::kNoBalanceWords)) return Trouble::no_balance;
    if (told == Trouble::forbidden && holds_any(lowered_, dialect::kKeyWords)) return Trouble::bad_credential;
    if (is_generic() && holds_any(lowered_, dialect::kBadKeyWords)) return Trouble::bad_credential;
    if (told == Trouble::bad_request && holds_any(lowered_, dialect::kNoModelWords)) return Trouble::no_model;
    return told;
  }

 private:
  [[nodiscard]] int status() const { return failure_.inside == Inside::error ? 200 : failure_.status; }
  /// Providers hide other troubles behind these; a code knows better then.
  [[nodiscard]] bool is_generic() const { return status() < 300 || status() == 400 || status() == 422 || status() == 500; }

  [[nodiscard]] Trouble by_status_and_code() const {
    const auto told = by_status(status());
    if (!is_generic()) return told;
    const auto meant = by_code();
    if (status() < 300) return meant.value_or(told);
    return meant && *meant != Trouble::bad_request ? *meant : told;
  }

  [[nodiscard]] std::optional<Trouble> by_code() const {
    if (failure_.text.minimax) return sign_in(code_, kMinimaxSigns);
    if (const auto trouble = sign_in(code_, kSigns)) return trouble;
    if (const auto trouble = sign_in(type_, kSigns)) return trouble;
    const auto number = parse_unsigned(code_);  // OpenRouter gives the status as a code
    return number && *number >= 400 && *number < 600 ? std::optional(by_status(static_cast<int>(*number))) : std::nullopt;
  }

  [[nodiscard]] bool is_overflow(Trouble told) const {
    switch (told) {
      case Trouble::bad_credential:
      case Trouble::no_balance:
      case Trouble::forbidden:
      case Trouble::rate_limited:
      case Trouble::plan_limit: return false;
      default: break;
    }
    const auto found = dialect::find_overflow(failure_.text);
    // Under 413 only words count, not the type of a body that is too large in bytes.
    if (found) return status() != 413 || type_ != "request_too_large" || found->limit.has_value();
    return is_silent_overflow();
  }

  /// Cerebras answers an overflow with 400 or 413 and nothing else (wire-reference 3.10).
  [[nodiscard]] bool is_silent_overflow() const {
    constexpr double kNearlyFull = 0.9;
    const bool wordless = failure_.text.type.empty() && failure_.text.code.empty() && failure_.text.message.empty();
    return (status() == 400 || status() == 413) && wordless && failure_.window_share >= kNearlyFull;
  }

  /// llama.cpp refuses images with 500, OpenRouter with 404.
  [[nodiscard]] bool is_repairable() const {
    const bool may_be = is_generic() || status() == 404 || status() == 415 || status() == 501;
    return may_be && repair_for(failure_.quirks, failure_.text.message, failure_.repaired).has_value();
  }

  [[nodiscard]] Trouble throttled() const {
    if (failure_.plan_limits || failure_.should_retry == false) return Trouble::plan_limit;
    if (holds_any(lowered_, kTooMuchAtOnce)) return Trouble::too_large;
    if (holds_any(lowered_, kBusyForAll)) return Trouble::overloaded;
    // Google says "exceeded your current quota" of a minute's quota too, and how long to wait.
    const bool passing = failure_.retry_after || wait_in_words(failure_.text.message) || type_.contains("resource_exhausted");
    return !passing && holds_any(lowered_, dialect::kNoBalanceWords) ? Trouble::no_balance : Trouble::rate_limited;
  }

  const Failure& failure_;
  std::string code_, type_, lowered_;
};

}  // namespace

std::string_view name(Trouble trouble) { return kNames[static_cast<std::size_t>(trouble)]; }

Trouble recognise(const Failure& failure) {
  switch (failure.inside) {
    case Inside::refusal: return Trouble::refusal;
    case Inside::empty: return Trouble::empty;
    case Inside::malformed: return Trouble::malformed;
    case Inside::cut: return Trouble::reset;
    case Inside::error: return Answer(failure).trouble();
    case Inside::no: break;
  }
  return failure.status == 0 ? by_kind(failure) : Answer(failure).trouble();
}

}  // namespace penstock::policy
