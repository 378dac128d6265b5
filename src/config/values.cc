#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "base/text.h"

namespace penstock::config {

namespace {

constexpr std::size_t kShownLength = 80;
constexpr std::uint64_t kMaxMilliseconds = 10ULL * 366 * 86'400'000;  // ten years: no overflow in any clock
constexpr std::uint64_t kMaxBytes = 1ULL << 50;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_visible(char c) { return c > 0x20 && c < 0x7f; }

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

/// `12unit` as a number of the smallest unit; nothing when it is not of that form or above `limit`.
template <std::size_t N>
std::optional<std::uint64_t> with_unit(std::string_view text, const std::array<Unit, N>& units, std::uint64_t limit) {
  const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  const auto count = parse_unsigned(text.substr(0, digits));
  const auto unit = std::ranges::find_if(units, [&](const Unit& u) { return equals_ignoring_case(u.name, trim(text.substr(digits))); });
  if (!count || unit == units.end() || *count > limit / unit->factor) return std::nullopt;
  return *count * unit->factor;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_unsigned(text);
  if (!port || *port > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

bool is_host_name(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; });
}

bool is_ipv6_text(std::string_view host) {
  const auto allowed = [](char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f') || c == ':' || c == '.'; };
  return std::ranges::count(host, ':') >= 2 && std::ranges::all_of(host, allowed);
}

struct Authority {
  std::string_view host, port;  // host without brackets; port empty when there is none
};

/// Splits `host:port`, `[v6]:port` or `host`.
std::optional<Authority> split_authority(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6_text(text.substr(1, end - 1))) return std::nullopt;
    const auto rest = text.substr(end + 1);
    if (rest.empty()) return Authority{text.substr(1, end - 1), {}};
    if (!rest.starts_with(':') || rest.size() == 1) return std::nullopt;
    return Authority{text.substr(1, end - 1), rest.substr(1)};
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return Authority{text, {}};
  if (colon + 1 == text.size()) return std::nullopt;
  return Authority{text.substr(0, colon), text.substr(colon + 1)};
}

/// An authority of a URL: a host that is one, and a port between 1 and 65535 when there is a port.
bool is_url_authority(std::string_view text) {
  const auto authority = split_authority(text);
  if (!authority || (!is_host_name(authority->host) && !is_ipv6_text(authority->host))) return false;
  if (is_ipv6_text(authority->host) && !text.starts_with('[')) return false;
  return authority->port.empty() || parse_port(authority->port).value_or(0) != 0;
}

std::string_view without_suffix(std::string_view text, std::string_view suffix) {
  return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

std::string_view without_slashes(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

/// The path of one call of OpenAI's APIs that ends `path`, or nothing.
std::string_view call_in(std::string_view path) {
  for (const std::string_view call : {"/chat/completions", "/responses"})
    if (path.ends_with(call)) return call;
  return {};
}

constexpr std::array<std::string_view, 6> kBalances{"ordered", "weighted", "round_robin", "least_busy", "fastest", "cheapest"};

}  // namespace

std::string shown(std::string_view text) {
  if (text.size() <= kShownLength) return json_quote(valid_utf8(text));
  return json_quote(valid_utf8(text.substr(0, kShownLength)) + "…");
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const auto near = near_names(word, candidates, 1);
  // For a word of one or two letters nearly everything is near.
  if (!near.empty() && word.size() < 3 && edit_distance(word, near.front()) > 1) return "";
  return near.empty() ? "" : "; did you mean " + json_quote(near.front()) + "?";
}

Parsed<Milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 5> kUnits{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  if (text == "0") return Milliseconds{0};
  if (const auto value = with_unit(text, kUnits, kMaxMilliseconds)) return Milliseconds{static_cast<std::int64_t>(*value)};
  return std::unexpected(shown(text) + " is not a duration; write a whole number and ms, s, m, h or d, such as 30s");
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::array<Unit, 8> kUnits{
      {{"", 1}, {"B", 1}, {"KB", 1000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}};
  if (const auto value = with_unit(text, kUnits, kMaxBytes)) return *value;
  return std::unexpected(shown(text) + " is not a size; write a number of bytes, or one with a unit, such as 64MiB or 10MB");
}

Parsed<std::uint64_t> parse_integer(std::string_view text) {
  if (const auto value = parse_unsigned(text)) return *value;
  return std::unexpected(shown(text) + " is not a whole number");
}

Parsed<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error == std::errc{} && end == text.data() + text.size() && is_digit(text.front()) && value < 1e12) return value;
  return std::unexpected(shown(text) + " is not a number such as 0.25");
}

Parsed<bool> parse_boolean(std::string_view text) {
  for (const std::string_view word : {"true", "yes", "on"})
    if (equals_ignoring_case(text, word)) return true;
  for (const std::string_view word : {"false", "no", "off"})
    if (equals_ignoring_case(text, word)) return false;
  return std::unexpected(shown(text) + " is neither true nor false");
}

Parsed<ListenAddress> parse_listen(std::string_view text) {
  const std::string fault = shown(text) + " is not an address; write host:port, such as 127.0.0.1:4100, localhost:4100 or [::1]:4100";
  ListenAddress address;
  // A bare number is a port.
  const auto parts = !text.empty() && std::ranges::all_of(text, is_digit) ? Authority{{}, text} : split_authority(text);
  if (!parts || text.empty()) return std::unexpected(fault);
  if (!parts->host.empty()) address.host = parts->host;
  if (!is_host_name(address.host) && !is_ipv6_text(address.host)) return std::unexpected(fault);
  // A word alone is more likely a slip than a machine's name.
  const bool one_word = parts->port.empty() && address.host.find_first_of(".:") == std::string::npos;
  if (one_word && !equals_ignoring_case(address.host, "localhost")) return std::unexpected(fault);
  if (!parts->port.empty()) {
    const auto port = parse_port(parts->port);
    if (!port) return std::unexpected(shown(text) + " has no port between 0 and 65535");
    address.port = *port;
  }
  return address;
}

bool is_loopback(const ListenAddress& address) {
  const std::string host = to_lower(address.host);
  if (host == "localhost" || host == "::1") return true;
  // A numeric 127.x.y.z, not a name such as 127.example.org.
  return host.starts_with("127.") && std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; });
}

