// The texts of single values, read: durations, sizes, addresses, URLs, targets. Pure; used for checking and for filling alike.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "config/config.h"

namespace penstock::config {

/// A value, or a sentence that says what is wrong and how to write it. The sentence never holds a secret.
template <typename T>
using Parsed = std::expected<T, std::string>;

/// The text in quotes for a message: control characters escaped, long texts cut.
[[nodiscard]] std::string shown(std::string_view text);
/// `; did you mean "x"?`, or nothing.
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

/// `500ms`, `10s`, `2m`, `1h`, `1d`; a bare 0 needs no unit.
[[nodiscard]] Parsed<Milliseconds> parse_duration(std::string_view text);
/// Bytes: `1024`, `10MB`, `64MiB` (B, KB, MB, GB, KiB, MiB, GiB; case does not count).
[[nodiscard]] Parsed<std::uint64_t> parse_size(std::string_view text);
[[nodiscard]] Parsed<std::uint64_t> parse_integer(std::string_view text);
/// A plain decimal number, not negative.
[[nodiscard]] Parsed<double> parse_number(std::string_view text);
/// true, false, yes, no, on, off.
[[nodiscard]] Parsed<bool> parse_boolean(std::string_view text);

/// `127.0.0.1:4100`, `[::1]:4100`, `localhost:4100`, `:4100` (127.0.0.1), `4100` (the same), `localhost` (port 4100). Any other single word
/// needs a port.
[[nodiscard]] Parsed<ListenAddress> parse_listen(std::string_view text);
/// Only this machine can reach the address.
[[nodiscard]] bool is_loopback(const ListenAddress& address);
/// `host:port`, an IPv6 address in brackets.
[[nodiscard]] std::string to_text(const ListenAddress& address);

/// A word of models[].balance, and back.
[[nodiscard]] Parsed<Balance> parse_balance(std::string_view text);
[[nodiscard]] std::string_view name(Balance balance);

/// http or https without user, query or fragment, and not the URL of one call; comes back without a trailing `/`, `/v1` or `/v1/messages`.
[[nodiscard]] Parsed<std::string> parse_base_url(std::string_view text);
/// `none`, or http://host:port, which may hold user:password@.
[[nodiscard]] Parsed<std::string> parse_proxy(std::string_view text);
/// provider/model; the model may hold slashes and one `*`.
[[nodiscard]] Parsed<Target> parse_target(std::string_view text);
/// A model name or pattern as a client sends it: printable, no spaces.
[[nodiscard]] Parsed<std::string> parse_name(std::string_view text);
/// A provider's name: letters, digits, `-`, `_` and `.`; it begins with none of `-` (an option) and `.` (a hidden file).
[[nodiscard]] bool is_provider_name(std::string_view name);
/// Printable ASCII without spaces, fit for a header.
[[nodiscard]] bool is_secret_text(std::string_view text);
/// Why a header with this name may not be set, or an empty text.
[[nodiscard]] std::string header_name_fault(std::string_view name);
/// A variable's value as it may be shown: masked, unless it is a number or a boolean, or the name is one that is known to hold no secret.
/// Whose values are shown is a list, because no list of words finds every name of a secret.
[[nodiscard]] std::string shown_variable(std::string_view name, const std::string& value);
/// No control characters.
[[nodiscard]] bool is_header_value(std::string_view value);

}  // namespace penstock::config
