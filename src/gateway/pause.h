// A wait inside a request: the client gets pings, and may leave.
#pragma once

#include "gateway/answer.h"
#include "net/connect.h"
#include "net/worker.h"

namespace penstock::gateway {

/// Waits until `at`. Fails with cancelled when the client went away or we are stopping.
net::Task<Status> pause_until(net::Worker& worker, net::TimePoint at, const Record& record, Answer& answer, net::Cancel& cancel);

}  // namespace penstock::gateway
