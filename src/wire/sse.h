// Server-sent events (WHATWG HTML, "event stream"; wire-reference 5.2). Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace penstock::wire {

inline constexpr std::size_t kMaxEventBytes = 32U << 20;

/// One event as it stands in the bytes.
struct Event {
  std::string_view raw;       // every byte of it, from its first line to the empty line that ends it
  std::string_view name;      // the event field, or empty
  std::string_view data;      // the data; a view into raw when it is one line, else into the scanner's own buffer
  bool comment_only = false;  // no data: nothing but comments, ids, retries or empty lines
};

/// Finds events in a stream that arrives in any cut. Whole events inside one piece are views into that piece (nothing is copied); only an
/// event that is cut by the end of a piece is kept in a buffer of the scanner's own.
///
/// The raw ranges of successive events, and what `finish` leaves in `raw`, are together exactly the bytes of the stream, so they may be
/// passed on as they are. An empty line that ends in CR at the end of a piece ends its event at once; should an LF follow, it begins the
/// next event's raw bytes.
class EventScanner {
 public:
  enum class Fault : unsigned char { none, too_large };
  /// Calls `use` for each event that `bytes` completes, in order. The views live until `use` returns.
  /// After too_large no further event comes. A template, so that the call is direct.
  template <typename Use>
  Fault feed(std::string_view bytes, Use&& use) {
    std::string_view rest = bytes;
    Event event;
    while (take(rest, event)) use(event);
    return keep(rest);
  }
  /// At the end of the stream: an event without its empty line is delivered when it has data (providers do that). False when there is none;
  /// `raw` holds the bytes that are left in either case. The views live as long as the scanner.
  bool finish(Event& event);
  /// Bytes of an event that has begun but not ended.
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  bool take(std::string_view& rest, Event& event);
  bool take_held(std::string_view& rest, Event& event);
  Fault keep(std::string_view rest);
  std::size_t find_end(std::string_view bytes);
  std::size_t read(std::string_view bytes, std::size_t from, Event& event);
  void read_line(std::string_view line, Event& event);
  bool fits(std::size_t size);

  std::string held_;             // the beginning of an event that was cut
  std::string joined_;           // data of several lines
  std::size_t data_lines_ = 0;   // of the event that is being read
  bool held_is_done_ = false;    // held_ is an event that was given out; its bytes go with the next step
  bool begins_with_lf_ = false;  // the first byte of held_ belongs to the CR that ended the event before it
  bool line_begun_ = false;      // the last line of held_ has bytes
  bool after_cr_ = false;        // the last byte seen was a CR, so that an LF would belong to it
  bool started_ = false;         // a byte order mark can no longer come
  bool too_large_ = false;
};

/// "event: NAME\ndata: JSON\n\n". `json` must be one line.
std::string format_event(std::string_view name, std::string_view json);
inline constexpr std::string_view kPingEvent = "event: ping\ndata: {\"type\": \"ping\"}\n\n";

}  // namespace penstock::wire
