#include "credentials/renewal.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/log.h"
#include "credentials/token_file.h"

namespace penstock::credentials {

namespace {

UnixSeconds seconds(const Outside& outside) { return std::chrono::system_clock::to_time_t(outside.now()); }

bool must_go(const TokenSet& tokens, std::string_view refused, UnixSeconds now) {
  return tokens.access.empty() || tokens.access.reveal() == refused || is_due(tokens, now);
}

Result<TokenSet> in_file(const Login& login) {
  TRY(auto tokens, load_login(login.path));
  if (!tokens) return fail(login_needed(login.provider, "there is no login in " + login.path));
  return std::move(*tokens);
}

/// The file's login, or the one that should have replaced it there. When the file has moved on, what was kept is worth nothing.
Result<TokenSet> newest(const Login& login, Unstored& unstored) {
  auto tokens = in_file(login);
  if (unstored && tokens && tokens->refresh.reveal() == unstored->replaces.reveal()) return unstored->tokens;
  if (tokens || tokens.error().kind == ErrorKind::authentication) unstored.reset();  // another login, or none
  return tokens;
}

/// The old refresh token may be spent by now, so what cannot be stored is kept, and used.
void store(const Login& login, Secret replaces, const TokenSet& tokens, Unstored& unstored) {
  const auto stored = store_login(login.path, tokens);
  if (stored) return unstored.reset();
  unstored = Kept{std::move(replaces), tokens};
  log_warning("the new login to {} is not stored, and lost when this program ends: {}", login.provider, stored.error().message);
}

/// What an answer leaves out stays as it was (RFC 6749 section 6: a refresh token need not be a new one).
TokenSet completed(TokenSet fresh, const TokenSet& old) {
  if (fresh.refresh.empty()) fresh.refresh = old.refresh;
  if (fresh.scope.empty()) fresh.scope = old.scope;
  if (fresh.token_type.empty()) fresh.token_type = old.token_type;
  return fresh;
}

/// The server has refused the refresh token. A client that took no lock may have been faster: then the file has another one by now.
Result<TokenSet> after_refusal(const Login& login, const TokenSet& old, std::string_view words) {
  auto again = load_login(login.path);
  if (again && *again && (*again)->refresh.reveal() != old.refresh.reveal()) return std::move(**again);
  return fail(login_needed(login.provider, words));
}

Result<TokenSet> ask(const Login& login, const TokenSet& old, const Outside& outside) {
  const auto failed = [&](std::string_view why, ErrorKind kind, bool retry_safe) {
    return fail(provider_error(kind, fmt::format("the login to {} could not be refreshed: {}", login.provider, why), retry_safe));
  };
  const auto answer = post_form(login, login.oauth.token_url, refresh_form(login.oauth.client_id, old.refresh.reveal()), outside);
  if (!answer) return failed(answer.error().message, answer.error().kind, answer.error().kind != ErrorKind::config);
  const std::array secrets{old.refresh.reveal(), old.access.reveal()};
  auto said = read_token_answer(answer->status, answer->body, seconds(outside), secrets);
  switch (said.verdict) {
    case Verdict::tokens: return completed(std::move(said.tokens), old);
    case Verdict::refused:
    case Verdict::denied:
    case Verdict::expired: return after_refusal(login, old, said.words);
    case Verdict::busy: return failed(said.words, answer->status == 429 ? ErrorKind::rate_limited : ErrorKind::overloaded, true);
    case Verdict::pending:
    case Verdict::slow_down:
    case Verdict::broken: break;
  }
  return failed(said.words, ErrorKind::protocol, false);
}

}  // namespace

Error login_needed(const std::string& provider, std::string_view why) {
  return {ErrorKind::authentication, Fault::us,
          fmt::format("the login to {} is over ({}); log in again: penstock login {}", provider, why, provider)};
}

Result<TokenSet> renew(const Login& login, std::string_view refused, const Outside& outside, Unstored& unstored) {
  TRY(auto unlocked, newest(login, unstored));
  if (!unstored && !must_go(unlocked, refused, seconds(outside))) return unlocked;
  TRY(const auto lock, LoginLock::take(login.path, {.give_up = outside.give_up}));
  TRY(auto old, newest(login, unstored));
  if (unstored) store(login, unstored->replaces, old, unstored);  // what could not be stored may be by now
  if (!must_go(old, refused, seconds(outside))) return old;       // another process was faster
  if (old.refresh.empty()) return fail(login_needed(login.provider, "it has no refresh token"));
  TRY(auto fresh, ask(login, old, outside));
  store(login, unstored ? unstored->replaces : old.refresh, fresh, unstored);
  return fresh;
}

Result<TokenSet> renew(const Login& login, std::string_view refused, const Outside& outside) {
  Unstored none;
  return renew(login, refused, outside, none);
}

Result<TokenSet> renew_patiently(const Login& login, const Outside& outside, const std::function<void(std::chrono::seconds)>& pause) {
  auto fresh = renew(login, {}, outside);
  for (const auto wait : kRetryAfter) {
    if (fresh || !fresh.error().retry_safe) break;
    pause(wait);
    fresh = renew(login, {}, outside);
  }
  if (fresh) return fresh;
  auto held = in_file(login);
  if (held && !held->access.empty() && (held->expires_at == 0 || seconds(outside) < usable_until(*held))) return held;
  return fresh;
}

}  // namespace penstock::credentials
