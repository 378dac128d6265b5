#include "gateway/raw_client.h"

#include <algorithm>
#include <utility>

#include "wire/http_body.h"
#include "wire/http_head.h"
#include "wire/sse.h"

namespace penstock::tests {

namespace {

std::string field_in(std::string_view head, std::string_view name, bool& there) {
  wire::ResponseHead scanned;
  there = false;
  if (wire::scan_response(head, scanned).state != wire::ScanState::done) return {};
  const auto* field = wire::find(scanned.fields, name);
  there = field != nullptr;
  return field ? std::string(field->value) : std::string();
}

/// Takes a body off the front of `bytes`. True when it is complete; `fault` is set when it never will be.
bool take_body(const wire::ResponseHead& head, wire::ChunkDecoder& chunks, std::string& bytes, Reply& reply) {
  switch (head.framing) {
    case wire::Framing::none: return true;
    case wire::Framing::until_close: reply.body += std::exchange(bytes, {}); return false;
    case wire::Framing::length: {
      const auto size = std::min<std::size_t>(bytes.size(), head.content_length - reply.body.size());
      reply.body.append(bytes, 0, size);
      bytes.erase(0, size);
      return reply.body.size() == head.content_length;
    }
    case wire::Framing::chunked:
      while (!bytes.empty()) {
        const auto step = chunks.next(bytes);
        reply.body += step.data;
        bytes.erase(0, step.consumed);
        if (step.state == wire::ChunkState::done) return true;
        if (step.state == wire::ChunkState::refused) reply.fault = chunks.fault();
        if (step.state == wire::ChunkState::refused || (step.state == wire::ChunkState::need_more && step.consumed == 0)) return false;
      }
      return false;
  }
  return false;
}

}  // namespace

std::string Reply::field(std::string_view name) const {
  bool there = false;
  return field_in(head, name, there);
}

bool Reply::has_field(std::string_view name) const {
  bool there = false;
  field_in(head, name, there);
  return there;
}

bool RawClient::more() {
  if (ending_ == PeerSocket::Got::bytes) ending_ = socket_.receive(unread_);
  return std::exchange(ending_, ending_ == PeerSocket::Got::nothing ? PeerSocket::Got::bytes : ending_) == PeerSocket::Got::bytes;
}

Reply RawClient::head() {
  Reply reply;
  wire::ResponseHead head;
  for (;;) {
    const auto scan = wire::scan_response(unread_, head);
    if (scan.state == wire::ScanState::done) {
      reply.status = head.status;
      reply.keep_alive = head.keep_alive && head.framing != wire::Framing::until_close;
      reply.head = unread_.substr(0, scan.consumed);
      unread_.erase(0, scan.consumed);
      reply.whole = true;
      return reply;
    }
    if (scan.state == wire::ScanState::refused) reply.fault = wire::describe(scan.fault);
    if (reply.fault.empty() && !more()) reply.fault = unread_.empty() ? "no answer" : "half a head";
    if (!reply.fault.empty()) return reply;
  }
}

Reply RawClient::reply(bool to_head) {
  Reply answer = head();
  while (answer.whole && answer.status < 200) answer = head();
  if (!answer.whole) return answer;
  wire::ResponseHead scanned;
  wire::scan_response(answer.head, scanned);
  if (to_head) return answer;
  wire::ChunkDecoder chunks;
  answer.whole = false;
  while (!take_body(scanned, chunks, unread_, answer)) {
    if (!answer.fault.empty()) return answer;
    if (more()) continue;
    const bool at_end = ending_ == PeerSocket::Got::end && scanned.framing == wire::Framing::until_close;
    answer.whole = at_end;
    if (!at_end) answer.fault = "the body was cut";
    return answer;
  }
  answer.whole = true;
  return answer;
}

std::string RawClient::until(std::string_view text) {
  std::size_t at = std::string::npos;
  while ((at = unread_.find(text)) == std::string::npos && more()) {
  }
  const auto end = at == std::string::npos ? unread_.size() : at + text.size();
  std::string taken = unread_.substr(0, end);
  unread_.erase(0, end);
  return taken;
}

std::vector<StreamEvent> events_of(std::string_view body) {
  std::vector<StreamEvent> events;
  wire::EventScanner scanner;
  scanner.feed(body, [&](const wire::Event& event) {
    if (!event.comment_only) events.push_back({std::string(event.name), std::string(event.data)});
  });
  return events;
}

std::string names_of(const std::vector<StreamEvent>& events) {
  std::string names;
  for (const auto& event : events) names += (names.empty() ? "" : " ") + event.name;
  return names;
}

bool ends_well(std::string_view body) {
  wire::EventScanner scanner;
  int ends = 0;
  std::string last;
  scanner.feed(body, [&](const wire::Event& event) {
    if (event.comment_only) return;
    last = event.name;
    ends += last == "message_stop" || last == "error";
  });
  return ends == 1 && (last == "message_stop" || last == "error") && scanner.held() == 0;
}

std::string post(std::string_view target, std::string_view body, std::string_view fields) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}", target, fields, body.size(), body);
}

std::string get(std::string_view target, std::string_view fields) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, fields);
}

}  // namespace penstock::tests
