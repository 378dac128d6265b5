#include "net/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/append.h"
#include "base/text.h"

namespace penstock::net {

namespace {

constexpr std::size_t kMaxEarly = 64 * 1024;      // pipelined bytes that we hold while we answer
constexpr std::size_t kMaxLinger = 1024 * 1024;   // bytes of a refused request that we still read
constexpr std::size_t kFirstRead = 4 * 1024;      // of a request: a usual head and no more, since what is read of a body has to be copied
constexpr std::size_t kFirstChunked = 64 * 1024;  // first size of the buffer for a chunked body
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

iovec piece(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

Error gone() { return {ErrorKind::cancelled, Fault::client, "the client went away"}; }

Error blame_client(Error error) {
  error.fault = Fault::client;
  return error;
}

}  // namespace

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 529: return "Overloaded";
    default: return "Status";
  }
}

// ---- reading

Task<Result<std::size_t>> Exchange::fill(char* into, std::size_t size, TimePoint end) {
  const auto deadline = std::min(end, Clock::now() + limits_.body_idle);
  auto got = co_await client_.read_some(into, size, deadline);
  if (!got) co_return fail(blame_client(got.error()));
  bytes_in_ += *got;
  co_return *got;
}

Task<Result<std::string_view>> Exchange::read_body(std::size_t most) {
  body_read_ = true;
  if (head_.framing == wire::Framing::none) co_return std::string_view{};
  if (head_.framing == wire::Framing::length && head_.content_length > most) {
    keep_alive_ = body_read_ = false;
    co_return fail(
        client_error(ErrorKind::too_large, fmt::format("the body has {} bytes; at most {} are allowed", head_.content_length, most)));
  }
  if (head_.expect_continue && begin_ == end_) {
    if (auto sent = co_await client_.write_all(kContinue, limits_.write); !sent) co_return fail(gone());
  }
  auto body = head_.framing == wire::Framing::length ? co_await read_sized_body() : co_await read_chunked_body(most);
  if (!body) keep_alive_ = body_read_ = false;
  co_return body;
}

Task<Result<std::string_view>> Exchange::read_sized_body() {
  const auto size = static_cast<std::size_t>(head_.content_length);
  const auto end = Clock::now() + limits_.body_idle + std::chrono::seconds(size / limits_.body_rate);
  if (begin_ + size <= buffer_.size()) {
    while (end_ - begin_ < size) {
      CO_TRY(const std::size_t got, co_await fill(buffer_.data() + end_, buffer_.size() - end_, end));
      end_ += got;
    }
    const std::string_view body(buffer_.data() + begin_, size);
    begin_ += size;
    co_return body;
  }
  body_buffer_ = worker_.buffers().take(size);
  std::size_t have = end_ - begin_;
  std::memcpy(body_buffer_.data(), buffer_.data() + begin_, have);
  begin_ = end_;
  while (have < size) {
    CO_TRY(const std::size_t got, co_await fill(body_buffer_.data() + have, size - have, end));
    have += got;
  }
  co_return std::string_view(body_buffer_.data(), size);
}

namespace {

/// Makes room for `more` bytes behind `used`.
void grow(BufferPool& pool, Buffer& buffer, std::size_t used, std::size_t more) {
  if (used + more <= buffer.size()) return;
  Buffer larger = pool.take(std::max({kFirstChunked, buffer.size() * 2, used + more}));
  if (used > 0) std::memcpy(larger.data(), buffer.data(), used);
  buffer = std::move(larger);
}

}  // namespace

Task<Result<std::string_view>> Exchange::read_chunked_body(std::size_t most) {
  const auto end = Clock::now() + limits_.body_idle + std::chrono::seconds(most / limits_.body_rate);
  wire::ChunkDecoder decoder;
  std::size_t used = 0;
  std::string_view input(buffer_.data() + begin_, end_ - begin_);
  begin_ = end_;
  for (;;) {
    const auto step = decoder.next(input);
    input.remove_prefix(step.consumed);
    if (step.state == wire::ChunkState::refused) co_return fail(client_error(ErrorKind::protocol, std::string(decoder.fault())));
    if (step.state == wire::ChunkState::done) break;
    if (step.state == wire::ChunkState::data) {
      if (used + step.data.size() > most)
        co_return fail(client_error(ErrorKind::too_large, fmt::format("the body has more than the {} bytes that are allowed", most)));
      grow(worker_.buffers(), body_buffer_, used, step.data.size());
      std::memcpy(body_buffer_.data() + used, step.data.data(), step.data.size());
      used += step.data.size();
      continue;
    }
    auto& scratch = worker_.scratch();
    CO_TRY(const std::size_t got, co_await fill(scratch.data(), scratch.size(), end));
    input = {scratch.data(), got};
  }
  early_.assign(input);
  if (!body_buffer_) body_buffer_ = worker_.buffers().take(1);
  co_return std::string_view(body_buffer_.data(), used);
}

