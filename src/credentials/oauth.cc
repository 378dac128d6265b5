#include "credentials/oauth.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "base/text.h"
#include "base/url.h"
#include "config/values.h"
#include "json/padded.h"

namespace penstock::credentials {

namespace {

constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr std::size_t kLongestToken = 16 * 1024, kLongestWords = 200, kLongestUrl = 2000;
constexpr double kLongestLife = 10.0 * 365 * 24 * 3600;  // seconds
constexpr UnixSeconds kAhead = 300, kMargin = 5;
constexpr std::chrono::seconds kUsualInterval{5}, kSlower{5};  // RFC 8628 sections 3.2 and 3.5
constexpr std::chrono::milliseconds kLeastInterval{100}, kMostInterval{60'000};

std::string form_encode(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (kPlain.contains(c))
      encoded += c;
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

/// Every `secret` out of the text, as it is and as the form carried it.
void redact(std::string& text, std::string_view secret) {
  if (secret.empty()) return;
  constexpr std::string_view kInstead = "[redacted]";
  for (const auto& form : {std::string(secret), form_encode(secret)})
    for (auto at = text.find(form); at != std::string::npos; at = text.find(form, at + kInstead.size()))
      text.replace(at, form.size(), kInstead);
}

/// Words of a server, for a terminal: one line of printable text, short.
std::string for_people(std::string_view text) {
  std::string words = printable(text);
  if (words.size() <= kLongestWords) return words;
  auto end = kLongestWords;
  while ((static_cast<unsigned char>(words[end]) & 0xc0U) == 0x80U) --end;  // not in the middle of a character
  return words.substr(0, end) + "…";
}

/// An answer's JSON object, read once.
class Answer {
 public:
  explicit Answer(std::string_view body)
      : bytes_(body), good_(document_.index(bytes_.text()).has_value() && document_.root().is_object()) {}
  [[nodiscard]] bool good() const { return good_; }
  /// A string member, or "".
  [[nodiscard]] std::string text(std::string_view name) const {
    const auto value = member(name);
    return value ? value->text() : std::string();
  }
  /// Nothing when it is not there; fails when it is there and no number of seconds.
  [[nodiscard]] Result<std::optional<std::int64_t>> seconds(std::string_view name) const {
    const auto value = member(name);
    if (!value || value->is_null()) return std::nullopt;
    const auto number = value->number();
    if (!number || !std::isfinite(*number) || *number < 0 || *number > kLongestLife)
      return fail(provider_error(ErrorKind::protocol, fmt::format("its {} is no number of seconds", name)));
    return static_cast<std::int64_t>(*number);
  }
  /// What it says went wrong: error_description, else error, else only the status. A server may repeat what it was sent, or tell what it
  /// should not: neither the request's `secrets` nor the answer's own come through.
  [[nodiscard]] std::string words(int status, std::span<const std::string_view> secrets) const {
    for (const auto name : {"error_description", "error"}) {
      auto said = text(name);
      for (const auto secret : secrets) redact(said, secret);
      for (const auto* own : {"access_token", "refresh_token", "device_code"}) redact(said, text(own));
      if (said = for_people(said); !said.empty()) return said;
    }
    return fmt::format("HTTP {}", status);
  }

 private:
  [[nodiscard]] std::optional<json::Value> member(std::string_view name) const {
    return good_ ? document_.root().find(name) : std::nullopt;
  }
  json::Padded bytes_;
  json::Document document_;
  bool good_;
};

bool is_token(std::string_view text) { return !text.empty() && text.size() <= kLongestToken && config::is_secret_text(text); }

/// A URL that may be shown and put into a QR code.
bool is_web_page(std::string_view url) { return url.size() <= kLongestUrl && config::is_secret_text(url) && parse_url(url); }

TokenAnswer broken(std::string words) { return {Verdict::broken, {}, std::move(words)}; }

TokenAnswer read_tokens(const Answer& answer, UnixSeconds now) {
  if (!answer.good()) return broken("its answer is not JSON");
  TokenSet tokens;
  tokens.access = Secret(answer.text("access_token"));
  tokens.refresh = Secret(answer.text("refresh_token"));
  tokens.scope = answer.text("scope");
  tokens.token_type = answer.text("token_type");
  if (!is_token(tokens.access.reveal())) return broken("its answer holds no usable access_token");
  if (!tokens.refresh.empty() && !is_token(tokens.refresh.reveal())) return broken("its answer holds no usable refresh_token");
  if (!tokens.token_type.empty() && !equals_ignoring_case(tokens.token_type, "bearer")) return broken("its token is no bearer token");
  const auto life = answer.seconds("expires_in");
  if (!life) return broken(life.error().message);
  tokens.expires_in = life->value_or(0);
  if (tokens.expires_in > 0) tokens.expires_at = now + tokens.expires_in;
  return {Verdict::tokens, std::move(tokens), {}};
}

/// What an error's code means (RFC 6749 section 5.2, RFC 8628 section 3.5).
std::optional<Verdict> verdict_of(std::string_view code) {
  static constexpr auto kCodes = std::to_array<std::pair<std::string_view, Verdict>>({
      {"authorization_pending", Verdict::pending},
      {"slow_down", Verdict::slow_down},
      {"access_denied", Verdict::denied},
      {"expired_token", Verdict::expired},
      {"invalid_grant", Verdict::refused},
  });
  const auto* const found = std::ranges::find(kCodes, code, &std::pair<std::string_view, Verdict>::first);
  return found == kCodes.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::string device_form(std::string_view client_id, std::string_view scope) {
  return "client_id=" + form_encode(client_id) + (scope.empty() ? "" : "&scope=" + form_encode(scope));
}

std::string poll_form(std::string_view client_id, std::string_view device_code) {
  return fmt::format("client_id={}&device_code={}&grant_type={}", form_encode(client_id), form_encode(device_code),
                     form_encode(kDeviceGrant));
}

std::string refresh_form(std::string_view client_id, std::string_view refresh_token) {
  return fmt::format("client_id={}&grant_type=refresh_token&refresh_token={}", form_encode(client_id), form_encode(refresh_token));
}

Result<DeviceCode> read_device_answer(int status, std::string_view body) {
  const Answer answer(body);
  if (status != 200) return fail(provider_error(ErrorKind::protocol, answer.words(status, {})));
  const auto no_answer = [](const char* what) { return fail(provider_error(ErrorKind::protocol, what)); };
  if (!answer.good()) return no_answer("its answer is not JSON");
  DeviceCode code;
  code.user_code = answer.text("user_code");
  code.device_code = Secret(answer.text("device_code"));
  code.url = answer.text("verification_uri");
  code.complete_url = answer.text("verification_uri_complete");
  TRY(const auto life, answer.seconds("expires_in"));
  TRY(const auto interval, answer.seconds("interval"));
  constexpr std::int64_t kUsualLife = 900;
  code.life = std::chrono::seconds(life.value_or(0) == 0 ? kUsualLife : *life);
  code.interval = interval ? std::chrono::seconds(*interval) : kUsualInterval;
  if (code.url.empty()) code.url = code.complete_url;
  if (code.user_code.empty() || code.user_code.size() > 64 || for_people(code.user_code) != code.user_code)
    return no_answer("its answer holds no usable user_code");
  if (!is_token(code.device_code.reveal())) return no_answer("its answer holds no usable device_code");
  if (!is_web_page(code.url) || (!code.complete_url.empty() && !is_web_page(code.complete_url)))
    return no_answer("its answer holds no usable verification_uri");
  return code;
}

TokenAnswer read_token_answer(int status, std::string_view body, UnixSeconds now, std::span<const std::string_view> secrets) {
  const Answer answer(body);
  if (status == 200) return read_tokens(answer, now);
  const std::string words = answer.words(status, secrets);
  if (status == 429 || status >= 500) return {Verdict::busy, {}, words};
  if (status / 100 != 4) return broken(words);
  if (const auto verdict = verdict_of(answer.text("error"))) return {*verdict, {}, words};
  // Kimi's own client takes these as "log in again" whatever the body says (wire-reference 4.3).
  if (status == 401 || status == 403) return {Verdict::refused, {}, words};
  return broken(words);
}

UnixSeconds due_at(const TokenSet& tokens) {
  if (tokens.expires_at == 0 || tokens.refresh.empty()) return tokens.expires_at;
  const std::int64_t half = tokens.expires_in / 2;
  if (tokens.expires_in == 0) return tokens.expires_at - kAhead;
  if (tokens.expires_in <= kAhead) return tokens.expires_at - half;
  return tokens.expires_at - std::max(kAhead, half);
}

bool is_due(const TokenSet& tokens, UnixSeconds now) { return tokens.expires_at != 0 && now >= due_at(tokens); }

UnixSeconds usable_until(const TokenSet& tokens) {
  if (tokens.expires_at == 0) return 0;
  return tokens.expires_at - (tokens.expires_in == 0 ? kMargin : std::min(kMargin, tokens.expires_in / 4));
}

DevicePoll::DevicePoll(const DeviceCode& code, Time now)
    : interval_(std::max<std::chrono::milliseconds>(code.interval, kLeastInterval)), end_(now + code.life), next_(now + interval_) {}

DevicePoll::State DevicePoll::state_at(Time now) const { return now >= end_ ? State::expired : State::waiting; }

DevicePoll::State DevicePoll::answered(Verdict verdict, Time now) {
  switch (verdict) {
    case Verdict::tokens: return State::done;
    case Verdict::denied: return State::denied;
    case Verdict::expired: return State::expired;
    case Verdict::refused:
    case Verdict::broken: return State::broken;
    case Verdict::slow_down: interval_ += kSlower; break;
    case Verdict::busy: interval_ = std::clamp(interval_ * 2, std::chrono::milliseconds(1000), std::max(kMostInterval, interval_)); break;
    case Verdict::pending: break;
  }
  next_ = std::min(now + interval_, end_);
  return state_at(now);
}

}  // namespace penstock::credentials
