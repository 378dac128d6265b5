#include "gateway/echo_server.h"

#include <csignal>

namespace penstock::tests {

net::Task<> EchoService::serve(net::Exchange& exchange) {
  Heard heard{std::string(exchange.head().method), std::string(exchange.head().target), {}};
  auto body = co_await exchange.read_body(max_body_);
  if (!body) {
    const auto kind = body.error().kind;
    if (kind == ErrorKind::connection) {
      exchange.abort();
      co_return;
    }
    auto told = co_await exchange.send(kind == ErrorKind::too_large ? 413
                                       : kind == ErrorKind::timeout ? 408
                                                                    : 400,
                                       "", body.error().message);
    if (!told) exchange.abort();
    co_return;
  }
  heard.body = *body;
  const std::string answer = heard.method + " " + heard.target + " " + std::to_string(heard.body.size());
  {
    const std::scoped_lock lock(mutex_);
    heard_.push_back(std::move(heard));
  }
  auto sent = co_await exchange.send(200, "content-type: text/plain\r\n", answer);
  if (!sent) exchange.abort();
}

void EchoService::refused(int status, std::string_view /*why*/) {
  const std::scoped_lock lock(mutex_);
  refusals_.push_back(status);
}

std::vector<Heard> EchoService::heard() const {
  const std::scoped_lock lock(mutex_);
  return heard_;
}

std::vector<int> EchoService::refusals() const {
  const std::scoped_lock lock(mutex_);
  return refusals_;
}

void EchoService::forget() {
  const std::scoped_lock lock(mutex_);
  heard_.clear();
  refusals_.clear();
}

EchoServer::EchoServer(net::ServerLimits limits, std::size_t max_body, std::shared_ptr<net::TlsServerContext> tls) : service_(max_body) {
  std::signal(SIGPIPE, SIG_IGN);
  listener_ = std::make_unique<net::Listener>(control_, std::vector<net::Serving>{{worker_.get(), &service_}}, limits);
  if (tls) listener_->use_certificate(std::move(tls));
  port_ = listener_->listen("127.0.0.1", 0).value().front().port();
  worker_->run();
  control_thread_ = std::thread([this] { control_.run(); });
}

EchoServer::~EchoServer() {
  control_.stop();
  control_thread_.join();
  worker_.reset();
}

}  // namespace penstock::tests
