// The rules of the coding are cases of tests/framing; here are the steps of the decoder, its bounds to the byte, and the encoder.
#include "wire/http_body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace penstock::wire {
namespace {

struct Decoded {
  std::string body;
  ChunkState state = ChunkState::need_more;
  std::size_t consumed = 0;
};

/// Feeds the bytes in pieces of that size.
Decoded decode(ChunkDecoder& decoder, std::string_view bytes, std::size_t piece = std::string_view::npos) {
  Decoded out;
  while (out.consumed < bytes.size()) {
    const auto step = decoder.next(bytes.substr(out.consumed, piece));
    out.body += step.data;
    out.state = step.state;
    out.consumed += step.consumed;
    if (step.state == ChunkState::done || step.state == ChunkState::refused) break;
  }
  return out;
}

std::string fault_of(std::string_view bytes) {
  ChunkDecoder decoder;
  return decode(decoder, bytes).state == ChunkState::refused ? std::string(decoder.fault()) : "";
}

TEST(chunk_decoder, gives_one_run_of_payload_a_step) {
  ChunkDecoder decoder;
  const std::string bytes = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nrest";
  auto step = decoder.next(bytes);
  EXPECT_EQ(step.state, ChunkState::data);
  EXPECT_EQ(step.data, "abc");
  EXPECT_EQ(step.data.data(), bytes.data() + 3);
  EXPECT_EQ(step.consumed, 6U);
  const std::string_view second = std::string_view(bytes).substr(6);
  step = decoder.next(second);
  EXPECT_EQ(step.data, "de");
  const auto third = second.substr(step.consumed);
  step = decoder.next(third);
  EXPECT_EQ(step.state, ChunkState::done);
  EXPECT_EQ(third.substr(step.consumed), "rest");
  EXPECT_TRUE(decoder.finished());
}

TEST(chunk_decoder, stays_done_and_stays_refused) {
  ChunkDecoder decoder;
  EXPECT_EQ(decoder.next("0\r\n\r\n").state, ChunkState::done);
  const auto after = decoder.next("GET");
  EXPECT_EQ(after.state, ChunkState::done);
  EXPECT_EQ(after.consumed, 0U);
  ChunkDecoder refusing;
  EXPECT_EQ(refusing.next("x").state, ChunkState::refused);
  EXPECT_EQ(refusing.next("0\r\n\r\n").state, ChunkState::refused);
  EXPECT_FALSE(refusing.finished());
}

TEST(chunk_decoder, asks_for_more_on_nothing) {
  ChunkDecoder decoder;
  const auto step = decoder.next({});
  EXPECT_EQ(step.state, ChunkState::need_more);
  EXPECT_EQ(step.consumed, 0U);
}

TEST(chunk_decoder, gives_a_part_of_a_chunk_at_once) {
  ChunkDecoder decoder;
  EXPECT_EQ(decoder.next("ffffffffffffffff\r\nabc").data, "abc");
  EXPECT_EQ(decoder.next("def").data, "def");
  EXPECT_FALSE(decoder.finished());
}

TEST(chunk_decoder, gives_the_same_in_any_cut) {
  const std::string bytes = "1;a=\"b c\"\r\nZ\r\n0010\r\n0123456789abcdef\r\n0;x\r\nX-A: b\r\nX-C:\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    ChunkDecoder decoder;
    const auto out = decode(decoder, bytes, piece);
    EXPECT_EQ(out.state, ChunkState::done) << piece;
    EXPECT_EQ(out.body, "Z0123456789abcdef") << piece;
    EXPECT_EQ(out.consumed, bytes.size()) << piece;
  }
}

TEST(chunk_decoder, says_why_it_refuses) {
  EXPECT_EQ(fault_of("\r\n"), "chunk without a size");
  EXPECT_EQ(fault_of("00000000000000001"), "chunk size out of range");
  EXPECT_EQ(fault_of("1 "), "malformed chunk size");
  EXPECT_EQ(fault_of("1\rx"), "chunk line that does not end in CRLF");
  EXPECT_EQ(fault_of("1;a\nb"), "control character in a chunk extension");
  EXPECT_EQ(fault_of("1\r\nab"), "chunk longer than its size");
  EXPECT_EQ(fault_of("1\r\na\rx"), "chunk that does not end in CRLF");
  EXPECT_EQ(fault_of("0\r\n\rx"), "chunked body that does not end in CRLF");
  EXPECT_EQ(fault_of("0\r\n x: y\r\n"), "malformed trailer name");
  EXPECT_EQ(fault_of("0\r\nx: \x01"), "control character in a trailer");
  EXPECT_EQ(fault_of("0\r\nx: y\rz"), "trailer line that does not end in CRLF");
}

TEST(chunk_decoder, refuses_trailers_that_frame_or_route) {
  for (const std::string name :
       {"Transfer-Encoding", "content-length", "HOST", "Connection", "TE", "trailer", "Upgrade", "Content-Encoding"})
    EXPECT_EQ(fault_of("0\r\n" + name + ": x\r\n\r\n"), "forbidden trailer") << name;
  for (const std::string name : {"hos", "hosts", "x-host", "content-lengths", "transfer-encoding-of-another-kind"})
    EXPECT_EQ(fault_of("0\r\n" + name + ": x\r\n\r\n"), "") << name;
}

TEST(chunk_decoder, counts_the_extensions_of_each_chunk_alone) {
  const std::string full = "1;" + std::string(kMaxChunkExtension, 'a') + "\r\nZ\r\n";
  EXPECT_EQ(fault_of(full + full + "0\r\n\r\n"), "");
  EXPECT_EQ(fault_of("1;" + std::string(kMaxChunkExtension + 1, 'a')), "chunk extensions too long");
}

TEST(chunk_decoder, counts_every_byte_of_all_trailers) {
  std::string trailers = "a: " + std::string(kMaxTrailers - 5 - 6, 'b') + "\r\n" + "c: d\r\n";
  ASSERT_EQ(trailers.size(), kMaxTrailers);
  EXPECT_EQ(fault_of("0\r\n" + trailers + "\r\n"), "");
  trailers.insert(3, "b");
  EXPECT_EQ(fault_of("0\r\n" + trailers + "\r\n"), "trailers too long");
}

TEST(chunk_head, is_the_size_in_hexadecimal) {
  EXPECT_EQ(chunk_head(0).view(), "0\r\n");
  EXPECT_EQ(chunk_head(10).view(), "a\r\n");
  EXPECT_EQ(chunk_head(0x1a2b).view(), "1a2b\r\n");
  EXPECT_EQ(chunk_head(UINT64_MAX).view(), "ffffffffffffffff\r\n");
}

TEST(chunk_head, is_read_back) {
  for (const std::size_t size : {1U, 15U, 16U, 255U, 4096U, 100000U}) {
    const std::string body(size, 'x');
    ChunkDecoder decoder;
    const auto out = decode(decoder, std::string(chunk_head(size).view()) + body + std::string(kChunkEnd) + std::string(kLastChunk));
    EXPECT_EQ(out.state, ChunkState::done);
    EXPECT_EQ(out.body, body);
  }
}

}  // namespace
}  // namespace penstock::wire
