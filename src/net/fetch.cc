#include "net/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "base/text.h"
#include "base/url.h"
#include "net/connection_pool.h"
#include "net/http_client.h"

namespace penstock::net {

namespace {

using Answer = Result<Fetched>;

std::chrono::microseconds since(TimePoint begin) { return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin); }

Result<Origin> origin_of(const FetchRequest& request, const Url& url) {
  Origin origin;
  origin.host = url.host;
  origin.port = url.port;
  origin.tls = url.tls;
  origin.ca_file = request.ca_file;
  if (url.tls) {
    TRY(origin.proxy, proxy_for(url.host, url.port, request.https_proxy, request.no_proxy));
  }
  origin.key = origin.name();
  return origin;
}

/// Names and values come from subcommands and users' files: a line break in one would be a field of its own.
Status check_fields(const FetchRequest& request, const Url& url) {
  const auto broken = [](std::string_view text) { return std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 127; }); };
  if (broken(url.path) || url.path.contains(' ') || broken(url.host))
    return fail(config_error("the URL holds a space, a line break or another control character"));
  for (const auto& [name, value] : request.headers)
    if (broken(name) || broken(value)) return fail(config_error("the header " + json_quote(name) + " holds a control character"));
  return {};
}

std::string head_of(const FetchRequest& request, const Url& url) {
  const std::string path = url.path.starts_with('/') ? url.path : "/" + url.path;
  std::string head = fmt::format("{} {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", request.method, path, url.host_field());
  for (const auto& [name, value] : request.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (!request.body.empty() || request.method == "POST") head += fmt::format("content-length: {}\r\n", request.body.size());
  return head + "\r\n";
}

Task<Status> read_body(ClientExchange& exchange, const FetchRequest& request, TimePoint begin, TimePoint deadline, Fetched& fetched) {
  for (;;) {
    std::string_view data;
    switch (exchange.try_body(data)) {
      case ClientExchange::Step::end: co_return Status{};
      case ClientExchange::Step::failed: co_return fail(exchange.fault());
      case ClientExchange::Step::data:
        if (fetched.body.empty()) fetched.first_byte = since(begin);
        if (fetched.body.size() + data.size() > request.most)
          co_return fail(provider_error(ErrorKind::too_large, fmt::format("the answer is longer than {} bytes", request.most)));
        fetched.body += data;
        break;
      case ClientExchange::Step::wait: {
        const auto woken = co_await exchange.wait_body(deadline);
        if (woken != Wake::ready) co_return fail(provider_error(ErrorKind::timeout, "the answer did not end in time"));
      }
    }
  }
}

Task<Answer> exchange_on(Worker& worker, const FetchRequest& request) {
  const auto begin = Clock::now();
  const auto deadline = begin + request.patience;
  const auto url = parse_url(request.url);
  if (!url) co_return fail(config_error(request.url + " is not a URL like https://host[:port][/path]"));
  CO_TRY_STATUS(check_fields(request, *url));
  CO_TRY(const Origin origin, origin_of(request, *url));
  ConnectionPool pool(worker);
  Cancel cancel;
  CO_TRY(Lease lease, co_await pool.take(origin, deadline, cancel));
  Fetched fetched;
  fetched.connected = since(begin);
  ClientExchange exchange(worker, std::move(lease.stream));
  std::string head = head_of(request, *url);
  std::string body = request.body;
  const std::array<iovec, 2> pieces{iovec{head.data(), head.size()}, iovec{body.data(), body.size()}};
  auto sent = co_await exchange.send(std::span(pieces).first(body.empty() ? 1 : 2), request.patience);
  auto answered = co_await exchange.read_head(deadline);
  if (!answered) co_return fail(sent ? answered.error() : sent.error());
  fetched.status = exchange.head().status;
  for (const auto& field : exchange.head().fields) fetched.headers.emplace_back(to_lower(field.name), field.value);
  CO_TRY_STATUS(co_await read_body(exchange, request, begin, deadline, fetched));
  fetched.total = since(begin);
  co_return fetched;
}

Task<> run_exchange(Worker& worker, const FetchRequest& request, std::promise<Answer>& done) {
  auto answer = co_await exchange_on(worker, request);
  done.set_value(std::move(answer));
}

}  // namespace

std::string Fetched::header(std::string_view name) const {
  for (const auto& [own, value] : headers)
    if (own == name) return value;
  return {};
}

Result<Fetched> fetch(const FetchRequest& request) {
  std::promise<Answer> done;
  auto answer = done.get_future();
  const auto worker = std::make_unique<Worker>(0);
  start(worker->executor(), run_exchange(*worker, request, done));
  worker->run();
  Answer out = answer.get();
  worker->stop();
  return out;
}

}  // namespace penstock::net
