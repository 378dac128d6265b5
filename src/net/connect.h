// Reaching a peer: asynchronous name resolution, both address families raced, a proxy's CONNECT, TLS.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/worker.h"

namespace penstock::net {

/// An HTTP proxy that is asked to CONNECT.
struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  Secret authorization;  // value of Proxy-Authorization, or empty
};

/// Where a provider listens. A value; two equal ones share connections.
struct Origin {
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 0;
  bool tls = false;
  std::string ca_file;
  std::optional<Proxy> proxy;
  std::string key;  // name() of it, made once: the pool's key
  /// "https://host:port" and what else tells two origins apart.
  [[nodiscard]] std::string name() const;
};

/// The proxy that HTTPS_PROXY names for this host, unless NO_PROXY leaves it out (exact names, .suffixes, *, host:port, addresses).
/// Fails when the variable holds no usable http:// URL.
Result<std::optional<Proxy>> proxy_for(const std::string& host, std::uint16_t port, std::string_view https_proxy,
                                       std::string_view no_proxy);
/// Reads one "http://user:password@host:port".
Result<Proxy> parse_proxy(std::string_view url);

/// Lets somebody else on the thread give up a connect in progress, or before it began.
class Cancel {
 public:
  void request();
  [[nodiscard]] bool requested() const { return requested_; }
  /// What to run when it is requested; null when nothing is in progress. Runs at once when it already was.
  void set(std::function<void()> give_up);

 private:
  std::function<void()> give_up_;
  bool requested_ = false;
};

/// A worker's way out. Keeps names for a minute.
class Connector {
 public:
  explicit Connector(Worker& worker) : worker_(worker) {}
  /// A connection ready for HTTP. Every failure is safe to retry: no request byte was sent.
  Task<Result<Stream>> connect(const Origin& origin, TlsClientContext* tls, TimePoint deadline, Cancel& cancel);

 private:
  struct Known {
    std::vector<Endpoint> endpoints;
    TimePoint until;
  };
  Task<Result<std::vector<Endpoint>>> resolve(const std::string& host, std::uint16_t port, TimePoint deadline, Cancel& cancel);
  Task<Result<Socket>> dial(std::vector<Endpoint> endpoints, TimePoint deadline, Cancel& cancel);
  Task<Status> ask_proxy(Stream& stream, const Origin& origin, TimePoint deadline);
  Worker& worker_;
  std::map<std::string, Known> known_;
};

}  // namespace penstock::net
