// An index over raw JSON bytes: where each value begins and ends, and nothing else. simdjson finds the structural characters; one pass
// over them checks the grammar and pairs the brackets. No tree, no copy: values are cursors, texts are views into the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::json {

/// Readable bytes that must follow the text in its buffer (simdjson reads ahead; their content does not matter).
inline constexpr std::size_t kPadding = 64;
/// Containers may nest this deep.
inline constexpr std::size_t kMaxDepth = 512;

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

constexpr bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

class Document;
class Members;
class Elements;

/// A cursor to one value; two words, cheap to copy, valid while its Document is unchanged.
class Value {
 public:
  Value() = default;
  [[nodiscard]] Kind kind() const;
  [[nodiscard]] bool is_string() const { return kind() == Kind::string; }
  [[nodiscard]] bool is_object() const { return kind() == Kind::object; }
  [[nodiscard]] bool is_array() const { return kind() == Kind::array; }
  [[nodiscard]] bool is_null() const { return kind() == Kind::null; }

  /// Byte offsets in the text, quotes and brackets included.
  [[nodiscard]] std::size_t begin() const;
  [[nodiscard]] std::size_t end() const;
  [[nodiscard]] std::string_view raw() const;

  /// What stands between the quotes, escapes as written. Only for strings.
  [[nodiscard]] std::string_view raw_text() const;
  /// The string's text with escapes resolved; a lone surrogate becomes U+FFFD, and a string with an escape that JSON does not have (index()
  /// does not look inside strings) comes as it is written. Empty for other kinds.
  [[nodiscard]] std::string text() const;
  /// A string, and every escape in it is one of JSON's.
  [[nodiscard]] bool has_valid_escapes() const;
  /// The same without a copy where nothing is escaped; else resolved into `scratch`, which the view then points at.
  [[nodiscard]] std::string_view text(std::string& scratch) const;
  /// A string with exactly this text, however it is escaped.
  [[nodiscard]] bool equals(std::string_view text) const;

  [[nodiscard]] std::optional<bool> boolean() const;
  [[nodiscard]] std::optional<std::int64_t> integer() const;  // 12, 1e3 and 5.0 count; fractions do not
  [[nodiscard]] std::optional<double> number() const;

  /// Of an object, in order; of anything else, none.
  [[nodiscard]] Members members() const;
  /// Of an array, in order; of anything else, none.
  [[nodiscard]] Elements elements() const;
  /// The value of an object's first member with that key.
  [[nodiscard]] std::optional<Value> find(std::string_view key) const;
  /// Has no members or elements.
  [[nodiscard]] bool is_empty() const;

 private:
  friend class Document;
  friend class Members;
  friend class Elements;
  friend class Patch;
  static bool equals_unescaped(std::string_view written, std::string_view text);
  static std::string_view resolve(std::string_view written, std::string& scratch);
  Value(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;  // in the document's list of structural positions
};

/// One member of an object.
struct Member {
  Value key, value;
};

/// The whole text, indexed. Keep one and index again: its lists keep their capacity. Not for two threads at once.
class Document {
 public:
  Document();
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  /// Indexes `text` (kPadding readable bytes must follow it; it must outlive the cursors). Fails with ErrorKind::invalid_request,
  /// Fault::client and a message that gives the byte position: not UTF-8, not JSON, nested too deep, or longer than 4 GiB. What is accepted
  /// is JSON but for the inside of strings, where check_escapes() looks. Before the first success, and after a failure, the document reads
  /// as `null`.
  Status index(std::string_view text);
  /// Looks for an escape that JSON does not have, such as `\x41` or `\u00zz`; the error is like index()'s. A lone surrogate
  /// (`"\ud800"`) passes, since clients do send it. A text without a backslash costs next to nothing.
  [[nodiscard]] Status check_escapes() const;
  [[nodiscard]] Value root() const { return {this, 0}; }
  [[nodiscard]] std::string_view text() const { return text_; }
  /// Memory held by the lists, in bytes. The larger part is address space that only becomes memory as far as a text needs it.
  [[nodiscard]] std::size_t capacity() const;

