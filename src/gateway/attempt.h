// One request to one provider: a connection, the request, the head of the answer. Pings go to the client while the provider is silent.
#pragma once

#include <memory>

#include "gateway/adapt.h"
#include "gateway/answer.h"
#include "net/connection_pool.h"
#include "net/http_client.h"

namespace penstock::gateway {

/// Sends `request` to record.upstream and waits for the head of its answer. A pooled connection that turns out dead before any byte came
/// back is replaced once. Fails with connection, timeout, protocol or cancelled (the client went away).
net::Task<Result<std::unique_ptr<net::ClientExchange>>> attempt(net::Worker& worker, net::ConnectionPool& pool, const Outgoing& request,
                                                                Record& record, Answer& answer, net::Cancel& cancel);

}  // namespace penstock::gateway
