#include "net/connect.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "wire/http_head.h"

namespace penstock::net {

namespace {

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
constexpr std::chrono::seconds kKeepNames{60};
constexpr std::size_t kMaxKnown = 1024;
constexpr std::chrono::milliseconds kStagger{250};  // RFC 8305: before the other family gets its turn

Error unreachable(std::string text) { return {ErrorKind::connection, Fault::provider, std::move(text), true}; }

/// Wakes an event when the time is up.
class Alarm : public Deadline {
 public:
  explicit Alarm(Event& event) : event_(event) {}

 private:
  void expired() override { event_.wake_later(Wake::timed_out); }
  void abandoned() override { event_.abandon(); }
  Event& event_;
};

/// The two families in turn, in the resolver's order.
std::vector<Endpoint> interleave(const Resolver::results_type& results) {
  std::vector<Endpoint> first, second, mixed;
  for (const auto& entry : results)
    (first.empty() || entry.endpoint().protocol() == first.front().protocol() ? first : second).push_back(entry.endpoint());
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string bracketed(const std::string& host) { return host.contains(':') ? '[' + host + ']' : host; }

bool left_out(std::string_view entry, const std::string& host, std::uint16_t port) {
  if (entry == "*") return true;
  if (const auto colon = entry.rfind(':'); colon != std::string_view::npos && entry.find(':') == colon) {
    if (parse_unsigned(entry.substr(colon + 1)) != port) return false;
    entry = entry.substr(0, colon);
  }
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.empty()) return false;
  if (equals_ignoring_case(entry, host)) return true;
  const std::string suffix = entry.starts_with('.') ? std::string(entry) : "." + std::string(entry);
  return host.size() > suffix.size() && equals_ignoring_case(std::string_view(host).substr(host.size() - suffix.size()), suffix);
}

}  // namespace

std::string Origin::name() const {
  std::string text = fmt::format("{}://{}:{}", tls ? "https" : "http", host, port);
  if (!ca_file.empty()) text += " ca=" + ca_file;
  if (proxy) text += fmt::format(" via {}:{}", proxy->host, proxy->port);
  return text;
}

Result<Proxy> parse_proxy(std::string_view url) {
  const auto bad = [&] {
    return fail(config_error("a proxy must be written http://[user:password@]host:port (HTTPS_PROXY, or `proxy` of a provider)"));
  };
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    if (!equals_ignoring_case(url.substr(0, scheme), "http")) return bad();
    url.remove_prefix(scheme + 3);
  }
  url = url.substr(0, url.find('/'));
  Proxy proxy;
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    const auto user = url.substr(0, at);
    const auto colon = std::min(user.find(':'), user.size());
    proxy.authorization = Secret("Basic " + base64(percent_decode(user.substr(0, colon)) + percent_decode(user.substr(colon))));
    url.remove_prefix(at + 1);
  }
  const auto colon = url.rfind(':');
  const auto port =
      colon == std::string_view::npos || url.ends_with(']') ? std::optional<std::uint64_t>(80) : parse_unsigned(url.substr(colon + 1));
  std::string_view host = colon == std::string_view::npos || url.ends_with(']') ? url : url.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!port || *port == 0 || *port > 65535 || host.empty()) return bad();
  proxy.host = host;
  proxy.port = static_cast<std::uint16_t>(*port);
  return proxy;
}

Result<std::optional<Proxy>> proxy_for(const std::string& host, std::uint16_t port, std::string_view https_proxy,
                                       std::string_view no_proxy) {
  if (trim(https_proxy).empty()) return std::nullopt;
  for (const auto entry : split(no_proxy, ','))
    if (left_out(entry, host, port)) return std::nullopt;
  TRY(Proxy proxy, parse_proxy(trim(https_proxy)));
  return proxy;
}

void Cancel::request() {
  requested_ = true;
  if (give_up_) std::exchange(give_up_, nullptr)();
}

void Cancel::set(std::function<void()> give_up) {
  give_up_ = std::move(give_up);
  if (requested_ && give_up_) std::exchange(give_up_, nullptr)();
}

