// A provider that does what a test says: it keeps every byte that it received, and answers bytes, waits for a word, closes, resets.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gateway/peer_socket.h"

namespace penstock::tests {

/// One thread waits until another says so.
class Gate {
 public:
  void open();
  /// False when nobody opens it in time.
  bool wait();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

/// A request as the provider received it.
struct Seen {
  std::size_t connection = 0;  // the how manieth, from 0
  std::string raw, head, body;
  [[nodiscard]] std::string field(std::string_view name) const;
  [[nodiscard]] bool has_field(std::string_view name) const;
};

class ScriptedProvider;

/// One connection from the gateway, in the hands of the script.
class Visit {
 public:
  Visit(ScriptedProvider& provider, PeerSocket socket, std::size_t number)
      : provider_(provider), socket_(std::move(socket)), number_(number) {}
  [[nodiscard]] std::size_t number() const { return number_; }
  PeerSocket& socket() { return socket_; }

  /// Reads the next request, head and body, and notes it. Nothing when the gateway ends the connection first.
  std::optional<Seen> request();
  /// Reads a head only and leaves the body where it is.
  bool head();
  bool send(std::string_view bytes) { return socket_.send(bytes); }
  /// Waits until the gateway ends the connection; true when it does.
  bool gateway_leaves();
  void close();
  void reset();

 private:
  ScriptedProvider& provider_;
  PeerSocket socket_;
  std::string unread_;
  std::size_t number_;
};

/// Listens on a port of its own. Each connection runs the script in a thread of its own.
class ScriptedProvider {
 public:
  using Script = std::function<void(Visit&)>;

  explicit ScriptedProvider(Script script, SSL_CTX* tls = nullptr, const char* address = "127.0.0.1");
  /// Answers every request with these bytes and keeps the connection.
  explicit ScriptedProvider(std::string answer);
  ~ScriptedProvider();
  ScriptedProvider(const ScriptedProvider&) = delete;
  ScriptedProvider& operator=(const ScriptedProvider&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const;
  /// From the next connection on.
  void follow(Script script);

  [[nodiscard]] std::vector<Seen> seen() const;
  [[nodiscard]] std::size_t connections() const;
  /// Waits until that many requests have come.
  bool wait_for_requests(std::size_t count) const;
  /// Waits until that many connections have been accepted.
  bool wait_for_connections(std::size_t count) const;
  /// Every byte that ever came, of all connections.
  [[nodiscard]] std::string received() const;

 private:
  friend class Visit;
  void listen(const char* address);
  void accept();
  void serve(std::list<Visit>::iterator visit, Script script);
  void note(Seen seen);
  void note_bytes(std::string_view bytes);

  SSL_CTX* tls_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Script script_;
  std::vector<Seen> seen_;
  std::string received_;
  std::list<Visit> visits_;
  std::vector<std::thread> threads_;
  bool stopping_ = false;
  std::thread acceptor_;
};

/// Answers with a content-length. `fields` are whole lines.
std::string whole_answer(std::string_view body, int status = 200, std::string_view fields = "content-type: application/json\r\n");
/// The head of an event stream in chunks, one chunk, and the end.
inline constexpr std::string_view kStreamHead = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
inline constexpr std::string_view kStreamEnd = "0\r\n\r\n";
std::string chunk(std::string_view bytes);

/// A small message of Anthropic's, whole and as events.
extern const std::string kMessage;
extern const std::vector<std::string> kMessageEvents;
std::string joined(const std::vector<std::string>& parts);
/// kMessageEvents as one answer.
std::string stream_answer();

/// Answers each request with the message, as a stream when that is asked for.
void answer_messages(Visit& visit);

}  // namespace penstock::tests
