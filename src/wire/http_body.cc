#include "wire/http_body.h"

#include <algorithm>

#include "base/text.h"
#include "wire/bytes.h"

namespace penstock::wire {
namespace {

constexpr unsigned kMaxSizeDigits = 16;  // as many as fit into 64 bits, so no overflow is possible

/// Value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// RFC 9110 section 6.5.1: what decides on framing, routing or the connection has no place after the body.
constexpr std::array<std::string_view, 8> kForbiddenTrailers = {
    "transfer-encoding", "content-length", "host", "connection", "te", "trailer", "upgrade", "content-encoding",
};

}  // namespace

ChunkDecoder::Step ChunkDecoder::next(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (at_ == At::done || at_ == At::refused) return {at_ == At::done ? ChunkState::done : ChunkState::refused, i, {}};
    if (at_ == At::data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - i));
      left_ -= size;
      if (left_ == 0) at_ = At::data_cr;
      return {ChunkState::data, i + size, bytes.substr(i, size)};
    }
    take(bytes[i]);
  }
  if (at_ == At::done) return {ChunkState::done, bytes.size(), {}};
  return {at_ == At::refused ? ChunkState::refused : ChunkState::need_more, bytes.size(), {}};
}

bool ChunkDecoder::finished() const { return at_ == At::done; }

/// One byte of framing.
void ChunkDecoder::take(char c) {
  const bool in_trailers = (at_ == At::trailer_start && c != '\r') || (at_ >= At::trailer_name && at_ <= At::trailer_lf);
  if (in_trailers && !within(kMaxTrailers, "trailers too long")) return;
  switch (at_) {
    case At::size: return take_size(c);
    case At::extension: return take_extension(c);
    case At::size_lf: return c == '\n' ? end_size_line() : refuse("chunk line that does not end in CRLF");
    case At::data_cr: return expect(c, '\r', At::data_lf, "chunk longer than its size");
    case At::data_lf: return expect(c, '\n', At::size, "chunk that does not end in CRLF");
    case At::trailer_start: return take_trailer_start(c);
    case At::trailer_name: return take_trailer_name(c);
    case At::trailer_value: return take_trailer_value(c);
    case At::trailer_lf: return expect(c, '\n', At::trailer_start, "trailer line that does not end in CRLF");
    case At::end_lf: return expect(c, '\n', At::done, "chunked body that does not end in CRLF");
    case At::data:
    case At::done:
    case At::refused: return;
  }
}

void ChunkDecoder::take_size(char c) {
  if (const int digit = hex_value(c); digit >= 0) {
    if (++digits_ > kMaxSizeDigits) return refuse("chunk size out of range");
    left_ = left_ << 4 | static_cast<unsigned>(digit);
    return;
  }
  if (digits_ == 0) return refuse("chunk without a size");
  if (c == '\r') return expect(c, '\r', At::size_lf, {});
  // RFC 9112 section 7.1.1 would have blanks before the semicolon tolerated; nobody sends them but to probe.
  expect(c, ';', At::extension, "malformed chunk size");
}

/// Extensions mean nothing to us and end here; what matters is that every reader sees the same end of line.
void ChunkDecoder::take_extension(char c) {
  if (c == '\r') {
    at_ = At::size_lf;
  } else if (is_control(c)) {
    refuse("control character in a chunk extension");
  } else {
    within(kMaxChunkExtension, "chunk extensions too long");
  }
}

void ChunkDecoder::end_size_line() {
  at_ = left_ == 0 ? At::trailer_start : At::data;
  digits_ = 0;
  bounded_ = 0;
}

void ChunkDecoder::take_trailer_start(char c) {
  if (c == '\r') return expect(c, '\r', At::end_lf, {});
  at_ = At::trailer_name;
  name_size_ = 0;
  take_trailer_name(c);
}

void ChunkDecoder::take_trailer_name(char c) {
  if (is_byte(c, kTokenByte)) {
    // A name that outgrows the array is none of the forbidden ones: the full array is longer than any of them.
    if (name_size_ < name_.size()) name_[name_size_++] = lower(c);
    return;
  }
  if (c != ':' || name_size_ == 0) return refuse("malformed trailer name");
  const std::string_view name(name_.data(), name_size_);
  if (std::ranges::find(kForbiddenTrailers, name) != kForbiddenTrailers.end()) return refuse("forbidden trailer");
  at_ = At::trailer_value;
}

void ChunkDecoder::take_trailer_value(char c) {
  if (c == '\r') {
    at_ = At::trailer_lf;
  } else if (is_control(c)) {
    refuse("control character in a trailer");
  }
}

void ChunkDecoder::expect(char c, char wanted, At next, std::string_view fault) {
  if (c != wanted) return refuse(fault);
  at_ = next;
}

/// Counts a byte against a bound; false when it was one too many.
bool ChunkDecoder::within(std::size_t bound, std::string_view fault) {
  if (++bounded_ <= bound) return true;
  refuse(fault);
  return false;
}

void ChunkDecoder::refuse(std::string_view fault) {
  at_ = At::refused;
  fault_ = fault;
}

ChunkHead chunk_head(std::uint64_t size) {
  constexpr std::string_view kHex = "0123456789abcdef";
  ChunkHead head;
  int shift = 60;
  while (shift > 0 && (size >> shift) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) head.bytes[head.size++] = kHex[(size >> shift) & 0xf];
  head.bytes[head.size++] = '\r';
  head.bytes[head.size++] = '\n';
  return head;
}

}  // namespace penstock::wire
