// Blocks that are not text, as parts of a Chat Completions message, or as words where the provider cannot take them.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/chat_content.h"
#include "dialect/chat_quirks.h"
#include "llm/request.h"

namespace penstock::dialect {

inline constexpr std::string_view kImageWords = "[image omitted: this model cannot see images]";

/// Adds a name to a list of what was left out, once.
void note_dropped(std::vector<std::string>& dropped, std::string_view name);

/// For one request. Keeps the words that it makes.
class ChatParts {
 public:
  ChatParts(const ChatQuirks& quirks, std::vector<std::string>& dropped) : quirks_(quirks), dropped_(dropped) {}

  /// The part, as JSON; empty where the provider cannot take it.
  [[nodiscard]] std::string image(const llm::ImagePart& image);
  [[nodiscard]] std::string file(const llm::DocumentPart& document) const;
  /// Words in place of a document that cannot be sent. This and all texts here: the inside of a JSON string.
  [[nodiscard]] std::string_view document_words(const llm::DocumentPart& document);
  /// A document in a message that takes parts.
  void add_document(const llm::DocumentPart& document, ChatContent& content);
  /// What a block of another kind says to a reader; may be empty. Its kind is noted as dropped.
  [[nodiscard]] std::string_view words_of(const llm::OtherPart& other);
  [[nodiscard]] std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

 private:
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  std::deque<std::string> kept_;
};

}  // namespace penstock::dialect
