// A provider's events to the client, as they come.
#pragma once

#include "gateway/relay.h"

namespace penstock::gateway {

/// Relays events, beginning with those in `first` (a view that lasts until the coroutine suspends). Nothing goes out before the first
/// content block: a failure until then is a setback. After it, whatever happens to the provider, the client's stream ends well-formed: with
/// message_stop, or with an error event.
net::Task<Attempted> relay_stream(Relay& to, net::ClientExchange& provider, std::string_view first);

}  // namespace penstock::gateway
