#include "net/connection_pool.h"

#include <list>

namespace penstock::net {

/// Listens while it waits: the provider's close, or bytes that nobody asked for, end it.
struct ConnectionPool::Idle : Deadline {
  Idle(Stream stream, Host& host) : stream(std::move(stream)), host(host) {}
  Stream stream;
  Host& host;
  std::list<Idle>::iterator self;

  void listen() {
    stream.watch([this] { active(); });
  }
  void active();
  void drop();
  void expired() override { drop(); }
};

/// What is kept for one origin.
struct ConnectionPool::Host {
  std::list<Idle> idle;  // the one used last in front
  std::unique_ptr<TlsClientContext> tls;
};

void ConnectionPool::Idle::active() {
  if (stream.secure() && !stream.peer_gone()) {  // session tickets come after the handshake, when they like
    char byte = 0;
    std::size_t got = 0;
    if (stream.try_read(&byte, 1, got) == Io::want_read) return listen();
  }
  drop();
}

void ConnectionPool::Idle::drop() { host.idle.erase(self); }

ConnectionPool::ConnectionPool(Worker& worker) : worker_(worker), connector_(worker) {}
ConnectionPool::~ConnectionPool() = default;
void ConnectionPool::close() { hosts_.clear(); }

std::shared_ptr<ConnectionPool::Host> ConnectionPool::host(const Origin& origin) {
  auto& host = hosts_[origin.key.empty() ? origin.name() : origin.key];
  if (!host) host = std::make_shared<Host>();
  return host;
}

Task<Result<Lease>> ConnectionPool::take(const Origin& origin, TimePoint deadline, Cancel& cancel, bool fresh) {
  const auto from = host(origin);
  if (!fresh && !from->idle.empty()) {
    Lease lease{std::move(from->idle.front().stream), true};
    from->idle.pop_front();
    lease.stream.watch(nullptr);
    co_return lease;
  }
  if (origin.tls && !from->tls) {
    CO_TRY(from->tls, TlsClientContext::make(origin.ca_file));
  }
  CO_TRY(Stream stream, co_await connector_.connect(origin, from->tls.get(), deadline, cancel));
  co_return Lease{std::move(stream), false};
}

void ConnectionPool::give_back(const Origin& origin, Stream stream) {
  const auto to = host(origin);
  if (to->idle.size() >= kMostIdle) return;
  stream.clear_cancel();
  to->idle.emplace_front(std::move(stream), *to);
  Idle& idle = to->idle.front();
  idle.self = to->idle.begin();
  idle.listen();
  worker_.deadlines().set(idle, Clock::now() + kKeepIdle);
}

std::size_t ConnectionPool::idle() const {
  std::size_t count = 0;
  for (const auto& [key, host] : hosts_) count += host->idle.size();
  return count;
}

}  // namespace penstock::net
