#include "dialect/anthropic_errors.h"

#include <algorithm>
#include <span>

#include "base/text.h"
#include "dialect/error_text.h"
#include "dialect/error_words.h"
#include "dialect/overflow.h"

namespace penstock::dialect {

namespace {

/// Anthropic's types and their statuses (wire-reference 1.10), for both directions.
struct TypeRow {
  int status;
  std::string_view type;
};
constexpr TypeRow kTypes[] = {
    {400, "invalid_request_error"},
    {401, "authentication_error"},
    {402, "billing_error"},
    {403, "permission_error"},
    {404, "not_found_error"},
    {409, "conflict_error"},
    {413, "request_too_large"},
    {429, "rate_limit_error"},
    {500, "api_error"},
    {502, "api_error"},
    {504, "timeout_error"},
    {529, "overloaded_error"},
    {503, "overloaded_error"},
};

/// A word in a type, code or message, and the status that the error deserves.
struct Sign {
  std::string_view word;
  int status;
};

// Providers that say under 200, 400 or 500 what another status is for. Z.ai's numbers: wire-reference 4.4; the words are types and codes.
constexpr Sign kCodes[] = {
    {"1113", 402},
    {"1302", 429},
    {"1305", 429},
    {"throttling", 429},
    {"rate_limit", 429},
    {"ratelimit", 429},
    {"rate limit", 429},
    {"resource_exhausted", 429},
    {"too_many_requests", 429},
    {"overloaded", 529},
    {"server_busy", 529},
    {"unavailable", 529},
    {"timeout", 504},
    {"deadline_exceeded", 504},
    {"tool_use_failed", 502},  // Groq: the model's call was no JSON; asking again helps (wire-reference 4.11)
    {"authentication", 401},
    {"unauthenticated", 401},
    {"permission", 403},
    {"not_found", 404},
    {"request_too_large", 413},
    {"billing", 402},
    {"invalid_request", 400},
    {"invalidparameter", 400},
    {"badrequest", 400},
    {"invalid_argument", 400},
    {"unprocessable", 400},
};
// MiniMax's base_resp.status_code.
constexpr Sign kMinimaxCodes[] = {{"1000", 500}, {"1001", 504}, {"1002", 429}, {"1004", 401}, {"1008", 402}, {"1013", 500},
                                  {"1024", 500}, {"1033", 500}, {"1039", 429}, {"2013", 400}, {"2049", 401}};

/// The status that a client gets for a provider's, where nothing else in the error decides (wire-reference 3.9).
int client_status(int status) {
  if (status == 408 || status == 504) return 504;
  if (status == 500 || (status >= 501 && status < 600 && status != 502 && status != 503 && !(status >= 520 && status <= 530))) return 500;
  if (status >= 500) return 529;
  if (status < 400) return 502;  // a redirect, which is never followed
  const bool has_type = std::ranges::find(kTypes, status, &TypeRow::status) != std::end(kTypes);
  return has_type ? status : 400;
}

/// What decides about one failure, read once.
struct Reading {
  const ProviderFailure& failure;
  const ErrorContext& context;
  ErrorText text;
  std::string lowered;  // type, code and message in lower case
  int status;           // the provider's, or the one that its code means