Task<Result<std::vector<Endpoint>>> Connector::resolve(const std::string& host, std::uint16_t port, TimePoint deadline, Cancel& cancel) {
  boost::system::error_code not_numeric;
  if (const auto address = asio::ip::make_address(host, not_numeric); !not_numeric) co_return std::vector{Endpoint(address, port)};
  const std::string key = fmt::format("{}:{}", host, port);
  if (const auto known = known_.find(key); known != known_.end() && known->second.until > Clock::now()) co_return known->second.endpoints;

  // getaddrinfo runs on Asio's own thread and cannot be stopped there; whoever waits can leave.
  struct Lookup {
    explicit Lookup(const Executor& executor) : event(executor), resolver(executor) {}
    Event event;
    Resolver resolver;
    boost::system::error_code error;
    std::vector<Endpoint> endpoints;
  };
  auto lookup = std::make_shared<Lookup>(worker_.executor());
  lookup->resolver.async_resolve(host, std::to_string(port), Resolver::numeric_service,
                                 [lookup](boost::system::error_code error, const Resolver::results_type& results) {
                                   lookup->error = error;
                                   if (!error) lookup->endpoints = interleave(results);
                                   lookup->event.wake_later(Wake::ready);
                                 });
  Alarm alarm(lookup->event);
  worker_.deadlines().set(alarm, deadline);
  cancel.set([lookup] { lookup->event.wake_later(Wake::cancelled); });
  const Wake wake = co_await lookup->event.wait();
  cancel.set(nullptr);
  if (wake != Wake::ready) {
    lookup->resolver.cancel();
    co_return fail(wake_error(wake, "resolving " + host));
  }
  // RFC 6761 section 6.3: this name is the loopback, also where nothing on the machine says so.
  if (lookup->endpoints.empty() && host == "localhost")
    co_return std::vector{Endpoint(asio::ip::address_v4::loopback(), port), Endpoint(asio::ip::address_v6::loopback(), port)};
  if (lookup->error || lookup->endpoints.empty())
    co_return fail(unreachable(fmt::format("cannot resolve {}: {}", host, lookup->error.message())));
  if (known_.size() >= kMaxKnown) known_.clear();
  known_[key] = {lookup->endpoints, Clock::now() + kKeepNames};
  co_return lookup->endpoints;
}

namespace {

/// A race of connection attempts. Shared by the handlers in flight.
struct Race : std::enable_shared_from_this<Race> {
  Race(const Executor& executor, std::vector<Endpoint> endpoints) : executor(executor), event(executor), endpoints(std::move(endpoints)) {}
  Executor executor;
  Event event;
  std::vector<Endpoint> endpoints;
  std::vector<std::unique_ptr<Socket>> attempts;
  std::optional<Socket> winner;
  std::size_t failed = 0;
  boost::system::error_code error;

  [[nodiscard]] bool more() const { return attempts.size() < endpoints.size(); }
  void begin_next() {
    const std::size_t number = attempts.size();
    attempts.push_back(std::make_unique<Socket>(executor));
    attempts.back()->async_connect(endpoints[number],
                                   [self = shared_from_this(), number](boost::system::error_code error) { self->ended(number, error); });
  }
  void ended(std::size_t number, boost::system::error_code why) {
    if (winner || attempts.empty()) return;
    if (why) {
      ++failed;
      error = why;
    } else {
      winner = std::move(*attempts[number]);
    }
    event.wake_later(Wake::ready);
  }
  void stop() {
    for (auto& attempt : attempts) {
      boost::system::error_code ignored;
      if (attempt) attempt->close(ignored);
    }
    attempts.clear();
  }
};

}  // namespace

Task<Result<Socket>> Connector::dial(std::vector<Endpoint> endpoints, TimePoint deadline, Cancel& cancel) {
  auto race = std::make_shared<Race>(worker_.executor(), std::move(endpoints));
  Alarm alarm(race->event);
  race->begin_next();
  Wake wake = Wake::ready;
  for (;;) {
    worker_.deadlines().set(alarm, race->more() ? std::min(deadline, Clock::now() + kStagger) : deadline);
    cancel.set([race] { race->event.wake_later(Wake::cancelled); });
    wake = co_await race->event.wait();
    cancel.set(nullptr);
    const bool hopeless = race->failed == race->endpoints.size();
    if (race->winner || hopeless || wake == Wake::cancelled || Clock::now() >= deadline) break;
    if (race->more()) race->begin_next();
  }
  auto winner = std::move(race->winner);
  race->stop();
  if (winner) co_return std::move(*winner);
  if (wake == Wake::cancelled) co_return fail(wake_error(wake, "connecting"));
  const auto& last = race->endpoints.back();
  const std::string where = fmt::format("{}:{}", last.address().to_string(), last.port());
  if (race->error) co_return fail(unreachable(fmt::format("cannot connect to {}: {}", where, race->error.message())));
  co_return fail(Error{ErrorKind::timeout, Fault::provider, "connecting to " + where + " took too long", true});
}