std::string to_text(const ListenAddress& address) {
  const bool v6 = address.host.contains(':');
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Parsed<Balance> parse_balance(std::string_view text) {
  const auto found = std::ranges::find(kBalances, text);
  if (found == kBalances.end()) return std::unexpected(shown(text) + " is no way of choosing among targets");
  return static_cast<Balance>(found - kBalances.begin());
}

std::string_view name(Balance balance) { return kBalances[static_cast<std::size_t>(balance)]; }

Parsed<std::string> parse_base_url(std::string_view text) {
  // A URL may carry a password; it is never repeated in a message.
  const std::string_view scheme = starts_with_ignoring_case(text, "https://")  ? "https://"
                                  : starts_with_ignoring_case(text, "http://") ? "http://"
                                                                               : "";
  if (scheme.empty()) return std::unexpected("not a URL; write http://host:port or https://host/path");
  if (!std::ranges::all_of(text, is_visible)) return std::unexpected("a URL may not hold spaces, control or non-ASCII characters");
  const auto rest = text.substr(scheme.size());
  if (rest.find_first_of("?#") != std::string_view::npos) return std::unexpected("remove the query or fragment (? or #) from the URL");
  const auto authority = rest.substr(0, rest.find('/'));
  if (authority.contains('@')) return std::unexpected("remove user and password from the URL; a key goes into api_key");
  if (!is_url_authority(authority))
    return std::unexpected("the URL has no valid host and port; write http://host:port or https://host/path");
  auto path = without_slashes(rest.substr(authority.size()));
  if (const auto call = call_in(path); !call.empty())
    return std::unexpected("the URL ends in " + std::string(call) + ", which is added to each request; write it without");
  path = without_slashes(without_suffix(without_suffix(path, "/messages"), "/v1"));
  return std::string(scheme) + to_lower(authority) + std::string(path);
}

Parsed<std::string> parse_proxy(std::string_view text) {
  if (text == "none") return std::string(text);
  const std::string fault = "not a proxy; write http://host:port, or none";
  if (!starts_with_ignoring_case(text, "http://") || !std::ranges::all_of(text, is_visible)) return std::unexpected(fault);
  const auto rest = without_slashes(text.substr(7));
  const auto at = rest.rfind('@');
  const auto authority = at == std::string_view::npos ? rest : rest.substr(at + 1);
  if (rest.find_first_of("/?#") != std::string_view::npos || !is_url_authority(authority)) return std::unexpected(fault);
  return "http://" + std::string(rest);
}

Parsed<Target> parse_target(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size())
    return std::unexpected(shown(text) + " is not a target; write provider/model");
  if (!std::ranges::all_of(text, is_visible))
    return std::unexpected(shown(text) + " is not a target; it holds a space or a control character");
  Target target{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1)), 1};
  if (!is_provider_name(target.provider))
    return std::unexpected(shown(text) + " does not start with a provider's name; write provider/model");
  if (std::ranges::count(target.model, '*') > 1) return std::unexpected(shown(text) + " holds more than one star");
  return target;
}

