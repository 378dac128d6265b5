#include "gateway/authenticate.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace penstock::gateway {

namespace {

constexpr std::array<std::string_view, 3> kKeyFields = {"x-api-key", "x-penstock-key", "x-litellm-api-key"};

bool shows_token(const wire::RequestHead& head, const Snapshot& snapshot) {
  bool shown = false;
  for (const auto& field : head.fields) {
    const bool authorization = equals_ignoring_case(field.name, "authorization");
    const bool key = std::ranges::any_of(kKeyFields, [&](auto name) { return equals_ignoring_case(field.name, name); });
    // Clients of LiteLLM write "Bearer …" into x-litellm-api-key too.
    if (authorization || key) shown |= is_client_token(bearer_of(field.value), snapshot);
  }
  return shown;
}

Status meant_for_us(const wire::RequestHead& head, const Snapshot& snapshot) {
  const auto ours = [&](std::string_view host) { return std::ranges::find(snapshot.hosts, host_name(host)) != snapshot.hosts.end(); };
  if (!head.host.empty() && !ours(head.host))
    return fail(client_error(ErrorKind::permission,
                             "this Host is not ours: without client tokens only local names are answered. Set auth.tokens, or add the "
                             "name to server.hosts"));
  if (const auto* origin = wire::find(head.fields, "origin"); origin && origin->value != "null") {
    const auto scheme = origin->value.find("://");
    if (scheme == std::string_view::npos || !ours(origin->value.substr(scheme + 3)))
      return fail(client_error(ErrorKind::permission,
                               "requests from web pages of other origins are refused while no client tokens are set (auth.tokens)"));
  } else if (origin) {
    return fail(client_error(ErrorKind::permission, "requests from web pages are refused while no client tokens are set (auth.tokens)"));
  }
  return {};
}

}  // namespace

std::string_view bearer_of(std::string_view authorization) {
  constexpr std::string_view kBearer = "bearer ";
  return starts_with_ignoring_case(authorization, kBearer) ? trim(authorization.substr(kBearer.size())) : authorization;
}

std::string host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return to_lower(host.substr(1, end == std::string_view::npos ? end : end - 1));
  }
  std::string name = to_lower(host.substr(0, host.find(':')));
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_client_token(std::string_view value, const Snapshot& snapshot) {
  // All tokens are looked at, whichever fits: the time tells nothing.
  bool fits = false;
  for (const auto& token : snapshot.tokens) fits |= token.matches(value);
  return fits;
}

Status of_own_origin(const wire::RequestHead& head) {
  const auto* origin = wire::find(head.fields, "origin");
  if (!origin) return {};
  const auto scheme = origin->value.find("://");
  const bool own =
      scheme != std::string_view::npos && !head.host.empty() && equals_ignoring_case(origin->value.substr(scheme + 3), head.host);
  return own ? Status{} : fail(client_error(ErrorKind::permission, "this is not for web pages of other origins"));
}

Status authenticate(const wire::RequestHead& head, const Snapshot& snapshot) {
  if (snapshot.open()) return meant_for_us(head, snapshot);
  if (shows_token(head, snapshot)) return {};
  return fail(
      client_error(ErrorKind::authentication,
                   "a client token is needed: send one of auth.tokens as x-api-key, as Authorization: Bearer, or as x-penstock-key"));
}

}  // namespace penstock::gateway
