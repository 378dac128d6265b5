// Which fields of a provider's answer reach the client.
#pragma once

#include <string>

#include "gateway/snapshot.h"
#include "wire/http_head.h"

namespace penstock::gateway {

/// Lines ("name: value\r\n") for the client's head. Framing, the connection's own fields, cookies and what we write ourselves stay behind;
/// plan limits (anthropic-ratelimit-unified-*) only pass to whom the credential belongs (wire-reference 1.11).
std::string provider_fields(const wire::ResponseHead& head, const Upstream& upstream, bool with_content_type);

}  // namespace penstock::gateway