void Exchange::release_request() {
  if (end_ > begin_) early_.insert(0, buffer_.data() + begin_, end_ - begin_);
  begin_ = end_ = 0;
  const int minor_version = head_.minor_version;
  head_ = {};
  head_.minor_version = minor_version;
  buffer_.release();
  body_buffer_.release();
}

// ---- the client's presence

void Exchange::on_client_gone(std::function<void()> gone) {
  gone_ = std::move(gone);
  if (client_gone_ && gone_) std::exchange(gone_, nullptr)();
  if (!watching_ && !client_gone_) watch_client();
}

void Exchange::watch_client() {
  watching_ = true;
  client_.watch([this] { client_active(); });
}

void Exchange::client_active() {
  auto& scratch = worker_.scratch();
  std::size_t got = 0;
  switch (client_.try_read(scratch.data(), scratch.size(), got)) {
    case Io::done:
      early_.append(scratch.data(), got);
      if (early_.size() < kMaxEarly) watch_client();  // beyond it the client has to wait, and is not heard until then
      return;
    case Io::want_read:
    case Io::want_write: return watch_client();
    case Io::end:
    case Io::failed: break;
  }
  client_gone_ = true;
  keep_alive_ = false;
  if (gone_) std::exchange(gone_, nullptr)();
  client_.cancel();  // it may be the client that we wait for, with the provider's next bytes in hand
}

// ---- answering

std::string Exchange::answer_head(int status, std::string_view fields, std::string_view framing) const {
  std::string head;
  head.reserve(96 + fields.size() + framing.size());
  append(head, "HTTP/1.1 ", status, ' ', reason(status), "\r\n", fields);
  head += framing;
  if (!keep_alive_)
    head += "connection: close\r\n";
  else if (head_.minor_version == 0)
    head += "connection: keep-alive\r\n";
  head += "\r\n";
  return head;
}

Task<Status> Exchange::put(std::span<const iovec> pieces, std::size_t written) {
  if (client_gone_) co_return fail(gone());
  for (const auto& part : pieces) bytes_out_ += part.iov_len;
  bytes_out_ -= written;
  auto sent = co_await client_.write_all(pieces, limits_.write, written);
  if (sent) co_return sent;
  client_gone_ = true;
  keep_alive_ = false;
  co_return fail(blame_client(sent.error()));
}

/// What the socket takes now; true when that is all, as it nearly always is. Nobody has to wait for it then.
bool Exchange::put_at_once(std::span<const iovec> pieces, std::size_t& written) {
  if (client_gone_) return false;
  const bool all = client_.try_write_all(pieces, written);
  bytes_out_ += written;
  return all;
}

/// Pieces in the worker's scratch: other coroutines write there as soon as this one waits, so what the socket does not take is copied
/// first.
Task<Status> Exchange::put_copying(std::span<const iovec> pieces) {
  std::size_t written = 0;
  if (put_at_once(pieces, written)) co_return Status{};
  std::string rest;
  for (const auto& part : pieces) {
    const auto skip = std::min(written, part.iov_len);
    rest.append(static_cast<const char*>(part.iov_base) + skip, part.iov_len - skip);
    written -= skip;
  }
  const iovec remaining = piece(rest);
  co_return co_await put(std::span(&remaining, 1));
}

Task<Status> Exchange::send(int status, std::string_view fields, std::string_view body) {
  answer_started_ = answer_ended_ = true;
  status_ = status;
  const bool has_body = head_.framing == wire::Framing::chunked || head_.content_length > 0;
  if (!body_read_ && has_body) keep_alive_ = false;
  std::string length;
  length.reserve(48);
  append(length, "content-length: ", body.size(), "\r\n");
  const std::string head = answer_head(status, fields, length);
  const std::array pieces{piece(head), piece(is_head_request() ? std::string_view{} : body)};
  std::size_t written = 0;
  if (put_at_once(pieces, written)) co_return Status{};
  co_return co_await put(pieces, written);
}

