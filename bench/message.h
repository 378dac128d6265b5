// As much HTTP/1.1 as the bench programs need to know that a message arrived whole (RFC 9112: sections 6 and 7.1).
#pragma once

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace penstock::bench {

// The number at the start of the text; 0 when there is none.
inline std::uint64_t number(std::string_view text, int base = 10) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

// The value of a header field, empty when it is absent. The head reaches up to and including its blank line.
inline std::string_view field(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos && at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':' || ::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const std::size_t value = line.find_first_not_of(" \t", name.size() + 1);
    return value == std::string_view::npos ? std::string_view{} : line.substr(value);
  }
  return {};
}

// Follows one body, by content-length or chunked, fed in pieces of any size.
class Body {
 public:
  Body() = default;

  // A message without either header has no body here: neither bench program sends or accepts one that ends with the connection.
  explicit Body(std::string_view head) {
    if (field(head, "transfer-encoding") == "chunked") {
      state_ = State::size;
    } else if ((left_ = number(field(head, "content-length"))) > 0) {
      state_ = State::data;
    }
    chunked_ = state_ == State::size;
  }

  [[nodiscard]] bool done() const { return state_ == State::done; }
  [[nodiscard]] bool broken() const { return state_ == State::broken; }

  // Hands decoded pieces to sink(std::string_view) and returns how many bytes belonged to this body.
  template <class Sink>
  std::size_t feed(std::string_view bytes, Sink&& sink) {
    std::size_t used = 0;
    while (used < bytes.size() && !done() && !broken()) {
      used += state_ == State::data ? feed_data(bytes.substr(used), sink) : feed_framing(bytes.substr(used));
    }
    return used;
  }

 private:
  enum class State : std::uint8_t { size, data, after_data, trailer, done, broken };

  template <class Sink>
  std::size_t feed_data(std::string_view bytes, Sink&& sink) {
    const std::size_t take = std::min<std::size_t>(bytes.size(), left_);
    sink(bytes.substr(0, take));
    left_ -= take;
    if (left_ == 0) state_ = chunked_ ? State::after_data : State::done;
    return take;
  }

  // Framing comes in lines; one may be cut anywhere, so what there is of it is kept until its end arrives.
  std::size_t feed_framing(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (end == std::string_view::npos) return bytes.size();
    end_line();
    line_.clear();
    return end + 1;
  }

  void end_line() {
    const bool empty = line_ == "\r";
    if (state_ == State::after_data) {
      state_ = empty ? State::size : State::broken;
    } else if (state_ == State::trailer) {
      state_ = empty ? State::done : State::trailer;
    } else if (empty || !is_hex(line_.front())) {
      state_ = State::broken;
    } else {
      left_ = number(line_, 16);
      state_ = left_ == 0 ? State::trailer : State::data;
    }
  }

  static bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

  State state_ = State::done;
  bool chunked_ = false;
  std::uint64_t left_ = 0;
  std::string line_;
};

}  // namespace penstock::bench
