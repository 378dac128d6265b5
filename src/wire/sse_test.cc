#include "wire/sse.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace penstock::wire {
namespace {

struct Seen {
  std::string name, data;
  bool comment_only = false;
  bool operator==(const Seen&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Seen& seen) { return out << seen.name << '|' << seen.data << '|' << seen.comment_only; }

struct Reading {
  std::vector<Seen> events;
  std::string raw;
  std::string last;  // raw bytes that finish gave
};

void take(Reading& reading, const Event& event) {
  reading.events.push_back({std::string(event.name), std::string(event.data), event.comment_only});
  reading.raw += event.raw;
}

Reading read(const std::vector<std::string_view>& pieces) {
  Reading reading;
  EventScanner scanner;
  for (const auto piece : pieces) {
    // A copy that ends with the piece: a view that outlives it would be found by the address sanitizer.
    const std::string own(piece);
    EXPECT_EQ(scanner.feed(own, [&](const Event& event) { take(reading, event); }), EventScanner::Fault::none);
  }
  Event event;
  const bool has_event = scanner.finish(event);
  reading.last = event.raw;
  if (has_event) {
    take(reading, event);
  } else {
    reading.raw += event.raw;
  }
  return reading;
}

/// The same events and the same bytes: whole, byte by byte, in every two pieces and in every three.
void expect_events(std::string_view stream, const std::vector<Seen>& wanted) {
  const auto check = [&](const std::vector<std::string_view>& pieces, std::size_t a, std::size_t b) {
    const auto reading = read(pieces);
    EXPECT_EQ(reading.events, wanted) << testing::PrintToString(std::string(stream)) << " cut at " << a << " and " << b;
    EXPECT_EQ(reading.raw, stream) << "cut at " << a << " and " << b;
  };
  check({stream}, 0, 0);
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(stream.substr(i, 1));
  check(bytes, 1, 1);
  for (std::size_t a = 0; a <= stream.size(); ++a)
    for (std::size_t b = a; b <= stream.size() && !testing::Test::HasFailure(); ++b)
      check({stream.substr(0, a), stream.substr(a, b - a), stream.substr(b)}, a, b);
}

Seen data(std::string text) { return {"", std::move(text), false}; }
const Seen kNothing{"", "", true};

TEST(sse, the_common_form) {
  expect_events("event: message_start\ndata: {\"a\":1}\n\nevent: ping\ndata: {}\n\n",
                {{"message_start", "{\"a\":1}", false}, {"ping", "{}", false}});
}

TEST(sse, data_without_a_name) { expect_events("data: {}\n\ndata: [DONE]\n\n", {data("{}"), data("[DONE]")}); }

TEST(sse, line_ends_of_all_kinds) {
  expect_events("data: a\r\n\r\ndata: b\r\n\r\n", {data("a"), data("b")});
  expect_events("data: a\r\rdata: b\r\r", {data("a"), data("b")});
  expect_events("data: a\n\r\ndata: b\r\n\ndata: c\r\n\r", {data("a"), data("b"), data("c")});
  expect_events("data: a\r\n\rdata: b\n\r", {data("a"), data("b")});
}

TEST(sse, one_space_after_the_colon_is_dropped) {
  expect_events("data:a\n\ndata:  b\n\ndata: \n\ndata:\n\ndata\n\n", {data("a"), data(" b"), data(""), data(""), data("")});
  expect_events("event:x\ndata:\ty \n\n", {{"x", "\ty ", false}});
}

TEST(sse, lines_of_data_are_joined) {
  expect_events("data: {\ndata: \"a\"\ndata\ndata:}\n\n", {data("{\n\"a\"\n\n}")});
  expect_events("data: a\r\nevent: e\r\ndata: b\r\n\r\n", {{"e", "a\nb", false}});
}

TEST(sse, other_lines_count_for_nothing) {
  expect_events(": hello\nid: 1\nretry: 5\nfoo: bar\ndatum: x\ndata x: y\n Data: z\nDATA: z\ndata: a\n\n", {data("a")});
}

TEST(sse, events_without_data) {
  expect_events(": keep-alive\n\ndata: a\n\n", {kNothing, data("a")});
  expect_events("event: x\n\ndata: a\n\n", {{"x", "", true}, data("a")});
  expect_events("\n\n\r\n\rdata: a\n\n", {kNothing, kNothing, kNothing, kNothing, data("a")});
}

TEST(sse, the_last_event_name_counts) {
  expect_events("event: x\nevent: y\ndata: a\n\nevent: z\nevent\ndata: b\n\n", {{"y", "a", false}, data("b")});
}

TEST(sse, a_byte_order_mark_only_at_the_start) {
  expect_events(
      "\xef\xbb\xbf"
      "data: a\n\n\xef\xbb\xbf"
      "data: b\n\n",
      {data("a"), kNothing});
  expect_events("\xef\xbb\xbf\ndata: a\n\n", {data("a")});
  expect_events(
      "\xef\xbb"
      "data: a\n\n",
      {kNothing});
}

TEST(sse, the_end_without_an_empty_line) {
  expect_events("data: a\n\ndata: b\n", {data("a"), data("b")});
  expect_events("data: a\n\nevent: e\ndata: b", {data("a"), {"e", "b", false}});
  expect_events("data: a\r\n\r\ndata: b\r", {data("a"), data("b")});
}

TEST(sse, what_is_left_without_data_is_no_event) {
  expect_events("data: a\n\n: bye\n", {data("a")});
  expect_events("data: a\n\nevent: x", {data("a")});
  expect_events("", {});
  EXPECT_EQ(read({"data: a\n\n: bye\n"}).last, ": bye\n");
}

TEST(sse, bytes_that_are_no_text_pass) {
  expect_events(std::string_view("data: \0\xff\xf0\x9f\n\n", 12), {data(std::string("\0\xff\xf0\x9f", 4))});
}

TEST(sse, a_whole_event_is_a_view_into_its_piece) {
  const std::string piece = "event: x\ndata: abc\n\ndata: d";
  EventScanner scanner;
  int seen = 0;
  scanner.feed(piece, [&](const Event& event) {
    ++seen;
    EXPECT_EQ(event.raw.data(), piece.data());
    EXPECT_EQ(event.name.data(), piece.data() + 7);
    EXPECT_EQ(event.data.data(), piece.data() + 15);
  });
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(scanner.held(), 7U);
}

TEST(sse, an_event_that_ends_in_cr_does_not_wait_for_a_line_feed) {
  EventScanner scanner;
  std::vector<std::string> raw;
  const auto use = [&](const Event& event) { raw.emplace_back(event.raw); };
  scanner.feed("data: a\r\n\r", use);
  ASSERT_EQ(raw.size(), 1U);
  scanner.feed("\ndata: b\r\n\r\n", use);
  EXPECT_EQ(raw, (std::vector<std::string>{"data: a\r\n\r", "\ndata: b\r\n\r\n"}));
}

TEST(sse, an_event_over_the_bound_is_refused) {
  const std::string piece(1U << 20, 'x');
  EventScanner scanner;
  int seen = 0;
  const auto use = [&](const Event&) { ++seen; };
  scanner.feed("data: ", use);
  for (std::size_t i = 0; i < 31; ++i) ASSERT_EQ(scanner.feed(piece, use), EventScanner::Fault::none);
  EXPECT_EQ(scanner.feed(piece, use), EventScanner::Fault::too_large);
  EXPECT_EQ(scanner.feed("\n\ndata: a\n\n", use), EventScanner::Fault::too_large);
  EXPECT_EQ(seen, 0);
  Event event;
  EXPECT_FALSE(scanner.finish(event));
}

TEST(sse, the_bound_is_the_same_for_whole_events) {
  const std::string most = "data: " + std::string(kMaxEventBytes - 8, 'x') + "\n\n";
  ASSERT_EQ(most.size(), kMaxEventBytes);
  const auto count = [](std::string_view first, std::string_view second) {
    EventScanner scanner;
    int seen = 0;
    scanner.feed(first, [&](const Event&) { ++seen; });
    return scanner.feed(second, [&](const Event&) { ++seen; }) == EventScanner::Fault::none ? seen : -1;
  };
  EXPECT_EQ(count(most, ""), 1);
  EXPECT_EQ(count(std::string_view(most).substr(0, 1000), std::string_view(most).substr(1000)), 1);
  const std::string over = "x" + most;
  EXPECT_EQ(count(over, ""), -1);
  EXPECT_EQ(count(std::string_view(over).substr(0, 1000), std::string_view(over).substr(1000)), -1);
}

TEST(sse, formatting_and_reading_back) {
  EXPECT_EQ(format_event("ping", "{\"type\": \"ping\"}"), kPingEvent);
  EXPECT_EQ(format_event("", "[DONE]"), "data: [DONE]\n\n");
  expect_events(format_event("a", "{}") + std::string(kPingEvent), {{"a", "{}", false}, {"ping", "{\"type\": \"ping\"}", false}});
}

}  // namespace
}  // namespace penstock::wire
