// The search server that Penstock asks for a model whose provider does not search by itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "dialect/search_turns.h"
#include "gateway/search_answer.h"
#include "net/connection_pool.h"

namespace penstock::gateway {

/// Where it is and how it is asked. Immutable; for any thread.
struct SearchBackend {
  SearchApi api = SearchApi::searxng;
  net::Origin origin;
  std::string host;  // the Host field's value
  std::string path;  // what stands before /search or /res/v1/web/search, without a slash at its end
  Secret key;        // empty: none is shown
  unsigned max_results = 8;
};

/// Asks for one query. Waits at most 15 seconds and reads at most 2 MB; redirects are not followed. Fails with connection, timeout,
/// protocol, too_large, rate_limited, authentication, config, or cancelled (the client went away). `backend` and `query` must stay until
/// it returns.
net::Task<Result<std::vector<dialect::SearchHit>>> search(net::Worker& worker, net::ConnectionPool& pool, const SearchBackend& backend,
                                                          std::string_view query, net::Cancel& cancel);

/// What it came to, for the model and the client: the pages that the client wants, at most backend.max_results; what the user can mend is
/// told as advice, since clients show no more of a failure than its code.
[[nodiscard]] dialect::SearchOutcome outcome_of(const SearchBackend& backend, const dialect::SearchTool& tool,
                                                Result<std::vector<dialect::SearchHit>> hits);

/// The request's head, for tests too.
[[nodiscard]] std::string search_head(const SearchBackend& backend, std::string_view query);

}  // namespace penstock::gateway
