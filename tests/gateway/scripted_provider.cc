#include "gateway/scripted_provider.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "wire/http_body.h"
#include "wire/http_head.h"

namespace penstock::tests {

void Gate::open() {
  const std::scoped_lock lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

bool Gate::wait() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [this] { return open_; });
}

namespace {

std::optional<std::string> field_in(std::string_view head, std::string_view name) {
  wire::RequestHead scanned;
  if (wire::scan_request(head, scanned).state != wire::ScanState::done) return std::nullopt;
  const auto* field = wire::find(scanned.fields, name);
  return field ? std::optional<std::string>(field->value) : std::nullopt;
}

}  // namespace

std::string Seen::field(std::string_view name) const { return field_in(head, name).value_or(""); }
bool Seen::has_field(std::string_view name) const { return field_in(head, name).has_value(); }

std::optional<Seen> Visit::request() {
  wire::RequestHead head;
  Seen seen;
  seen.connection = number_;
  for (;;) {
    const auto scan = wire::scan_request(unread_, head);
    if (scan.state == wire::ScanState::refused) return std::nullopt;
    // The gateway always sends a content-length; what it sends must be strictly so.
    if (scan.state == wire::ScanState::done && unread_.size() >= scan.consumed + head.content_length) {
      const auto size = scan.consumed + static_cast<std::size_t>(head.content_length);
      seen.raw = unread_.substr(0, size);
      seen.head = seen.raw.substr(0, scan.consumed);
      seen.body = seen.raw.substr(scan.consumed);
      unread_.erase(0, size);
      provider_.note(seen);
      return seen;
    }
    const auto before = unread_.size();
    if (socket_.receive(unread_) != PeerSocket::Got::bytes) return std::nullopt;
    provider_.note_bytes(std::string_view(unread_).substr(before));
  }
}

bool Visit::head() {
  while (!unread_.contains("\r\n\r\n")) {
    const auto before = unread_.size();
    if (socket_.receive(unread_) != PeerSocket::Got::bytes) return false;
    provider_.note_bytes(std::string_view(unread_).substr(before));
  }
  return true;
}

// The provider's destructor may be looking at the socket, hence the lock.
void Visit::close() {
  const std::scoped_lock lock(provider_.mutex_);
  socket_.close();
}

void Visit::reset() {
  const std::scoped_lock lock(provider_.mutex_);
  socket_.reset();
}

bool Visit::gateway_leaves() {
  for (;;) {
    std::string more;
    const auto got = socket_.receive(more);
    provider_.note_bytes(more);
    if (got == PeerSocket::Got::end || got == PeerSocket::Got::reset) return true;
    if (got == PeerSocket::Got::nothing) return false;
  }
}

ScriptedProvider::ScriptedProvider(Script script, SSL_CTX* tls, const char* address) : tls_(tls), script_(std::move(script)) {
  listen(address);
}

ScriptedProvider::ScriptedProvider(std::string answer)
    : ScriptedProvider([answer = std::move(answer)](Visit& visit) {
        while (visit.request()) visit.send(answer);
      }) {}

void ScriptedProvider::listen(const char* address) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  if (::getaddrinfo(address, "0", &hints, &found) != 0) throw std::runtime_error("no such address");
  listener_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool bound = ::bind(listener_, found->ai_addr, found->ai_addrlen) == 0 && ::listen(listener_, 128) == 0;
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size);
  port_ =
      ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(name).sin6_port : reinterpret_cast<sockaddr_in&>(name).sin_port);
  ::freeaddrinfo(found);
  if (!bound) throw std::runtime_error("a provider of the tests cannot listen");
  acceptor_ = std::thread([this] { accept(); });
}

ScriptedProvider::~ScriptedProvider() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    for (auto& visit : visits_) visit.socket().shut_down();
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (auto& thread : threads_) thread.join();
}

void ScriptedProvider::accept() {
  for (;;) {
    const int handle = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (handle < 0) return;
    const std::scoped_lock lock(mutex_);
    if (stopping_) {
      ::close(handle);
      return;
    }
    const auto visit = visits_.emplace(visits_.end(), *this, PeerSocket(handle), visits_.size());
    changed_.notify_all();
    threads_.emplace_back([this, visit, script = script_] { serve(visit, script); });
  }
}

void ScriptedProvider::serve(std::list<Visit>::iterator visit, Script script) {
  if (!tls_ || visit->socket().accept_tls(tls_)) script(*visit);
  visit->close();
}

std::string ScriptedProvider::url() const { return fmt::format("{}://127.0.0.1:{}", tls_ ? "https" : "http", port_); }

void ScriptedProvider::follow(Script script) {
  const std::scoped_lock lock(mutex_);
  script_ = std::move(script);
}

std::vector<Seen> ScriptedProvider::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

std::size_t ScriptedProvider::connections() const {
  const std::scoped_lock lock(mutex_);
  return visits_.size();
}

std::string ScriptedProvider::received() const {
  const std::scoped_lock lock(mutex_);
  return received_;
}

bool ScriptedProvider::wait_for_requests(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return seen_.size() >= count; });
}

bool ScriptedProvider::wait_for_connections(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return visits_.size() >= count; });
}

void ScriptedProvider::note(Seen seen) {
  const std::scoped_lock lock(mutex_);
  seen_.push_back(std::move(seen));
  changed_.notify_all();
}

void ScriptedProvider::note_bytes(std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  received_ += bytes;
}

std::string whole_answer(std::string_view body, int status, std::string_view fields) {
  return fmt::format("HTTP/1.1 {} X\r\n{}content-length: {}\r\n\r\n{}", status, fields, body.size(), body);
}

std::string chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

const std::string kMessage =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","content":[{"type":"text","text":"Hi there"}],)"
    R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":3}})";

const std::vector<std::string> kMessageEvents = {
    "event: message_start\ndata: "
    R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","content":[],)"
    R"("stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":1}}})"
    "\n\n",
    "event: content_block_start\ndata: "
    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
    "\n\n",
    "event: content_block_delta\ndata: "
    R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}})"
    "\n\n",
    "event: content_block_delta\ndata: "
    R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" there"}})"
    "\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: "
    R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}})"
    "\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"};

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) all += part;
  return all;
}

std::string stream_answer() { return std::string(kStreamHead) + chunk(joined(kMessageEvents)) + std::string(kStreamEnd); }

void answer_messages(Visit& visit) {
  while (const auto request = visit.request()) {
    const bool streams = request->body.contains(R"("stream":true)");
    visit.send(streams ? stream_answer() : whole_answer(kMessage));
  }
}

}  // namespace penstock::tests
