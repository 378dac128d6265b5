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

/// The walk over the structurals. What may come next is a state; open brackets are a stack.
class Grammar {
 public:
  Grammar(std::string_view text, const std::uint32_t* at, std::uint32_t count, std::vector<std::uint32_t>& close)
      : text_(text), at_(at), count_(count), close_(close) {}

  std::optional<SyntaxFault> check() {
    for (; index_ < count_; ++index_)
      if (!step(text_[at_[index_]])) return SyntaxFault{at_[index_], wanted()};
    if (expect_ == Expect::end) return std::nullopt;
    return SyntaxFault{text_.size(), depth_ > 0 ? "the text ends inside an array or object" : "a value is missing"};
  }

 private:
  enum class Expect : std::uint8_t { value, value_or_close, key, key_or_close, colon, comma_in_array, comma_in_object, end };

  bool step(char c) {
    switch (expect_) {
      case Expect::value_or_close:
        if (c == ']') return leave();
        [[fallthrough]];
      case Expect::value: return value(c);
      case Expect::key_or_close:
        if (c == '}') return leave();
        [[fallthrough]];
      case Expect::key: return go(c == '"', Expect::colon);
      case Expect::colon: return go(c == ':', Expect::value);
      case Expect::comma_in_array: return c == ']' ? leave() : go(c == ',', Expect::value);
      case Expect::comma_in_object: return c == '}' ? leave() : go(c == ',', Expect::key);
      case Expect::end: return false;
    }
    return false;
  }

  bool go(bool allowed, Expect next) {
    if (allowed) expect_ = next;
    return allowed;
  }

  bool value(char c) {
    if (c == '{') return enter(Expect::key_or_close);
    if (c == '[') return enter(Expect::value_or_close);
    if (c != '"' && !is_scalar(text_.substr(at_[index_], at_[index_ + 1] - at_[index_]))) return false;
    value_done();
    return true;
  }

  bool enter(Expect next) {
    if (depth_ == kMaxDepth) return false;
    open_[depth_++] = index_;
    expect_ = next;
    return true;
  }

  bool leave() {
    close_[open_[--depth_]] = index_;
    value_done();
    return true;
  }

  void value_done() {
    if (depth_ == 0)
      expect_ = Expect::end;
    else
      expect_ = text_[at_[open_[depth_ - 1]]] == '[' ? Expect::comma_in_array : Expect::comma_in_object;
  }

  [[nodiscard]] std::string_view wanted() const {
    switch (expect_) {
      case Expect::value:
      case Expect::value_or_close: return depth_ == kMaxDepth ? "expected a value, nested at most 512 deep" : "expected a value";
      case Expect::key:
      case Expect::key_or_close: return "expected a key in quotes";
      case Expect::colon: return "expected ':'";
      case Expect::comma_in_array: return "expected ',' or ']'";
      case Expect::comma_in_object: return "expected ',' or '}'";
      case Expect::end: return "expected nothing behind the value";
    }
    return "";
  }

  std::string_view text_;
  const std::uint32_t* at_;
  std::uint32_t count_, index_ = 0;
  std::vector<std::uint32_t>& close_;
  Expect expect_ = Expect::value;
  std::size_t depth_ = 0;
  std::array<std::uint32_t, kMaxDepth> open_;
};

}  // namespace

std::optional<SyntaxFault> check_grammar(std::string_view text, const std::uint32_t* at, std::uint32_t count,
                                         std::vector<std::uint32_t>& close) {
  return Grammar(text, at, count, close).check();
}

}  // namespace penstock::json
