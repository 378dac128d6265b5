// The event scanner: in any cut the same events, and raw ranges that put together are the stream. A second reader, written from the rules
// of WHATWG HTML section 9.2.6 with no regard to speed, has to see the same events.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/sse.h"

namespace {

using penstock::wire::Event;
using penstock::wire::EventScanner;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Seen {
  std::string name, data;
  bool operator==(const Seen&) const = default;
};

/// The plain reading.
class Reference {
 public:
  std::vector<Seen> read(std::string_view stream) {
    if (stream.starts_with("\xef\xbb\xbf")) stream.remove_prefix(3);
    std::string line;
    for (std::size_t i = 0; i < stream.size(); ++i) {
      if (stream[i] != '\n' && stream[i] != '\r') {
        line += stream[i];
        continue;
      }
      if (stream[i] == '\r' && i + 1 < stream.size() && stream[i + 1] == '\n') ++i;
      end_line(line);
      line.clear();
    }
    if (!line.empty()) end_line(line);
    dispatch();  // unlike a browser: providers leave out the last empty line
    return std::move(events_);
  }

 private:
  void end_line(const std::string& line) {
    if (line.empty()) return dispatch();
    const auto colon = line.find(':');
    const std::string name = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.erase(0, 1);
    if (name == "event") name_ = value;
    if (name == "data") data_ += value + '\n';
  }

  void dispatch() {
    if (!data_.empty()) events_.push_back({name_, data_.substr(0, data_.size() - 1)});
    name_.clear();
    data_.clear();
  }

  std::string name_, data_;
  std::vector<Seen> events_;
};

struct Reading {
  std::vector<Seen> with_data, without;
  std::string raw;

  void take(const Event& event) {
    require(!event.raw.empty() && (!event.comment_only || event.data.empty()));
    (event.comment_only ? without : with_data).push_back({std::string(event.name), std::string(event.data)});
    raw += event.raw;
  }
};

/// Reads in pieces of sizes that follow from `seed`; 0 means whole.
Reading read(std::string_view stream, std::uint32_t seed) {
  Reading reading;
  EventScanner scanner;
  const bool whole = seed == 0;
  while (!stream.empty()) {
    seed = seed * 1664525 + 1013904223;
    const std::string piece(stream.substr(0, whole ? std::string_view::npos : 1 + (seed >> 28)));
    stream.remove_prefix(piece.size());
    require(scanner.feed(piece, [&](const Event& event) { reading.take(event); }) == EventScanner::Fault::none);
  }
  Event event;
  if (scanner.finish(event)) {
    reading.take(event);
  } else {
    reading.raw += event.raw;
  }
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const Reading whole = read(stream, 0);
  const Reading cut = read(stream, static_cast<std::uint32_t>(size) * 2654435761U | 1U);
  require(whole.raw == stream && cut.raw == stream);
  require(whole.with_data == cut.with_data && whole.without == cut.without);
  require(Reference().read(stream) == whole.with_data);
  return 0;
}
