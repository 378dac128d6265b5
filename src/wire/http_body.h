// Chunked transfer coding (RFC 9112 section 7), strict: a decoder that works in any cut of the bytes, and an encoder of chunk heads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::wire {

inline constexpr std::size_t kMaxChunkExtension = 1024;  // bytes of extensions on one chunk line
inline constexpr std::size_t kMaxTrailers = 8 * 1024;    // bytes of all trailer lines; they are checked and dropped

enum class ChunkState : std::uint8_t { need_more, data, done, refused };

/// Decodes a chunked body. Feed bytes, take out data ranges:
///   while (...) { auto step = decoder.next(bytes); bytes.remove_prefix(step.consumed); use(step.data); }
class ChunkDecoder {
 public:
  struct Step {
    ChunkState state = ChunkState::need_more;
    std::size_t consumed = 0;  // bytes taken from the input, `data` included
    std::string_view data;     // with state data: payload, a view into the input
  };
  /// One step: consumes framing and at most one run of payload.
  Step next(std::string_view bytes);
  [[nodiscard]] bool finished() const;
  /// Why it was refused; empty otherwise.
  [[nodiscard]] std::string_view fault() const { return fault_; }

 private:
  enum class At : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    done,
    refused,
  };
  void take(char c);
  void take_size(char c);
  void take_extension(char c);
  void end_size_line();
  void take_trailer_start(char c);
  void take_trailer_name(char c);
  void take_trailer_value(char c);
  void expect(char c, char wanted, At next, std::string_view fault);
  bool within(std::size_t bound, std::string_view fault);
  void refuse(std::string_view fault);

  At at_ = At::size;
  std::uint8_t digits_ = 0;      // hexadecimal digits of this size so far
  std::uint64_t left_ = 0;       // payload bytes of this chunk still to come
  std::size_t bounded_ = 0;      // bytes of this chunk's extensions, or of all trailers
  std::array<char, 20> name_{};  // this trailer's name in lower case, as far as a forbidden name could be
  std::size_t name_size_ = 0;
  std::string_view fault_;
};

/// The head of one chunk, "1a2b\r\n", in a small array of its own.
struct ChunkHead {
  std::array<char, 20> bytes{};
  std::size_t size = 0;
  [[nodiscard]] std::string_view view() const { return {bytes.data(), size}; }
};
ChunkHead chunk_head(std::uint64_t size);
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace penstock::wire
