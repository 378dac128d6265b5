#include "net/listener.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/port_holder.h"

namespace penstock::net {

namespace {

constexpr std::chrono::milliseconds kOutOfFiles{100};  // how long to wait when accept() finds no descriptor or memory
constexpr std::chrono::seconds kHandshake{10};
constexpr int kBacklog = 1024;

Task<> serve_accepted(Worker& worker, Service& service, Stream client, std::shared_ptr<TlsServerContext> tls, const ServerLimits& limits) {
  if (tls) {
    auto secured = co_await client.handshake(tls->make_ssl(), Clock::now() + kHandshake);
    if (!secured) {
      worker.connections.fetch_sub(1, std::memory_order_relaxed);
      co_return;
    }
  }
  co_await serve_connection(worker, std::move(client), service, limits);
}

std::string text_of(const Endpoint& endpoint) { return fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port()); }

std::string taken(const Endpoint& endpoint) {
  const auto holder = port_holder(endpoint.address().to_string(), endpoint.port());
  return fmt::format("{} is taken by {}; choose another address with --listen HOST:PORT or server.listen{}", text_of(endpoint),
                     to_text(holder.value_or(PortHolder{})),
                     holder && holder->pid != 0 ? "" : "; penstock status tells whether it is a gateway of yours");
}

}  // namespace

Result<std::vector<Endpoint>> Listener::listen(const std::string& host, std::uint16_t port) {
  boost::system::error_code error;
  asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver(control_.get_executor());
  const auto found =
      resolver.resolve(host, std::to_string(port), asio::ip::resolver_base::passive | asio::ip::resolver_base::numeric_service, error);
  if (error || found.empty()) return fail(config_error(fmt::format("cannot listen on {}:{}: {}", host, port, error.message())));
  std::vector<Endpoint> bound;
  std::optional<Error> fault;
  for (const auto& entry : found) {
    Endpoint endpoint = entry.endpoint();
    if (port == 0 && !bound.empty()) endpoint.port(bound.front().port());  // both families of `localhost` on one port
    if (auto opened = open(endpoint))
      bound.push_back(*opened);
    else
      fault = opened.error();
  }
  if (bound.empty()) return fail(*fault);  // one family is enough: a machine may lack the other
  return bound;
}

Result<Endpoint> Listener::open(const Endpoint& endpoint) {
  auto acceptor = std::make_shared<Acceptor>(control_.get_executor());
  boost::system::error_code error;
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(Acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor->set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(kBacklog, error);
  if (error == asio::error::address_in_use) return fail(config_error(taken(endpoint)));
  if (error) return fail(config_error(fmt::format("cannot listen on {}: {}", text_of(endpoint), error.message())));
  acceptors_.push_back(acceptor);
  start(control_.get_executor(), accept(acceptor));
  return acceptor->local_endpoint();
}

Task<> Listener::accept(std::shared_ptr<Acceptor> acceptor) {
  for (;;) {
    auto [error, socket] = co_await acceptor->async_accept(asio::as_tuple(use_task));
    if (!error) {
      hand_over(std::move(socket));
      continue;
    }
    if (!acceptor->is_open() || error == asio::error::operation_aborted) co_return;
    if (error == asio::error::connection_aborted) continue;
    Timer pause(control_.get_executor(), kOutOfFiles);
    co_await pause.async_wait(asio::as_tuple(use_task));
  }
}

void Listener::hand_over(Socket socket) {
  boost::system::error_code gone;
  const auto protocol = socket.local_endpoint(gone).protocol();
  if (gone) return;
  const auto least =
      std::ranges::min_element(serving_, {}, [](const Serving& one) { return one.worker->connections.load(std::memory_order_relaxed); });
  Worker& worker = *least->worker;
  worker.connections.fetch_add(1, std::memory_order_relaxed);
  const int handle = socket.release();
  worker.post([&worker, service = least->service, handle, protocol, tls = tls_, this] {
    Stream client(Socket(worker.executor(), protocol, handle), worker.deadlines());
    start(worker.executor(), serve_accepted(worker, *service, std::move(client), tls, limits_));
  });
}

void Listener::close() {
  for (const auto& acceptor : acceptors_) {
    boost::system::error_code ignored;
    acceptor->close(ignored);
  }
  acceptors_.clear();
}

}  // namespace penstock::net
