// The client's answer, whatever state it is in: not begun, or a stream that has begun (pings go out before a provider says anything).
#pragma once

#include <string>
#include <string_view>

#include "dialect/anthropic_errors.h"
#include "gateway/record.h"
#include "net/http_server.h"

namespace penstock::gateway {

class Recording;

/// Wraps the exchange of one model request. Lives as long as the request's coroutine.
class Answer {
 public:
  Answer(net::Exchange& exchange, Record& record, const Snapshot& snapshot)
      : exchange_(exchange), record_(record), ping_after_(snapshot.ping_after), debug_(snapshot.debug) {}

  [[nodiscard]] bool begun() const { return exchange_.answered(); }
  /// When the next ping is due.
  [[nodiscard]] net::TimePoint ping_at() const { return last_sent_ + ping_after_; }
  /// From now on `copy` gets what the client gets, but for pings and errors inside a stream; until it is null.
  void copy_to(Recording* copy) { copy_ = copy; }

  /// A whole answer. `fields` are further lines of its head.
  net::Task<Status> whole(int status, std::string_view fields, std::string_view body);
  /// Begins the event stream, if it has not begun.
  net::Task<Status> begin(std::string_view fields, std::string_view first);
  net::Task<Status> more(std::string_view events);
  net::Task<Status> end(std::string_view last = {});
  /// A ping event; begins the stream when need be.
  net::Task<Status> ping();
  /// An error as an event of the client's dialect.
  [[nodiscard]] std::string error_event(const dialect::ClientError& error) const;
  /// An error in the client's dialect: an answer with a status, or an event that ends the stream.
  net::Task<> error(const dialect::ClientError& error);

 private:
  [[nodiscard]] std::string fields(std::string_view more) const;
  net::Task<Status> begin_stream(std::string_view more, std::string_view first);
  void sent();
  net::Exchange& exchange_;
  Record& record_;
  std::chrono::milliseconds ping_after_;
  bool debug_;
  net::TimePoint last_sent_ = net::Clock::now();
  Recording* copy_ = nullptr;
};

}  // namespace penstock::gateway