Task<Status> Exchange::begin_stream(int status, std::string_view fields, std::string_view first) {
  answer_started_ = true;
  status_ = status;
  chunked_answer_ = head_.minor_version >= 1;
  if (!chunked_answer_) keep_alive_ = false;
  const std::string head = answer_head(status, fields, chunked_answer_ ? "transfer-encoding: chunked\r\n" : "");
  const auto size = wire::chunk_head(first.size());
  const bool chunk = chunked_answer_ && !first.empty();
  const std::array pieces{piece(head), piece(chunk ? size.view() : std::string_view{}), piece(first),
                          piece(chunk ? wire::kChunkEnd : std::string_view{})};
  co_return co_await put_copying(pieces);
}

Task<Status> Exchange::send_stream(std::string_view bytes) {
  if (bytes.empty()) co_return Status{};
  const auto size = wire::chunk_head(bytes.size());
  const std::array pieces{piece(chunked_answer_ ? size.view() : std::string_view{}), piece(bytes),
                          piece(chunked_answer_ ? wire::kChunkEnd : std::string_view{})};
  co_return co_await put_copying(pieces);
}

Task<Status> Exchange::end_stream(std::string_view last) {
  answer_ended_ = true;
  if (!chunked_answer_) co_return co_await send_stream(last);
  const auto size = wire::chunk_head(last.size());
  const std::array pieces{piece(last.empty() ? std::string_view{} : size.view()), piece(last),
                          piece(last.empty() ? std::string_view{} : wire::kChunkEnd), piece(wire::kLastChunk)};
  co_return co_await put_copying(pieces);
}

void Exchange::abort() {
  answer_started_ = answer_ended_ = true;
  keep_alive_ = false;
  client_.reset();
}

// ---- the connection

class ServerConnection {
 public:
  ServerConnection(Worker& worker, Stream client, Service& service, const ServerLimits& limits)
      : worker_(worker), client_(std::move(client)), service_(service), limits_(limits) {
    worker_.clients.insert(&idle_);
  }
  ~ServerConnection() {
    worker_.clients.erase(&idle_);
    worker_.connections.fetch_sub(1, std::memory_order_relaxed);
  }
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  Task<> run();

 private:
  enum class Next : unsigned char { serve, close, refuse };
  Task<Next> read_head(Exchange& exchange);
  Task<bool> wait_for_bytes(Exchange& exchange);
  Task<> refuse(Exchange& exchange);
  Task<> linger();
  void keep_rest(Exchange& exchange);

  Worker& worker_;
  Stream client_;
  Service& service_;
  const ServerLimits& limits_;
  IdleClient idle_{&client_};
  Buffer buffer_;  // unread bytes of the next requests
  std::size_t unread_ = 0;
  wire::HeadFault fault_ = wire::HeadFault::none;
};

Task<> ServerConnection::run() {
  for (bool go_on = true; go_on;) {
    Exchange exchange(worker_, client_, limits_);
    const Next next = co_await read_head(exchange);
    if (next == Next::close) break;
    if (next == Next::refuse) {
      co_await refuse(exchange);
      break;
    }
    if (service_.draining()) exchange.keep_alive_ = false;
    co_await service_.serve(exchange);
    client_.watch(nullptr);
    client_.clear_cancel();
    worker_.tidy_soon();
    if (!exchange.answer_ended_) exchange.abort();
    go_on = exchange.keep_alive_ && !exchange.client_gone_;
    if (go_on)
      keep_rest(exchange);
    else if (!exchange.client_gone_ && !exchange.body_read_)
      co_await linger();
  }
  client_.close();
}