Task<Status> Connector::ask_proxy(Stream& stream, const Origin& origin, TimePoint deadline) {
  const std::string authority = fmt::format("{}:{}", bracketed(origin.host), origin.port);
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nhost: {0}\r\n", authority);
  if (!origin.proxy->authorization.empty()) request += fmt::format("proxy-authorization: {}\r\n", origin.proxy->authorization.reveal());
  request += "\r\n";
  CO_TRY_STATUS(co_await stream.write_all(request, deadline - Clock::now()));
  std::string head(wire::kMaxHeadBytes, '\0');
  std::size_t used = 0;
  for (;;) {
    // One byte less than all: what follows the head belongs to TLS and must stay in the socket, and a proxy sends nothing until we speak.
    CO_TRY(const std::size_t got, co_await stream.read_some(head.data() + used, head.size() - used, deadline));
    used += got;
    wire::ResponseHead answer;
    const auto scan = wire::scan_response({head.data(), used}, answer);
    if (scan.state == wire::ScanState::refused) co_return fail(unreachable("the proxy's answer to CONNECT is not HTTP"));
    if (scan.state == wire::ScanState::need_more) continue;
    if (answer.status / 100 == 2 && scan.consumed == used) co_return Status{};
    co_return fail(unreachable(fmt::format("the proxy {}:{} refused to connect to {} (status {})", origin.proxy->host, origin.proxy->port,
                                           authority, answer.status)));
  }
}

namespace {

/// The same socket as the event loop sees one that was accepted. The wait for its connection has left it registered for writing as well,
/// and as it nearly always may be written to, each wait for reading would be followed by an event that says so.
Socket registered_anew(Socket socket) {
  boost::system::error_code ignored, failed;
  const auto protocol = socket.local_endpoint(ignored).protocol();
  Socket fresh(socket.get_executor());
  const auto descriptor = socket.release(ignored);
  fresh.assign(protocol, descriptor, failed);
  if (failed) ::close(descriptor);  // nobody's; who uses the socket hears of it
  return fresh;
}

/// Nobody looks for a proxy's address: it must be said whose it is, and where it comes from.
Error through_proxy(Error error, const Origin& origin) {
  if (origin.proxy && error.kind != ErrorKind::cancelled)
    error.message = fmt::format("the proxy {}:{} (HTTPS_PROXY, or `proxy` of the provider) does not answer: {}", origin.proxy->host,
                                origin.proxy->port, error.message);
  return error;
}

}  // namespace

Task<Result<Stream>> Connector::connect(const Origin& origin, TlsClientContext* tls, TimePoint deadline, Cancel& cancel) {
  const std::string& host = origin.proxy ? origin.proxy->host : origin.host;
  const auto port = origin.proxy ? origin.proxy->port : origin.port;
  auto endpoints = co_await resolve(host, port, deadline, cancel);
  if (!endpoints) co_return fail(through_proxy(endpoints.error(), origin));
  auto socket = co_await dial(std::move(*endpoints), deadline, cancel);
  if (!socket) {
    known_.erase(fmt::format("{}:{}", host, port));  // the name may have moved
    co_return fail(through_proxy(socket.error(), origin));
  }
  Stream stream(registered_anew(std::move(*socket)), worker_.deadlines());
  cancel.set([&stream] { stream.cancel(); });
  Status ready;
  if (origin.proxy) ready = co_await ask_proxy(stream, origin, deadline);
  if (ready && tls) ready = co_await stream.handshake(tls->make_ssl(origin.host), deadline);
  cancel.set(nullptr);
  if (!ready) {
    ready.error().retry_safe = true;
    co_return fail(ready.error());
  }
  co_return std::move(stream);
}

}  // namespace penstock::net
