// One HTTP request and its whole answer, blocking: for subcommands, and for threads that do nothing else (a token's refresh). Never on a
// worker's thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace penstock::net {

struct FetchRequest {
  std::string method = "GET";
  std::string url;                                           // http:// or https://, with path and query
  std::vector<std::pair<std::string, std::string>> headers;  // host and content-length are added
  std::string body;
  std::string ca_file;                         // PEM with a private CA; empty: the system's
  std::string https_proxy, no_proxy;           // as in the variables of these names; only for https://
  std::chrono::milliseconds patience{10'000};  // for the whole exchange
  std::size_t most = 4U << 20;                 // bytes of the answer's body
};

struct Fetched {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::chrono::microseconds connected{0}, first_byte{0}, total{0};  // since the call; first_byte: of the answer's body
  /// The first field of that name (lower case), or "".
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// Sends the request and reads the answer to its end. Redirects are not followed. Fails with connection, timeout, protocol or too_large;
/// an HTTP error status is no failure.
Result<Fetched> fetch(const FetchRequest& request);

}  // namespace penstock::net
