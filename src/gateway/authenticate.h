// Who asks. With client tokens: one of them must be shown. Without (only possible on loopback): the request must be meant for us, so that
// a web page cannot reach the gateway through the user's browser (DNS rebinding, cross-site requests).
#pragma once

#include "base/result.h"
#include "gateway/snapshot.h"
#include "wire/http_head.h"

namespace penstock::gateway {

/// Fails with authentication (no or a wrong token) or permission (a foreign Host or Origin).
Status authenticate(const wire::RequestHead& head, const Snapshot& snapshot);

/// Fails with permission when a web page asks that did not come from here. Pages of other ports of this machine are foreign too.
Status of_own_origin(const wire::RequestHead& head);

/// The value is one of our client tokens (which must never reach a provider).
bool is_client_token(std::string_view value, const Snapshot& snapshot);

/// The credential in an Authorization value: what follows "Bearer ", or all of it.
std::string_view bearer_of(std::string_view authorization);

/// Host without its port and brackets, lower case.
std::string host_name(std::string_view host);

}  // namespace penstock::gateway
