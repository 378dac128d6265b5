// What there is to count in a prompt, from which a tokenizer's number can be estimated. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/scan.h"

namespace penstock::policy {

/// The counts follow the way in which byte-pair tokenizers cut a text before they merge: words, numbers, runs of punctuation, runs of white
/// space. A word is a run of ASCII letters; it ends where a capital follows a small letter.
enum class Feature : std::uint8_t {
  words,             // all words but mixed ones
  letters_over_6,    // per word, the letters beyond its 6th: long words are several tokens
  rare_pairs,        // neighbours within a word that are rare in English: abbreviations, other languages, noise
  mixed_letters,     // letters of words that touch a digit: hashes, ids, base64
  digit_groups,      // a run of digits, in threes
  spaced_digits,     // digits behind a space, which is then a token of its own
  punctuation,       // runs of punctuation
  punctuation_more,  // further marks in a run that differ from the mark before
  punctuation_same,  // further marks in a run that repeat it
  line_breaks,       // runs of white space with a line break in them, not behind punctuation
  indents,           // two or more spaces or tabs
  accented,          // Latin letters beyond ASCII, and their marks
  other_alphabets,   // Greek, Cyrillic, Armenian, Hebrew, Arabic
  indic,             // Indic, Thai and the rest of the small scripts, U+0700 to U+1FFF
  kana,              // Hiragana and Katakana
  hangul,
  ideographs,  // CJK
  wide_marks,  // punctuation and symbols beyond ASCII, up to U+FFFF
  emoji,       // code points beyond U+FFFF
  messages,
  tools,
  blocks,  // content blocks beyond plain strings
  images,
  pages,           // of documents whose text is not in the request, guessed from their size
  thinking_bytes,  // of earlier reasoning, which many providers do not count
  requests,        // 1: what a provider adds to every request
};
inline constexpr std::size_t kFeatureCount = static_cast<std::size_t>(Feature::requests) + 1;

/// One request's counts.
struct TextFeatures {
  std::array<double, kFeatureCount> counts{};
  [[nodiscard]] double& operator[](Feature feature) { return counts[static_cast<std::size_t>(feature)]; }
  [[nodiscard]] double operator[](Feature feature) const { return counts[static_cast<std::size_t>(feature)]; }
};

/// Adds the counts of a JSON text or of the inside of a JSON string: escapes count as what they stand for.
void count_text(std::string_view raw, TextFeatures& features);

/// The counts of an Anthropic request: system, messages and tools. Images and documents in base64 are not read as text. Anything that is
/// not such a request has the counts of what it has of it.
[[nodiscard]] TextFeatures measure(const json::Document& request);

}  // namespace penstock::policy
