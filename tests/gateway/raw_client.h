// A client that sends bytes as they are given and reads answers strictly: what is not HTTP as it should be is a failure of the test.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/peer_socket.h"

namespace penstock::tests {

/// An answer, read to its end.
struct Reply {
  int status = 0;
  std::string head;         // as it came, with its empty line
  std::string body;         // decoded
  bool whole = false;       // head and body came to their proper end
  bool keep_alive = false;  // the connection may serve again
  std::string fault;        // what was wrong when it is not whole

  /// A header field's value; empty when it is not there.
  [[nodiscard]] std::string field(std::string_view name) const;
  [[nodiscard]] bool has_field(std::string_view name) const;
};

/// What a stream's body holds.
struct StreamEvent {
  std::string name, data;
  bool operator==(const StreamEvent&) const = default;
};
/// Parses an event stream as a client would: what has no empty line at its end does not count.
std::vector<StreamEvent> events_of(std::string_view body);
/// The names of the events, joined by blanks.
std::string names_of(const std::vector<StreamEvent>& events);
/// Ends as a stream of Anthropic's must: whole events only, message_stop or an error as the last, one of both only.
bool ends_well(std::string_view body);

/// One connection to a gateway.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const char* address = "127.0.0.1") : socket_(PeerSocket::connect(port, address)) {}
  explicit RawClient(PeerSocket socket) : socket_(std::move(socket)) {}

  PeerSocket& socket() { return socket_; }
  bool send(std::string_view bytes) { return socket_.send(bytes); }
  /// The next answer. `to_head`: it answers a HEAD, so it has no body. Interim answers are skipped.
  Reply reply(bool to_head = false);
  /// The next head alone, an interim one too. Its body is read by body().
  Reply head();
  /// Bytes of the stream whose head was read, until `text` has come or the connection says no more. The raw bytes, with their framing.
  std::string until(std::string_view text);
  /// Bytes that came and were not asked for yet.
  [[nodiscard]] const std::string& unread() const { return unread_; }
  /// The gateway ends the connection without another byte.
  bool closed() { return unread_.empty() && socket_.ends(); }

  /// Sends a request and reads its answer.
  Reply ask(std::string_view request) {
    send(request);
    return reply(request.starts_with("HEAD "));
  }

 private:
  bool more();
  PeerSocket socket_;
  std::string unread_;
  PeerSocket::Got ending_ = PeerSocket::Got::bytes;
};

/// A request with a body; `fields` are whole lines.
std::string post(std::string_view target, std::string_view body, std::string_view fields = {});
std::string get(std::string_view target, std::string_view fields = {});

}  // namespace penstock::tests
