#include "base/url.h"

#include <fmt/format.h>

#include "base/text.h"

namespace penstock {

namespace {

constexpr std::uint64_t kHighestPort = 65535;

/// Takes the scheme off `rest`; false when it is neither.
bool take_scheme(std::string_view& rest, bool& tls) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!starts_with_ignoring_case(rest, scheme)) continue;
    tls = scheme.size() == 8;
    rest.remove_prefix(scheme.size());
    return true;
  }
  return false;
}

}  // namespace

std::string Url::host_field() const {
  const std::string name = host.contains(':') ? '[' + host + ']' : host;
  return port == (tls ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  if (!take_scheme(text, url.tls)) return std::nullopt;
  const auto slash = text.find_first_of("/?");
  if (slash != std::string_view::npos) url.path = text.substr(slash);
  std::string_view authority = text.substr(0, slash);
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && !authority.ends_with(']');
  const auto port = has_port ? parse_unsigned(authority.substr(colon + 1)) : std::optional<std::uint64_t>(url.tls ? 443 : 80);
  if (has_port) authority = authority.substr(0, colon);
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  if (authority.empty() || authority.contains('@') || !port || *port == 0 || *port > kHighestPort) return std::nullopt;
  url.host = to_lower(authority);
  url.port = static_cast<std::uint16_t>(*port);
  return url;
}

}  // namespace penstock
