#include "policy/text_features.h"

#include <algorithm>

#include "base/text.h"

namespace penstock::policy {

namespace {

// --- one text
// -----------------------------------------------------------------------------------------------------------------------------

enum class Class : std::uint8_t { small, capital, digit, space, mark, escape, wide };

constexpr std::array<Class, 256> classes() {
  std::array<Class, 256> table{};
  for (std::size_t c = 0; c < 256; ++c) {
    if (c >= 'a' && c <= 'z')
      table[c] = Class::small;
    else if (c >= 'A' && c <= 'Z')
      table[c] = Class::capital;
    else if (c >= '0' && c <= '9')
      table[c] = Class::digit;
    else if (c <= ' ')
      table[c] = Class::space;
    else if (c == '\\')
      table[c] = Class::escape;
    else
      table[c] = c < 0x80 ? Class::mark : Class::wide;
  }
  return table;
}
constexpr auto kClasses = classes();

// For each letter those that often follow it: the 300 commonest pairs of English text and source code.
constexpr std::array<std::string_view, 26> kOftenAfter{"abcdfgiklmnprstuvwxy",
                                                       "aeijlorsuy",
                                                       "acehiklmoprstuy",
                                                       "adeilorstuy",
                                                       "abcdefgilmnopqrstvwxy",
                                                       "aefilnortu",
                                                       "aehilnoprstu",
                                                       "aeiortu",
                                                       "abcdefgklmnoprstvxz",
                                                       "es",
                                                       "aeis",
                                                       "adefilostuy",
                                                       "abdeilmopsu",
                                                       "abcdefgiklnopstuvy",
                                                       "abcdfgiklmnoprstuvw",
                                                       "adehilmoprstuy",
                                                       "u",
                                                       "abcdefgiklmnoprstuvy",
                                                       "acehiklmnoprstuy",
                                                       "acdefhilmoprstuwy",
                                                       "abcdefgilmnprst",
                                                       "aeio",
                                                       "aehinors",
                                                       "acepst",
                                                       "lmnopst",
                                                       "ae"};

constexpr std::array<std::uint32_t, 26> pair_bits() {
  std::array<std::uint32_t, 26> bits{};
  for (std::size_t first = 0; first < 26; ++first)
    for (const char second : kOftenAfter[first]) bits[first] |= 1U << (second - 'a');
  return bits;
}
constexpr auto kPairBits = pair_bits();

/// Both are letters, of either case.
std::uint32_t is_rare_pair(char first, char second) {
  const auto place = [](char c) { return static_cast<unsigned>((c | 0x20) - 'a'); };
  return ((kPairBits[place(first)] >> place(second)) & 1U) ^ 1U;
}

/// The feature that counts a code point beyond ASCII.
Feature feature_of(std::uint32_t point) {
  using enum Feature;
  struct Range {
    std::uint32_t last;
    Feature feature;
  };
  static constexpr Range kRanges[] = {
      {0x00bf, wide_marks}, {0x036f, accented},        {0x06ff, other_alphabets}, {0x1dff, indic},
      {0x1eff, accented},   {0x1fff, other_alphabets}, {0x303f, wide_marks},      {0x30ff, kana},
      {0x312f, ideographs}, {0x318f, hangul},          {0x33ff, wide_marks},      {0x9fff, ideographs},
      {0xabff, indic},      {0xd7ff, hangul},          {0xf8ff, wide_marks},      {0xfaff, ideographs},
      {0xffff, wide_marks},
  };
  for (const auto& range : kRanges)
    if (point <= range.last) return range.feature;
  return emoji;
}

static_assert(static_cast<int>(Feature::punctuation_more) == static_cast<int>(Feature::punctuation) + 1 &&
                  static_cast<int>(Feature::punctuation_same) == static_cast<int>(Feature::punctuation) + 2,
              "mark() counts on it");

/// One pass over a text. `before_` is what the run before ended with, because tokens are formed across runs.
class Counter {
 public:
  explicit Counter(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  void add_to(TextFeatures& features) {
    run();
    for (std::size_t i = 0; i < kFeatureCount; ++i) features.counts[i] += counts_[i];
  }

 private:
  void run() {
    while (at_ < end_) {
      switch (class_at(at_)) {
        case Class::small:
        case Class::capital: words(); break;
        case Class::digit: digits(); break;
        case Class::space: blank(); break;
        case Class::mark: marks(); break;
        case Class::escape: escape(); break;
        case Class::wide: wide(); break;
      }
    }
  }

  enum class Before : std::uint8_t { nothing, word, digit, space, mark, line };

  static Class class_at(const char* at) { return kClasses[static_cast<unsigned char>(*at)]; }
  bool is(Class wanted) const { return at_ < end_ && class_at(at_) == wanted; }
  void count(Feature feature, std::uint32_t by = 1) { counts_[static_cast<std::size_t>(feature)] += by; }

  /// Words with single spaces between them are most of most texts.
  void words() {
    word();
    while (end_ - at_ > 1 && *at_ == ' ' && class_at(at_ + 1) <= Class::capital) {
      ++at_;
      before_ = Before::space;
      word();
    }
  }

  void word() {
    const char* begin = at_;
    const char* end = end_;
    const char* at = at_ + 1;
    std::uint32_t rare = 0;
    for (bool small = class_at(begin) == Class::small; at < end; ++at) {
      const Class next = class_at(at);
      if (next > Class::capital || (small && next == Class::capital)) break;
      small = next == Class::small;
      rare += is_rare_pair(at[-1], at[0]);
    }
    at_ = at;
    end_word(static_cast<std::uint32_t>(at - begin), rare);
  }

  void end_word(std::uint32_t length, std::uint32_t rare) {
    if (before_ == Before::digit || is(Class::digit)) {
      count(Feature::mixed_letters, length);
    } else {
      count(Feature::words);
      count(Feature::rare_pairs, rare);
      count(Feature::letters_over_6, std::max(length, 6U) - 6);
    }
    before_ = Before::word;
  }

  void digits() {
    const char* begin = at_;
    while (is(Class::digit)) ++at_;
    count(Feature::digit_groups, (static_cast<std::uint32_t>(at_ - begin) + 2) / 3);
    if (before_ == Before::space) count(Feature::spaced_digits);
    before_ = Before::digit;
  }

  void blank() {
    const char* begin = at_;
    while (is(Class::space)) ++at_;
    if (at_ - begin > 1) count(Feature::indents);
    before_ = Before::space;
  }

  void marks() {
    mark(*at_++);
    while (is(Class::mark)) mark(*at_++);
  }

  void mark(char c) {
    // Without branches, which no processor could foresee here.
    const std::size_t further = before_ == Before::mark ? 1U + (c == last_mark_ ? 1U : 0U) : 0U;
    ++counts_[static_cast<std::size_t>(Feature::punctuation) + further];
    before_ = Before::mark;
    last_mark_ = c;
  }

  /// A backslash and what follows it; a text may end in the middle.
  void escape() {
    const char c = at_ + 1 < end_ ? at_[1] : '\\';
    at_ = std::min(at_ + 2, end_);
    if (c == 'n' || c == 'r') return line_break();
    if (c == 't') return tab();
    if (c == 'u') return unicode_escape();
    mark(c);
  }

  /// Line breaks and the blank between them are one token; what stands before the next line's text is its indent.
  void line_break() {
    if (before_ != Before::line && before_ != Before::mark) count(Feature::line_breaks);
    before_ = Before::line;
    const char* begin = at_;
    while (is(Class::space)) ++at_;
    const bool more = at_ + 1 < end_ && *at_ == '\\' && (at_[1] == 'n' || at_[1] == 'r');
    if (more) return;
    if (at_ - begin > 1) count(Feature::indents);
    if (at_ > begin) before_ = Before::space;
  }

  void tab() {
    if (before_ != Before::space) count(Feature::indents);
    before_ = Before::space;
  }

  void unicode_escape() {
    std::uint32_t point = 0;
    for (int i = 0; i < 4 && at_ < end_; ++i, ++at_) point = point * 16 + hex_value(*at_);
    if (point >= 0xdc00 && point <= 0xdfff) return;  // counted with its first half
    if (point < 0x80) return mark('\0');
    count(point >= 0xd800 && point <= 0xdbff ? Feature::emoji : feature_of(point));
    before_ = Before::nothing;
  }

  static std::uint32_t hex_value(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
    return static_cast<std::uint32_t>(lower(c) - 'a' + 10) & 15U;
  }

  /// A code point in UTF-8 (the document has been checked; a text cut short ends it).
  void wide() {
    const auto lead = static_cast<unsigned char>(*at_++);
    std::uint32_t point = lead >= 0xf0 ? lead & 0x07U : lead >= 0xe0 ? lead & 0x0fU : lead & 0x1fU;
    while (at_ < end_ && (static_cast<unsigned char>(*at_) & 0xc0U) == 0x80U)
      point = (point << 6) | (static_cast<unsigned char>(*at_++) & 0x3fU);
    count(feature_of(point));
    before_ = Before::nothing;
  }

  const char* at_;
  const char* end_;
  std::array<std::uint32_t, kFeatureCount> counts_{};
  Before before_ = Before::nothing;
  char last_mark_ = 0;
};

// --- one request
// --------------------------------------------------------------------------------------------------------------------------

// A page of a PDF has about this many bytes in base64.
constexpr std::size_t kBytesPerPage = 64U << 10;

// Fields of blocks that no model reads, or that are not text.
constexpr std::string_view kNoPrompt[] = {"type", "cache_control",     "id",     "tool_use_id", "signature",
                                          "data", "encrypted_content", "source", "is_error",    "citations"};

void measure_content(const json::Value& content, TextFeatures& features);

void measure_source(std::string_view type, const json::Value& source, TextFeatures& features) {
  const auto data = source.find("data");
  const auto kind = source.find("type");
  if (type == "image") {
    ++features[Feature::images];
  } else if (kind && kind->equals("text") && data) {
    measure_content(*data, features);
  } else if (const auto content = source.find("content")) {
    measure_content(*content, features);
  } else {
    features[Feature::pages] += 1 + static_cast<double>(data ? data->raw().size() / kBytesPerPage : 0);
  }
}

void measure_block(const json::Value& block, TextFeatures& features) {
  ++features[Feature::blocks];
  const auto type = block.find("type");
  const std::string kind = type ? type->text() : std::string();
  for (const auto [key, value] : block.members()) {
    if (kind == "thinking" && key.equals("thinking"))
      features[Feature::thinking_bytes] += static_cast<double>(value.raw().size());
    else if (key.equals("source"))
      measure_source(kind, value, features);
    else if (key.equals("content") || key.equals("text"))
      measure_content(value, features);
    else if (std::ranges::none_of(kNoPrompt, [&](std::string_view name) { return key.equals(name); }))
      count_text(value.raw(), features);
  }
}

/// A text, or a list of blocks.
void measure_content(const json::Value& content, TextFeatures& features) {
  if (content.is_string()) return count_text(content.raw_text(), features);
  for (const auto block : content.elements()) measure_block(block, features);
}

void measure_message(const json::Value& message, TextFeatures& features) {
  ++features[Feature::messages];
  if (const auto content = message.find("content")) measure_content(*content, features);
}

/// Name, description and schema; a provider prints them as JSON or as something like it.
void measure_tool(const json::Value& tool, TextFeatures& features) {
  ++features[Feature::tools];
  for (const auto [key, value] : tool.members())
    if (!key.equals("cache_control")) count_text(value.raw(), features);
}

}  // namespace

void count_text(std::string_view raw, TextFeatures& features) { Counter(raw).add_to(features); }

TextFeatures measure(const json::Document& request) {
  TextFeatures features;
  features[Feature::requests] = 1;
  for (const auto [key, value] : request.root().members()) {
    if (key.equals("system")) measure_content(value, features);
    if (key.equals("messages"))
      for (const auto message : value.elements()) measure_message(message, features);
    if (key.equals("tools"))
      for (const auto tool : value.elements()) measure_tool(tool, features);
  }
  return features;
}

}  // namespace penstock::policy
