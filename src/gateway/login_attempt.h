// An attempt whose credential is a login: its token is fresh when it is sent, and replaced once when the provider refuses it.
#pragma once

#include "gateway/attempt.h"

namespace penstock::gateway {

/// As attempt(), with the token of record.chosen->token_source in `request`. Waits for a refresh when the token's time is over (a
/// stream's client gets pings meanwhile). A 401 leads to one refresh and one more attempt; the second answer counts, whatever it is.
/// Fails as attempt() does, as the refresh did, and with authentication when only a new login helps.
net::Task<Result<std::unique_ptr<net::ClientExchange>>> attempt_with_login(net::Worker& worker, net::ConnectionPool& pool,
                                                                           Outgoing& request, Record& record, Answer& answer,
                                                                           net::Cancel& cancel);

}  // namespace penstock::gateway
