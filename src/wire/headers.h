// Which header fields may pass from one side to the other (RFC 9110 section 7.6.1).
#pragma once

#include <string_view>
#include <vector>

#include "wire/http_head.h"

namespace penstock::wire {

/// The field belongs to one connection and never passes: connection, keep-alive, proxy-*, te, trailer, transfer-encoding, upgrade, …
[[nodiscard]] bool is_hop_by_hop(std::string_view name);
/// A Connection field says more than keep-alive or close: it may name further hop-by-hop fields. (Nearly none does.)
[[nodiscard]] bool names_fields_in_connection(const std::vector<Field>& fields);
/// The field is named in a Connection field of the same message, so it is hop-by-hop too.
[[nodiscard]] bool is_named_in_connection(const std::vector<Field>& fields, std::string_view name);
/// A credential that a client showed to us: authorization, x-api-key, cookie, x-penstock-key, x-litellm-api-key, proxy-authorization.
[[nodiscard]] bool is_client_credential(std::string_view name);
/// Framing and addressing, which the sender writes anew: host, content-length, expect, accept-encoding.
[[nodiscard]] bool is_rewritten(std::string_view name);
/// An RFC 9110 token.
[[nodiscard]] bool is_token(std::string_view text);
/// A comma-separated list (RFC 9110 section 5.6.1) has that member, case ignored.
[[nodiscard]] bool list_has(std::string_view list, std::string_view member);

}  // namespace penstock::wire
