// Idle connections to providers, kept for the next request. One pool per worker.
#pragma once

#include <unordered_map>

#include "net/connect.h"

namespace penstock::net {

/// A connection for one request.
struct Lease {
  Stream stream;
  bool reused = false;  // it has served before, so it may turn out dead: one retry on another is safe before any byte came back
};

/// Keeps idle connections by origin, drops those that the provider closes or that idle too long, and dials new ones.
class ConnectionPool {
 public:
  static constexpr std::size_t kMostIdle = 128;         // per origin
  static constexpr std::chrono::seconds kKeepIdle{55};  // below the usual 60 s of servers and load balancers

  explicit ConnectionPool(Worker& worker);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  /// The idle connection used last, or a new one. With `fresh`, always a new one.
  Task<Result<Lease>> take(const Origin& origin, TimePoint deadline, Cancel& cancel, bool fresh = false);
  /// Takes back a connection whose last answer was read to its end.
  void give_back(const Origin& origin, Stream stream);
  [[nodiscard]] std::size_t idle() const;
  /// Closes all idle connections, and forgets origins with their TLS contexts: a CA file may have changed.
  void close();

 private:
  struct Idle;
  struct Host;
  std::shared_ptr<Host> host(const Origin& origin);
  Worker& worker_;
  Connector connector_;
  std::unordered_map<std::string, std::shared_ptr<Host>> hosts_;  // shared with those who connect
};

}  // namespace penstock::net