 private:
  friend class Value;
  friend class Members;
  friend class Elements;
  friend class Patch;
  [[nodiscard]] char at(std::uint32_t index) const { return text_[at_[index]]; }
  [[nodiscard]] std::uint32_t after(std::uint32_t index) const;  // the structural that follows a whole value
  [[nodiscard]] std::uint32_t next_child(std::uint32_t child) const;
  Status index_checked(std::string_view text);
  void clear();
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::string_view text_;
  const std::uint32_t* at_ = nullptr;  // structural positions, owned by the parser; the text's length follows the last one
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> close_;  // for an opening bracket: the index of its closing one
};

inline std::uint32_t Document::after(std::uint32_t index) const {
  const char c = at(index);
  return c == '{' || c == '[' ? close_[index] + 1 : index + 1;
}

/// `child` is a value; its next sibling's index, or the closing bracket's.
inline std::uint32_t Document::next_child(std::uint32_t child) const {
  const auto next = after(child);
  return at(next) == ',' ? next + 1 : next;
}

inline Kind Value::kind() const {
  switch (document_->at(index_)) {
    case '{': return Kind::object;
    case '[': return Kind::array;
    case '"': return Kind::string;
    case 't':
    case 'f': return Kind::boolean;
    case 'n': return Kind::null;
    default: return Kind::number;
  }
}

inline std::size_t Value::begin() const { return document_->at_[index_]; }

inline std::size_t Value::end() const {
  if (const auto what = kind(); what == Kind::object || what == Kind::array) return document_->at_[document_->close_[index_]] + 1U;
  // Between a scalar and the next structural character there is white space only.
  std::size_t end = document_->at_[index_ + 1];
  while (is_space(document_->text_[end - 1])) --end;
  return end;
}

inline std::string_view Value::raw() const { return document_->text_.substr(begin(), end() - begin()); }

inline std::string_view Value::raw_text() const {
  const auto quoted = raw();
  return quoted.substr(1, quoted.size() - 2);
}

inline bool Value::equals(std::string_view text) const {
  const char* const start = document_->text_.data() + begin();  // the padding makes start[1] readable
  if (*start != '"') return false;
  if (!text.empty() && start[1] != text.front() && start[1] != '\\') return false;  // most keys differ here
  const auto written = raw_text();
  if (written.size() != text.size()) return written.size() > text.size() && equals_unescaped(written, text);
  return written == text && written.find('\\') == std::string_view::npos;
}

inline std::string_view Value::text(std::string& scratch) const {
  if (!is_string()) return {};
  const auto written = raw_text();
  return written.find('\\') == std::string_view::npos ? written : resolve(written, scratch);
}

/// Range over an object's members: `for (auto [key, value] : object.members())`.
class Members {
 public:
  class Iterator {
   public:
    Iterator(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
    Member operator*() const { return {Value(document_, index_), Value(document_, index_ + 2)}; }
    Iterator& operator++() {
      index_ = document_->next_child(index_ + 2);
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const Document* document_;
    std::uint32_t index_;
  };
  [[nodiscard]] Iterator begin() const { return {document_, first_}; }
  [[nodiscard]] Iterator end() const { return {document_, last_}; }

 private:
  friend class Value;
  Members(const Document* document, std::uint32_t first, std::uint32_t last) : document_(document), first_(first), last_(last) {}
  const Document* document_;
  std::uint32_t first_, last_;
};

/// Range over an array's elements.
class Elements {
 public:
  class Iterator {
   public:
    Iterator(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
    Value operator*() const { return {document_, index_}; }
    Iterator& operator++() {
      index_ = document_->next_child(index_);
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const Document* document_;
    std::uint32_t index_;
  };
  [[nodiscard]] Iterator begin() const { return {document_, first_}; }
  [[nodiscard]] Iterator end() const { return {document_, last_}; }

 private:
  friend class Value;
  Elements(const Document* document, std::uint32_t first, std::uint32_t last) : document_(document), first_(first), last_(last) {}
  const Document* document_;
  std::uint32_t first_, last_;
};

}  // namespace penstock::json
