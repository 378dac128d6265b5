#include "wire/sse.h"

#include "wire/bytes.h"

namespace penstock::wire {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// The byte after the line end at `at`: LF, CR or CRLF.
std::size_t after_line_end(std::string_view bytes, std::size_t at) {
  return at + (bytes[at] == '\r' && at + 1 < bytes.size() && bytes[at + 1] == '\n' ? 2 : 1);
}

std::size_t line_end(std::string_view bytes, std::size_t from) {
  const char* const begin = bytes.data();
  return static_cast<std::size_t>(find_line_end(begin + from, begin + bytes.size()) - begin);
}

/// The line is `name`, or begins with `name` and a colon; then `value` is what follows, without one space.
bool is_field(std::string_view line, std::string_view name, std::string_view& value) {
  if (!line.starts_with(name)) return false;
  value = line.substr(name.size());
  if (value.empty()) return true;
  if (value.front() != ':') return false;
  value.remove_prefix(value.size() > 1 && value[1] == ' ' ? 2 : 1);
  return true;
}

}  // namespace

bool EventScanner::take(std::string_view& rest, Event& event) {
  if (held_is_done_) {
    held_.clear();
    held_is_done_ = false;
  }
  if (rest.empty() || too_large_) return false;
  if (!held_.empty()) return take_held(rest, event);
  const auto end = read(rest, after_cr_ && rest.front() == '\n' ? 1 : 0, event);
  if (end == 0 || !fits(end)) return false;
  event.raw = rest.substr(0, end);
  rest.remove_prefix(end);
  started_ = true;
  after_cr_ = event.raw.back() == '\r';
  return true;
}

/// The event began in an earlier piece: its end is looked for in the new bytes alone, so that any number of cuts costs linear time.
bool EventScanner::take_held(std::string_view& rest, Event& event) {
  const auto end = find_end(rest);
  if (end == 0 || !fits(held_.size() + end)) return false;
  held_.append(rest.substr(0, end));
  rest.remove_prefix(end);
  read(held_, begins_with_lf_ ? 1 : 0, event);
  event.raw = held_;
  held_is_done_ = true;
  started_ = true;
  line_begun_ = false;
  return true;
}

/// Keeps what `take` left: the beginning of an event.
EventScanner::Fault EventScanner::keep(std::string_view rest) {
  if (!too_large_ && !rest.empty() && fits(held_.size() + rest.size())) {
    if (held_.empty()) {
      begins_with_lf_ = after_cr_ && rest.front() == '\n';
      find_end(rest);  // for the state at its end only: `take` found no end in it
    }
    held_.append(rest);
  }
  return too_large_ ? Fault::too_large : Fault::none;
}

bool EventScanner::finish(Event& event) {
  event = Event{};
  if (held_is_done_ || too_large_) held_.clear();
  read(held_, begins_with_lf_ && !held_.empty() ? 1 : 0, event);
  event.raw = held_;
  held_is_done_ = true;
  return !event.comment_only;
}

/// Follows the lines of an event that is being held. Returns the position after the empty line that ends it, or 0.
std::size_t EventScanner::find_end(std::string_view bytes) {
  std::size_t at = after_cr_ && bytes.front() == '\n' ? 1 : 0;
  after_cr_ = bytes.back() == '\r';
  while (at < bytes.size()) {
    const auto end = line_end(bytes, at);
    line_begun_ = line_begun_ || end != at;
    if (end == bytes.size()) return 0;
    at = after_line_end(bytes, end);
    if (!line_begun_) {
      after_cr_ = bytes[at - 1] == '\r' && at == bytes.size();
      return at;
    }
    line_begun_ = false;
  }
  return 0;
}

/// Reads the lines of one event from `from` on. Returns the position after the empty line that ends it, or 0 when there is none.
std::size_t EventScanner::read(std::string_view bytes, std::size_t from, Event& event) {
  event = Event{};
  event.comment_only = true;
  data_lines_ = 0;
  for (std::size_t at = from; at < bytes.size();) {
    const auto end = line_end(bytes, at);
    auto line = bytes.substr(at, end - at);
    if (end != bytes.size()) at = after_line_end(bytes, end);
    if (line.empty()) return at;
    if (!started_ && line.data() == bytes.data() && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    read_line(line, event);
    if (end == bytes.size()) return 0;
  }
  return 0;
}

/// One line that is not empty. `id`, `retry` and unknown fields mean nothing to a relay.
void EventScanner::read_line(std::string_view line, Event& event) {
  std::string_view value;
  if (is_field(line, "data", value)) {
    event.comment_only = false;
    if (++data_lines_ == 1) {
      event.data = value;
      return;
    }
    if (data_lines_ == 2) joined_ = event.data;
    joined_ += '\n';
    joined_ += value;
    event.data = joined_;
  } else if (is_field(line, "event", value)) {
    event.name = value;
  }
}

/// Refuses for good an event that is over the bound.
bool EventScanner::fits(std::size_t size) {
  too_large_ = too_large_ || size > kMaxEventBytes;
  return !too_large_;
}

std::string format_event(std::string_view name, std::string_view json) {
  std::string event;
  event.reserve(name.size() + json.size() + 17);
  if (!name.empty()) event.append("event: ").append(name).append("\n");
  return event.append("data: ").append(json).append("\n\n");
}

}  // namespace penstock::wire