Parsed<std::string> parse_name(std::string_view text) {
  if (text.empty()) return std::unexpected("must not be empty");
  const auto unfit = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  if (std::ranges::any_of(text, unfit)) return std::unexpected(shown(text) + " holds a space; a model name has none");
  return std::string(text);
}

bool is_provider_name(std::string_view name) {
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, fits) && name.front() != '.' && name.front() != '-';
}

bool is_secret_text(std::string_view text) { return std::ranges::all_of(text, is_visible); }

std::string header_name_fault(std::string_view name) {
  static constexpr std::array<std::string_view, 14> kOurs{
      "host",    "content-length", "transfer-encoding", "connection",      "keep-alive",          "te",           "trailer",
      "upgrade", "expect",         "proxy-connection",  "accept-encoding", "proxy-authorization", "content-type", "content-encoding"};
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c); };
  if (name.empty() || !std::ranges::all_of(name, fits)) return shown(name) + " is not a header name";
  for (const auto ours : kOurs)
    if (equals_ignoring_case(name, ours)) return "the header " + shown(name) + " is set by Penstock itself; remove it";
  if (equals_ignoring_case(name, "authorization") || equals_ignoring_case(name, "x-api-key"))
    return "the header " + shown(name) + " carries the credential; use api_key and auth instead";
  return {};
}

std::string shown_variable(std::string_view name, const std::string& value) {
  static constexpr auto kHarmless = std::to_array<std::string_view>(
      {"ANTHROPIC_BASE_URL", "API_TIMEOUT_MS", "CLAUDE_CODE_AUTO_COMPACT_WINDOW", "CLAUDE_CODE_SUBAGENT_MODEL", "CLAUDE_CONFIG_DIR",
       "MAX_THINKING_TOKENS", "NODE_EXTRA_CA_CERTS", "NO_PROXY", "PENSTOCK_CONFIG", "PENSTOCK_MODEL", "PENSTOCK_PROVIDER",
       "PENSTOCK_STATE_DIR", "no_proxy"});
  const bool model = name.starts_with("ANTHROPIC_") && name.contains("MODEL");
  const bool harmless = model || name.starts_with("CLAUDE_CODE_MAX_") || std::ranges::find(kHarmless, name) != kHarmless.end();
  const bool login = value.contains('@') && value.contains("://");  // https://user:password@host
  const bool plain = value.empty() || parse_number(value).has_value() || parse_boolean(value).has_value();
  return plain || (harmless && !login) ? value : Secret(value).masked();
}

bool is_header_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

}  // namespace penstock::config
