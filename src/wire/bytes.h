// What a byte may be in HTTP/1.1, and fast searches for the bytes that end a run. Shared by the scanners of this folder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
#endif

namespace penstock::wire {

/// Bits of `kByteClass`.
inline constexpr std::uint8_t kTokenByte = 1;   // RFC 9110 section 5.6.2
inline constexpr std::uint8_t kTargetByte = 2;  // printable ASCII but '#': a fragment never travels (RFC 9112 section 3.2)
inline constexpr std::uint8_t kHostByte = 4;    // DNS names and IPv4 addresses; narrower than RFC 3986 on purpose (no %, no sub-delims)

constexpr std::array<std::uint8_t, 256> make_byte_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto mark = [&](std::string_view bytes, std::uint8_t bit) {
    for (const char c : bytes) classes[static_cast<unsigned char>(c)] |= bit;
  };
  constexpr std::string_view kAlphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  mark(kAlphanumeric, kTokenByte | kHostByte);
  mark("!#$%&'*+-.^_`|~", kTokenByte);
  mark("-._~", kHostByte);
  for (std::size_t c = 0x21; c < 0x7f; ++c) classes[c] |= kTargetByte;
  classes['#'] &= static_cast<std::uint8_t>(~kTargetByte);
  return classes;
}
inline constexpr auto kByteClass = make_byte_classes();

constexpr bool is_byte(char c, std::uint8_t byte_class) { return (kByteClass[static_cast<unsigned char>(c)] & byte_class) != 0; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
/// May not stand in a field value (RFC 9110 section 5.5): a control character other than tab. Bytes from 0x80 may.
constexpr bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }
constexpr bool is_line_end(char c) { return c == '\n' || c == '\r'; }

#if defined(__SSE2__)
/// First byte in [at, end) that matches: sixteen at a time as long as they fit, then one by one.
template <typename MatchBlock, typename MatchByte>
inline const char* find_first(const char* at, const char* end, MatchBlock match_block, MatchByte match_byte) {
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(match_block(block)));
    if (mask != 0) return at + std::countr_zero(mask);
  }
  while (at != end && !match_byte(*at)) ++at;
  return at;
}

/// First byte for which is_control holds, or `end`.
inline const char* find_control(const char* at, const char* end) {
  const auto match = [](__m128i block) {
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    const __m128i tab = _mm_cmpeq_epi8(block, _mm_set1_epi8('\t'));
    return _mm_or_si128(_mm_andnot_si128(tab, low), _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)));
  };
  return find_first(at, end, match, is_control);
}

/// First byte that may not stand in a token (RFC 9110 section 5.6.2), or `end`. Letters, digits and hyphens, which is what names are made
/// of, go sixteen at a time.
inline const char* find_token_end(const char* at, const char* end) {
  const auto unusual = [](__m128i block) {
    const auto within = [](__m128i bytes, char first, char count) {
      const __m128i offset = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
      return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8(static_cast<char>(count - 1))), offset);
    };
    const __m128i letter = within(_mm_or_si128(block, _mm_set1_epi8(0x20)), 'a', 26);
    const __m128i usual = _mm_or_si128(_mm_or_si128(letter, within(block, '0', 10)), _mm_cmpeq_epi8(block, _mm_set1_epi8('-')));
    return _mm_xor_si128(usual, _mm_set1_epi8(-1));
  };
  at = find_first(at, end, unusual, [](char c) { return !is_byte(c, kTokenByte); });
  while (at != end && is_byte(*at, kTokenByte)) ++at;
  return at;
}

/// First CR or LF, or `end`.
inline const char* find_line_end(const char* at, const char* end) {
  const auto match = [](__m128i block) {
    return _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\r')));
  };
  return find_first(at, end, match, is_line_end);
}
#else
inline const char* find_token_end(const char* at, const char* end) {
  while (at != end && is_byte(*at, kTokenByte)) ++at;
  return at;
}
inline const char* find_control(const char* at, const char* end) {
  while (at != end && !is_control(*at)) ++at;
  return at;
}
inline const char* find_line_end(const char* at, const char* end) {
  while (at != end && !is_line_end(*at)) ++at;
  return at;
}
#endif

}  // namespace penstock::wire
