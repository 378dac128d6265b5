#include "json/grammar.h"

#include <array>

#include "json/scan.h"

namespace penstock::json {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The end of the digits that begin at `p`.
const char* skip_digits(const char* p, const char* end) {
  while (p != end && is_digit(*p)) ++p;
  return p;
}

/// The end of the number that begins at `p`, or null.
const char* skip_number(const char* p, const char* end) {
  if (p != end && *p == '-') ++p;
  const char* digits = p;
  p = skip_digits(p, end);
  if (p == digits || (*digits == '0' && p - digits > 1)) return nullptr;
  if (p != end && *p == '.') {
    const char* fraction = ++p;
    if ((p = skip_digits(p, end)) == fraction) return nullptr;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    const char* exponent = p;
    if ((p = skip_digits(p, end)) == exponent) return nullptr;
  }
  return p;
}

const char* skip_word(const char* p, const char* end, std::string_view word) {
  return std::string_view(p, static_cast<std::size_t>(end - p)).starts_with(word) ? p + word.size() : nullptr;
}

/// `text` is the space from a scalar's first byte to the next structural character: the scalar, then white space only.
bool is_scalar(std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  switch (*p) {
    case 't': p = skip_word(p, end, "true"); break;
    case 'f': p = skip_word(p, end, "false"); break;
    case 'n': p = skip_word(p, end, "null"); break;
    default: p = skip_number(p, end);
  }
  return p != nullptr && (p == end || is_space(*p));
}

/// The walk over the structurals. What may come next is where the code stands, not a state in memory: branches then know their past, and a
/// member costs its four characters and little else.
class Grammar {
 public:
  Grammar(std::string_view text, const std::uint32_t* at, std::uint32_t count, std::vector<std::uint32_t>& close)
      : text_(text), at_(at), count_(count), close_(close) {}

  std::optional<SyntaxFault> check() {
    if (!value()) return fault();
    while (depth_ > 0)
      if (!(open_[depth_ - 1].is_object ? more_of_object() : more_of_array())) return fault();
    if (index_ < count_) return SyntaxFault{at_[index_], "expected nothing behind the value"};
    return std::nullopt;
  }

 private:
  struct Open {
    std::uint32_t index;
    bool is_object;
  };

  /// The next structural character; NUL at the end.
  [[nodiscard]] char look() const { return index_ < count_ ? text_[at_[index_]] : '\0'; }

  bool expect(std::string_view wanted) {
    wanted_ = wanted;
    return false;
  }

  /// A value, or the beginning of a container up to its first child's end.
  bool value() {
    for (;;) {
      const char c = look();
      if (c == '"') return ++index_, true;
      if (c == '{') {
        if (!enter(true)) return false;
        if (look() == '}') return leave();
        if (!key()) return false;
      } else if (c == '[') {
        if (!enter(false)) return false;
        if (look() == ']') return leave();
      } else {
        return scalar();
      }
    }
  }

  bool more_of_object() {
    const char c = look();
    if (c == '}') return leave();
    if (c != ',') return expect("expected ',' or '}'");
    ++index_;
    return key() && value();
  }

  bool more_of_array() {
    const char c = look();
    if (c == ']') return leave();
    if (c != ',') return expect("expected ',' or ']'");
    ++index_;
    return value();
  }

  bool key() {
    if (look() != '"') return expect("expected a key in quotes");
    ++index_;
    if (look() != ':') return expect("expected ':'");
    ++index_;
    return true;
  }

  bool scalar() {
    if (index_ == count_ || !is_scalar(text_.substr(at_[index_], at_[index_ + 1] - at_[index_]))) return expect("expected a value");
    ++index_;
    return true;
  }

  bool enter(bool is_object) {
    if (depth_ == kMaxDepth) return expect("expected a value, nested at most 512 deep");
    open_[depth_++] = {index_++, is_object};
    return true;
  }

  bool leave() {
    close_[open_[--depth_].index] = index_++;
    return true;
  }

  [[nodiscard]] SyntaxFault fault() const {
    if (index_ < count_) return {at_[index_], wanted_};
    return {text_.size(), depth_ > 0 ? "the text ends inside an array or object" : "a value is missing"};
  }

  std::string_view text_;
  const std::uint32_t* at_;
  std::uint32_t count_, index_ = 0;
  std::vector<std::uint32_t>& close_;
  std::string_view wanted_;
  std::size_t depth_ = 0;
  std::array<Open, kMaxDepth> open_;
};

}  // namespace

std::optional<SyntaxFault> check_grammar(std::string_view text, const std::uint32_t* at, std::uint32_t count,
                                         std::vector<std::uint32_t>& close) {
  return Grammar(text, at, count, close).check();
}

}  // namespace penstock::json
