#include "json/bytes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#else
#include <cstring>
#endif

namespace penstock::json {

namespace {

/// What the letter behind a backslash makes of it.
enum class Escape : std::uint8_t { unknown, simple, backslash, unicode };

constexpr std::array<Escape, 256> make_escapes() {
  std::array<Escape, 256> table{};
  for (const char c : std::string_view("\"/bfnrt")) table[static_cast<unsigned char>(c)] = Escape::simple;
  table['\\'] = Escape::backslash;
  table['u'] = Escape::unicode;
  return table;
}
constexpr auto kEscapes = make_escapes();
constexpr std::size_t kBlock = 64;

/// A bit for each backslash in the 64 bytes at `p`.
std::uint64_t find_backslashes(const char* p) {
  std::uint64_t mask = 0;
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8('\\');
  for (unsigned i = 0; i < kBlock; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    mask |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)))) << i;
  }
#else
  for (const char* q = p; (q = static_cast<const char*>(std::memchr(q, '\\', static_cast<std::size_t>(p + kBlock - q)))) != nullptr; ++q)
    mask |= std::uint64_t{1} << (q - p);
#endif
  return mask;
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

/// Checks the escapes of a block whose backslashes are `mask`. Sets `skip` when the last one escapes the next block's first byte.
/// Returns the place of a fault, or kBlock.
unsigned check_block(const char* block, std::uint64_t mask, bool& skip) {
  while (mask != 0) {
    const auto at = static_cast<unsigned>(std::countr_zero(mask));
    const char* p = block + at + 1;
    mask &= mask - 1;
    const auto escape = kEscapes[static_cast<unsigned char>(*p)];
    if (escape == Escape::simple) continue;
    if (escape == Escape::unknown) return at;
    if (escape == Escape::unicode && !(is_hex(p[1]) && is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]))) return at;
    if (escape == Escape::unicode) continue;
    skip = at == kBlock - 1;
    mask &= mask - 1;  // the second backslash, unless it stands in the next block: then nothing is left
  }
  return kBlock;
}

bool continues(unsigned char byte) { return (byte & 0xc0U) == 0x80U; }

/// Length of the UTF-8 sequence at the start of `text`, 0 when there is none: no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0); };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4 || !continues(at(1))) return 0;
  if (lead < 0xe0) return 2;
  if ((lead == 0xe0 && at(1) < 0xa0) || (lead == 0xed && at(1) > 0x9f)) return 0;
  if (!continues(at(2))) return 0;
  if (lead < 0xf0) return 3;
  if ((lead == 0xf0 && at(1) < 0x90) || (lead == 0xf4 && at(1) > 0x8f)) return 0;
  return continues(at(3)) ? 4 : 0;
}

}  // namespace

std::optional<SyntaxFault> check_escapes(std::string_view text) {
  bool skip = false;
  for (std::size_t block = 0; block < text.size(); block += kBlock) {
    const auto here = std::min(kBlock, text.size() - block);
    std::uint64_t mask = find_backslashes(text.data() + block);
    if (here < kBlock) mask &= (std::uint64_t{1} << here) - 1;  // what follows the text is not ours
    if (skip) mask &= ~std::uint64_t{1};
    skip = false;
    if (const auto at = check_block(text.data() + block, mask, skip); at != kBlock)
      return SyntaxFault{block + at, "an escape that JSON does not have"};
  }
  return std::nullopt;
}

std::size_t find_utf8_fault(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto length = sequence_length(text.substr(at, 4));
    if (length == 0) break;
    at += length;
  }
  return at;
}

SyntaxFault find_string_fault(std::string_view text) {
  bool inside = false;
  std::size_t opened = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (inside && static_cast<unsigned char>(text[i]) < 0x20) return {i, "a control character stands in a string"};
    if (text[i] == '"') {
      inside = !inside;
      opened = i;
    } else if (inside && text[i] == '\\') {
      ++i;
    }
  }
  return {opened, "a string is not closed"};
}

}  // namespace penstock::json
