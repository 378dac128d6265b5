// What a message of a Responses request is made of (wire-reference 3.11): parts of the types input_text, input_image and input_file, or
// words where the provider cannot take a block.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/chat_parts.h"
#include "dialect/chat_quirks.h"
#include "dialect/long_texts.h"
#include "llm/request.h"

namespace penstock::dialect {

/// For one request. Keeps the words that it makes. All texts are the inside of a JSON string.
class ResponsesParts {
 public:
  ResponsesParts(const ChatQuirks& quirks, std::vector<std::string>& dropped)
      : quirks_(quirks), dropped_(dropped), words_(quirks, dropped) {}

  /// The part, as JSON; empty where the provider cannot take it.
  [[nodiscard]] std::string image(const llm::ImagePart& image);
  [[nodiscard]] std::string file(const llm::DocumentPart& document) const;
  /// What stands for a document that cannot be a file: its text behind its title, or words about it.
  struct Words {
    std::string_view before, text;
  };
  [[nodiscard]] Words document_words(const llm::DocumentPart& document);
  [[nodiscard]] std::string_view words_of(const llm::OtherPart& other) { return words_.words_of(other); }
  [[nodiscard]] std::string_view keep(std::string text) { return words_.keep(std::move(text)); }

 private:
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  ChatParts words_;
};

/// The output of one tool call: a string where it is only text, else a list of parts.
class CallOutput {
 public:
  /// An empty text is left out. The views must stay until the output is written.
  void add_text(std::string_view text) { add_text({}, text); }
  void add_text(std::string_view before, std::string_view text);
  /// A whole part, as JSON.
  void add_part(std::string json);
  /// Words directly before the first text.
  void begin_with(std::string_view words);
  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  /// The JSON value. `apart` may be null.
  void append_to(std::string& out, LongTexts* apart) const;

 private:
  struct Piece {
    std::string_view before, text;
    std::string part;  // instead of a text
  };
  void append_texts(std::string& out, LongTexts* apart) const;
  std::vector<Piece> pieces_;
  bool has_parts_ = false;
};

}  // namespace penstock::dialect
