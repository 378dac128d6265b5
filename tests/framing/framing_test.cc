// Every case of requests.cases and responses.cases, read by the head scanner and the body decoder: whole, byte by byte, and cut in two at
// every byte. A connection is played without sockets: bytes go into a buffer, messages are taken off its front.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "framing/cases.h"
#include "wire/http_body.h"
#include "wire/http_head.h"

namespace penstock::tests {

std::ostream& operator<<(std::ostream& out, const FramedMessage& message) {
  return out << fmt::format("{} {} {} {} body of {} bytes: {}", message.method, message.target, message.status,
                            message.keep_alive ? "open" : "close", message.body.size(), message.body.substr(0, 80));
}

namespace {

using wire::Framing;
using wire::ScanState;

struct RequestSide {
  using Head = wire::RequestHead;
  static constexpr CaseKind kKind = CaseKind::requests;
  static constexpr auto scan = wire::scan_request;
  static FramedMessage message(const Head& head) { return {std::string(head.method), std::string(head.target), 0, {}, head.keep_alive}; }
  static int refusal(wire::HeadFault fault) { return wire::status_of(fault); }
  static constexpr int kBadBody = 400;
};

struct ResponseSide {
  using Head = wire::ResponseHead;
  static constexpr CaseKind kKind = CaseKind::responses;
  static constexpr auto scan = wire::scan_response;
  static FramedMessage message(const Head& head) { return {{}, {}, head.status, {}, head.keep_alive}; }
  static int refusal(wire::HeadFault) { return 0; }
  static constexpr int kBadBody = 0;
};

/// One side of a connection that reads messages.
template <typename Side>
class Connection {
 public:
  void feed(std::string_view bytes) {
    buffer_ += bytes;
    while (step()) {
    }
  }

  /// The peer closes its side: that ends a body which lasts until then.
  void close() {
    if (in_body_ && framing_ == Framing::until_close) end_message();
  }

  [[nodiscard]] const std::vector<FramedMessage>& messages() const { return messages_; }
  [[nodiscard]] Ending ending() const {
    if (refused_) return Ending::refused;
    return in_body_ || (!buffer_.empty() && !closed_) ? Ending::more : Ending::clean;
  }
  [[nodiscard]] int refused_with() const { return refused_with_; }

 private:
  /// False when there is nothing more to do with the bytes at hand.
  bool step() {
    if (refused_ || closed_) return false;
    return in_body_ ? step_body() : step_head();
  }

  bool step_head() {
    if (buffer_.empty()) return false;
    typename Side::Head head;
    const auto result = Side::scan(buffer_, head, &scanned_);
    if (result.state == ScanState::refused) return refuse(Side::refusal(result.fault));
    if (result.state == ScanState::need_more) return false;
    scanned_ = 0;
    message_ = Side::message(head);
    framing_ = head.framing;
    left_ = head.framing == Framing::length ? head.content_length : 0;
    decoder_ = {};
    in_body_ = true;
    buffer_.erase(0, result.consumed);
    return true;
  }

  bool step_body() {
    switch (framing_) {
      case Framing::none: return end_message();
      case Framing::length: return step_length();
      case Framing::chunked: return step_chunk();
      case Framing::until_close: take(buffer_.size()); return false;
    }
    return false;
  }

  bool step_length() {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer_.size()));
    take(size);
    left_ -= size;
    return left_ == 0 ? end_message() : false;
  }

  bool step_chunk() {
    const auto step = decoder_.next(buffer_);
    message_.body += step.data;
    buffer_.erase(0, step.consumed);
    if (step.state == wire::ChunkState::refused) return refuse(Side::kBadBody);
    if (step.state == wire::ChunkState::done) return end_message();
    return step.state == wire::ChunkState::data;
  }

  void take(std::size_t size) {
    message_.body += buffer_.substr(0, size);
    buffer_.erase(0, size);
  }

  bool end_message() {
    in_body_ = false;
    closed_ = !message_.keep_alive;
    messages_.push_back(std::move(message_));
    return true;
  }

  bool refuse(int status) {
    refused_ = true;
    refused_with_ = status;
    return false;
  }

  std::string buffer_;
  std::size_t scanned_ = 0;
  FramedMessage message_;
  std::vector<FramedMessage> messages_;
  Framing framing_ = Framing::none;
  std::uint64_t left_ = 0;
  wire::ChunkDecoder decoder_;
  bool in_body_ = false, closed_ = false, refused_ = false;
  int refused_with_ = 0;
};

