// Which fields of a provider's answer reach the client.
#pragma once

#include <string>

#include "wire/http_head.h"

namespace penstock::gateway {

/// Lines ("name: value\r\n") for the client's head. Framing, the connection's own fields, cookies and what we write ourselves stay behind;
/// what is left of a credential's limits only passes to whom the credential belongs: to all with `passthrough` (wire-reference 1.11).
std::string provider_fields(const wire::ResponseHead& head, bool passthrough, bool with_content_type);

}  // namespace penstock::gateway
