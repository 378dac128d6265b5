// The client's side of one HTTP/1.1 exchange with a provider, over a connection that the caller leased.
#pragma once

#include "net/stream.h"
#include "net/worker.h"
#include "wire/http_body.h"
#include "wire/http_head.h"

namespace penstock::net {

/// One request sent, one answer read. Lives on its worker's thread.
class ClientExchange {
 public:
  ClientExchange(Worker& worker, Stream stream) : worker_(worker), stream_(std::move(stream)) {}

  /// Sends the request's pieces, if the socket takes them all at once. Else false, and send() goes on behind `written` bytes.
  bool try_send(std::span<const iovec> pieces, std::size_t& written) { return stream_.try_write_all(pieces, written); }
  /// Sends the request's pieces but their first `written` bytes. Stops early, and well, when the provider speaks before it has read them
  /// all: what it says counts.
  Task<Status> send(std::span<const iovec> pieces, Clock::duration patience, std::size_t written = 0);
  /// Reads the answer's head (1xx heads are skipped). Views in it last until release_head(). After a timeout it may be called again.
  Task<Status> read_head(TimePoint deadline);
  [[nodiscard]] const wire::ResponseHead& head() const { return head_; }
  /// Some byte of an answer has come: a retry is no longer safe.
  [[nodiscard]] bool heard() const { return heard_; }
  /// The head is not needed any more. Its buffer goes at the next wait: body bytes that came with it may still be in use.
  void release_head() { head_ = {}; }

  enum class Step : unsigned char { data, end, wait, failed };
  /// The next decoded bytes of the body, without suspending. With Step::data, `data` views the worker's scratch (or the head's buffer) and
  /// lasts until the coroutine suspends. Step::wait: suspend in wait_body(). Step::failed: fault() says why.
  Step try_body(std::string_view& data);
  /// Suspends until there may be more.
  Task<Wake> wait_body(TimePoint deadline);
  [[nodiscard]] const Error& fault() const { return fault_; }

  /// The answer was read to its end and the connection can serve again.
  [[nodiscard]] bool reusable() const { return body_done_ && head_keep_alive_ && stream_.open(); }
  Stream take_stream() { return std::move(stream_); }
  /// Makes the wait in progress return Wake::cancelled.
  void cancel() { stream_.cancel(); }
  /// Takes back a cancel that no wait has seen.
  void clear_cancel() { stream_.clear_cancel(); }
  void close() { stream_.close(); }

 private:
  Step decode(char* bytes, std::size_t size, std::string_view& data);
  Step decode_chunks(char* bytes, std::size_t size, std::string_view& data);
  Step at_close();
  Step broken(ErrorKind kind, std::string text);

  Worker& worker_;
  Stream stream_;
  wire::ResponseHead head_;
  Buffer buffer_;
  std::size_t begin_ = 0, end_ = 0;  // bytes in buffer_ behind the head
  wire::ChunkDecoder chunks_;
  std::uint64_t left_ = 0;
  wire::Framing framing_ = wire::Framing::none;
  bool cut_request_ = false;  // not all of the request was sent
  bool body_done_ = false, heard_ = false, head_keep_alive_ = false, more_at_once_ = true;
  Direction waits_for_ = Direction::read;
  Error fault_;
};

}  // namespace penstock::net
