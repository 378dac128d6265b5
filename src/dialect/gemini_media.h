// Images and documents, as parts of a Gemini turn, or as words where they cannot be sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/chat_parts.h"
#include "dialect/chat_quirks.h"
#include "llm/request.h"

namespace penstock::dialect {

/// For one request; `words` keeps the texts that it makes.
class GeminiMedia {
 public:
  GeminiMedia(const ChatQuirks& quirks, ChatParts& words, std::vector<std::string>& dropped)
      : quirks_(quirks), words_(words), dropped_(dropped) {}

  [[nodiscard]] static bool is_media(const llm::Part& part);
  /// It can be sent as data: inlineData for base64, fileData for a URL.
  [[nodiscard]] bool has_data(const llm::Part& part) const;
  /// The same, as inlineData.
  [[nodiscard]] bool has_bytes(const llm::Part& part) const;
  /// Appends that part. Only with has_data.
  void append_data(const llm::Part& part, std::string& out) const;
  /// What is said in words: a document's context and text, or that it cannot be sent. The inside of a JSON string; may be empty.
  [[nodiscard]] std::string_view words(const llm::Part& part);

 private:
  [[nodiscard]] std::string_view words_of(const llm::ImagePart& image);
  [[nodiscard]] std::string_view words_of(const llm::DocumentPart& document);
  const ChatQuirks& quirks_;
  ChatParts& words_;
  std::vector<std::string>& dropped_;
};

}  // namespace penstock::dialect