/// Waits for the first bytes of a request. An idle connection holds no buffer.
Task<bool> ServerConnection::wait_for_bytes(Exchange& exchange) {
  const auto deadline = Clock::now() + limits_.idle;
  for (;;) {
    if (client_.secure()) {  // TLS may hold bytes that the socket does not
      exchange.buffer_ = worker_.buffers().take(BufferPool::kSmall);
      const Io io = client_.try_read(exchange.buffer_.data(), exchange.buffer_.size(), exchange.end_);
      if (io == Io::done) co_return true;
      if (io == Io::end || io == Io::failed) co_return false;
      exchange.buffer_.release();
    }
    if (service_.draining()) co_return false;
    idle_.idle = true;
    const Wake wake = co_await client_.wait(Direction::read, deadline);
    idle_.idle = false;
    if (wake != Wake::ready) co_return false;
    if (client_.secure()) continue;
    exchange.buffer_ = worker_.buffers().take(BufferPool::kSmall);
    const Io io = client_.try_read(exchange.buffer_.data(), kFirstRead, exchange.end_);
    if (io == Io::done) co_return true;
    exchange.buffer_.release();
    if (io == Io::end || io == Io::failed) co_return false;
  }
}

Task<ServerConnection::Next> ServerConnection::read_head(Exchange& exchange) {
  exchange.buffer_ = std::move(buffer_);
  exchange.end_ = std::exchange(unread_, 0);
  if (exchange.end_ == 0) {
    const bool some = co_await wait_for_bytes(exchange);
    if (!some) co_return Next::close;
  }
  const auto deadline = Clock::now() + limits_.head;
  std::size_t scanned = 0;
  for (;;) {
    const auto scan = wire::scan_request({exchange.buffer_.data(), exchange.end_}, exchange.head_, &scanned);
    if (scan.state == wire::ScanState::done) {
      exchange.begin_ = scan.consumed;
      exchange.keep_alive_ = exchange.head_.keep_alive;
      exchange.bytes_in_ = exchange.end_;
      co_return Next::serve;
    }
    fault_ = scan.fault;
    if (scan.state == wire::ScanState::refused) co_return Next::refuse;
    if (exchange.end_ == exchange.buffer_.size()) {
      Buffer larger = worker_.buffers().take(exchange.buffer_.size() * 2);
      std::memcpy(larger.data(), exchange.buffer_.data(), exchange.end_);
      exchange.buffer_ = std::move(larger);
    }
    auto got = co_await client_.read_some(exchange.buffer_.data() + exchange.end_, exchange.buffer_.size() - exchange.end_, deadline);
    if (!got) {
      // A slow head is told so; one that ended early has nobody left to tell.
      if (got.error().kind == ErrorKind::timeout) co_return Next::refuse;
      co_return Next::close;
    }
    exchange.end_ += *got;
  }
}

Task<> ServerConnection::refuse(Exchange& exchange) {
  const int status = fault_ == wire::HeadFault::none ? 408 : wire::status_of(fault_);
  const std::string_view why = fault_ == wire::HeadFault::none ? "the request's head took too long" : wire::describe(fault_);
  service_.refused(status, why);
  exchange.keep_alive_ = false;
  exchange.body_read_ = true;
  exchange.head_ = {};
  const std::string body = fmt::format(R"({{"type":"error","error":{{"type":"invalid_request_error","message":{}}}}})",
                                       json_quote(fmt::format("HTTP: {}", why)));
  auto sent = co_await exchange.send(status, "content-type: application/json\r\n", body);
  if (sent) co_await linger();
}

/// Lets the client read our answer: closing with unread bytes in the socket would reset the connection and lose it.
Task<> ServerConnection::linger() {
  client_.shutdown_write();
  const auto deadline = Clock::now() + limits_.linger;
  for (std::size_t total = 0; total < kMaxLinger;) {
    auto& scratch = worker_.scratch();
    auto got = co_await client_.read_some(scratch.data(), scratch.size(), deadline);
    if (!got) co_return;
    total += *got;
  }
}

/// Bytes behind this request belong to the next one.
void ServerConnection::keep_rest(Exchange& exchange) {
  const auto left = exchange.end_ - exchange.begin_;
  if (left + exchange.early_.size() == 0) return;
  buffer_ = worker_.buffers().take(std::max(left + exchange.early_.size(), BufferPool::kSmall));
  std::copy_n(exchange.buffer_.data() + exchange.begin_, left, buffer_.data());
  std::ranges::copy(exchange.early_, buffer_.data() + left);
  unread_ = left + exchange.early_.size();
}

Task<> serve_connection(Worker& worker, Stream client, Service& service, const ServerLimits& limits) {
  ServerConnection connection(worker, std::move(client), service, limits);
  co_await connection.run();
}

}  // namespace penstock::net