template <typename Side>
void expect_outcome(const FramingCase& wanted, Connection<Side>& connection, const std::string& how) {
  connection.close();
  EXPECT_EQ(connection.messages(), wanted.messages) << how;
  EXPECT_EQ(connection.ending(), wanted.ending) << how;
  EXPECT_EQ(connection.refused_with(), wanted.refused_with) << how;
}

/// All positions in short cases; in long ones those near the ends and a spread over the rest.
std::vector<std::size_t> cuts(std::size_t size) {
  const std::size_t stride = std::max<std::size_t>(1, size / 512);
  std::vector<std::size_t> positions;
  for (std::size_t cut = 1; cut < size; cut += (cut < 64 || size - cut < 64) ? 1 : stride) positions.push_back(cut);
  return positions;
}

template <typename Side>
void check(const FramingCase& wanted) {
  SCOPED_TRACE(fmt::format("case {} at line {}", wanted.name, wanted.line));
  Connection<Side> whole;
  whole.feed(wanted.bytes);
  expect_outcome(wanted, whole, "whole");
  Connection<Side> single;
  for (const char& byte : wanted.bytes) single.feed({&byte, 1});
  expect_outcome(wanted, single, "byte by byte");
  for (const auto cut : cuts(wanted.bytes.size())) {
    Connection<Side> halves;
    halves.feed(std::string_view(wanted.bytes).substr(0, cut));
    halves.feed(std::string_view(wanted.bytes).substr(cut));
    expect_outcome(wanted, halves, fmt::format("cut at {}", cut));
    if (testing::Test::HasFailure()) return;
  }
}

template <typename Side>
void check_file(const std::string& name, std::size_t at_least) {
  const auto cases = load_cases(PENSTOCK_SOURCE_DIR "/tests/framing/" + name, Side::kKind);
  ASSERT_TRUE(cases) << cases.error().message;
  EXPECT_GE(cases->size(), at_least);
  for (const auto& wanted : *cases) check<Side>(wanted);
}

TEST(framing, requests) { check_file<RequestSide>("requests.cases", 170); }

TEST(framing, responses) { check_file<ResponseSide>("responses.cases", 40); }

TEST(framing_cases, escapes) {
  EXPECT_EQ(unescape("a\\r\\n\\t\\\\\\x00\\xfF").value(), std::string("a\r\n\t\\\0\xff", 7));
  EXPECT_EQ(unescape("\\*3(ab\\x21)c").value(), "ab!ab!ab!c");
  EXPECT_EQ(unescape("\\*2(\\*2(x)y)").value(), "xxyxxy");
  EXPECT_EQ(unescape("(plain)").value(), "(plain)");
  for (const auto* bad : {"\\", "\\q", "\\x1", "\\xg0", "\\*(a)", "\\*2a", "\\*2(a"}) EXPECT_FALSE(unescape(bad)) << bad;
}

TEST(framing_cases, a_case_is_read) {
  const auto cases =
      parse_cases("# c\ncase one\nwhy because\nsend GET\nsend \\r\\n\naccept GET / close\nbody b\nrefuse 431\n", CaseKind::requests);
  ASSERT_TRUE(cases) << cases.error().message;
  ASSERT_EQ(cases->size(), 1U);
  const FramingCase& only = cases->front();
  EXPECT_EQ(only.name, "one");
  EXPECT_EQ(only.why, "because");
  EXPECT_EQ(only.bytes, "GET\r\n");
  EXPECT_EQ(only.messages, (std::vector<FramedMessage>{{"GET", "/", 0, "b", false}}));
  EXPECT_EQ(only.ending, Ending::refused);
  EXPECT_EQ(only.refused_with, 431);
  EXPECT_EQ(only.line, 2);
}

TEST(framing_cases, faults_are_named_with_their_line) {
  const auto fault = [](std::string_view text) { return parse_cases(text, CaseKind::requests).error().message; };
  EXPECT_EQ(fault("send x\n"), "line 1: a case begins with `case NAME`");
  EXPECT_EQ(fault("case a\nwhy w\nsend x\nmore\ncase a\n"), "line 5: `a` is no name or stands twice");
  EXPECT_EQ(fault("case a\nsendd x\n"), "line 2: unknown word `sendd`");
  EXPECT_EQ(fault("case a\nwhy w\nsend x\n"), "case a lacks bytes, reason or outcome");
  EXPECT_EQ(fault("case a\nwhy w\nsend x\nrefuse\n"), "line 4: refuse needs a status for a request, and none for a response");
  EXPECT_EQ(fault("case a\nwhy w\nsend x\nmore\nmore\n"), "line 5: a second ending");
}

}  // namespace
}  // namespace penstock::tests