  [[nodiscard]] std::string words() const {
    if (!text.message.empty()) return text.message;
    if (!text.code.empty()) return "error " + bounded_text(text.code, 100);
    if (!text.type.empty()) return bounded_text(text.type, 100);
    return "the provider answered " + std::to_string(failure.status) + " without a message";
  }
  [[nodiscard]] std::string named_words() const { return std::string(context.provider) + ": " + words(); }
};

std::optional<int> status_in(std::string_view lowered, std::span<const Sign> signs) {
  for (const auto& [word, status] : signs)
    if (lowered == word || (!parse_unsigned(word) && lowered.contains(word))) return status;
  return std::nullopt;
}

/// What the error's own type and code say about its status.
std::optional<int> status_of_code(const ErrorText& text) {
  if (text.minimax) return status_in(text.code, kMinimaxCodes);
  const std::string code = to_lower(text.code), type = to_lower(text.type);
  if (const auto status = status_in(code, kCodes)) return status;
  if (const auto status = status_in(type, kCodes)) return status;
  const auto number = parse_unsigned(code);
  return number && *number >= 400 && *number < 600 ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

/// A generic status gives way to a code that knows better; a specific one stands.
int meant_status(int status, const ErrorText& text) {
  const bool generic = status < 300 || status == 400 || status == 422 || status == 500;
  if (!generic) return status;
  const auto meant = status_of_code(text);
  if (status < 300) return meant.value_or(500);
  return meant && *meant != 400 && *meant != 500 ? *meant : status;
}

Reading read(const ProviderFailure& failure, const ErrorContext& context) {
  auto text = read_error(failure.body, failure.content_type);
  auto lowered = to_lower(text.type + ' ' + text.code + ' ' + text.message);
  const int status = meant_status(failure.status, text);
  return {failure, context, std::move(text), std::move(lowered), status};
}

bool is_credential_fault(const Reading& reading) {
  switch (reading.status) {
    case 401: return true;
    case 403: return holds_any(reading.lowered, kKeyWords);
    case 400:
    case 422:
    case 500: return holds_any(reading.lowered, kBadKeyWords);
    default: return false;
  }
}

bool is_no_balance(const Reading& reading) {
  if (reading.status == 402) return true;
  return reading.status != 404 && reading.status != 429 && holds_any(reading.lowered, kNoBalanceWords);
}

bool is_missing_model(const Reading& reading) {
  return reading.status == 404 || ((reading.status == 400 || reading.status == 422) && holds_any(reading.lowered, kNoModelWords));
}

/// Cerebras answers an overflow with 400 or 413 and nothing else; without words only a request that we hold for nearly too long counts as
/// one.
bool is_silent_overflow(const Reading& reading) {
  const auto [window, estimate] = std::pair(reading.context.window, reading.context.estimated_input_tokens);
  return (reading.status == 400 || reading.status == 413) && trim(reading.failure.body).empty() && window > 0 &&
         estimate >= window / 10 * 9;
}

std::optional<ClientError> as_overflow(const Reading& reading) {
  const int status = reading.status;
  if (status == 401 || status == 402 || status == 403 || status == 429) return std::nullopt;
  auto found = find_overflow(reading.text);
  // Under 413 only words count, not the type of a body that is too large in bytes.
  if (found && reading.failure.status == 413 && reading.text.type == "request_too_large" && !found->limit) return std::nullopt;
  if (!found && is_silent_overflow(reading)) found = Overflow{};
  if (!found) return std::nullopt;
  return ClientError{400,
                     "invalid_request_error",
                     overflow_message(*found, reading.text, reading.context.window, reading.context.estimated_input_tokens),
                     {},
                     {}};
}

/// The provider refused our key: the client can do nothing with a 401, and Claude Code would ask for a login.
ClientError credential_fault(const Reading& reading) {
  if (reading.context.passthrough_credentials) return {401, "authentication_error", reading.words(), {}, {}};
  const std::string provider(reading.context.provider);
  const bool login = !reading.context.login.empty();
  std::string message = "the provider " + provider + " refuses its " + (login ? "login (" : "key (") +
                        std::to_string(reading.failure.status) + ": " + reading.words() + "). ";
  if (login) return {502, "api_error", message + "Log in again: penstock login " + std::string(reading.context.login), {}, false};
  message += key_mend(provider, reading.context.key_source, reading.context.key_variable);
  return {502, "api_error", std::move(message), {}, false};
}

/// A type of Anthropic's that fits the status keeps both.
bool keeps_type(const Reading& reading) {
  const int status = reading.failure.status;
  return reading.text.anthropic &&
         std::ranges::any_of(kTypes, [&](const TypeRow& row) { return row.status == status && row.type == reading.text.type; });
}

ClientError by_status(const Reading& reading) {
  const int status = keeps_type(reading) ? reading.failure.status : client_status(reading.status);
  const bool verbatim = status == 400 || keeps_type(reading);  // the client looks for its own words in a 400
  ClientError out{status, std::string(error_type(status)), verbatim ? reading.words() : reading.named_words(), {}, {}};
  if (status == 429 && holds_any(reading.lowered, kNoBalanceWords)) out.should_retry = false;
  return out;
}

ClientError classify(const Reading& reading) {
  if (auto overflow = as_overflow(reading)) return *std::move(overflow);
  if (is_no_balance(reading)) return {402, "billing_error", reading.named_words(), {}, false};
  if (is_credential_fault(reading)) return credential_fault(reading);
  if (is_missing_model(reading)) return {404, "not_found_error", reading.named_words(), {}, {}};
  return by_status(reading);
}

/// retry-after as a header may carry it: seconds or a date.
std::optional<std::string> kept_retry_after(std::optional<std::string_view> value) {
  if (!value) return std::nullopt;
  const auto text = trim(*value);
  const bool plain = !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
  return plain ? std::optional<std::string>(text) : std::nullopt;
}

void keep_retry_headers(const ProviderFailure& failure, ClientError& out) {
  if (out.status == 429 || out.status == 503 || out.status == 529) out.retry_after = kept_retry_after(failure.retry_after);
  if (out.should_retry || !failure.should_retry) return;
  if (equals_ignoring_case(*failure.should_retry, "true")) out.should_retry = true;
  if (equals_ignoring_case(*failure.should_retry, "false")) out.should_retry = false;
}

ClientError bad_answer(const ErrorContext& context, std::string_view what) {
  return {502, "api_error", std::string(context.provider) + " answered 200 with " + std::string(what), {}, {}};
}

/// Told from the bytes: an answer has one of these keys and none of an error's. A key inside a string would have its quotes escaped.
bool is_plainly_an_answer(std::string_view body) {
  const auto holds = [&](std::string_view key) { return body.contains(key); };
  if (holds("\"error\"") || holds("\"base_resp\"") || holds("\"success\"")) return false;
  return holds("\"content\"") || holds("\"choices\"") || holds("\"input_tokens\"");
}

}  // namespace

std::string key_mend(std::string_view provider, std::string_view source, std::string_view variable) {
  const std::string name(provider);
  if (source == "configuration") return "Set a valid one in the configuration: providers." + name + ".api_key";
  if (source.starts_with("credentials.")) return "Set a valid one in the configuration: providers." + name + "." + std::string(source);
  if (source.starts_with('$'))
    return "Set a valid one in the environment variable " + std::string(source.substr(1)) + ", and start the gateway again";
  std::string mend = "Set a valid one: penstock keys set " + name;
  if (!variable.empty()) mend += ", or the environment variable " + std::string(variable);
  return mend;
}

std::string_view error_type(int status) {
  const auto row = std::ranges::find(kTypes, status, &TypeRow::status);
  if (row != std::end(kTypes)) return row->type;
  return status >= 400 && status < 500 ? "invalid_request_error" : "api_error";
}

ClientError translate(const ProviderFailure& failure, const ErrorContext& context) {
  auto out = classify(read(failure, context));
  keep_retry_headers(failure, out);
  return out;
}

std::optional<ClientError> fault_in_answer(std::string_view body, std::string_view content_type, const ErrorContext& context) {
  const auto text = trim(body);
  if (text.empty()) return bad_answer(context, "an empty body");
  if (is_html(text, content_type)) return bad_answer(context, "a page: " + read_error(text, content_type).message);
  if (!text.starts_with('{') && !text.starts_with('[')) return bad_answer(context, "no JSON: " + bounded_text(text, 200));
  if (!text.ends_with('}') && !text.ends_with(']')) return bad_answer(context, "JSON that is cut short");
  if (is_plainly_an_answer(text)) return std::nullopt;
  if (!read_error(text, content_type).failed) return std::nullopt;
  return translate({.status = 200, .body = text, .content_type = content_type, .retry_after = {}, .should_retry = {}}, context);
}

ClientError from_error(const Error& error) {
  const auto as = [&](int status) {
    ClientError out{status, std::string(error_type(status)), bounded_text(error.message), {}, {}};
    // Trying a wrong token again helps nobody: Claude Code would do so, silently, for minutes.
    if (status == 401 || status == 403) out.should_retry = false;
    if (status == 503) out.retry_after = "1";  // seconds: we are full, or stopping
    return out;
  };
  const bool providers = error.fault == Fault::provider;
  switch (error.kind) {
    case ErrorKind::invalid_request: return as(400);
    case ErrorKind::authentication: return as(providers ? 502 : 401);  // a provider's 401 is not the client's
    case ErrorKind::permission: return as(403);
    case ErrorKind::not_found: return as(404);
    case ErrorKind::too_large: return as(413);
    case ErrorKind::rate_limited: return as(429);
    case ErrorKind::overloaded: return as(providers ? 529 : 503);  // interface.md: max_inflight is 503
    case ErrorKind::timeout: return as(error.fault == Fault::client ? 408 : 504);
    case ErrorKind::connection: return as(error.fault == Fault::client ? 400 : 529);  // the client tries again
    case ErrorKind::protocol: return as(error.fault == Fault::client ? 400 : 502);
    case ErrorKind::cancelled: return as(503);  // we are stopping
    case ErrorKind::config:
    case ErrorKind::internal: return as(500);
  }
  return as(500);
}

std::string error_body(const ClientError& error, std::string_view request_id) {
  std::string out = R"({"type":"error","error":{"type":)" + json_quote(valid_utf8(error.type)) + R"(,"message":)" +
                    json_quote(valid_utf8(error.message)) + '}';
  if (!request_id.empty()) out += R"(,"request_id":)" + json_quote(valid_utf8(request_id));
  return out + '}';
}

std::string error_event(const ClientError& error, std::string_view request_id) {
  return "event: error\ndata: " + error_body(error, request_id) + "\n\n";
}

}  // namespace penstock::dialect
