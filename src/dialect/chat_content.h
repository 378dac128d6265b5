// The content of one message of Chat Completions: a string where it is only text, else a list of parts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/long_texts.h"
#include "llm/request.h"

namespace penstock::dialect {

/// Gathers the parts of a message. Texts are the inside of JSON strings and are not copied: they must stay until the content is written.
class ChatContent {
 public:
  /// `keeps_marks`: cache marks are written, on text parts. `between`: what joins texts that become one string.
  ChatContent(bool keeps_marks, std::string_view between) : keeps_marks_(keeps_marks), between_(between) {}

  /// An empty text is left out.
  void add_text(std::string_view text, llm::CacheMark cache = llm::CacheMark::none);
  /// A text with words around it.
  void add_wrapped(std::string_view before, std::string_view text, std::string_view after);
  /// A whole part, as JSON.
  void add_part(std::string json);
  /// Words directly before the first text.
  void begin_with(std::string_view words);
  /// A mark on the last text, if there is one.
  void mark(llm::CacheMark cache);

  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  /// There is something beside text.
  [[nodiscard]] bool has_parts() const { return has_parts_; }
  void clear();
  /// The JSON value. An empty content is "". `apart` may be null.
  void append_to(std::string& out, LongTexts* apart) const;

 private:
  struct Piece {
    std::string_view before, text, after;
    std::string part;  // instead of a text
    llm::CacheMark cache = llm::CacheMark::none;
  };
  bool keeps_marks_;
  bool has_parts_ = false, marked_ = false;
  std::string_view between_;
  std::vector<Piece> pieces_;
};

}  // namespace penstock::dialect
