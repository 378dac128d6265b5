// A provider's whole answer, or its error, to the client.
#pragma once

#include "gateway/relay.h"

namespace penstock::gateway {

/// Reads the rest of the body (`first` came already) and answers. An answer that is cut, empty, HTML or an error in disguise is a setback;
/// the client never gets half of one.
net::Task<Attempted> relay_whole(Relay& to, net::ClientExchange& provider, std::string_view first);

/// The answer did not come, or not whole: a setback, unless it is the client that went away.
Attempted attempt_broke(Relay& to, const Error& why);

/// How long a body may take: between two reads, and in all.
struct Patience {
  std::chrono::milliseconds idle;
  net::TimePoint end;
};
/// Reads the rest of a body into `into`, at most `most` bytes. Fails with protocol when there is more, else as the connection did.
net::Task<Status> read_rest(net::ClientExchange& provider, Patience patience, std::size_t most, std::string& into);

}  // namespace penstock::gateway
