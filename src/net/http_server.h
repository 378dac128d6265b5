// The server's side of HTTP/1.1: one coroutine per client connection reads requests in order, hands each to a Service, and looks after
// framing, keep-alive, pipelining, timeouts and bounds.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/stream.h"
#include "net/worker.h"
#include "wire/http_body.h"
#include "wire/http_head.h"

namespace penstock::net {

/// Bounds of a client connection.
struct ServerLimits {
  std::chrono::milliseconds head{30'000};       // from the first byte of a head to its last
  std::chrono::milliseconds idle{75'000};       // between two requests
  std::chrono::milliseconds body_idle{30'000};  // between two reads of a body
  std::chrono::milliseconds write{60'000};      // a client that takes nothing for this long is given up
  std::chrono::milliseconds linger{2'000};      // for a refused client to read our answer
  std::size_t body_rate = 8 * 1024;             // bytes per second that a body must come at, after body_idle
};

/// One request and its answer. Lives in the connection's coroutine; valid until the Service's coroutine ends.
class Exchange {
 public:
  Exchange(Worker& worker, Stream& client, const ServerLimits& limits) : worker_(worker), client_(client), limits_(limits) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] const wire::RequestHead& head() const { return head_; }
  [[nodiscard]] bool is_head_request() const { return head_.method == "HEAD"; }
  Worker& worker() { return worker_; }

  /// Reads the whole body (answering an Expect first). The view lasts until release_request(), with kBufferPadding readable bytes behind
  /// it. Fails with too_large, timeout, protocol (bad chunks) or connection.
  Task<Result<std::string_view>> read_body(std::size_t most);

  /// Answers in one piece. `fields` are whole lines ("name: value\r\n"), without content-length. Does nothing but note a failure when the
  /// client has gone. An error status with an unread body closes the connection.
  Task<Status> send(int status, std::string_view fields, std::string_view body);
  // The three that follow may be given bytes that die at the next suspension (the worker's scratch): what does not fit into the socket at
  // once is copied. send() may not.
  /// Begins an answer of unknown length (chunked, or until close for HTTP/1.0), and may carry first bytes.
  Task<Status> begin_stream(int status, std::string_view fields, std::string_view first);
  /// Sends more of it.
  Task<Status> send_stream(std::string_view bytes);
  /// Ends it well.
  Task<Status> end_stream(std::string_view last = {});
  /// Ends it so that the client sees that it is not whole.
  void abort();

  /// Frees the request's head and body; views into them die. For streams, which outlive their request by minutes.
  void release_request();

  /// `gone` is called (once, on this thread) when the client closes or breaks the connection while we answer.
  void on_client_gone(std::function<void()> gone);
  [[nodiscard]] bool client_gone() const { return client_gone_; }
  [[nodiscard]] bool answered() const { return answer_started_; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }
  [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  friend class ServerConnection;
  Task<Result<std::string_view>> read_sized_body();
  Task<Result<std::string_view>> read_chunked_body(std::size_t most);
  Task<Result<std::size_t>> fill(char* into, std::size_t size, TimePoint end);
  bool put_at_once(std::span<const iovec> pieces, std::size_t& written);
  Task<Status> put(std::span<const iovec> pieces, std::size_t written = 0);
  Task<Status> put_copying(std::span<const iovec> pieces);
  std::string answer_head(int status, std::string_view fields, std::string_view framing) const;
  void watch_client();
  void client_active();

  Worker& worker_;
  Stream& client_;
  const ServerLimits& limits_;
  wire::RequestHead head_;
  Buffer buffer_;          // the head, and what came with it
  std::size_t begin_ = 0;  // of unread bytes in buffer_ (behind the head)
  std::size_t end_ = 0;    // of bytes in buffer_
  Buffer body_buffer_;     // a body that does not fit behind its head
  std::string early_;      // pipelined bytes that came while we answered
  std::function<void()> gone_;
  int status_ = 0;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
  bool keep_alive_ = true, body_read_ = false, answer_started_ = false, answer_ended_ = false, chunked_answer_ = false;
  bool client_gone_ = false, watching_ = false;
};

/// What a server does with requests.
class Service {
 public:
  virtual ~Service() = default;
  /// Answers one request. Must send an answer, or abort.
  virtual Task<> serve(Exchange& exchange) = 0;
  /// A head that was refused before serve() could see it (for the access log).
  virtual void refused(int status, std::string_view why) = 0;
  /// No new requests: connections close after the answer in work.
  [[nodiscard]] virtual bool draining() const = 0;
};

/// Serves one client connection until it ends, then takes it out of worker.connections (whoever accepted it has counted it in).
/// `service` outlives it.
Task<> serve_connection(Worker& worker, Stream client, Service& service, const ServerLimits& limits);

/// The reason phrase of a status.
std::string_view reason(int status);

}  // namespace penstock::net
